"""Stock in the admin: balances and why they are so, the ledger, losses, past sales,
alerts, suppliers, what is ordered from them, stocktakes."""

from stock.admin import (
    alerts,
    balances,
    home,
    ledger,
    losses,
    orders,
    sales_history,
    stocktakes,
    suppliers,
)

__all__ = [
    "alerts",
    "balances",
    "home",
    "ledger",
    "losses",
    "orders",
    "sales_history",
    "stocktakes",
    "suppliers",
]
