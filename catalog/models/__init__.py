"""The catalog's tables."""

from catalog.models.goods import Brand, Category, Goods, GoodsPicture, Unit
from catalog.models.repricing import RepricingLine, RepricingRun

__all__ = [
    "Brand",
    "Category",
    "Goods",
    "GoodsPicture",
    "RepricingLine",
    "RepricingRun",
    "Unit",
]
