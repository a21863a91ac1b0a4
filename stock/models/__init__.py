"""The tables of stock."""

from stock.models.alerts import AlertRound, LowStockAlert, MovedGoods
from stock.models.balances import StockBalance, StockShortage
from stock.models.losses import WriteOff
from stock.models.movements import StockMovement
from stock.models.sold import SoldLine

__all__ = [
    "AlertRound",
    "LowStockAlert",
    "MovedGoods",
    "SoldLine",
    "StockBalance",
    "StockMovement",
    "StockShortage",
    "WriteOff",
]
