"""The hours in which phones stay silent (SMS_QUIET)."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from backoffice.shop import shop


def quiet_until(at: datetime) -> datetime | None:
    """When the quiet hours around `at` end; None where it is not quiet.

    The range is of the shop's own clock, may go over midnight, and ends just before its
    second time. Equal times mean never.
    """
    text = shop.SMS_QUIET
    if not text:
        return None
    begin, end = (time.fromisoformat(part) for part in text.split("-"))
    local = timezone.localtime(at)
    now = local.time().replace(tzinfo=None)
    over_midnight = begin > end
    is_quiet = now >= begin or now < end if over_midnight else begin <= now < end
    if not is_quiet:
        return None
    day = local.date()
    if over_midnight and now >= begin:
        day += timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, end))
