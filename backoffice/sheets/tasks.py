"""The jobs of sheets: thin, and harmless when run twice.

What is wrong with a row is kept in words, so each works in the `language` of the person
who set it going.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone, translation

from backoffice.base.errors import DomainError
from backoffice.jobs import leases
from backoffice.jobs.leases import LeaseLost
from backoffice.sheets import batches, exports, importing, mending, undoing

logger = logging.getLogger("backoffice.sheets")

#: a sheet that was looked at and left alone is put away after so many days
ABANDONED_DAYS = 7
#: between two signs of life of an export
EXPORT_SECONDS = 120


def check_batch(batch_id: int, language: str = "") -> None:
    """Plan every row of a batch; one worker at a time."""
    with _in(language), leases.holding(f"sheet:{batch_id}") as held:
        if held is None:
            logger.info("batch %s is in other hands", batch_id)
            return
        try:
            batches.run_check(batch_id, fence=lambda: leases.renew(held))
        except LeaseLost:
            logger.warning("batch %s was taken over by another worker", batch_id)
            return
        except DomainError as refusal:
            logger.info("batch %s is refused: %s", batch_id, refusal)
            return
    logger.info("batch %s is checked", batch_id)


def apply_batch(batch_id: int, language: str = "") -> None:
    """Import a batch; whoever comes second finds it done."""
    with _in(language):
        importing.run_apply(batch_id)
    logger.info("batch %s is imported", batch_id)


def undo_batch(batch_id: int, language: str = "") -> None:
    """Take a batch back; whoever comes second finds it done."""
    with _in(language):
        undoing.run_undo(batch_id)
    logger.info("batch %s is undone", batch_id)


def write_export(export_id: int) -> None:
    """Write an export; one worker at a time."""
    from backoffice.sheets.admin.filtering import (  # noqa: PLC0415 - the admin loads late
        filtered,
    )

    with leases.holding(f"export:{export_id}", EXPORT_SECONDS) as held:
        if held is None:
            logger.info("export %s is in other hands", export_id)
            return
        try:
            exports.run_export(export_id, filtered, fence=lambda: leases.renew(held))
        except LeaseLost:
            logger.warning("export %s was taken over by another worker", export_id)
            return
        except Exception:
            exports.give_up(export_id)
            raise
    logger.info("export %s is written", export_id)


def mend() -> int:
    """Let go of work that broke off with its process; gives how much."""
    count = mending.mend()
    if count:
        logger.warning("%s batches or exports had broken off", count)
    return count


def drop_abandoned() -> int:
    """Put away sheets that were previewed and never imported, and files of exports that
    are some days old; gives their number."""
    before = timezone.now() - timedelta(days=ABANDONED_DAYS)
    return batches.drop_abandoned(before) + exports.drop_old(before)


def _in(language: str) -> translation.override:
    return translation.override(language or settings.LANGUAGE_CODE)
