"""A sheet of so many goods: FILE ROWS ROUND BUMP (added to every price)."""

import os
import sys
from decimal import Decimal
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from backoffice.sheets import definitions, writing  # noqa: E402 - after the set-up

NAMES = (
    *("code", "name", "category", "unit", "barcode", "price", "cost"),
    *("is_weighed", "spec", "description"),
)


def main(path: str, rows: int, number: int, bump: int) -> None:
    columns = [definitions.get("goods").column(name) for name in NAMES]
    cells = (
        [
            f"IMP{number}-{i:08d}",
            f"导入商品{i} 精选礼盒",
            f"品类{1 + i % 200}",
            "斤",
            f"69{i:011d}",
            Decimal(i % 500) + Decimal("0.99") + bump,
            Decimal(i % 300) / 2 + Decimal("0.5"),
            i % 50 != 0,
            f"规格{i % 77}",
            f"说明文字{i % 1000}",
        ]
        for i in range(1, rows + 1)
    )
    with Path(path).open("wb") as file:
        writing.write(file, "xlsx", columns, cells, title="goods", labels=False)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
