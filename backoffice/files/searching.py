"""Looking for files that nothing names, by hand: first seen, then deleted.

A look goes over disk and server and may take minutes, so a worker does it; what it found
stands in an `OrphanSearch`.
"""

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from backoffice.base.errors import DomainError, NotPermitted
from backoffice.files import orphans
from backoffice.files.models import OrphanSearch
from backoffice.oplog.record import record
from media_client import MediaError

if TYPE_CHECKING:
    from backoffice.accounts.models import User

logger = logging.getLogger("backoffice.files")
MANAGE = "files.manage_files"
TASK = "backoffice.files.tasks.search_orphans"
#: how long a task of a search may take
LONG = {"timeout": 1500}
#: what is kept of searches
KEPT = 50


class NothingFound(DomainError):
    """There is no finished search whose files could be deleted."""

    slug = "wrong_status"
    http_status = 409


@transaction.atomic
def look(*, by: "User") -> OrphanSearch:
    """Have files looked for that nothing names; nothing is deleted."""
    _permit(by)
    return _begin(OrphanSearch(by=by, before=orphans.long_ago()))


@transaction.atomic
def remove(search: OrphanSearch, *, by: "User") -> OrphanSearch:
    """Have the files deleted that a search found and that nothing names still.

    Raises NothingFound where the search is not over, was a deletion itself, or is not
    the latest one.
    """
    _permit(by)
    latest = OrphanSearch.objects.select_for_update(of=("self",)).first()
    if (
        latest is None
        or latest.pk != search.pk
        or latest.finished_at is None
        or latest.is_removal
        or not latest.files
    ):
        raise NothingFound(_("Look for files anew, then delete what was found."))
    removal = _begin(OrphanSearch(by=by, before=latest.before, is_removal=True))
    record(
        by=by,
        action="files.orphans_removed",
        target=removal,
        files=latest.files,
        bytes=latest.bytes,
    )
    return removal


def nightly() -> int:
    """The search of the nightly job, which deletes at once; its id."""
    search = OrphanSearch.objects.create(
        before=orphans.long_ago(), is_removal=True, started_at=timezone.now()
    )
    return search.pk


def run(search_id: int) -> OrphanSearch | None:
    """Do what was asked for; None where it is done already."""
    search = OrphanSearch.objects.filter(pk=search_id, finished_at=None).first()
    if search is None:
        return None
    try:
        found = orphans.clean(dry_run=not search.is_removal, before=search.before)
    except (MediaError, OSError) as error:
        search.message = str(error)[:300]
        search.finished_at = timezone.now()
        search.save()
        logger.warning("the look for unused files broke off: %s", error)
        if search.by_id is None:
            # the nightly job has failed, and says so
            raise
        return search
    search.disk_files, search.disk_bytes = found.disk_files, found.disk_bytes
    search.files, search.bytes = found.files, found.bytes
    search.failed, search.names = found.failed, found.names
    search.finished_at = timezone.now()
    search.save()
    kept = OrphanSearch.objects.values_list("pk", flat=True)[:KEPT]
    OrphanSearch.objects.exclude(pk__in=list(kept)).delete()
    return search


def _begin(search: OrphanSearch) -> OrphanSearch:
    search.started_at = timezone.now()
    search.save(force_insert=True)
    async_task(TASK, search.pk, q_options=LONG)
    return search


def _permit(by: "User") -> None:
    if not (by.is_active and by.has_perm(MANAGE)):
        raise NotPermitted(
            _("You may not look for unused files and delete them."), permission=MANAGE
        )
