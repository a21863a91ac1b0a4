"""Sales in the admin: orders from payment to hand-over, points, the home page."""

from sales.admin import customers, home, orders, points

__all__ = ["customers", "home", "orders", "points"]
