"""The jobs of the catalog: thin, and harmless when run twice."""

import logging
from datetime import datetime

from django.utils import timezone

from catalog import indexing, proposing, repricing, reversal
from catalog.enums import RunStatus
from catalog.models import RepricingRun
from catalog.resources import picturezip

logger = logging.getLogger("catalog")


def index_brand(brand_id: int) -> None:
    """Let the goods of a brand be found by its new name."""
    count = indexing.rebuild(brand_id)
    logger.info("brand %s: %s goods are found by its new name", brand_id, count)


def drop_unused_pictures() -> int:
    """Delete pictures of zips that will not be imported; gives their number."""
    count = picturezip.drop_unused()
    logger.info("pictures of zips: %s were not imported and are deleted", count)
    return count


def apply_due_runs(now: datetime | None = None) -> None:
    """Apply the runs whose time has come, then let prices return whose time is over.

    Each in a transaction of its own, the earliest first: after a stop they are caught
    up in their order. Several workers may do it at once.
    """
    now = now or timezone.now()
    due = RepricingRun.objects.filter(status=RunStatus.SCHEDULED, starts_at__lte=now)
    for run in due.order_by("starts_at", "pk"):
        after = repricing.apply_scheduled(run, now=now)
        if after.status == RunStatus.STALE:
            logger.error("repricing %s is stale: nothing was applied", after.number)
        else:
            logger.info("repricing %s: %s", after.number, after.status)
    over = RepricingRun.objects.filter(status=RunStatus.APPLIED, ends_at__lte=now)
    for run in over.order_by("ends_at", "pk"):
        after = reversal.end(run, now=now)
        logger.info("repricing %s: %s", after.number, after.status)


def propose_from_costs() -> None:
    """The morning's proposal."""
    _told(proposing.propose_from_costs(), "costs")


def propose_markdown() -> None:
    """The afternoon's proposal."""
    _told(proposing.propose_markdown(), "markdown")


def _told(run: RepricingRun | None, what: str) -> None:
    logger.info("proposal from %s: %s", what, run.number if run else "nothing")
