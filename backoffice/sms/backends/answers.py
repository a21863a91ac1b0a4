"""What a backend answers."""

from dataclasses import dataclass
from datetime import timedelta

from backoffice.sms.enums import Outcome


@dataclass(frozen=True)
class Answer:
    """How an attempt went.

    `wait` is the shortest time until another makes sense, where the vendor says so;
    `next_day` that its limit is one for the day. `code`, `detail` and `serial` are the
    vendor's own.
    """

    outcome: Outcome
    code: str = ""
    detail: str = ""
    serial: str = ""
    wait: timedelta | None = None
    next_day: bool = False
