"""The demo's goods as rows, read from `goods.csv`, and the words they are sorted by."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

#: in the order of the storefront, each with the picture that stands for it
CATEGORIES = {
    "热销爆品": "cherries",
    "网红特卖": "grapes-green",
    "葡提梅果": "strawberry",
    "柑橘橙柚": "orange",
    "苹果蕉梨": "apple-red",
    "西瓜/蜜瓜": "watermelon",
    "干果/饮品": "walnuts",
    "现切/下午茶": "cut-mixed",
    "礼盒果篮": "basket",
}

#: weighed units go in grams, the others one by one
UNITS = [
    ("斤", Decimal("0.001")),
    ("kg", Decimal("0.001")),
    ("个", Decimal(1)),
    ("盒", Decimal(1)),
    ("箱", Decimal(1)),
    ("筐", Decimal(1)),
    ("份", Decimal(1)),
    ("袋", Decimal(1)),
    ("瓶", Decimal(1)),
    ("杯", Decimal(1)),
]


@dataclass(frozen=True)
class Item:
    """One goods as it shall stand at the end of the story."""

    code: str
    name: str
    category: str
    brand: str
    unit: str
    price: Decimal
    cost: Decimal
    spec: str
    origin: str
    is_weighed: bool
    case_unit: str
    case_size: Decimal | None
    case_price: Decimal | None
    picture: str
    status: str
    description: str
    barcode: str


def items() -> list[Item]:
    """All goods of the demo, in the order of the file."""
    path = Path(__file__).with_name("goods.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return [_item(number, row) for number, row in enumerate(csv.DictReader(file))]


def _item(number: int, row: dict[str, str]) -> Item:
    is_packed = row["unit"] in ("盒", "袋", "瓶")
    return Item(
        code=row["code"],
        name=row["name"],
        category=row["category"],
        brand=row["brand"],
        unit=row["unit"],
        price=Decimal(row["price"]),
        cost=Decimal(row["cost"]),
        spec=row["spec"],
        origin=row["origin"],
        is_weighed=row["is_weighed"] == "yes",
        case_unit=row["case_unit"],
        case_size=Decimal(row["case_size"]) if row["case_size"] else None,
        case_price=Decimal(row["case_price"]) if row["case_price"] else None,
        picture=row["picture"],
        status=row["status"],
        description=row["description"],
        barcode=ean13(210000000000 + number * 137) if is_packed else "",
    )


def ean13(first_twelve: int) -> str:
    """With its check digit; numbers from 20 on are for shops' own use."""
    digits = f"{first_twelve:012d}"
    weighted = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits))
    return f"{digits}{-weighted % 10}"
