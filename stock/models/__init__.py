"""The tables of stock."""

from stock.models.alerts import AlertRound, LowStockAlert, MovedGoods
from stock.models.balances import StockBalance, StockShortage
from stock.models.losses import WriteOff
from stock.models.movements import StockMovement
from stock.models.replenishment import (
    GoodsSupply,
    ReplenishmentLine,
    ReplenishmentOrder,
    ReplenishmentReceipt,
    Supplier,
)
from stock.models.sold import SoldLine
from stock.models.stocktakes import Stocktake, StocktakeLine

__all__ = [
    "AlertRound",
    "GoodsSupply",
    "LowStockAlert",
    "MovedGoods",
    "ReplenishmentLine",
    "ReplenishmentOrder",
    "ReplenishmentReceipt",
    "SoldLine",
    "StockBalance",
    "StockMovement",
    "StockShortage",
    "Stocktake",
    "StocktakeLine",
    "Supplier",
    "WriteOff",
]
