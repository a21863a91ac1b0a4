"""Placing an order: re-price, reserve, spend points, write; one transaction (DOMAIN 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.bulk import insert_few
from backoffice.base.compiled import Compiled
from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.base.text import one_line
from backoffice.oplog.record import record
from backoffice.shop import shop
from sales import cart, numbers, offers, payments, points, showing
from sales.enums import DELIVERED, Delivery, PointsKind, Problem, Source
from sales.errors import (
    BelowMinimum,
    MinimumOrder,
    NotOnSale,
    OutOfStock,
    PriceChanged,
    TooManyUnpaid,
)
from sales.models import Cart, CartLine, Order, OrderLine, PointsAccount
from sales.quoting import (
    Points,
    Quote,
    QuotedLine,
    Wish,
    apportion,
    quote,
    quote_lines,
)
from stock import errors as stock_errors
from stock import reservations

if TYPE_CHECKING:
    from backoffice.accounts.models import User

MESSAGE_LENGTH = 200
MAX_LINES = cart.MAX_LINES


@dataclass(frozen=True)
class Ask:
    """One line as it is asked for; `price` is what the customer saw, None: any."""

    goods_id: int
    unit: str
    quantity: Decimal
    price: Decimal | None = None


@dataclass(frozen=True)
class Address:
    """Where the goods go; kept with the order as it was."""

    receiver: str
    mobile: str
    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Basket:
    """All that is ordered at once.

    `expected_payable` is what the customer saw; None: whatever it comes to. `receiver`
    and `mobile` of the address are kept for pick-up too.
    """

    asks: Sequence[Ask]
    delivery: Delivery
    address: Address | None = None
    message: str = ""
    points: Points = 0
    expected_payable: Decimal | None = None
    from_cart: bool = False


@dataclass(frozen=True)
class Placed:
    """A new order with its lines, as they were written."""

    order: Order
    lines: Sequence[OrderLine]


def place_order(
    basket: Basket,
    *,
    user: "User | None",
    source: Source = Source.STOREFRONT,
    by: "User | None" = None,
) -> Order:
    """As `place`, for who needs only the order."""
    return place(basket, user=user, source=source, by=by).order


@transaction.atomic
def place(
    basket: Basket,
    *,
    user: "User | None",
    source: Source = Source.STOREFRONT,
    by: "User | None" = None,
) -> Placed:
    """As `place_within`, in a transaction of its own."""
    return place_within(basket, user=user, source=source, by=by)


def place_within(
    basket: Basket,
    *,
    user: "User | None",
    source: Source = Source.STOREFRONT,
    by: "User | None" = None,
) -> Placed:
    """Place an order for `user`; None is a customer at the counter without an account.

    Called in a transaction that ends with any refusal: a savepoint costs two trips. Staff (`by`, with `sales.add_order`) enter orders without a minimum. Raises
    FieldErrors, NotOnSale, BelowMinimum, PriceChanged (with the new quote),
    MinimumOrder, TooManyUnpaid, NotEnoughPoints and the stock's shortage, which names
    every goods that is short. A payable of 0 is paid at once.
    """
    _permit(by, source)
    _check(basket)
    balance = 0
    if user is not None:
        cart.locked(user)
        unpaid, balance = _standing(user)
        if by is None:
            _refuse_hoarding(unpaid)
    found = offers.read((ask.goods_id for ask in basket.asks), with_stock=False)
    wishes = [Wish(ask.goods_id, ask.unit, ask.quantity) for ask in basket.asks]
    lines = quote_lines(wishes, found, has_minimum=by is None)
    _refuse_problems(lines)
    quoted = quote(
        lines,
        terms=offers.terms(),
        balance=balance,
        points=basket.points if user is not None else 0,
        delivery=basket.delivery,
        has_minimum=by is None,
    )
    _refuse_surprise(basket, quoted)
    if quoted.missing_amount:
        raise MinimumOrder(
            _("The goods come to %(total)s yuan; the least is %(least)s.")
            % {"total": quoted.goods_total, "least": shop.MIN_ORDER},
            quote=showing.quote(quoted),
        )
    placed = _write(basket, quoted, user=user, source=source, by=by)
    order = placed.order
    _reserve(order, quoted, by or user)
    if quoted.points and user is not None:
        points.post_within(
            user.pk,
            -quoted.points,
            kind=PointsKind.SPEND,
            reference=order.order_no,
            by=by or user,
            at=order.created_at,
            is_new=True,
        )
    if basket.from_cart and user is not None:
        _take_from_cart(user, basket.asks)
    if by is not None:
        record(by=by, action="order.placed", target=order, payable=str(order.payable))
    if not order.payable:
        payments.pay_nothing(order)
    return placed


def _permit(by: "User | None", source: Source) -> None:
    if by is None:
        if source != Source.STOREFRONT:
            raise ValueError("orders of the counter are entered by somebody")
        return
    if not (by.is_active and by.has_perm("sales.add_order")):
        raise NotPermitted(_("You may not enter orders."), permission="sales.add_order")


def _check(basket: Basket) -> None:
    """What is wrong with the basket by itself, all at once; raises FieldErrors."""
    errors: dict[str, list[str]] = {}
    if not 0 < len(basket.asks) <= MAX_LINES:
        errors["lines"] = [_("From 1 to %(most)s lines.") % {"most": MAX_LINES}]
    seen = set()
    for index, ask in enumerate(basket.asks):
        try:
            cart.checked_quantity(ask.quantity, ask.unit, f"lines.{index}.quantity")
        except FieldErrors as refusal:
            errors |= refusal.errors
        if (ask.goods_id, ask.unit) in seen:
            errors[f"lines.{index}"] = [_("This goods stands here twice.")]
        seen.add((ask.goods_id, ask.unit))
    if basket.delivery in DELIVERED and basket.address is None:
        errors["address_id"] = [_("Where should it go? Choose an address.")]
    if len(basket.message) > MESSAGE_LENGTH:
        errors["message"] = [
            _("At most %(most)s characters.") % {"most": MESSAGE_LENGTH}
        ]
    if basket.points != "best" and basket.points < 0:
        errors["points"] = [_("Points are not below 0.")]
    if errors:
        raise FieldErrors(errors)


def _of_customer(user_id: int) -> Any:
    unpaid = Order.objects.of(user_id).unpaid().order_by().values("user")
    account = PointsAccount.objects.filter(pk=user_id).values("balance")
    return Cart.objects.filter(user_id=user_id).values_list(
        Coalesce(Subquery(unpaid.annotate(n=Count("pk")).values("n")), 0),
        Coalesce(Subquery(account), 0),
    )


_standings = Compiled(_of_customer)


def _standing(user: "User") -> tuple[int, int]:
    """(unpaid orders, points) of a customer whose cart is locked: one query."""
    counted, balance = _standings(user.pk)[0]
    return counted, balance


def _refuse_hoarding(unpaid: int) -> None:
    most = shop.MAX_UNPAID_ORDERS
    if unpaid >= most:
        raise TooManyUnpaid(
            _("There are %(most)s unpaid orders; pay or cancel one first.")
            % {"most": most},
            limit=most,
        )


def _named(lines: Sequence[QuotedLine]) -> list[dict[str, Any]]:
    return [
        {
            "goods_id": line.wish.goods_id,
            "unit": str(line.wish.unit),
            "code": line.offer.code if line.offer else None,
            "name": line.offer.name if line.offer else None,
        }
        for line in lines
    ]


def _refuse_problems(lines: Sequence[QuotedLine]) -> None:
    by_problem: dict[Problem, list[QuotedLine]] = {}
    for line in lines:
        if line.problem is not None:
            by_problem.setdefault(line.problem, []).append(line)
    if gone := by_problem.get(Problem.NOT_ON_SALE):
        raise NotOnSale(
            _("Not sold any more: %(names)s.") % {"names": _names(gone)},
            goods=_named(gone),
        )
    if by_problem.get(Problem.OFF_STEP):
        raise FieldErrors(
            {
                f"lines.{index}.quantity": [
                    _("%(name)s is sold in steps of %(step)s.")
                    % {
                        "name": line.offer.name,
                        "step": line.offer.step_of(line.wish.unit),
                    }
                ]
                for index, line in enumerate(lines)
                if line.problem == Problem.OFF_STEP and line.offer
            }
        )
    if few := by_problem.get(Problem.BELOW_MINIMUM):
        raise BelowMinimum(
            _("Below the least quantity: %(names)s.") % {"names": _names(few)},
            goods=[
                named | {"min_quantity": str(line.offer.minimum_of(line.wish.unit))}
                for named, line in zip(_named(few), few, strict=True)
                if line.offer
            ],
        )


def _names(lines: Sequence[QuotedLine]) -> str:
    return _(", ").join(
        line.offer.name if line.offer else f"#{line.wish.goods_id}" for line in lines
    )


def _refuse_surprise(basket: Basket, quoted: Quote) -> None:
    """Nobody pays more than they saw: neither for a line nor in all."""
    risen = [
        line
        for ask, line in zip(basket.asks, quoted.lines, strict=True)
        if ask.price is not None and line.price > ask.price
    ]
    expected = basket.expected_payable
    if risen or (expected is not None and quoted.payable > expected):
        raise PriceChanged(
            _("The price has changed; %(payable)s yuan are to pay now.")
            % {"payable": quoted.payable},
            goods=[
                named | {"price": str(line.price)}
                for named, line in zip(_named(risen), risen, strict=True)
            ],
            quote=showing.quote(quoted),
        )


def _write(
    basket: Basket,
    quoted: Quote,
    *,
    user: "User | None",
    source: Source,
    by: "User | None",
) -> Placed:
    now = timezone.now()
    to = basket.address or Address("", "")
    is_delivered = basket.delivery in DELIVERED
    order = Order(
        order_no=numbers.order_no(now),
        user=user,
        source=source,
        placed_by=by,
        goods_total=quoted.goods_total,
        points=quoted.points,
        points_deduction=quoted.points_deduction,
        freight=quoted.freight,
        payable=quoted.payable,
        delivery=basket.delivery,
        receiver=to.receiver,
        mobile=to.mobile,
        province=to.province if is_delivered else "",
        city=to.city if is_delivered else "",
        district=to.district if is_delivered else "",
        detail=to.detail if is_delivered else "",
        message=one_line(basket.message),
        created_at=now,
        expires_at=_deadline(now),
    )
    insert_few(Order, [order])
    shares = apportion([line.amount for line in quoted.lines], quoted)
    lines = [
        _line(order, sequence, line, share.points, share.deduction)
        for sequence, (line, share) in enumerate(
            zip(quoted.lines, shares, strict=True), 1
        )
    ]
    insert_few(OrderLine, lines)
    return Placed(order, lines)


def _deadline(now: datetime) -> datetime:
    return now + timedelta(minutes=shop.UNPAID_MINUTES)


def _line(
    order: Order, sequence: int, line: QuotedLine, spent: int, deduction: Decimal
) -> OrderLine:
    offer, unit = line.offer, line.wish.unit
    assert offer is not None  # noqa: S101 - a line without goods was refused
    return OrderLine(
        order=order,
        sequence=sequence,
        goods_id=offer.goods_id,
        code=offer.code,
        name=offer.name,
        spec=offer.spec,
        unit=unit,
        unit_name=offer.name_of(unit),
        base_unit_name=offer.unit_name,
        unit_size=offer.size_of(unit),
        quantity=line.wish.quantity,
        base_quantity=line.base_quantity,
        price=line.price,
        amount=line.amount,
        points=spent,
        points_deduction=deduction,
        paid=line.amount - deduction,
        unit_cost=offer.cost,
        points_factor=offer.points_factor,
        is_weighed=offer.is_weighed,
        held=line.base_quantity,
    )


def _reserve(order: Order, quoted: Quote, by: "User | None") -> None:
    held = [(line.wish.goods_id, line.base_quantity) for line in quoted.lines]
    try:
        reservations.reserve(held, order=order.order_no, by=by, is_new=True)
    except stock_errors.OutOfStock as refusal:
        raise OutOfStock(
            str(refusal),
            goods=[lack.as_json() for lack in refusal.lacks],
            quote=showing.quote(_anew(quoted)),
        ) from None


def _anew(quoted: Quote) -> Quote:
    """The quote with what is short left out, for a customer who wants the rest."""
    wishes = [line.wish for line in quoted.lines]
    return quote(
        quote_lines(
            wishes,
            offers.read(wish.goods_id for wish in wishes),
            has_minimum=quoted.has_minimum,
        ),
        terms=offers.terms(),
        balance=quoted.points_balance,
        points=quoted.points,
        delivery=quoted.delivery,
        has_minimum=quoted.has_minimum,
    )


def _take_from_cart(user: "User", asks: Sequence[Ask]) -> None:
    """What was ordered leaves the cart; what else is in there stays."""
    ordered = Q()
    for ask in asks:
        ordered |= Q(goods_id=ask.goods_id, unit=ask.unit)
    gone = CartLine.objects.filter(
        ordered, cart_id__in=Cart.objects.filter(user=user).values("pk")
    )
    # nothing hangs on a line of a cart, so there is nothing to look for first
    gone._raw_delete(gone.db)
