"""Stock in the admin."""

from stock.admin import sales_history

__all__ = ["sales_history"]
