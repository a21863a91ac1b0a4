"""Finding orders by what a customer says, or a packing slip shows."""

from django.db.models import Q, QuerySet

from backoffice.base.text import half_width
from catalog.admin.search import ids_of
from sales.enums import OrderStatus
from sales.models import OrderLine

NUMBER = 24
MOBILE = 11
CODE = 4
#: the day of an order number
SHORTEST = 8


def find_orders(queryset: QuerySet, typed: str) -> QuerySet:
    """By number or how it begins, whole mobile, pick-up code, goods.

    Who may not see mobiles may still type a whole one that the customer tells; a part
    of one finds nothing, or the list would tell digit by digit what it masks.
    """
    text = half_width(typed)[:200]
    if not text:
        return queryset
    if "\0" in text:
        return queryset.none()
    if text.isascii() and text.isdigit():
        found = _by_digits(text)
        if found is not None:
            return queryset.filter(found)
    lines = OrderLine.objects.filter(goods_id__in=ids_of(text))
    return queryset.filter(pk__in=lines.order_by().values("order_id"))


def _by_digits(text: str) -> Q | None:
    """None where the digits are more likely a code of goods."""
    if len(text) == MOBILE:
        return Q(mobile=text) & ~Q(mobile="")
    if len(text) == CODE:
        return Q(status=OrderStatus.READY, pickup_code=text)
    if len(text) == NUMBER:
        return Q(order_no=text)
    if SHORTEST <= len(text) < NUMBER and text.startswith("20"):
        return Q(order_no__startswith=text)
    return None
