"""Sales in the admin: orders from payment to hand-over."""

from sales.admin import orders

__all__ = ["orders"]
