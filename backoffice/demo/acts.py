"""What people of the demo do, as calls of the shop's verbs that wait for their moment."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from backoffice.accounts.models import User
from backoffice.base import context
from backoffice.base.money import plain
from backoffice.demo.data import Item
from backoffice.demo.pictures import render
from backoffice.sheets import batches, importing
from catalog import editing, pictures, pricing, review, vocabulary
from catalog.enums import Means, RunStatus
from catalog.lookup import by_code
from catalog.models import Brand, Category, RepricingRun, Unit
from catalog.pricing import KEEP

Act = Callable[[User], Any]


def word(row: vocabulary.Word, kind: str = "") -> Act:
    """A category, brand or unit, with a drawn picture where one is named."""

    def act(by: User) -> None:
        image = ContentFile(render(kind), name="category.jpg") if kind else None
        vocabulary.save(row, by=by, image=image)

    return act


def enter(item: Item) -> Act:
    """Enter a goods by hand, with all its fields."""

    def act(by: User) -> None:
        editing.create_goods(
            {
                "code": item.code,
                "name": item.name,
                "category": Category.objects.get(name=item.category),
                "brand": Brand.objects.get(name=item.brand),
                "unit": Unit.objects.get(name=item.unit),
                "price": item.price,
                "cost": item.cost,
                "spec": item.spec,
                "origin": item.origin,
                "barcode": item.barcode,
                "is_weighed": item.is_weighed,
                "description": item.description,
                "case_unit": Unit.objects.filter(name=item.case_unit).first(),
                "case_size": item.case_size,
                "case_price": item.case_price,
                "case_enabled": item.case_price is not None,
            },
            by=by,
        )

    return act


def picture(item: Item) -> Act:
    """Add the drawn picture of its fruit."""

    def act(by: User) -> None:
        file = ContentFile(render(item.picture), name=f"{item.code}.jpg")
        pictures.add_pictures(by_code(item.code), [file], by=by)

    return act


def verb(call: Callable[..., Any], code: str, reason: str = "") -> Act:
    """One of the verbs of a goods' life."""

    def act(by: User) -> None:
        call(by_code(code), by=by, reason=reason)

    return act


def mend(item: Item) -> Act:
    """After a rejection: write what the reviewer missed, and hand it in again."""

    def act(by: User) -> None:
        goods = by_code(item.code)
        text = f"{item.description}（已按审核意见补充，当日食用最佳。）"
        editing.edit_goods(goods, {"description": text}, by=by)
        review.submit(by_code(item.code), by=by)

    return act


def edit(code: str, values: Mapping[str, Any], reason: str = "") -> Act:
    """Set some fields of a goods."""

    def act(by: User) -> None:
        editing.edit_goods(by_code(code), dict(values), by=by, reason=reason)

    return act


def price(
    code: str,
    new: Decimal,
    new_case: Decimal | None,
    reason: str,
    means: Means = Means.HAND,
) -> Act:
    """Change the price of a goods, and of its case where one is given."""

    def act(by: User) -> None:
        where = context.current()
        if means == Means.COMMAND:
            where = context.Context(means="command", user_id=by.pk)
        with context.using(means=where.means, ip=where.ip):
            pricing.change_price(
                by_code(code),
                by=by,
                price=new,
                case_price=KEEP if new_case is None else new_case,
                reason=reason,
                means=means,
            )

    return act


def decide(call: Callable[..., Any], code: str, **options: Any) -> Act:
    """Approve, reject or take back the run that waits for a goods."""

    def act(by: User) -> None:
        run = RepricingRun.objects.get(
            status=RunStatus.AWAITING, lines__goods__code=code
        )
        call(run, by=by, **options)

    return act


def sheet_row(
    item: Item, first_price: Decimal, first_case: Decimal | None
) -> dict[str, str]:
    """A goods as a row of the first sheet, with the prices of that day."""
    return {
        "code": item.code,
        "name": item.name,
        "category": item.category,
        "brand": item.brand,
        "unit": item.unit,
        "price": plain(first_price),
        "cost": plain(item.cost),
        "spec": item.spec,
        "origin": item.origin,
        "barcode": item.barcode,
        "is_weighed": "是" if item.is_weighed else "否",
        "case_unit": item.case_unit,
        "case_size": plain(item.case_size),
        "case_price": plain(first_case),
        "case_enabled": "是" if first_case else "否",
        "description": item.description,
    }


def take_in(file_name: str, rows: Sequence[Mapping[str, str]]) -> Act:
    """Import a sheet: handed in, checked, written."""

    def act(by: User) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        file = ContentFile(text.getvalue().encode("utf-8-sig"), name=file_name)
        batch = batches.receive("goods", file, by=by)
        batches.start_check(batch)
        importing.start_apply(batch, by=by, wait=True)

    return act
