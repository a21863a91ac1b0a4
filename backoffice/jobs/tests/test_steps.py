"""Long work in steps: each counts once, whoever dies on the way."""

import pytest
from django_q.models import OrmQ

from backoffice.jobs import leases, steps
from backoffice.jobs.models import Lease
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record

pytestmark = pytest.mark.django_db(transaction=True)

TASK = "backoffice.jobs.tasks.watch"


class Work:
    """So many pieces to do; done ones are rows of the operation log."""

    def __init__(self, pieces: int, *, fail_at: int | None = None) -> None:
        self.pieces = pieces
        self.fail_at = fail_at

    def __call__(self) -> bool:
        done = OperationLog.objects.count()
        record(by=None, action="piece.done", number=done)
        if done == self.fail_at:
            raise ValueError("this piece is broken")
        return done + 1 < self.pieces


def pieces_done() -> int:
    return OperationLog.objects.filter(action="piece.done").count()


def run(work: Work, **options) -> str:
    return steps.run_steps("work", work, task=TASK, args=(7,), **options)


def test_steps_run_to_the_end_in_one_task():
    assert run(Work(3)) == steps.DONE
    assert pieces_done() == 3
    assert not OrmQ.objects.exists()
    assert leases.acquire("work") is not None


def test_steps_hand_over_when_their_time_is_over():
    assert run(Work(3), budget=0) == steps.HANDED_OVER
    assert pieces_done() == 1
    (queued,) = OrmQ.objects.all()
    assert (queued.task["func"], queued.task["args"]) == (TASK, (7,))
    assert leases.acquire("work") is not None, "the next task can have it at once"


def test_steps_leave_work_that_is_in_other_hands():
    held = leases.acquire("work")
    assert run(Work(3)) == steps.BUSY
    assert pieces_done() == 0
    leases.release(held)


def test_a_failing_step_undoes_itself_alone():
    with pytest.raises(ValueError, match="broken"):
        run(Work(3, fail_at=1))
    assert pieces_done() == 1
    assert run(Work(3)) == steps.DONE
    assert pieces_done() == 3


def test_a_worker_that_was_taken_for_dead_writes_no_further_step():
    work = Work(5)

    def step() -> bool:
        more = work()
        # meanwhile the lease ran out, and a successor has it
        Lease.objects.filter(key="work").update(holder="the successor")
        return more

    assert run(step) == steps.LOST
    assert pieces_done() == 1
    assert Lease.objects.get(key="work").holder == "the successor"
