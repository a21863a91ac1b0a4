"""The one way in which the books are checked; it alarms and never repairs."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from backoffice.base import context
from backoffice.books import proofs
from backoffice.books.models import BooksCheck
from backoffice.books.proofs import Proved
from backoffice.oplog.record import record

logger = logging.getLogger("backoffice.books")

#: a broken ledger may differ everywhere; this many are kept to be looked at
MOST_KEPT = 500
KEEP = timedelta(days=400)


def verify() -> Proved:
    """Prove every balance; keep what came of it, and alarm where something differs."""
    proved = proofs.run()
    now = timezone.now()
    with transaction.atomic():
        BooksCheck.objects.filter(at__lt=now - KEEP).delete()
        check = BooksCheck.objects.create(
            at=now,
            checked=proved.checked,
            differing=len(proved.differences),
            differences=[d.as_json() for d in proved.differences[:MOST_KEPT]],
            means=context.current().means,
        )
        if proved.differences:
            record(
                by=None,
                action="books.differ",
                target=check,
                checked=proved.checked,
                differing=len(proved.differences),
                first=proved.differences[0].as_json(),
            )
    if proved.differences:
        logger.error(
            "the books differ in %d of %d balances, first %s",
            len(proved.differences),
            proved.checked,
            proved.differences[0],
        )
    else:
        logger.info("the books agree: %d balances", proved.checked)
    return proved
