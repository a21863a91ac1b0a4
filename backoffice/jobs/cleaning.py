"""What piles up and is swept away: sessions, cache rows, finished tasks, sign-ins."""

from datetime import timedelta

from axes.models import AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.db.models import Max, Q
from django.utils import timezone
from django_q.models import Task

from backoffice.jobs import leases, table

KEEP_SUCCESSES = timedelta(days=7)
#: of jobs that run every few minutes
KEEP_FREQUENT = timedelta(days=1)
KEEP_FAILURES = timedelta(days=90)
KEEP_SIGN_INS = timedelta(days=90)


def sessions() -> int:
    """Delete sessions that have expired; gives their number."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def cache_rows() -> int:
    """Delete expired rows of the cache's table; gives their number (0 with Redis)."""
    count = 0
    for alias in settings.CACHES:
        cache = caches[alias]
        if isinstance(cache, DatabaseCache):
            with connection.cursor() as cursor:
                table = connection.ops.quote_name(cache._table)  # type: ignore[attr-defined]
                now = connection.ops.adapt_datetimefield_value(
                    timezone.now().replace(microsecond=0)
                )
                cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - the name is of the settings
                count += cursor.rowcount
    return count


def finished_tasks() -> int:
    """Delete old results, but keep the latest of each recurring job; their number."""
    now = timezone.now()
    latest = (
        Task.objects.filter(success=True, group__isnull=False)
        .values("group")
        .annotate(latest=Max("stopped"))
        .values_list("latest", flat=True)
    )
    frequent = [job.name for job in table.jobs().values() if job.cron.startswith("*")]
    over = Q(stopped__lt=now - KEEP_SUCCESSES)
    over |= Q(group__in=frequent, stopped__lt=now - KEEP_FREQUENT)
    old = over & Q(success=True) & ~Q(group__isnull=False, stopped__in=list(latest))
    old |= Q(success=False, stopped__lt=now - KEEP_FAILURES)
    return Task.objects.filter(old).delete()[0]


def sign_ins() -> int:
    """Delete old records of who signed in from where; gives their number."""
    old = AccessLog.objects.filter(attempt_time__lt=timezone.now() - KEEP_SIGN_INS)
    return old.delete()[0]


def expired_leases() -> int:
    """Delete leases that nobody has held for a day; gives their number."""
    return leases.sweep()
