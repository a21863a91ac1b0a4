"""Long work in resumable steps: short tasks that hand over to one another.

The state of the work is in rows of its own, never in the task. Each step is one
transaction that also renews the lease, so a worker that was taken for dead cannot
write beside its successor. When its time is over the task enqueues the next one in the
transaction of its last step: a kill at any moment loses at most one step, and the
broker gives the task out again.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django_q.tasks import async_task

from backoffice.jobs import leases
from backoffice.jobs.leases import Held, LeaseLost

logger = logging.getLogger("backoffice.jobs")

#: a task works this long before it hands over, so that others get their turn
BUDGET_SECONDS = 20.0

DONE, HANDED_OVER, BUSY, LOST = "done", "handed over", "busy", "lost"


def run_steps(
    key: str,
    step: Callable[[], bool],
    *,
    task: str,
    args: Sequence[Any] = (),
    budget: float = BUDGET_SECONDS,
    lease_seconds: int = leases.SECONDS,
) -> str:
    """Call `step` until it says that nothing is left; one worker at a time for `key`.

    `step` does one bounded piece (a few seconds, less than `lease_seconds`) inside the
    transaction that it is called in, and gives True while more remains. `task` and
    `args` name the task that goes on after `budget` seconds: the caller itself. Gives
    `done`, `handed over`, `busy` (another has the work) or `lost` (the lease ran out
    during a step; its transaction was rolled back, and whoever has it goes on).
    """
    held = leases.acquire(key, lease_seconds)
    if held is None:
        logger.info("%s is in other hands", key)
        return BUSY
    until = time.monotonic() + budget
    try:
        while True:
            outcome = _one_step(held, step, task, args, until)
            if outcome:
                return outcome
    except LeaseLost:
        logger.warning("the lease of %s ran out during a step", key)
        return LOST
    except BaseException:
        # rolled back; the broker gives the task out again, to whoever comes first
        with contextlib.suppress(DatabaseError):
            leases.release(held)
        raise


def _one_step(
    held: Held,
    step: Callable[[], bool],
    task: str,
    args: Sequence[Any],
    until: float,
) -> str:
    with transaction.atomic(durable=True):
        leases.renew(held)
        if not step():
            leases.release(held)
            return DONE
        if time.monotonic() < until:
            return ""
        async_task(task, *args)
        leases.release(held)
        return HANDED_OVER
