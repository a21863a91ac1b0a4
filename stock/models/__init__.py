"""The tables of stock."""

from stock.models.balances import StockBalance, StockShortage
from stock.models.losses import WriteOff
from stock.models.movements import StockMovement

__all__ = ["StockBalance", "StockMovement", "StockShortage", "WriteOff"]
