"""Sales in the admin: orders from payment to hand-over, points, money, the home page."""

from sales.admin import (
    bills,
    customers,
    home,
    money_home,
    orders,
    payments,
    points,
    refunds,
)

__all__ = [
    "bills",
    "customers",
    "home",
    "money_home",
    "orders",
    "payments",
    "points",
    "refunds",
]
