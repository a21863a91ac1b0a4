"""The port: what the shop asks of WeChat Pay, whichever version speaks behind it.

Amounts are integer fen, times are aware, numbers are the shop's own (`out_trade_no`,
`out_refund_no`). Every method that calls the gateway raises `GatewayError`, and only
that; none of them may run inside a database transaction.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, Self

from sales.gateway import values
from sales.gateway.bill import Bill

#: the gateway refuses an order that expires sooner; give it five minutes or more
SHORTEST_LIFE = timedelta(minutes=1)
#: how long a prepay_id can be paid with
PREPAY_LIFE = timedelta(hours=2)


class PaymentState(StrEnum):
    """Where a payment stands at the gateway."""

    PAID = "paid"
    REFUNDED = "refunded"  # paid, and at least a part was refunded since
    NOT_PAID = "not_paid"
    PAYING = "paying"  # the payer types the password: do not close, ask again
    FAILED = "failed"
    CLOSED = "closed"
    REVOKED = "revoked"

    @property
    def is_paid(self) -> bool:
        """Whether the payer's money came."""
        return self in (PaymentState.PAID, PaymentState.REFUNDED)


class RefundState(StrEnum):
    """Where a refund stands at the gateway."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"  # did not happen: the only end that allows a new number
    ABNORMAL = "abnormal"  # the payer's card is void: a person must help


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """Everything that `create` sends. Sent again it must be the same to the last field,
    so the shop stores it: `as_json` and `from_json`."""

    out_trade_no: str
    amount_fen: int
    description: str
    openid: str
    notify_url: str
    client_ip: str
    start_at: datetime
    expire_at: datetime
    attach: str = ""

    def __post_init__(self) -> None:
        values.check_payment_number(self.out_trade_no)
        values.check_fen(self.amount_fen, "amount_fen")
        values.check_openid(self.openid)
        values.check_notify_url(self.notify_url)
        values.check_address(self.client_ip)
        values.check_time(self.start_at, "start_at")
        values.check_time(self.expire_at, "expire_at")
        if self.expire_at - self.start_at < SHORTEST_LIFE:
            raise values.invalid("expire_at must be a minute or more after start_at")
        if not values.fitted(self.description, 127):
            raise values.invalid("description is empty")

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; `from_json` gives an equal request back."""
        return {
            **asdict(self),
            "start_at": self.start_at.isoformat(),
            "expire_at": self.expire_at.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The request that `as_json` stored."""
        return cls(
            **{
                **stored,
                "start_at": datetime.fromisoformat(stored["start_at"]),
                "expire_at": datetime.fromisoformat(stored["expire_at"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Prepay:
    """An order that waits for its payer for `PREPAY_LIFE`."""

    prepay_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """What the gateway says of one payment, proven by its signature.

    `amount_fen` is the order's amount; `payer_fen`, what the payer gave, is lower where
    a coupon of WeChat's paid a part. Both, `transaction_id` and `paid_at` are there
    exactly when `state.is_paid`. That the amount and `openid` are those of the shop's
    books is for the caller to compare; appid, merchant and currency are ours already.
    """

    out_trade_no: str
    state: PaymentState
    transaction_id: str = ""
    amount_fen: int | None = None
    payer_fen: int | None = None
    openid: str = ""
    paid_at: datetime | None = None
    bank: str = ""
    attach: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """Everything that `refund` sends; sent again it must be the same to the last field.

    `total_fen` is what was paid, always the whole of it.
    """

    out_refund_no: str
    out_trade_no: str
    refund_fen: int
    total_fen: int
    reason: str = ""
    notify_url: str = ""

    def __post_init__(self) -> None:
        values.check_refund_number(self.out_refund_no)
        values.check_payment_number(self.out_trade_no)
        values.check_fen(self.refund_fen, "refund_fen")
        values.check_fen(self.total_fen, "total_fen")
        if self.refund_fen > self.total_fen:
            raise values.invalid("refund_fen is more than total_fen")
        if self.notify_url:
            values.check_notify_url(self.notify_url)

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; `from_json` gives an equal request back."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The request that `as_json` stored."""
        return cls(**stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFacts:
    """What the gateway says of one refund.

    From `refund` PROCESSING means accepted, not refunded; from `read_refund_notice` it
    is a hint (v2 does not sign it). Only `query_refund` proves.
    """

    out_refund_no: str
    out_trade_no: str
    state: RefundState
    refund_id: str
    refund_fen: int
    total_fen: int | None = None
    transaction_id: str = ""
    refunded_at: datetime | None = None
    recipient: str = ""
    # not asked for by us: somebody refunded in the merchant's console (v2 notices only)
    is_from_console: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """What the notice's view answers, as it stands."""

    status: int
    content_type: str
    body: bytes


class Gateway(Protocol):
    """WeChat Pay for one merchant. Safe to share between threads."""

    def create(self, order: NewPayment) -> Prepay:
        """Ask for a payment. The same request again gives a prepay_id again."""
        ...

    def pay_parameters(self, prepay_id: str) -> dict[str, str]:
        """The arguments of the mini-program's `wx.requestPayment`; calls nobody."""
        ...

    def query(self, out_trade_no: str) -> PaymentFacts:
        """Where the payment stands; NOT_FOUND in the first seconds proves nothing."""
        ...

    def close(self, out_trade_no: str) -> None:
        """End an unpaid payment; closed already is success, ALREADY_PAID is not."""
        ...

    def refund(self, refund: NewRefund) -> RefundFacts:
        """Ask for a refund. The same number never refunds twice."""
        ...

    def query_refund(self, out_refund_no: str) -> RefundFacts:
        """Where the refund stands."""
        ...

    def download_bill(self, day: date) -> Bill:
        """All payments and refunds of one day (Beijing); empty where there were none.

        A day's bill is made the morning after; until then TRY_LATER.
        """
        ...

    def read_payment_notice(
        self, body: bytes, headers: Mapping[str, str]
    ) -> PaymentFacts:
        """What a payment notice says, or GatewayError where it is not believed."""
        ...

    def read_refund_notice(
        self, body: bytes, headers: Mapping[str, str]
    ) -> RefundFacts:
        """What a refund notice hints at, or GatewayError where it is not believed."""
        ...

    def accept_notice(self) -> NoticeAnswer:
        """The answer after which the notice is not repeated."""
        ...

    def refuse_notice(self, message: str = "") -> NoticeAnswer:
        """The answer after which the notice is repeated."""
        ...
