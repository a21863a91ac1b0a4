"""The customer's cart: add, change, tick, take out; and what it comes to."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.base.compiled import Compiled
from backoffice.base.errors import FieldErrors
from backoffice.base.money import MAX_QUANTITY, round_quantity
from catalog.enums import SellingUnit
from sales import offers, points
from sales.errors import NoSuchLine, NotOnSale
from sales.models import Cart, CartLine
from sales.quoting import Points, Quote, QuotedLine, Wish, quote, quote_lines

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: a cart is for a household, not for a warehouse
MAX_LINES = 100

_CART = ("id", "user_id", "updated_at")
_locked = Compiled(
    lambda user_id: (
        Cart.objects.select_for_update()
        .filter(user_id=user_id)
        .order_by()
        .values_list(*_CART)
    )
)


def locked(user: "User") -> Cart:
    """The customer's cart, made where there is none, locked: orders and changes of one
    customer come one after another. Inside a transaction."""
    rows = _locked(user.pk)
    if not rows:
        Cart.objects.bulk_create([Cart(user_id=user.pk)], ignore_conflicts=True)
        rows = _locked(user.pk)
    return Cart.from_db(connection.alias, _CART, rows[0])


def checked_quantity(quantity: Decimal, unit: str, field: str = "quantity") -> Decimal:
    """A quantity above 0 with at most 3 places, whole for cases; raises FieldErrors."""
    message = None
    if not quantity.is_finite() or quantity <= 0:
        message = _("A quantity is above 0.")
    elif quantity > MAX_QUANTITY:
        message = _("At most %(most)s.") % {"most": MAX_QUANTITY}
    elif quantity != round_quantity(quantity):
        message = _("A quantity has at most 3 decimal places.")
    elif unit == SellingUnit.CASE and quantity != quantity.to_integral_value():
        message = _("Cases are whole numbers.")
    if message:
        raise FieldErrors({field: [message]})
    return round_quantity(quantity)


@transaction.atomic
def add(
    user: "User", *, goods_id: int, unit: SellingUnit, quantity: Decimal
) -> CartLine:
    """Put so much more of goods into the cart, ticked.

    Raises NotOnSale where it is not sold by that unit, FieldErrors for a quantity that
    is none. What is short, off its step or below its minimum goes in and is named there.
    """
    quantity = checked_quantity(quantity, unit)
    offer = offers.read([goods_id], with_stock=False).get(goods_id)
    if offer is None or not offer.sells_by(unit):
        raise NotOnSale(
            _("This goods is not sold like that."),
            goods=[{"goods_id": goods_id, "unit": str(unit)}],
        )
    cart = locked(user)
    line = cart.lines.filter(goods_id=goods_id, unit=unit).first()
    if line is not None:
        line.quantity = checked_quantity(line.quantity + quantity, unit)
        line.ticked = True
        line.save(update_fields=["quantity", "ticked"])
        return line
    if cart.lines.count() >= MAX_LINES:
        raise FieldErrors(
            {"goods_id": [_("A cart holds %(most)s lines.") % {"most": MAX_LINES}]}
        )
    return CartLine.objects.create(
        cart=cart, goods_id=goods_id, unit=unit, quantity=quantity
    )


@transaction.atomic
def change(
    user: "User",
    line_id: int,
    *,
    quantity: Decimal | None = None,
    ticked: bool | None = None,
) -> CartLine:
    """Set the quantity or the tick of a line; None leaves it. Raises NoSuchLine."""
    cart = locked(user)
    line = _line(cart, line_id)
    if quantity is not None:
        line.quantity = checked_quantity(quantity, line.unit)
    if ticked is not None:
        line.ticked = ticked
    line.save(update_fields=["quantity", "ticked"])
    return line


@transaction.atomic
def remove(user: "User", line_id: int) -> None:
    """Take a line out. Raises NoSuchLine."""
    _line(locked(user), line_id).delete()


@transaction.atomic
def tick(user: "User", line_ids: Iterable[int]) -> None:
    """Tick exactly these lines. Raises NoSuchLine where one is not in the cart."""
    wanted = set(line_ids)
    cart = locked(user)
    there = set(cart.lines.values_list("pk", flat=True))
    if wanted - there:
        raise NoSuchLine(
            _("This line is not in the cart."), line_ids=sorted(wanted - there)
        )
    cart.lines.update(ticked=False)
    cart.lines.filter(pk__in=wanted).update(ticked=True)


def _line(cart: Cart, line_id: int) -> CartLine:
    line = cart.lines.filter(pk=line_id).first()
    if line is None:
        raise NoSuchLine(_("This line is not in the cart."), line_ids=[line_id])
    return line


def lines(user: "User") -> list[CartLine]:
    """The lines in the order in which they came."""
    return list(CartLine.objects.filter(cart__user=user).order_by("id"))


def quoted(rows: Iterable[CartLine]) -> list[QuotedLine]:
    """Lines of a cart with price and problem, three queries at most."""
    many = list(rows)
    wishes = [
        Wish(row.goods_id, row.unit, row.quantity, line_id=row.pk) for row in many
    ]
    return quote_lines(wishes, offers.read(w.goods_id for w in wishes))


def quote_cart(user: "User", *, spend: Points, delivery: str) -> Quote:
    """What the ticked lines come to."""
    ticked = [row for row in lines(user) if row.ticked]
    return quote(
        quoted(ticked),
        terms=offers.terms(),
        balance=points.balance(user.pk),
        points=spend,
        delivery=delivery,
    )


def quote_wishes(
    user: "User", wishes: "list[Wish]", *, spend: Points, delivery: str
) -> Quote:
    """What a buy-now comes to, without touching the cart."""
    for wish in wishes:
        checked_quantity(wish.quantity, wish.unit)
    return quote(
        quote_lines(wishes, offers.read(w.goods_id for w in wishes)),
        terms=offers.terms(),
        balance=points.balance(user.pk),
        points=spend,
        delivery=delivery,
    )
