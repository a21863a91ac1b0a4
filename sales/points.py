"""The points ledger: the only writer of balances and entries (DOMAIN 5).

A repeat with the same (customer, kind, reference) and the same delta returns the first
entry; with another delta it is an error. The account is the last row that any verb
locks (docs/locking.md).
"""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.errors import FieldErrors, NotPermitted, ReasonMissing
from backoffice.oplog.record import record
from catalog.moves import clean_reason
from sales.enums import PointsKind
from sales.errors import NotEnoughPoints
from sales.models import PointsAccount, PointsEntry

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: no shop gives a customer more by hand
MAX_ADJUSTMENT = 10_000_000


class EntryDiffers(Exception):
    """The same reference was booked with another number of points: a fault of ours."""


def balance(user_id: int) -> int:
    """Points of a customer; below zero after a claw-back."""
    found = PointsAccount.objects.filter(pk=user_id).values_list("balance", flat=True)
    return found.first() or 0


@transaction.atomic
def post(
    user_id: int,
    delta: int,
    *,
    kind: PointsKind,
    reference: str,
    by: "User | None" = None,
    reason: str = "",
    at: datetime | None = None,
    is_new: bool = False,
) -> PointsEntry:
    """As `post_within`, in a transaction of its own."""
    return post_within(
        user_id,
        delta,
        kind=kind,
        reference=reference,
        by=by,
        reason=reason,
        at=at,
        is_new=is_new,
    )


def post_within(
    user_id: int,
    delta: int,
    *,
    kind: PointsKind,
    reference: str,
    by: "User | None" = None,
    reason: str = "",
    at: datetime | None = None,
    is_new: bool = False,
) -> PointsEntry:
    """Change a balance by `delta` and write why, within the caller's transaction.

    Spending needs the points to be there (NotEnoughPoints); taking back does not.
    Whoever calls holds a lock that keeps the same reference from being booked twice at
    once; with `is_new` the reference cannot have been booked before.
    """
    earlier = None
    if not is_new:
        earlier = PointsEntry.objects.filter(
            user_id=user_id, kind=kind, reference=reference
        ).first()
    if earlier is None:
        after = _moved(user_id, delta, may_fall_below=kind == PointsKind.CLAW_BACK)
        return PointsEntry.objects.create(
            user_id=user_id,
            delta=delta,
            balance_after=after,
            kind=kind,
            reference=reference,
            by=by,
            reason=reason,
            at=at or timezone.now(),
        )
    if earlier.delta != delta:
        raise EntryDiffers(
            f"{kind} {reference}: {earlier.delta} is booked, not {delta}"
        )
    return earlier


def _moved(user_id: int, delta: int, *, may_fall_below: bool) -> int:
    """The balance after adding `delta`; the account is made where there is none."""
    table = connection.ops.quote_name(PointsAccount._meta.db_table)
    floor = "" if delta > 0 or may_fall_below else " AND balance + %s >= 0"
    sql = (
        f"UPDATE {table} SET balance = balance + %s"  # noqa: S608 - a table of ours
        f" WHERE user_id = %s{floor} RETURNING balance"
    )
    values = [delta, user_id] + ([delta] if floor else [])
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
        if row is None and not PointsAccount.objects.filter(pk=user_id).exists():
            PointsAccount.objects.bulk_create(
                [PointsAccount(user_id=user_id)], ignore_conflicts=True
            )
            cursor.execute(sql, values)
            row = cursor.fetchone()
    if row is None:
        raise NotEnoughPoints(
            _("There are fewer than %(points)s points.") % {"points": -delta},
            points=-delta,
        )
    return int(row[0])


@transaction.atomic
def adjust(
    user: "User", delta: int, *, by: "User", reason: str, reference: str
) -> PointsEntry:
    """Give or take points by hand, with a reason.

    `reference` makes a form that is sent twice count once. Taking more than there is
    raises NotEnoughPoints; 0 or more than MAX_ADJUSTMENT raises FieldErrors.
    """
    if not (by.is_active and by.has_perm("sales.adjust_points")):
        raise NotPermitted(
            _("You may not adjust points."), permission="sales.adjust_points"
        )
    text = clean_reason(reason)
    if not text:
        raise ReasonMissing(gettext_lazy("Say why the points are adjusted."))
    if not 0 < abs(delta) <= MAX_ADJUSTMENT:
        raise FieldErrors(
            {
                "points": [
                    _("From 1 to %(most)s points, with a minus to take them.")
                    % {"most": MAX_ADJUSTMENT}
                ]
            }
        )
    PointsAccount.objects.get_or_create(pk=user.pk)
    PointsAccount.objects.select_for_update().get(pk=user.pk)
    entry = post(
        user.pk,
        delta,
        kind=PointsKind.ADJUST,
        reference=reference,
        by=by,
        reason=text,
    )
    record(by=by, action="points.adjusted", target=user, delta=delta, reason=text)
    return entry
