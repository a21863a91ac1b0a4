"""The one way in which a goods' row is written: the row, its history and its search text.

Verbs lock and re-read a goods, take a `Snapshot`, set attributes and call `save` (or
`save_all` for many). Nothing is written where nothing changed, so the history has one
row for each real change. Also kept here: which fields are content, price and cost.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.bulk import insert_all, insert_rows, update_all, update_rows
from backoffice.base.errors import ChangedMeanwhile
from catalog import indexing
from catalog.enums import Means
from catalog.models import Goods

if TYPE_CHECKING:
    from backoffice.accounts.models import User

HISTORY = Goods.history.model

PRICE_FIELDS = ("price", "case_price")
COST_FIELDS = ("cost",)
#: what review looks at: everything a customer sees or that steers a sale
CONTENT_FIELDS = (
    "name",
    "category_id",
    "brand_id",
    "spec",
    "origin",
    "barcode",
    "description",
    "unit_id",
    "retail_enabled",
    "min_quantity",
    "is_weighed",
    "case_unit_id",
    "case_size",
    "case_enabled",
    "case_min_quantity",
    "points_factor",
    "image",
)
TRACKED = ("code", *CONTENT_FIELDS, *PRICE_FIELDS, *COST_FIELDS, "status", "listed_at")
_COPIED = [
    field.attname
    for field in Goods._meta.concrete_fields
    if field.name not in ("updated_at", "submitted_at") and not field.generated
]
_copied = attrgetter(*_COPIED)
_HISTORY_NAMES = [
    *_COPIED,
    *("history_date", "history_type", "history_user_id", "history_change_reason"),
    *("means", "reference", "old_price", "old_case_price", "old_status"),
    *("price_changed", "status_changed", "content_changed"),
]

Snapshot = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Who changes something, how, and why; written beside each row of history."""

    by: "User | None"
    means: Means = Means.HAND
    reason: str = ""
    reference: str = ""


def snapshot(goods: Any, names: Iterable[str] = TRACKED) -> Snapshot:
    """The tracked values as they stand, to be compared with after the change; only
    `names` where nothing else will change."""
    return {name: getattr(goods, name) for name in names}


def changed(goods: Any, before: Snapshot) -> dict[str, tuple[Any, Any]]:
    """{field: (old, new)} of what differs from the snapshot."""
    return {
        name: (old, getattr(goods, name))
        for name, old in before.items()
        if getattr(goods, name) != old
    }


def require_unmoved(goods: Goods, seen_at: datetime | None) -> None:
    """Refuse where the locked row moved on since `seen_at`, the `updated_at` that the
    person saw; the later one is told who was earlier. None: nothing was seen."""
    if seen_at is None or goods.updated_at == seen_at:
        return
    later = (
        HISTORY.objects.filter(id=goods.pk, history_date__gt=seen_at)
        .select_related("history_user")
        .order_by("-history_id")
        .first()
    )
    who = later.history_user if later else None
    raise ChangedMeanwhile(
        _(
            "%(who)s has changed %(goods)s since you opened it. Nothing of yours was "
            "saved; look at it anew and enter your change again."
        )
        % {"who": who or _("Somebody"), "goods": goods},
        id=goods.pk,
    )


def _history(
    goods: Any,
    kind: str,
    differences: dict[str, tuple[Any, Any]],
    origin: Origin,
    at: datetime,
    *,
    pictures_changed: bool = False,
) -> tuple[Any, ...]:
    """The values of a row of history, in the order of `_HISTORY_NAMES`."""
    price = differences.get("price")
    case_price = differences.get("case_price")
    status = differences.get("status")
    is_change = kind == "~"
    return (
        *_copied(goods),
        at,
        kind,
        origin.by.pk if origin.by else None,
        origin.reason or None,
        str(origin.means),
        origin.reference,
        price[0] if price and is_change else None,
        case_price[0] if case_price and is_change else None,
        status[0] if status and is_change else "",
        is_change and bool(price or case_price),
        is_change and bool(status),
        pictures_changed
        or not is_change
        or any(name in CONTENT_FIELDS or name == "code" for name in differences),
    )


def create(goods: Goods, origin: Origin, at: datetime | None = None) -> Goods:
    """Insert a new goods and its first row of history."""
    create_all([goods], origin, at)
    return goods


def create_all(many: Sequence[Any], origin: Origin, at: datetime | None = None) -> None:
    """Insert new goods (or what has all their attributes) and their first rows of
    history, in batches."""
    now = at or timezone.now()
    for goods in many:
        goods.created_at = goods.updated_at = now
    insert_all(Goods, many)
    indexing.add(many)
    insert_rows(
        HISTORY,
        _HISTORY_NAMES,
        [_history(goods, "+", {}, origin, now) for goods in many],
    )


def save(
    goods: Goods,
    before: Snapshot,
    origin: Origin,
    at: datetime | None = None,
    *,
    pictures_changed: bool = False,
) -> dict[str, tuple[Any, Any]]:
    """Write one locked goods and its history; gives what changed, {} for nothing."""
    differences = changed(goods, before)
    if not differences and not pictures_changed:
        return {}
    now = at or timezone.now()
    goods.updated_at = now
    # simple-history's own row would lack what came before; ours follows
    goods.skip_history_when_saving = True  # type: ignore[attr-defined]
    try:
        goods.save(update_fields=[*_field_names(differences), "updated_at"])
    finally:
        del goods.skip_history_when_saving  # type: ignore[attr-defined]
    if not differences.keys().isdisjoint(indexing.FIELDS):
        indexing.renew([goods])
    row = _history(
        goods, "~", differences, origin, now, pictures_changed=pictures_changed
    )
    insert_rows(HISTORY, _HISTORY_NAMES, [row])
    return differences


def save_all(
    pairs: Iterable[tuple[Any, Snapshot]],
    origin: Origin,
    at: datetime | None = None,
    *,
    pictures: Collection[int] = (),
) -> int:
    """Write many locked goods (or what has all their attributes) and their histories,
    in batches; gives how many changed.

    `pictures` are ids of goods whose pictures changed, whatever else did.
    """
    now = at or timezone.now()
    touched: list[Any] = []
    renamed: list[Any] = []
    rows: list[tuple[Any, ...]] = []
    names: set[str] = set()
    for goods, before in pairs:
        differences = changed(goods, before)
        pictures_changed = goods.pk in pictures
        if not differences and not pictures_changed:
            continue
        goods.updated_at = now
        names |= set(_field_names(differences))
        touched.append(goods)
        if not differences.keys().isdisjoint(indexing.FIELDS):
            renamed.append(goods)
        rows.append(
            _history(
                goods, "~", differences, origin, now, pictures_changed=pictures_changed
            )
        )
    if touched:
        update_all(touched, [*sorted(names), "updated_at"], model=Goods)
        insert_rows(HISTORY, _HISTORY_NAMES, rows)
    if renamed:
        indexing.renew(renamed)
    return len(touched)


@dataclass(frozen=True, slots=True)
class NewPrices:
    """The prices of one locked goods before and after; equal where one stays."""

    goods_id: int
    old_price: Decimal
    old_case_price: Decimal | None
    price: Decimal
    case_price: Decimal | None

    @property
    def is_change(self) -> bool:
        """Whether anything is to be written."""
        return (self.price, self.case_price) != (self.old_price, self.old_case_price)


def reprice_all(
    rows: Iterable[NewPrices], origin: Origin, at: datetime | None = None
) -> int:
    """Write the prices of many locked goods and their histories in set statements,
    without reading the goods; gives how many changed.

    The caller read `old_*` under the lock.
    """
    touched = [row for row in rows if row.is_change]
    if not touched:
        return 0
    now = at or timezone.now()
    _insert_price_history(touched, origin, now)
    update_rows(
        Goods,
        ["price", "case_price", "updated_at"],
        [(row.goods_id, row.price, row.case_price, now) for row in touched],
    )
    return len(touched)


_HISTORY_OF_PRICES = """
INSERT INTO {history} ({copied}, price, case_price, old_price, old_case_price,
  history_date, history_type, history_user_id, history_change_reason, means, reference,
  old_status, price_changed, status_changed, content_changed)
SELECT {from_goods}, {new},
  %s, '~', %s, %s, %s, %s, '', {yes}, {no}, {no}
FROM {goods} g {which}
"""


def _insert_price_history(
    rows: Sequence[NewPrices], origin: Origin, now: datetime
) -> None:
    """What `_history` gives for a change of prices alone, copied by the database."""
    quote = connection.ops.quote_name
    columns = [
        quote(str(Goods._meta.get_field(name.removesuffix("_id")).column))  # type: ignore[union-attr]
        for name in _COPIED
        if name not in PRICE_FIELDS
    ]
    is_postgresql = connection.vendor == "postgresql"
    sql = _HISTORY_OF_PRICES.format(
        history=quote(HISTORY._meta.db_table),
        goods=quote(Goods._meta.db_table),
        copied=", ".join(columns),
        from_goods=", ".join(f"g.{column}" for column in columns),
        new="n.price, n.case_price, n.old_price, n.old_case_price"
        if is_postgresql
        else "%s, %s, %s, %s",
        which="""JOIN unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[],
            %s::numeric[]) AS n(id, price, case_price, old_price, old_case_price)
            ON n.id = g.id"""
        if is_postgresql
        else "WHERE g.id = %s",
        yes="TRUE" if is_postgresql else "1",
        no="FALSE" if is_postgresql else "0",
    )
    common = [
        connection.ops.adapt_datetimefield_value(now),
        origin.by.pk if origin.by else None,
        origin.reason or None,
        str(origin.means),
        origin.reference,
    ]
    prices = [
        (
            row.price,
            row.case_price,
            row.old_price if row.price != row.old_price else None,
            row.old_case_price if row.case_price != row.old_case_price else None,
        )
        for row in rows
    ]
    ids = [row.goods_id for row in rows]
    with connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute(sql, [*common, ids, *map(list, zip(*prices, strict=True))])
            return
        cursor.executemany(
            sql,
            [
                [*map(_as_text, four), *common, pk]
                for four, pk in zip(prices, ids, strict=True)
            ],
        )


def _as_text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _field_names(differences: Iterable[str]) -> list[str]:
    return [name.removesuffix("_id") for name in differences]
