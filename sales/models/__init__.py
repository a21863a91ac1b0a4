"""Tables of the sales floor."""

from sales.models.bills import BillDay, Finding
from sales.models.cart import Cart, CartLine
from sales.models.figures import GoodsFigures
from sales.models.idempotency import IdempotencyKey
from sales.models.orders import Order, OrderEvent, OrderLine
from sales.models.payments import Exchange, Payment, Refund, RefundLine
from sales.models.points import PointsAccount, PointsEntry

__all__ = [
    "BillDay",
    "Cart",
    "CartLine",
    "Exchange",
    "Finding",
    "GoodsFigures",
    "IdempotencyKey",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Payment",
    "PointsAccount",
    "PointsEntry",
    "Refund",
    "RefundLine",
]
