"""Alerts: opened, told of, closed by themselves, handled by people (DOMAIN 4).

`check` is the one place where they open and close. Checks take their turn by the one
row of `AlertRound`, and write alerts and messages in one transaction: an alert is never
lost and never told of twice.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.accounts.holders import holders
from backoffice.accounts.models import User
from backoffice.base.errors import DomainError
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.shop import shop
from backoffice.sms.quiet import quiet_until
from backoffice.sms.sending import send
from catalog.models import Goods
from catalog.moves import permit
from stock import levels, watching
from stock.enums import TOLD, AlertLevel, AlertStatus
from stock.levels import Key
from stock.models import AlertRound, LowStockAlert
from stock.velocity import Pace

if TYPE_CHECKING:
    from django.utils.functional import Promise

logger = logging.getLogger("stock.alerts")

HANDLE = "stock.handle_alerts"
#: who holds it and has a mobile number is told
RECEIVE = "stock.receive_alerts"
_WORST_FIRST = list(AlertLevel)
#: not even an alert that nobody heeds is put off for longer
MOST_SNOOZE = timedelta(days=30)


@dataclass
class Report:
    """What a check did: numbers of alerts, and of messages."""

    opened: int = 0
    closed: int = 0
    told: int = 0
    messages: int = 0

    def as_json(self) -> dict[str, int]:
        """For the queue's list of results."""
        return dict(vars(self))


@dataclass
class _Check:
    """One check on its way: what holds, and the alerts that are not closed."""

    now: datetime
    found: dict[Key, Pace]
    alerts: list[LowStockAlert]
    report: Report = field(default_factory=Report)


# --- checks


@transaction.atomic
def check_all() -> Report:
    """Look at every goods; ALERT_MINUTES after the last time, or when somebody asks."""
    turn = _turn()
    report = _check(None)
    turn.checked_at = timezone.now()
    turn.save(update_fields=["checked_at"])
    return report


def check_when_due() -> Report | None:
    """Look at every goods, if ALERT_MINUTES have gone by since it was last done."""
    last = AlertRound.objects.filter(pk=1).values_list("checked_at", flat=True).first()
    # a little early rather than a whole minute late
    due = timedelta(minutes=shop.ALERT_MINUTES, seconds=-30)
    if last is not None and timezone.now() - last < due:
        return None
    return check_all()


@transaction.atomic
def check_moved() -> Report | None:
    """Look at goods that moved since they were last looked at; None where none did."""
    _turn()
    goods_ids = watching.take()
    return _check(goods_ids) if goods_ids else None


def _turn() -> AlertRound:
    """Wait for one's turn; the next check waits for the end of this transaction."""
    AlertRound.objects.bulk_create([AlertRound(pk=1)], ignore_conflicts=True)
    return AlertRound.objects.select_for_update().get(pk=1)


def _check(goods_ids: Collection[int] | None) -> Report:
    alerts = LowStockAlert.objects.exclude(status=AlertStatus.CLOSED)
    if goods_ids is not None:
        alerts = alerts.filter(goods__in=goods_ids)
    check = _Check(
        timezone.now(),
        levels.found(goods_ids),
        list(alerts.select_for_update(of=("self",)).order_by("pk")),
    )
    _close(check)
    _wake(check)
    _open(check)
    _tell(check)
    logger.info("levels checked", extra=check.report.as_json())
    return check.report


def _close(check: _Check) -> None:
    """Alerts whose condition has ended."""
    over = [a for a in check.alerts if _key(a) not in check.found]
    for alert in over:
        alert.status, alert.snoozed_until = AlertStatus.CLOSED, None
        alert.closed_at = max(check.now, alert.opened_at)
    LowStockAlert.objects.bulk_update(
        over, ["status", "snoozed_until", "closed_at"], batch_size=500
    )
    check.alerts = [a for a in check.alerts if a.status != AlertStatus.CLOSED]
    check.report.closed = len(over)


def _wake(check: _Check) -> None:
    """Alerts that were put off until now."""
    awake = [
        a for a in check.alerts if a.snoozed_until and a.snoozed_until <= check.now
    ]
    for alert in awake:
        alert.status, alert.snoozed_until = AlertStatus.OPEN, None
    LowStockAlert.objects.bulk_update(
        awake, ["status", "snoozed_until"], batch_size=500
    )


def _open(check: _Check) -> None:
    """New alerts; silent where the same one closed a short while ago."""
    known = {_key(alert) for alert in check.alerts}
    fresh = [key for key in check.found if key not in known]
    # the worst last, so that they stand first in a list that begins with the latest
    fresh.sort(key=lambda key: -_WORST_FIRST.index(key[1]))
    if not fresh:
        return
    before = _last_told(check.now, fresh)
    opened = [
        LowStockAlert(
            goods_id=key[0],
            level=key[1],
            opened_at=check.now,
            available=check.found[key].available,
            average=check.found[key].average,
            notified_at=before.get(key),
        )
        for key in fresh
    ]
    LowStockAlert.objects.bulk_create(opened, batch_size=500)
    check.alerts += opened
    check.report.opened = len(opened)


def _last_told(now: datetime, keys: Sequence[Key]) -> dict[Key, datetime | None]:
    """When phones were told of alerts that closed within ALERT_QUIET_HOURS."""
    quiet = now - timedelta(hours=shop.ALERT_QUIET_HOURS)
    rows = LowStockAlert.objects.filter(
        status=AlertStatus.CLOSED,
        closed_at__gt=quiet,
        goods__in={goods_id for goods_id, _level in keys},
    ).order_by("closed_at")
    return {_key(alert): alert.notified_at for alert in rows}


def _key(alert: LowStockAlert) -> Key:
    return alert.goods_id, AlertLevel(alert.level)


# --- telling


def _tell(check: _Check) -> None:
    """One message for each recipient, with everything that is to be told; in the quiet
    hours nothing, and after them what is still open."""
    if quiet_until(check.now) is not None:
        return
    due = [alert for alert in check.alerts if _is_due(alert, check.now)]
    people = recipients() if due else []
    if not people:
        return
    due.sort(key=lambda a: (TOLD.index(AlertLevel(a.level)), -a.average, a.pk))
    first, names = due[0], {alert.goods_id for alert in due}
    name = Goods.objects.values_list("name", flat=True).get(pk=first.goods_id)
    for user in people:
        send(
            user.mobile or "",
            "low_stock",
            recipient=user,
            key=f"stock-alert:{first.pk}:{first.notices + 1}:{user.pk}",
            name=name,
            count=len(names),
        )
    for alert in due:
        alert.notified_at = check.now
        alert.notices += 1
    LowStockAlert.objects.bulk_update(due, ["notified_at", "notices"], batch_size=500)
    check.report.told, check.report.messages = len(due), len(people)


def _is_due(alert: LowStockAlert, now: datetime) -> bool:
    """New, or open for ALERT_REPEAT_HOURS since phones were last told."""
    if alert.level not in TOLD or alert.status != AlertStatus.OPEN:
        return False
    if alert.notified_at is None:
        return True
    return now - alert.notified_at >= timedelta(hours=shop.ALERT_REPEAT_HOURS)


def recipients() -> list[User]:
    """Active staff who hold the permission and have a mobile number."""
    people = User.objects.filter(pk__in=holders(RECEIVE), mobile__isnull=False)
    return list(people.order_by("pk"))


# --- what people do


@transaction.atomic
def acknowledge(alert: LowStockAlert, *, by: User) -> LowStockAlert:
    """Somebody looks after it: it stays until its condition ends, and is not told again.

    Raises NotPermitted, WrongStatus.
    """
    return _handle(
        alert,
        by,
        "alert.acknowledged",
        verb=gettext_lazy("Acknowledge"),
        allowed=(AlertStatus.OPEN, AlertStatus.SNOOZED),
        status=AlertStatus.ACKNOWLEDGED,
    )


@transaction.atomic
def snooze(alert: LowStockAlert, *, until: datetime, by: User) -> LowStockAlert:
    """Put it off: it opens again then, if its condition still holds.

    Raises NotPermitted, WrongStatus, DomainError for a time that is over or too far.
    """
    now = timezone.now()
    if not now < until <= now + MOST_SNOOZE:
        raise DomainError(
            _("An alert is put off until a time within %(days)s days.")
            % {"days": MOST_SNOOZE.days}
        )
    return _handle(
        alert,
        by,
        "alert.snoozed",
        verb=gettext_lazy("Snooze"),
        allowed=(AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED),
        status=AlertStatus.SNOOZED,
        until=until,
    )


@transaction.atomic
def reopen(alert: LowStockAlert, *, by: User) -> LowStockAlert:
    """Take an acknowledgement or snooze back. Raises NotPermitted, WrongStatus."""
    return _handle(
        alert,
        by,
        "alert.reopened",
        verb=gettext_lazy("Open again"),
        allowed=(AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED),
        status=AlertStatus.OPEN,
    )


def _handle(
    alert: LowStockAlert,
    by: User,
    action: str,
    *,
    verb: "Promise",
    allowed: Iterable[AlertStatus],
    status: AlertStatus,
    until: datetime | None = None,
) -> LowStockAlert:
    permit(by, HANDLE, verb)
    alert = (
        LowStockAlert.objects.select_for_update(of=("self",))
        .select_related("goods")
        .get(pk=alert.pk)
    )
    require(alert, *allowed, verb=verb)
    alert.status, alert.snoozed_until = status, until
    alert.handled_by, alert.handled_at = by, timezone.now()
    alert.save(update_fields=["status", "snoozed_until", "handled_by", "handled_at"])
    record(
        by=by,
        action=action,
        target=alert.goods,
        level=str(alert.level),
        **({"until": until.isoformat()} if until else {}),
    )
    return alert
