"""Stock in the admin: balances and why they are so, the ledger, losses, past sales."""

from stock.admin import balances, home, ledger, losses, sales_history

__all__ = ["balances", "home", "ledger", "losses", "sales_history"]
