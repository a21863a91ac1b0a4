"""Stock in the admin: balances and why they are so, the ledger, losses, past sales,
alerts, suppliers, what is ordered from them."""

from stock.admin import (
    alerts,
    balances,
    home,
    ledger,
    losses,
    orders,
    sales_history,
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
    "suppliers",
]
