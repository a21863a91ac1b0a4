"""Stock in the admin: balances and why they are so, the ledger, losses, past sales,
alerts."""

from stock.admin import alerts, balances, home, ledger, losses, sales_history

__all__ = ["alerts", "balances", "home", "ledger", "losses", "sales_history"]
