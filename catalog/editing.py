"""Entering and editing goods by hand: one row, all its fields, in one transaction."""

from collections.abc import Collection
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base import ports
from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.base.status import require
from backoffice.oplog.record import record
from catalog import changes, pricing, validation
from catalog.enums import EDITABLE, REVIEWED, GoodsStatus, Means
from catalog.errors import ContentLocked
from catalog.lookup import locked
from catalog.models import Goods
from catalog.moves import clean_reason, permit
from catalog.pricing import KEEP, PriceOutcome

if TYPE_CHECKING:
    from backoffice.accounts.models import User

CONTENT = [
    name.removesuffix("_id") for name in changes.CONTENT_FIELDS if name != "image"
]
#: what a person or a sheet may set, by field name
SETTABLE = ["code", *CONTENT, "price", "case_price", "cost"]


@dataclass(frozen=True)
class EditResult:
    """`changed`: {field: (old, new)} applied at once; `price.run` waits for approval."""

    goods: Goods
    changed: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    price: PriceOutcome = field(default_factory=PriceOutcome)


def may_edit_content(by: "User", goods: Goods) -> bool:
    """Drafts: whoever may change goods. Reviewed goods: reviewers. Archived: nobody."""
    if not by.is_active:
        return False
    if goods.status in EDITABLE:
        return by.has_perm("catalog.change_goods")
    if goods.status in REVIEWED:
        return by.has_perm("catalog.review_goods")
    return False


def may_edit_cost(by: "User", goods: Goods) -> bool:
    """Costs change every morning, so review does not lock them."""
    return (
        by.is_active
        and goods.status != GoodsStatus.ARCHIVED
        and by.has_perm("catalog.view_cost")
        and (by.has_perm("catalog.change_goods") or by.has_perm("catalog.price_goods"))
    )


@transaction.atomic
def create_goods(
    values: dict[str, Any],
    *,
    by: "User",
    means: Means = Means.HAND,
    reference: str = "",
) -> Goods:
    """A new draft; `values` by field name of `SETTABLE`. Raises FieldErrors."""
    permit(by, "catalog.add_goods", _("Enter goods"))
    if values.get("cost") is not None and not by.has_perm("catalog.view_cost"):
        raise NotPermitted(_("You may not set costs."), permission="catalog.view_cost")
    goods = Goods(**{k: v for k, v in values.items() if k in SETTABLE})
    if goods.price is None:
        goods.price = Decimal("0.00")
    validation.tidy(goods)
    if errors := _errors(goods):
        raise FieldErrors(errors)
    try:
        with transaction.atomic():
            changes.create(goods, changes.Origin(by, means, reference=reference))
    except IntegrityError:
        raise FieldErrors({"code": [_("Another goods has this code.")]}) from None
    record(by=by, action="goods.created", target=goods)
    return goods


@transaction.atomic
def edit_goods(
    goods: Goods,
    values: dict[str, Any],
    *,
    by: "User",
    seen_at: datetime | None = None,
    reason: str = "",
    means: Means = Means.HAND,
    reference: str = "",
) -> EditResult:
    """Set some fields of a goods; prices go through `pricing`, with its guards.

    All that changes at once is one row of history; a guarded price waits in a run.
    `seen_at` is the `updated_at` that the editor saw: where the row moved on since,
    ChangedMeanwhile tells who changed it, and nothing is written. Raises FieldErrors,
    ContentLocked, NotPermitted, WrongStatus (archived).
    """
    reason = clean_reason(reason)
    goods = locked(goods)
    changes.require_unmoved(goods, seen_at)
    before = changes.snapshot(goods)
    for name in ("code", *CONTENT, "cost"):
        if name in values:
            setattr(goods, name, values[name])
    validation.tidy(goods)
    touched = changes.changed(goods, before)
    _permit_edit(by, goods, touched)
    change = _checked_change(goods, values, by=by, check=bool(touched))
    change.apply_to(goods)
    origin = changes.Origin(by, means, reason, reference)
    applied = _write(goods, before, origin)
    if touched:
        record(
            by=by,
            action="goods.changed",
            target=goods,
            changes=readable(touched),
            **({"reason": reason} if reason else {}),
        )
    prices = {k: v for k, v in applied.items() if k in changes.PRICE_FIELDS}
    pricing.log_prices(goods, prices, by=by, reason=reason)
    run = pricing.propose(
        goods, change, by=by, reason=reason, means=means, reference=reference
    )
    return EditResult(goods, applied, PriceOutcome(prices, run, change.hits))


def _checked_change(
    goods: Goods, values: dict[str, Any], *, by: "User", check: bool
) -> pricing.Change:
    """The change of prices; raises FieldErrors with all that is wrong with the row."""
    errors = _errors(goods) if check else {}
    change = pricing.Change()
    try:
        change = pricing.consider(
            goods,
            by=by,
            price=values.get("price", KEEP),
            case_price=values.get("case_price", KEEP),
        )
        pricing.refuse_free(goods, change)
    except FieldErrors as refusal:
        errors = {**refusal.errors, **errors}
    if not errors and goods.status == GoodsStatus.ON_SALE:
        errors = unsellable(goods, change)
    if errors:
        raise FieldErrors(errors)
    return change


def unsellable(goods: Goods, change: pricing.Change) -> dict[str, list[str]]:
    """What would leave goods on sale without anything to sell it by, or for nothing."""
    if not goods.retail_enabled and not goods.case_enabled:
        return {
            "retail_enabled": [
                _("Goods on sale are sold by the unit, by the case, or both.")
            ]
        }
    after = copy(goods)
    change.apply_to(after)
    errors = {}
    for name, enabled in (
        ("price", after.retail_enabled),
        ("case_price", after.case_enabled),
    ):
        if enabled and not getattr(after, name):
            errors[name] = [
                _(
                    "This price waits for approval first; switch the selling unit on "
                    "once it is approved."
                )
                if change.hits
                else _("Goods on sale need a price above 0 for every selling unit.")
            ]
    return errors


def _write(
    goods: Goods, before: changes.Snapshot, origin: changes.Origin
) -> dict[str, tuple[Any, Any]]:
    try:
        with transaction.atomic():
            return changes.save(goods, before, origin)
    except IntegrityError:
        # all else was checked; only the code may have been taken at this very moment
        raise FieldErrors({"code": [_("Another goods has this code.")]}) from None


def permit_content(by: "User", goods: Goods, names: Collection[str]) -> None:
    """Refuse a change of these fields: ContentLocked, WrongStatus when archived, or
    FieldErrors for the unit that stock was booked in."""
    if goods.status == GoodsStatus.ARCHIVED:
        require(goods, *EDITABLE, *REVIEWED, verb=gettext_lazy("Change"))
    if not may_edit_content(by, goods):
        raise ContentLocked(
            _(
                'This goods is "%(status)s"; you may not change its %(fields)s. '
                "A reviewer may, or revise it first."
            )
            % {
                "status": goods.get_status_display(),
                "fields": _(", ").join(label_of(name) for name in names),
            },
            permission="catalog.review_goods"
            if goods.status in REVIEWED
            else "catalog.change_goods",
        )
    if {"unit", "unit_id"} & set(names) and ports.moved([goods.pk]):
        message = _(
            "Stock of this goods was booked in its unit, which therefore stays. "
            "Enter it anew under another code to sell it by another unit."
        )
        raise FieldErrors({"unit": [message]})


def _permit_edit(by: "User", goods: Goods, touched: dict[str, Any]) -> None:
    content = [name for name in touched if name not in changes.COST_FIELDS]
    if content or (touched and goods.status == GoodsStatus.ARCHIVED):
        permit_content(by, goods, content)
    if "cost" in touched and not may_edit_cost(by, goods):
        raise NotPermitted(_("You may not set costs."), permission="catalog.view_cost")


def _errors(goods: Goods) -> dict[str, list[str]]:
    errors = validation.errors_of(goods)
    if not errors and (
        Goods.objects.coded(goods.code).exclude(pk=goods.pk).only("pk").exists()
    ):
        errors = {"code": [_("Another goods has this code.")]}
    return errors


def label_of(attname: str) -> str:
    """The word on the screen for a tracked field."""
    field = Goods._meta.get_field(attname.removesuffix("_id"))
    return str(getattr(field, "verbose_name", attname))


def readable(touched: dict[str, tuple[Any, Any]]) -> dict[str, list[Any]]:
    """Changes as the operation log keeps them: {field: [old, new]} as text."""
    return {
        name: [None if old is None else str(old), None if new is None else str(new)]
        for name, (old, new) in touched.items()
    }
