"""Sending messages: the only writer of `SmsMessage` and `SmsAttempt`.

A message is a row first. A worker claims the row, commits, asks the vendor outside any
transaction, and writes the answer down. A worker that dies in between leaves a claim
that runs out; the attempt counts as one without an answer, and the next follows. So a
message is sent at least once, and an attempt never asks the vendor twice.
"""

import logging
import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Right, Substr
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from backoffice.base.errors import NotPermitted
from backoffice.base.masking import mask_text
from backoffice.base.status import require
from backoffice.oplog.record import record
from backoffice.sms import backends
from backoffice.sms.backends import Answer
from backoffice.sms.enums import Outcome, SmsStatus
from backoffice.sms.errors import WrongMobile
from backoffice.sms.models import SmsAttempt, SmsMessage
from backoffice.sms.quiet import quiet_until
from backoffice.sms.templates import TEMPLATES

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("backoffice.sms")

MANAGE = "sms.manage_sms"

#: how long after a failed attempt the next may follow; as many attempts follow by
#: themselves, then the message has failed and waits for people
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
#: a claim holds for twice as long as the vendor may take (SMS_TIMEOUT), and this
SPARE = timedelta(seconds=60)
#: after this, the numbers of messages that are done with are masked for good
KEEP_NUMBERS = timedelta(days=180)

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)


@transaction.atomic
def send(
    mobile: str,
    template: str,
    *,
    recipient: "User | None" = None,
    by: "User | None" = None,
    key: str | None = None,
    is_urgent: bool = False,
    **params: Any,
) -> SmsMessage:
    """Enqueue a message to a mainland mobile of 11 digits; gives its row.

    Called inside the transaction of what it tells of. `key` names that: where a message
    with it is there already, it is given and nothing is sent. Unless `is_urgent`, it
    waits for the end of the quiet hours. Raises WrongMobile, KeyError for an unknown
    template, TypeError where `params` are not its places.
    """
    if not _MOBILE.fullmatch(mobile):
        raise WrongMobile(_("Not a mobile number of 11 digits."))
    kind = TEMPLATES[template]
    values = kind.values(params)
    now = timezone.now()
    message = SmsMessage(
        mobile=mobile,
        recipient=recipient,
        template=template,
        params=values,
        text=kind.words(values)[:500],
        key=key,
        is_urgent=is_urgent,
        due_at=now if is_urgent else quiet_until(now) or now,
        created_at=now,
        created_by=by,
    )
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        return SmsMessage.objects.get(key=key)
    if message.due_at <= now:
        async_task("backoffice.sms.tasks.deliver", message.pk)
    return message


@transaction.atomic
def send_test(mobile: str, *, by: "User") -> SmsMessage:
    """Enqueue a message that shows whether the vendor is configured rightly; it goes
    out in quiet hours too. Raises NotPermitted, WrongMobile."""
    permit(by)
    message = send(
        mobile, "low_stock", by=by, is_urgent=True, name=_("A test"), count=1
    )
    record(by=by, action="sms.tested", target=message)
    return message


def deliver(message_id: int) -> str:
    """Try to send one message, if it is due and nobody else has it.

    Never called inside a transaction. Gives the attempt's outcome, "" where there was
    nothing to do.
    """
    attempt = _claim(message_id)
    if attempt is None:
        return ""
    message = attempt.message
    try:
        answer = backends.chosen().send(
            message.mobile, message.template, message.params, message.text
        )
    except Exception as error:
        # a fault of ours must not lose the message
        logger.exception("SMS %s: the backend failed", message.pk)
        answer = Answer(Outcome.LATER, detail=mask_text(f"{error!r}"))
    _settle(attempt, answer)
    logger.info(
        "SMS %s to %s, attempt %s: %s",
        *(message.pk, message.shown_mobile, attempt.number, answer.outcome),
        extra={"code": answer.code} if answer.code else None,
    )
    return str(answer.outcome)


def deliver_due(until: datetime | None = None) -> dict[str, int]:
    """Free the claims of workers that died, then try what is due, oldest first; gives
    the number of attempts by outcome. Stops at `until` at the latest."""
    _free_claims()
    counts: dict[str, int] = {}
    due = SmsMessage.objects.filter(
        status=SmsStatus.QUEUED, due_at__lte=timezone.now()
    ).order_by("due_at")
    for message_id in list(due.values_list("pk", flat=True)[:500]):
        if until is not None and timezone.now() >= until:
            break
        outcome = deliver(message_id)
        if outcome:
            counts[outcome] = counts.get(outcome, 0) + 1
    return counts


@transaction.atomic
def retry(message: SmsMessage, *, by: "User") -> SmsMessage:
    """Try a message that failed, or that waits for its next attempt, as soon as the
    quiet hours allow, and with the whole series of attempts anew.

    Raises NotPermitted, WrongStatus.
    """
    permit(by)
    message = SmsMessage.objects.select_for_update().get(pk=message.pk)
    require(message, SmsStatus.FAILED, SmsStatus.QUEUED, verb=_("Try again"))
    now = timezone.now()
    message.status = SmsStatus.QUEUED
    message.attempts_before = message.attempts
    message.due_at = now if message.is_urgent else quiet_until(now) or now
    message.save(update_fields=["status", "attempts_before", "due_at"])
    record(by=by, action="sms.retried", target=message, template=message.template)
    if message.due_at <= now:
        async_task("backoffice.sms.tasks.deliver", message.pk)
    return message


def permit(by: "User") -> None:
    """Raise NotPermitted for whoever may not look after messages."""
    if not (by.is_active and by.has_perm(MANAGE)):
        raise NotPermitted(_("You may not send SMS by hand."), permission=MANAGE)


def mask_old() -> int:
    """Mask the numbers of messages that have long been done with; gives how many."""
    old = SmsMessage.objects.filter(
        created_at__lt=timezone.now() - KEEP_NUMBERS,
        status__in=(SmsStatus.SENT, SmsStatus.FAILED),
        mobile__regex=r"^[0-9]{11}$",
    )
    masked = Concat(Substr("mobile", 1, 3), Value("••••"), Right("mobile", 4))
    return old.update(mobile=masked)


# --- within


@transaction.atomic(durable=True)
def _claim(message_id: int) -> SmsAttempt | None:
    """Take the message for this worker and write its attempt; None where it is not due,
    not queued, or must wait for the end of the quiet hours."""
    now = timezone.now()
    waiting = SmsMessage.objects.filter(
        pk=message_id, status=SmsStatus.QUEUED, due_at__lte=now
    )
    quiet = quiet_until(now)
    if quiet is not None:
        waiting.filter(is_urgent=False).update(due_at=quiet)
        waiting = waiting.filter(is_urgent=True)
    # one statement decides between workers, on both databases
    claimed = waiting.update(
        status=SmsStatus.SENDING,
        claimed_until=now + timedelta(seconds=2 * settings.SMS_TIMEOUT) + SPARE,
        attempts=F("attempts") + 1,
    )
    if not claimed:
        return None
    message = SmsMessage.objects.get(pk=message_id)
    return SmsAttempt.objects.create(
        message=message, number=message.attempts, started_at=now
    )


@transaction.atomic(durable=True)
def _settle(attempt: SmsAttempt, answer: Answer) -> None:
    """Write down how an attempt ended, also where its claim has run out meanwhile."""
    now = timezone.now()
    SmsAttempt.objects.filter(pk=attempt.pk).update(
        ended_at=now,
        outcome=answer.outcome,
        code=answer.code[:100],
        detail=answer.detail[:300],
        serial=answer.serial[:100],
    )
    message = SmsMessage.objects.select_for_update().get(pk=attempt.message_id)
    is_ours = message.status == SmsStatus.SENDING and message.attempts == attempt.number
    if answer.outcome == Outcome.SENT:
        # a late answer counts too: what was sent is not sent once more
        _become(message, SmsStatus.SENT, sent_at=message.sent_at or now, error="")
    elif is_ours:
        _failed(message, answer, now)


def _failed(message: SmsMessage, answer: Answer, now: datetime) -> None:
    tried = message.attempts - message.attempts_before
    error = f"{answer.code or answer.outcome} {answer.detail}".strip()[:300]
    if answer.outcome == Outcome.REFUSED or tried > len(BACKOFF):
        _become(message, SmsStatus.FAILED, error=error)
        logger.warning("SMS %s has failed", message.pk, extra={"code": answer.code})
        return
    due = now + max(BACKOFF[tried - 1], answer.wait or timedelta())
    if answer.next_day:
        tomorrow = timezone.localdate(now) + timedelta(days=1)
        due = max(due, timezone.make_aware(datetime.combine(tomorrow, time(0, 5))))
    if not message.is_urgent:
        due = quiet_until(due) or due
    _become(message, SmsStatus.QUEUED, error=error, due_at=due)


def _become(message: SmsMessage, status: SmsStatus, **values: Any) -> None:
    SmsMessage.objects.filter(pk=message.pk).update(
        status=status, claimed_until=None, **values
    )


def _free_claims() -> int:
    """Give messages back whose worker died in the middle of an attempt."""
    now = timezone.now()
    dead = SmsMessage.objects.filter(status=SmsStatus.SENDING, claimed_until__lt=now)
    count = 0
    for message_id in list(dead.values_list("pk", flat=True)[:500]):
        with transaction.atomic():
            message = dead.select_for_update().filter(pk=message_id).first()
            if message is None:
                continue
            message.tries.filter(number=message.attempts, outcome="").update(
                ended_at=now, outcome=Outcome.UNKNOWN
            )
            answer = Answer(Outcome.UNKNOWN, detail=str(_("No answer was seen.")))
            _failed(message, answer, now)
        count += 1
    return count
