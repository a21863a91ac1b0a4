"""Sales in the admin: orders from payment to hand-over, points, money, the home page."""

from sales.admin import (
    customers,
    home,
    money_home,
    orders,
    payments,
    points,
    refunds,
)

__all__ = [
    "customers",
    "home",
    "money_home",
    "orders",
    "payments",
    "points",
    "refunds",
]
