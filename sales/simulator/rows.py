"""What the simulator's books hold, row by row.

Amounts are fen, times are seconds since 1970, states are the words of the interface.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sales.simulator.faults import Target

BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Order:
    """One payment; `state` as trade_state has it."""

    out_trade_no: str
    api: str
    sign_type: str
    request: str
    prepay_id: str
    prepay_at: float
    amount: int
    description: str
    openid: str
    attach: str
    notify_url: str
    created_at: float
    expire_at: float
    state: str
    transaction_id: str
    paid_at: float | None

    @property
    def is_paid(self) -> bool:
        """Whether the payer's money came."""
        return self.state in ("SUCCESS", "REFUND")


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund: PROCESSING, then SUCCESS, CLOSED or ABNORMAL."""

    out_refund_no: str
    api: str
    out_trade_no: str
    refund_id: str
    amount: int
    total: int
    reason: str
    notify_url: str
    state: str
    will_be: str
    created_at: float
    due_at: float | None
    done_at: float | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to the shop: waiting, delivered, or given up after all tries."""

    id: int
    api: str
    kind: str
    number: str
    url: str
    created_at: float
    due_at: float | None
    tries: int
    state: str
    answer: str
    copies: int

    @property
    def target(self) -> Target:
        """What faults of it are called."""
        return Target(self.kind)


def clock_time(seconds: float) -> datetime:
    """On the gateway's clock."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(BEIJING)
