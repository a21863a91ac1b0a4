"""Stock for tests, booked by the verbs."""

from decimal import Decimal

from backoffice.accounts.tests.factories import AdminFactory
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory, PieceFactory
from stock.models import StockBalance
from stock.receiving import Incoming, open_stock


def stocked(quantity="10", *, cost=None, factory=GoodsFactory, **fields):
    """A goods with opening stock."""
    goods = factory(**fields)
    unit_cost = None if cost is None else Decimal(cost)
    open_stock([Incoming(goods.pk, Decimal(quantity), unit_cost)], by=AdminFactory())
    return goods


def stocked_on_sale(quantity="10", **fields):
    """The same, on the shelf."""
    return stocked(quantity, factory=OnSaleGoodsFactory, **fields)


def counted(quantity="10", **fields):
    """A goods that is counted in whole pieces."""
    return stocked(quantity, unit=PieceFactory(), **fields)


def levels(goods):
    """(on hand, reserved, short) as they are booked."""
    row = StockBalance.objects.get(pk=goods.pk)
    return row.on_hand, row.reserved, row.short
