"""What goes wrong on request: each fault waits for its call and is used up by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sales.simulator.store import Store


class Target(StrEnum):
    """Whose turn a fault waits for."""

    CREATE = "create"
    QUERY = "query"
    CLOSE = "close"
    REFUND = "refund"
    QUERY_REFUND = "query_refund"
    BILL = "bill"
    PAYMENT_NOTICE = "payment_notice"
    REFUND_NOTICE = "refund_notice"

    @property
    def is_notice(self) -> bool:
        """Whether the simulator calls the shop, not the shop the simulator."""
        return self in (Target.PAYMENT_NOTICE, Target.REFUND_NOTICE)


class FaultKind(StrEnum):
    """What happens then."""

    TIMEOUT_BEFORE = "timeout_before"  # nothing done, no answer
    TIMEOUT_AFTER = "timeout_after"  # done, but no answer
    SERVER_ERROR = "server_error"  # HTTP 500, nothing done
    SYSTEM_ERROR = "system_error"  # the gateway's own word for it
    REFUSE = "refuse"  # with the code that the fault names
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_AMOUNT = "wrong_amount"  # one fen more, well signed
    FOREIGN_APPID = "foreign_appid"  # well signed
    HOSTILE = "hostile"  # entities in XML, bottomless JSON
    ORDER_PAID = "order_paid"  # close: the payer was faster
    NOT_ENOUGH = "not_enough"  # create: the payer's money; refund: the merchant's
    REFUND_CLOSED = "refund_closed"  # accepted, then closed
    REFUND_ABNORMAL = "refund_abnormal"  # accepted, then stuck
    DUPLICATE = "duplicate"  # the notice comes twice at once
    REORDER = "reorder"  # the notice comes after the next one
    LOST = "lost"  # the notice never comes


_BOTH = {
    FaultKind.WRONG_SIGNATURE,
    FaultKind.WRONG_AMOUNT,
    FaultKind.FOREIGN_APPID,
    FaultKind.HOSTILE,
}
_NOTICES = {*_BOTH, FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.LOST}
_CALLS = {
    *_BOTH,
    FaultKind.TIMEOUT_BEFORE,
    FaultKind.TIMEOUT_AFTER,
    FaultKind.SERVER_ERROR,
    FaultKind.SYSTEM_ERROR,
    FaultKind.REFUSE,
}
_ONLY = {
    FaultKind.ORDER_PAID: {Target.CLOSE},
    FaultKind.NOT_ENOUGH: {Target.CREATE, Target.REFUND},
    FaultKind.REFUND_CLOSED: {Target.REFUND},
    FaultKind.REFUND_ABNORMAL: {Target.REFUND},
}


def fits(kind: FaultKind, target: Target) -> bool:
    """Whether `kind` can happen to `target`."""
    if kind in _ONLY:
        return target in _ONLY[kind]
    return kind in (_NOTICES if target.is_notice else _CALLS)


@dataclass(frozen=True, slots=True)
class Fault:
    """One that waits; `code` is what REFUSE answers with."""

    kind: FaultKind
    target: Target
    times: int = 1
    code: str = ""


def refund_end(fault: Fault | None) -> str:
    """What becomes of a refund that is accepted now."""
    if fault and fault.kind is FaultKind.REFUND_CLOSED:
        return "CLOSED"
    if fault and fault.kind is FaultKind.REFUND_ABNORMAL:
        return "ABNORMAL"
    return "SUCCESS"


class FaultBook:
    """The faults that wait."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, fault: Fault) -> None:
        """Let it wait for its turn. Raises `ValueError` where it would wait forever."""
        if not fits(fault.kind, fault.target):
            raise ValueError(f"{fault.kind} cannot happen to {fault.target}")
        if fault.times < 1 or (fault.kind is FaultKind.REFUSE and not fault.code):
            raise ValueError("a fault needs its number of times, and REFUSE its code")
        self._store.insert(
            "faults",
            kind=fault.kind,
            target=fault.target,
            times=fault.times,
            code=fault.code,
        )

    def waiting(self) -> list[Fault]:
        """The oldest first."""
        return [
            _fault(row) for row in self._store.rows("SELECT * FROM faults ORDER BY id")
        ]

    def take(self, target: Target) -> Fault | None:
        """The next one for `target`, which uses it up once."""
        with self._store.act():
            row = self._store.row(
                "SELECT * FROM faults WHERE target = ? ORDER BY id LIMIT 1", target
            )
            if row is None:
                return None
            self._store.write(
                "UPDATE faults SET times = times - 1 WHERE id = ?", row["id"]
            )
            self._store.write("DELETE FROM faults WHERE times = 0")
            return _fault(row)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._store.write("DELETE FROM faults")


def _fault(row: Mapping[str, Any]) -> Fault:
    return Fault(
        kind=FaultKind(row["kind"]),
        target=Target(row["target"]),
        times=row["times"],
        code=row["code"],
    )
