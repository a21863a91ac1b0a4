"""A large shop on PostgreSQL, filled by the database itself, for plans and measurements.

`fill(200_000)` makes so many goods with their search texts, stock and sales, and as many
rows of the price log, of the shelf log and of the operation log, spread over a year, over
people and means.
"""

import json
from typing import Any

from django.db import connection

from backoffice.accounts.models import User
from backoffice.base.bulk import insert_rows
from backoffice.oplog.models import OperationLog
from catalog.changes import HISTORY
from catalog.models import Brand, Category, Goods, GoodsSearch, Unit
from catalog.spelling import text_of
from sales.models import GoodsFigures
from stock.models import StockBalance

#: tables that no page reads whole
LARGE = {
    "goods": Goods,
    "search": GoodsSearch,
    "history": HISTORY,
    "acts": OperationLog,
    "figures": GoodsFigures,
    "balances": StockBalance,
}
SHELVES, BRANDS, PEOPLE = 200, 300, 20
NAMES = [
    "烟台红富士苹果",
    "阿克苏冰糖心苹果",
    "库尔勒香梨",
    "砀山酥梨",
    "海南香蕉",
    "赣南脐橙",
    "爱媛果冻橙",
    "阳光玫瑰葡萄",
    "夏黑葡萄",
    "丹东草莓",
    "智利车厘子",
    "云南蓝莓",
    "麒麟西瓜",
    "哈密瓜",
    "泰国榴莲",
    "海南芒果",
    "徐闻菠萝",
    "新西兰猕猴桃",
    "大连樱桃",
    "无锡水蜜桃",
    "恩施李子",
    "新疆红枣",
    "福建蜜柚",
    "广西荔枝",
    "越南火龙果",
]
#: each hundred goods, by status
STATUSES = (
    ["on_sale"] * 60
    + ["off_sale"] * 24
    + ["draft"] * 8
    + ["approved"] * 3
    + ["pending"] * 2
    + ["rejected"] * 1
    + ["archived"] * 2
)
#: what each came from
BEFORE = {
    "on_sale": "approved",
    "off_sale": "on_sale",
    "draft": "rejected",
    "approved": "pending",
    "pending": "draft",
    "rejected": "pending",
    "archived": "off_sale",
}
MEANS = ["hand"] * 50 + ["sheet"] * 29 + ["run"] * 15 + ["schedule"] * 5 + ["rollback"]
ACTIONS = ["goods.changed"] * 60 + ["goods.listed"] * 30 + ["goods.repriced"] * 10

_GOODS = """
INSERT INTO catalog_goods (code, name, category_id, brand_id, spec, origin, barcode,
  description, unit_id, price, retail_enabled, min_quantity, is_weighed, case_unit_id,
  case_size, case_price, case_enabled, case_min_quantity, cost, points_factor, status,
  image, listed_at, submitted_at, created_at, updated_at)
SELECT 'V' || lpad(i::text, 8, '0'),
  (%(names)s::text[])[1 + i %% %(name_count)s] || ' ' || i,
  (%(shelves)s::int[])[1 + h %% %(shelf_count)s],
  CASE WHEN h %% 10 > 0 THEN (%(brands)s::int[])[1 + h / 7 %% %(brand_count)s] END,
  '规格' || i %% 77, '产地' || i %% 50, '69' || lpad((h::bigint * 7919)::text, 11, '0'),
  '说明' || i, %(unit)s, (h %% 9000 + 100) / 100.0, h %% 20 > 0, 1, h %% 3 = 0,
  CASE WHEN h %% 20 < 9 THEN %(case_unit)s END, CASE WHEN h %% 20 < 9 THEN 10 END,
  CASE WHEN h %% 20 < 9 THEN (h %% 9000 + 100) / 11.0 END, h %% 20 < 9, 1,
  CASE WHEN h %% 33 > 0 THEN (h %% 9000 + 100) / 150.0 END, 1, s,
  CASE WHEN h %% 19 > 0 THEN 'goods/' || i || '.jpg' ELSE '' END,
  CASE WHEN s IN ('on_sale', 'off_sale') THEN now() - h * interval '30 s' END,
  CASE WHEN s = 'pending' THEN now() - h * interval '3 s' END,
  now(), now()
FROM (SELECT i, h, (%(statuses)s::text[])[1 + h / 11 %% 100] AS s
  FROM (SELECT i, abs(hashint4(i) %% 1000003) AS h FROM generate_series(1, %(count)s) i)
  AS numbers) AS numbers
"""
_LOG = """
INSERT INTO catalog_historicalgoods ({columns}, history_date, history_type,
  history_user_id, history_change_reason, means, reference, old_price, old_status,
  price_changed, status_changed, content_changed)
SELECT {columns}, now() - h * interval '31 s', '~',
  CASE WHEN h %% 9 > 0 THEN (%(people)s::int[])[1 + h %% %(person_count)s] END, '',
  (%(means)s::text[])[1 + h / 13 %% 100], '',
  CASE WHEN %(is_price)s THEN price + 1 END,
  CASE WHEN %(is_price)s THEN '' ELSE %(before)s::jsonb ->> status END, %(is_price)s, NOT %(is_price)s, false
FROM (SELECT *, abs(hashint4(id::int + %(salt)s) %% 1000003) AS h FROM catalog_goods) AS g
ORDER BY h DESC
"""
_ACTS = """
INSERT INTO oplog_operationlog (at, by_id, action, target_type, target_id, target_label,
  data, means, ip, request_id)
SELECT now() - h * interval '31 s',
  CASE WHEN h %% 9 > 0 THEN (%(people)s::int[])[1 + h %% %(person_count)s] END,
  (%(actions)s::text[])[1 + h / 7 %% 100], 'catalog.goods', id, code, '{{}}',
  (%(means)s::text[])[1 + h / 13 %% 100], NULL, ''
FROM (SELECT *, abs(hashint4(id::int + 5) %% 1000003) AS h FROM catalog_goods) AS g
ORDER BY h DESC
"""
_BALANCES = """
INSERT INTO stock_stockbalance (goods_id, on_hand, reserved, short, updated_at)
SELECT id, CASE WHEN h % 50 > 0 THEN h % 400 ELSE 0 END, 0, 0, now()
FROM (SELECT id, abs(hashint4(id::int + 9) % 1000003) AS h FROM catalog_goods) AS g
WHERE h % 40 > 0
"""
# what sells, sells as long tails do: a few much, most little, some never
_VOLUMES = """
UPDATE sales_goodsfigures SET volume = 100000 / h
FROM (SELECT id, 1 + abs(hashint4(id::int + 7) % 1000003) AS h FROM catalog_goods) AS g
WHERE g.id = goods_id AND h % 3 > 0
"""


def fill(count: int) -> None:
    """Into an empty database; analysed, so that the planner knows it."""
    people = [User.objects.create_user(f"clerk{n}").pk for n in range(PEOPLE)]
    units = [Unit.objects.create(name=name) for name in ("斤", "箱")]
    shelves = [Category.objects.create(name=f"品类{n}") for n in range(SHELVES)]
    brands = [Brand.objects.create(name=f"品牌{n}") for n in range(BRANDS)]
    values: dict[str, Any] = {
        "count": count,
        "names": NAMES,
        "name_count": len(NAMES),
        "shelves": [row.pk for row in shelves],
        "shelf_count": SHELVES,
        "brands": [row.pk for row in brands],
        "brand_count": BRANDS,
        "unit": units[0].pk,
        "case_unit": units[1].pk,
        "statuses": STATUSES,
        "people": people,
        "person_count": PEOPLE,
        "means": MEANS,
        "before": json.dumps(BEFORE),
        "actions": ACTIONS,
    }
    columns = ", ".join(
        str(field.column)
        for field in Goods._meta.concrete_fields
        if field.name not in ("updated_at", "submitted_at") and not field.generated
    )
    with connection.cursor() as cursor:
        cursor.execute(_GOODS, values)
        _fill_search(cursor)
        for salt, is_price in ((1, True), (2, False)):
            cursor.execute(
                _LOG.format(columns=columns),
                {**values, "salt": salt, "is_price": is_price},
            )
        cursor.execute(_ACTS.format(), values)
        cursor.execute(_BALANCES)
        cursor.execute(_VOLUMES)
        for model in (*LARGE.values(), Category, Brand):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def _fill_search(cursor) -> None:
    """The index is made afterwards, which takes a tenth of the time."""
    cursor.execute(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'goodssearch_triples'"
    )
    [definition] = cursor.fetchone()
    cursor.execute("DROP INDEX goodssearch_triples")
    rows = Goods.objects.values_list("pk", "code", "barcode", "name", "brand__name")
    insert_rows(
        GoodsSearch,
        ["goods_id", "text"],
        (
            (pk, text_of(code, barcode, name, brand or ""))
            for pk, code, barcode, name, brand in list(rows)
        ),
    )
    cursor.execute(definition)
