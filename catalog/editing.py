"""Entering and editing goods by hand: one row, all its fields, in one transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from backoffice.base.errors import ChangedMeanwhile, FieldErrors, NotPermitted
from backoffice.base.money import round_cost
from backoffice.oplog.record import record
from catalog import changes, pricing, validation
from catalog.enums import EDITABLE, REVIEWED, Means
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
        raise NotPermitted(_("You may not set costs."))
    goods = Goods(**{k: v for k, v in values.items() if k in SETTABLE})
    goods.price = goods.price or goods._meta.get_field("price").default
    _check(goods)
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

    `seen_at` is the `updated_at` that the editor saw: where the row moved on since,
    ChangedMeanwhile tells who changed what, and nothing is written. Raises FieldErrors,
    ContentLocked, NotPermitted.
    """
    reason = clean_reason(reason)
    goods = locked(goods)
    if seen_at is not None and goods.updated_at != seen_at:
        raise _changed_meanwhile(goods, seen_at)
    before = changes.snapshot(goods)
    for name in ("code", *CONTENT, "cost"):
        if name in values:
            setattr(goods, name, values[name])
    if goods.cost is not None:
        goods.cost = round_cost(goods.cost)
    validation.tidy(goods)
    touched = changes.changed(goods, before)
    _permit_edit(by, goods, touched)
    if touched:
        _check(goods)
        origin = changes.Origin(by, means, reason, reference)
        try:
            with transaction.atomic():
                changes.save(goods, before, origin)
        except IntegrityError as error:
            raise _integrity(error) from None
        record(
            by=by,
            action="goods.changed",
            target=goods,
            changes=readable(touched),
            **({"reason": reason} if reason else {}),
        )
    price = PriceOutcome()
    if "price" in values or "case_price" in values:
        price = pricing.change_price(
            goods,
            by=by,
            price=values.get("price", KEEP),
            case_price=values.get("case_price", KEEP),
            reason=reason,
            means=means,
            reference=reference,
        )
        goods.refresh_from_db()
    return EditResult(goods, {**touched, **price.applied}, price)


def _permit_edit(by: "User", goods: Goods, touched: dict[str, Any]) -> None:
    content = [name for name in touched if name not in changes.COST_FIELDS]
    if content and not may_edit_content(by, goods):
        raise ContentLocked(
            _(
                'This goods is "%(status)s"; you may not change its %(fields)s. '
                "A reviewer may, or revise it first."
            )
            % {
                "status": goods.get_status_display(),
                "fields": _(", ").join(label_of(name) for name in content),
            }
        )
    if "cost" in touched and not may_edit_cost(by, goods):
        raise NotPermitted(_("You may not set costs."))


def _check(goods: Goods) -> None:
    validation.tidy(goods)
    errors = validation.errors_of(goods)
    if not errors and (
        Goods.objects.coded(goods.code).exclude(pk=goods.pk).only("pk").exists()
    ):
        errors = {"code": [_("Another goods has this code.")]}
    if errors:
        raise FieldErrors(errors)


def _integrity(error: IntegrityError) -> FieldErrors:
    if "goods_code_unique" in str(error) or "UNIQUE" in str(error):
        return FieldErrors({"code": [_("Another goods has this code.")]})
    return FieldErrors(
        {"price": [_("Goods on sale need a price above 0 for every selling unit.")]}
    )


def _changed_meanwhile(goods: Goods, seen_at: datetime) -> ChangedMeanwhile:
    later = (
        changes.HISTORY.objects.filter(id=goods.pk, history_date__gt=seen_at)
        .select_related("history_user")
        .order_by("-history_id")
        .first()
    )
    who = str(later.history_user) if later and later.history_user else _("Somebody")
    return ChangedMeanwhile(
        _(
            "%(who)s has changed %(goods)s since you opened it. Nothing of yours was "
            "saved; look at it anew and enter your change again."
        )
        % {"who": who, "goods": goods},
        id=goods.pk,
    )


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
