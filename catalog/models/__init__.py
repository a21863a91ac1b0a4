"""The catalog's tables."""

from catalog.models.banners import Banner
from catalog.models.goods import Brand, Category, Goods, GoodsPicture, Unit
from catalog.models.logs import PriceLog, ShelfLog
from catalog.models.repricing import MarkdownRule, RepricingLine, RepricingRun
from catalog.models.search import GoodsSearch
from catalog.models.shown import StorefrontChange
from catalog.models.staged import StagedPicture

__all__ = [
    "Banner",
    "Brand",
    "Category",
    "Goods",
    "GoodsPicture",
    "GoodsSearch",
    "MarkdownRule",
    "PriceLog",
    "RepricingLine",
    "RepricingRun",
    "ShelfLog",
    "StagedPicture",
    "StorefrontChange",
    "Unit",
]
