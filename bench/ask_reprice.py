"""Runs of all goods in this database, applied and rolled back; the least SQL that does it
on a copy; and goods saved one by one. One JSON line of seconds."""

import json
import os
import sys
import time
from decimal import ROUND_HALF_UP, Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402 - the settings come first

from backoffice.accounts.models import User  # noqa: E402
from catalog import reversal, studio  # noqa: E402
from catalog.enums import RuleKind, RunStatus, SellingUnit  # noqa: E402
from catalog.models import Goods, RepricingRun  # noqa: E402
from catalog.rules import Rule  # noqa: E402

ONE_BY_ONE = 500
_COPY = """
CREATE TABLE bench_goods (LIKE catalog_goods INCLUDING ALL);
INSERT INTO bench_goods ({columns}) SELECT {columns} FROM catalog_goods;
CREATE TABLE bench_prices (id bigserial PRIMARY KEY, goods_id bigint NOT NULL,
  old numeric(12,2) NOT NULL, new numeric(12,2) NOT NULL, at timestamptz NOT NULL);
CREATE INDEX ON bench_prices (goods_id, at);
"""
_LIMIT = """
WITH o AS (SELECT id, price AS old, round(price * 1.035, 2) AS new FROM bench_goods
    ORDER BY id FOR UPDATE),
  u AS (UPDATE bench_goods g SET price = o.new, updated_at = now() FROM o
    WHERE g.id = o.id AND o.new <> o.old RETURNING g.id, o.old, o.new)
INSERT INTO bench_prices (goods_id, old, new, at) SELECT id, old, new, now() FROM u
"""


def timed(act, *arguments, **options):
    began = time.perf_counter()
    act(*arguments, **options)
    return time.perf_counter() - began


def draft(recipe: studio.Recipe, by: User) -> None:
    studio.draft(studio.compute(Goods.objects.all(), recipe), recipe, by=by)


def sql(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


def limit() -> None:
    with transaction.atomic():
        sql(_LIMIT)


def one_by_one() -> None:
    with transaction.atomic():
        for goods in Goods.objects.order_by("pk")[:ONE_BY_ONE]:
            goods.price = (goods.price * Decimal("1.035")).quantize(
                Decimal("0.01"), ROUND_HALF_UP
            )
            goods.save()


def main(rounds: int) -> None:
    by = User.objects.get(username="bench")
    recipe = studio.Recipe(
        Rule(RuleKind.PERCENT, Decimal("3.5")), units=[SellingUnit.RETAIL]
    )
    columns = ", ".join(
        str(field.column)
        for field in Goods._meta.concrete_fields
        if not field.generated
    )
    sql(_COPY.format(columns=columns))
    found: dict[str, list[float]] = {
        name: [] for name in ("limit", "draft", "apply", "rollback", "saves")
    }
    for _ in range(rounds):
        sql("VACUUM ANALYZE")
        found["limit"].append(timed(limit))
        found["draft"].append(timed(draft, recipe, by))
        run = RepricingRun.objects.latest("pk")
        found["apply"].append(timed(studio.submit, run, by=by))
        run.refresh_from_db()
        assert run.status == RunStatus.APPLIED, run.status
        found["rollback"].append(timed(reversal.roll_back, run, by=by))
        found["saves"].append(timed(one_by_one) / ONE_BY_ONE)
    print(json.dumps(found | {"lines": run.lines.count()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
