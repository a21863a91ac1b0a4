"""`python bench/fill_goods.py 10000`: so many goods on sale in an empty database."""

import os
import sys
from datetime import timedelta
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import connection  # noqa: E402 - the settings come first
from django.utils import timezone  # noqa: E402

from backoffice.demo import data  # noqa: E402
from catalog import changes  # noqa: E402
from catalog.enums import GoodsStatus  # noqa: E402
from catalog.models import Brand, Category, Goods, Unit  # noqa: E402


def main(count: int) -> None:
    units = [Unit.objects.create(name=name, step=step) for name, step in data.UNITS]
    shelves = [Category.objects.create(name=name) for name in data.CATEGORIES]
    brands = [Brand.objects.create(name=f"品牌{n}") for n in range(30)]
    items, now = data.items(), timezone.now()
    changes.create_all(
        [
            Goods(
                code=f"B{n:07d}",
                name=f"{items[n % len(items)].name} {n}",
                category=shelves[n % len(shelves)],
                brand=brands[n % len(brands)],
                unit=units[0],
                price=Decimal(n % 9000 + 100) / 100,
                case_unit=units[4],
                case_size=Decimal(10),
                case_price=Decimal(n % 9000 + 100) / 12,
                case_enabled=n % 2 == 0,
                spec=items[n % len(items)].spec,
                origin=items[n % len(items)].origin,
                image=f"goods/{n % 97:04x}/{n:024x}.jpg",
                status=GoodsStatus.ON_SALE,
                listed_at=now - timedelta(seconds=n),
            )
            for n in range(count)
        ],
        changes.Origin(by=None),
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main(int(sys.argv[1]))
