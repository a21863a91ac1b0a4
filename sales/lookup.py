"""Finding and locking orders, their lines, payments and refunds (docs/locking.md)."""

from django.utils.translation import gettext as _

from sales.errors import NoSuchOrder
from sales.models import Order, OrderLine, Payment, Refund


def by_number(order_no: str, *, user_id: int | None = None) -> Order:
    """The order of this number; with `user_id`, only where it is this customer's.

    Raises NoSuchOrder, which does not tell somebody else's from none.
    """
    rows = Order.objects.all() if user_id is None else Order.objects.of(user_id)
    order = rows.filter(order_no=order_no).first()
    if order is None:
        raise NoSuchOrder(_("There is no such order."), order_no=order_no)
    return order


def locked(order: Order | int) -> Order:
    """The order as it stands now, locked until the transaction ends."""
    pk = order if isinstance(order, int) else order.pk
    return Order.objects.select_for_update(of=("self",)).get(pk=pk)


def lines_of(order: Order) -> list[OrderLine]:
    """Its lines in order; they are written only under the order's lock."""
    return list(OrderLine.objects.filter(order=order).order_by("sequence"))


def locked_payment(pk: int) -> Payment:
    """A payment, locked; after its order."""
    return Payment.objects.select_for_update(of=("self",)).get(pk=pk)


def locked_refund(pk: int) -> Refund:
    """A refund, locked; after its order and payment."""
    return Refund.objects.select_for_update(of=("self",)).get(pk=pk)
