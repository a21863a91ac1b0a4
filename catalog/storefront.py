"""What the storefront sees of the catalog: goods on sale, as plain values.

The functions give dictionaries as the JSON contract writes them, the same for every
reader and every language; nothing of the ORM leaves this module. `goods_page` is the
way to a page of goods: kept in the process while the shop stays as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from backoffice.base import ports
from backoffice.base.api.envelope import money, quantity, written
from backoffice.base.api.paging import Page, paginate
from catalog import freshness
from catalog.enums import SellingUnit
from catalog.finding import found_by
from catalog.lookup import NoSuchGoods
from catalog.models import Category, Goods, GoodsPicture
from catalog.models.goods import GoodsQuerySet
from catalog.models.steps import list_price

Json = dict[str, Any]
ZERO = Decimal(0)

#: orderings that a client may ask for; ties go by id, in the same direction
ORDERINGS = ("sales", "-sales", "price", "-price", "-listed_at")

_COLUMNS = (
    "id",
    "code",
    "name",
    "category_id",
    "category__name",
    "brand_id",
    "brand__name",
    "origin",
    "spec",
    "image",
    "retail_enabled",
    "unit__name",
    "price",
    "min_quantity",
    "case_enabled",
    "case_unit__name",
    "case_size",
    "case_price",
    "case_min_quantity",
)


@dataclass(frozen=True)
class Search:
    """What a customer looks for; blank fields do not narrow the list."""

    category: int | None = None
    brand: int | None = None
    q: str = ""
    in_stock: bool | None = None
    ordering: str = "-listed_at"


def categories(page: Page) -> Json:
    """Every category in the merchant's order, with or without goods."""
    rows = Category.objects.order_by("sequence", "id")
    listed = rows.values_list("id", "name", "image", "sequence")
    pagination, found = paginate(rows, listed, page)
    items = [
        {"id": pk, "name": name, "image": _url(image), "sequence": sequence}
        for pk, name, image, sequence in found
    ]
    return {"pagination": pagination, "items": items}


def goods_page(search: Search, page: Page) -> bytes:
    """The answer with a page of goods, as it is sent; from memory where it still holds."""
    return freshness.page((search, page), lambda: written(goods_list(search, page)))


def goods_list(search: Search, page: Page) -> Json:
    """A page of the goods on sale that the search finds."""
    found = _found(search)
    listed = _ordered(found, search.ordering).values_list(*_COLUMNS)
    pagination, rows = paginate(found, listed, page)
    return {"pagination": pagination, "items": _items(rows)}


def goods(pk: int) -> Json:
    """One goods with its pictures and description; raises NoSuchGoods unless on sale."""
    row = (
        Goods.objects.on_sale()
        .filter(pk=pk)
        .values_list(*_COLUMNS, "description")
        .first()
    )
    if row is None:
        raise NoSuchGoods(_("There is no such goods on sale."), id=pk)
    [item] = _items([row[:-1]])
    pictures = GoodsPicture.objects.filter(goods_id=pk).order_by(
        "-is_main", "sequence", "id"
    )
    item["images"] = [_url(path) for path in pictures.values_list("image", flat=True)]
    item["description"] = row[-1]
    return item


def _found(search: Search) -> GoodsQuerySet:
    rows = Goods.objects.on_sale()
    if search.category is not None:
        rows = rows.filter(category_id=search.category)
    if search.brand is not None:
        rows = rows.filter(brand_id=search.brand)
    if search.q.strip():
        rows = found_by(rows, search.q)
    if search.in_stock is not None:
        rows = _by_stock(rows, in_stock=search.in_stock)
    return rows


def _by_stock(rows: GoodsQuerySet, *, in_stock: bool) -> GoodsQuerySet:
    """Those with something available, or those sold out.

    Where no stock is kept nothing is ever sold out.
    """
    is_there = ports.is_available_expression()
    if is_there is None:
        return rows if in_stock else rows.none()
    rows = rows.annotate(_is_there=is_there)
    return rows.filter(_is_there=True) if in_stock else rows.exclude(_is_there=True)


def _ordered(rows: GoodsQuerySet, ordering: str) -> GoodsQuerySet:
    sign = "-" if ordering.startswith("-") else ""
    key = ordering.removeprefix("-")
    if key == "price":
        # the index gives the steps in order, what lies in one is sorted
        rows = rows.annotate(_price=list_price())
        return rows.order_by(f"{sign}price_step", f"{sign}_price", f"{sign}id")
    if key == "sales":
        volume = ports.sales_volume_expression()
        if volume is None:
            return rows.order_by(f"{sign}id")
        # said, so that the database begins at the volumes, which lie in a table above
        rows = rows.annotate(_volume=volume).filter(_volume__isnull=False)
        key = "_volume"
    return rows.order_by(f"{sign}{key}", f"{sign}id")


def _items(rows: Iterable[tuple[Any, ...]]) -> list[Json]:
    rows = list(rows)
    ids = [row[0] for row in rows]
    is_counted = ports.available.connected
    available = ports.available(ids)
    volume = ports.sales_volume(ids)
    items = []
    for row in rows:
        item = _item(row)
        pk = row[0]
        left = available.get(pk, ZERO) if is_counted else None
        item["available"] = None if left is None else quantity(left)
        item["sold_out"] = left is not None and left <= 0
        item["sales_volume"] = quantity(volume.get(pk, ZERO))
        items.append(item)
    return items


def _item(row: tuple[Any, ...]) -> Json:
    (
        pk,
        code,
        name,
        category_id,
        category,
        brand_id,
        brand,
        origin,
        spec,
        image,
        retail_enabled,
        unit,
        price,
        min_quantity,
        case_enabled,
        case_unit,
        case_size,
        case_price,
        case_min_quantity,
    ) = row
    units = []
    if retail_enabled:
        units.append(
            {
                "unit": SellingUnit.RETAIL.value,
                "name": unit,
                "size": "1.000",
                "price": money(price),
                "min_quantity": quantity(min_quantity),
            }
        )
    if case_enabled:
        units.append(
            {
                "unit": SellingUnit.CASE.value,
                "name": case_unit,
                "size": quantity(case_size),
                "price": money(case_price),
                "min_quantity": f"{case_min_quantity}.000",
            }
        )
    return {
        "id": pk,
        "code": code,
        "name": name,
        "category": {"id": category_id, "name": category},
        "brand": None if brand_id is None else {"id": brand_id, "name": brand},
        "origin": origin,
        "spec": spec,
        "image": _url(image),
        "units": units,
    }


def _url(path: str) -> str | None:
    return default_storage.url(path) if path else None
