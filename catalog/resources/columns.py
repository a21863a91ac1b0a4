"""The columns of the goods' sheets: names, labels, how a cell is read."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.money import MAX_PRICE, MAX_QUANTITY
from backoffice.sheets import cells
from backoffice.sheets.definitions import Column
from backoffice.sheets.errors import CellError
from catalog.models import Brand, Category, Goods, Unit
from catalog.moves import REASON_LENGTH
from catalog.resources import galleries


def _price(cell: Any) -> Decimal:
    value: Decimal = _read_price(cell)
    return value


_read_price = cells.number(
    least=Decimal(0),
    most=MAX_PRICE,
    places=2,
    wrong=lambda cell: _("%(cell)s is not a price, for example 12.50") % {"cell": cell},
)
_cost = cells.number(
    least=Decimal(0),
    most=MAX_PRICE,
    places=4,
    wrong=lambda cell: _("%(cell)s is not a cost, for example 7.80") % {"cell": cell},
)
_quantity = cells.number(
    least=Decimal(0),
    most=MAX_QUANTITY,
    places=3,
    above=True,
    wrong=lambda cell: (
        _("%(cell)s is not a quantity, for example 0.5") % {"cell": cell}
    ),
)
_factor = cells.number(
    least=Decimal(0),
    most=Decimal(100),
    places=2,
    wrong=lambda cell: _("%(cell)s is not a factor, for example 1.5") % {"cell": cell},
)


def _reason(cell: Any) -> str:
    text = cells.text(cell)
    if len(text) > REASON_LENGTH:
        raise CellError(
            _("The reason is longer than %(most)s characters.")
            % {"most": REASON_LENGTH}
        )
    return text


def _same(value: Any) -> Any:
    return value


def _load_time(value: str) -> Any:
    return parse_datetime(value)


def _label(name: str) -> Any:
    field: Any = Goods._meta.get_field(name)
    return field.verbose_name


def _names(model: Any) -> list[str]:
    return list(model.objects.values_list("name", flat=True))


def _text(name: str, *aliases: str, **options: Any) -> Column:
    options.setdefault("parse", cells.text)
    return Column(name, _label(name), aliases=aliases, **options)


def _number(name: str, parse: Any, *aliases: str, **options: Any) -> Column:
    options.setdefault("load", Decimal)
    return Column(name, _label(name), parse, aliases=aliases, kind="number", **options)


def _flag(name: str, *aliases: str, **options: Any) -> Column:
    return Column(
        name,
        _label(name),
        cells.flag,
        aliases=aliases,
        kind="flag",
        dump=_same,
        load=_same,
        **options,
    )


CODE = _text(
    "code",
    "商品编码",
    "编码",
    "商品编号",
    "编号",
    "商品代码",
    "货号",
    "单品编码",
    "sku",
    "goods code",
    "item code",
    "product code",
    parse=cells.code,
    example="EXAMPLE-1",
    help=gettext_lazy(
        "The key of the row. Format the column as text, or long codes are damaged."
    ),
)
PRICE = _number(
    "price",
    _price,
    "零售价",
    "价格",
    "售价",
    "单价",
    "销售价",
    "零售价格",
    "retail price",
    "unit price",
    example=Decimal("12.80"),
    help=gettext_lazy("Yuan for one base unit, two decimal places."),
)
CASE_PRICE = _number(
    "case_price",
    _price,
    "整件价",
    "整箱价",
    "箱价",
    "件价",
    clearable=True,
    example=Decimal("118.00"),
    help=gettext_lazy("Yuan for a whole case."),
)
UPDATED_AT = Column(
    "updated_at",
    gettext_lazy("changed at"),
    cells.moment,
    aliases=("更新时间", "修改时间"),
    kind="time",
    dump=lambda value: value.isoformat(),
    load=_load_time,
    help=gettext_lazy(
        "Leave it as the export wrote it: by it the shop sees what changed meanwhile."
    ),
)

NAME = _text(
    "name",
    "商品名称",
    "名称",
    "品名",
    "商品名",
    "单品名称",
    "商品标题",
    "goods name",
    "product name",
    "title",
    example="红富士苹果",
)
STATUS = _text("status", "状态", read_only=True)

GOODS_COLUMNS = (
    CODE,
    NAME,
    _text(
        "category",
        "分类",
        "商品分类",
        "类别",
        "商品类别",
        "所属类别",
        "分类名称",
        "品类",
        example="苹果蕉梨",
        choices=lambda: _names(Category),
    ),
    _text(
        "brand",
        "品牌",
        "商品品牌",
        "品牌名称",
        clearable=True,
        choices=lambda: _names(Brand),
    ),
    _text(
        "unit",
        "零售单位",
        "单位",
        "计量单位",
        "基本单位",
        "销售单位",
        example="斤",
        choices=lambda: _names(Unit),
        help=gettext_lazy("The base unit: stock and statistics count in it."),
    ),
    PRICE,
    _flag("retail_enabled", "零售", "可零售", "按零售单位销售", example=True),
    _number("min_quantity", _quantity, "起售量", "起订量", "最小起订量", "起购数量"),
    _text(
        "case_unit",
        "整件单位",
        "箱单位",
        clearable=True,
        example="箱",
        choices=lambda: _names(Unit),
    ),
    _number(
        "case_size",
        _quantity,
        "装箱数",
        "箱规",
        "每箱数量",
        "装箱量",
        clearable=True,
        example=Decimal(10),
    ),
    CASE_PRICE,
    _flag("case_enabled", "整件", "可整件", "按整件销售", example=False),
    _number(
        "case_min_quantity",
        cells.whole(least=1, most=100_000),
        "整件起售量",
        "整件起订量",
        load=int,
    ),
    _number(
        "cost",
        _cost,
        "成本",
        "成本价",
        "进价",
        "进货价",
        "采购价",
        clearable=True,
        permission="catalog.view_cost",
    ),
    _text("spec", "规格", "商品规格", "规格型号", clearable=True, example="80-85mm"),
    _text("origin", "产地", "原产地", clearable=True, example="山东烟台"),
    _text(
        "barcode",
        "条码",
        "条形码",
        "商品条码",
        "国际条码",
        "ean",
        "upc",
        parse=cells.code,
        clearable=True,
    ),
    _flag("is_weighed", "称重", "是否称重", "称重商品", example=True),
    _number("points_factor", _factor, "积分系数", "积分倍数"),
    _text(
        "description",
        "描述",
        "商品描述",
        "详情",
        "商品详情",
        "商品介绍",
        parse=cells.lines,
        clearable=True,
    ),
    Column(
        "images",
        gettext_lazy("pictures"),
        galleries.parse,
        aliases=("图片", "商品图片", "图片路径"),
        clearable=True,
        help=gettext_lazy(
            "Stored paths as the export has them, joined by |; the first is the main one."
        ),
    ),
    STATUS,
    Column(
        "available",
        gettext_lazy("available"),
        cells.text,
        aliases=("可售", "可售库存"),
        kind="number",
        read_only=True,
    ),
    UPDATED_AT,
)

PRICES_COLUMNS = (
    CODE,
    replace(NAME, read_only=True),
    PRICE,
    CASE_PRICE,
    Column(
        "reason",
        gettext_lazy("reason"),
        _reason,
        aliases=("原因", "调价原因", "备注"),
        help=gettext_lazy("Kept in the price log beside the change."),
    ),
    STATUS,
    UPDATED_AT,
)
