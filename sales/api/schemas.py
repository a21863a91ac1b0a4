"""Bodies and answers of cart and orders; the OpenAPI document is made from it."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, BeforeValidator, Field, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError

from backoffice.base.api.paging import Paged
from backoffice.base.api.schemas import (
    MAX_ID,
    Envelope,
    Input,
    Money,
    Pagination,
    Quantity,
)
from sales.checkout import MAX_LINES, MESSAGE_LENGTH
from sales.enums import OrderStatus, Problem, RefundStatus

_LONGEST_NUMBER = 30


def _number(value: Any) -> Any:
    """A JSON number or a text with one; not true, not "1_000", not " 5"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PydanticCustomError("decimal_type", "not a number")
    text = str(value)
    if len(text) > _LONGEST_NUMBER or "_" in text or text != text.strip():
        raise PydanticCustomError("decimal_parsing", "not a number")
    return text


def _as_number(pattern: str, example: str) -> Any:
    return WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": pattern}],
            "examples": [example],
        }
    )


#: a quantity in a body: "1.500", "1.5" or 1.5; the verbs say what is too much or too fine
Amount = Annotated[
    Decimal,
    Field(allow_inf_nan=False),
    BeforeValidator(_number),
    _as_number(r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$", "1.500"),
]
#: yuan in a body
Yuan = Annotated[
    Decimal,
    Field(ge=0, allow_inf_nan=False),
    BeforeValidator(_number),
    _as_number(r"^[0-9]{1,12}(\.[0-9]{1,2})?$", "12.50"),
]
#: a key in a body
Key = Annotated[int, Field(ge=1, le=MAX_ID, strict=True)]
Unit = Literal["retail", "case"]
Delivery = Literal["home", "pickup", "express"]
Points = Literal["best"] | Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]


class CartAddition(Input):
    goods_id: Key
    unit: Unit
    quantity: Amount


class CartChange(Input):
    quantity: Amount | None = None
    ticked: StrictBool | None = None


class Ticks(Input):
    line_ids: list[Key] = Field(max_length=MAX_LINES)


class QuoteQuery(Input):
    points: Annotated[str, Field(pattern=r"^(best|[0-9]{1,9})$")] = Field(
        default="best", description=_("best, or how many points to spend at most.")
    )
    delivery: Delivery = Field(
        default="home", description=_("How the goods are to come; pick-up is free.")
    )


class WishedLine(Input):
    goods_id: Key
    unit: Unit
    quantity: Amount


class QuoteRequest(Input):
    lines: list[WishedLine] = Field(min_length=1, max_length=MAX_LINES)
    points: Points = "best"
    delivery: Delivery = "home"


class OrderedLine(WishedLine):
    price: Yuan | None = Field(
        default=None,
        description=_("What the customer saw; a rise refuses the order."),
    )


class OrderRequest(Input):
    lines: list[OrderedLine] = Field(min_length=1, max_length=MAX_LINES)
    delivery: Delivery
    address_id: Key | None = None
    message: str = Field(default="", max_length=MESSAGE_LENGTH)
    points: Points = 0
    expected_payable: Yuan | None = Field(
        default=None, description=_("What the customer saw; more refuses the order.")
    )
    from_cart: StrictBool = Field(
        default=False, description=_("What is ordered leaves the cart.")
    )


class OrdersQuery(Paged):
    status: (
        Literal[
            "pending",
            "paid",
            "ready",
            "shipped",
            "completed",
            "cancelled",
            "closed",
        ]
        | None
    ) = Field(default=None, description=_("Only orders that stand so."))


class RefundedPart(Input):
    line_id: Key
    quantity: Amount


class RefundRequest(Input):
    reason: str = Field(min_length=1, max_length=500)
    lines: list[RefundedPart] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_LINES,
        description=_("Left out: the whole order."),
    )


class CartGoods(BaseModel):
    id: int = Field(ge=1)
    code: str
    name: str
    spec: str
    image: str | None


class QuotedLine(BaseModel):
    id: int | None = Field(description=_("The line of the cart; null for buy-now."))
    goods_id: int
    goods: CartGoods | None
    unit: Unit
    unit_name: str
    quantity: Quantity
    price: Money
    amount: Money
    available: Quantity | None = Field(
        description=_("Base units; null where the shop keeps no stock.")
    )
    problem: str | None = Field(
        json_schema_extra={"enum": [*Problem.values, None]},
        description=_("Why the line is not counted in, or null."),
    )
    problem_text: str | None


class CartLine(QuotedLine):
    ticked: bool


class Cart(BaseModel):
    lines: list[CartLine]


class Quote(BaseModel):
    lines: list[QuotedLine]
    goods_total: Money
    points_balance: int
    points_usable: int = Field(ge=0)
    points: int = Field(
        ge=0, description=_("The fewest points that give the deduction.")
    )
    points_deduction: Money
    freight: Money
    payable: Money
    can_order: bool
    missing_amount: Money


class OrderLine(BaseModel):
    id: int
    goods_id: int
    code: str
    name: str
    spec: str
    unit: Unit
    unit_name: str
    quantity: Quantity
    price: Money
    amount: Money
    points: int
    points_deduction: Money
    paid: Money
    weighed: Quantity | None
    refunded_quantity: Quantity
    refunded: Money


class OrderAddress(BaseModel):
    receiver: str
    mobile: str
    province: str
    city: str
    district: str
    detail: str


class Order(BaseModel):
    order_no: str = Field(examples=["202611250930121234567890"])
    status: str = Field(json_schema_extra={"enum": [*OrderStatus.values]})
    cancelling: bool
    lines: list[OrderLine]
    goods_total: Money
    points: int
    points_deduction: Money
    freight: Money
    payable: Money
    paid: Money
    refunded: Money
    points_earned: int
    delivery: Delivery
    address: OrderAddress | None
    message: str
    pickup_code: str | None
    carrier: str | None
    tracking_no: str | None
    created_at: str
    paid_at: str | None
    shipped_at: str | None
    completed_at: str | None
    expires_at: str


class PlacedOrder(BaseModel):
    order: Order


class Orders(BaseModel):
    pagination: Pagination
    items: list[Order]


class Cancelled(BaseModel):
    status: str
    cancelling: bool


class RefundPart(BaseModel):
    line_id: int
    quantity: Quantity
    amount: Money
    points: int


class Refund(BaseModel):
    refund_no: str
    status: str = Field(json_schema_extra={"enum": [*RefundStatus.values]})
    amount: Money
    points: int
    lines: list[RefundPart]
    reason: str
    rejection: str | None
    created_at: str
    finished_at: str | None


class AskedRefund(BaseModel):
    refund: Refund


class Refunds(BaseModel):
    pagination: Pagination
    items: list[Refund]


class CartAnswer(Envelope[Cart]):
    """The cart."""


class QuoteAnswer(Envelope[Quote]):
    """What lines come to."""


class PlacedAnswer(Envelope[PlacedOrder]):
    """A new order."""


class OrderAnswer(Envelope[Order]):
    """One order."""


class OrdersAnswer(Envelope[Orders]):
    """A page of orders."""


class PayParameters(BaseModel):
    """The arguments of `wx.requestPayment`, as they stand."""

    time_stamp: str = Field(alias="timeStamp", examples=["1767168000"])
    nonce: str = Field(alias="nonceStr")
    package: str = Field(examples=["prepay_id=wx201410272009395522657a690389285100"])
    sign_type: Literal["RSA", "MD5", "HMAC-SHA256"] = Field(alias="signType")
    pay_sign: str = Field(alias="paySign")


class PayAnswer(Envelope[PayParameters]):
    """What the mini-program opens WeChat's payment with."""


class CancelAnswer(Envelope[Cancelled]):
    """Cancelled, or about to be."""


class RefundAnswer(Envelope[AskedRefund]):
    """A refund that was asked for."""


class RefundsAnswer(Envelope[Refunds]):
    """The refunds of an order."""
