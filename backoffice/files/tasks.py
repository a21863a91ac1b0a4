"""Work on files that the queue does."""

import logging

from backoffice.files import references, searching, thumbnails
from backoffice.files.stores import default_store
from backoffice.jobs import leases

logger = logging.getLogger("backoffice.files")
#: a search that takes longer may be begun by another worker as well; no harm is done
SEARCH_SECONDS = 1500


def make_thumbnails(path: str) -> str:
    """Make the small copies of a picture."""
    return f"{thumbnails.make(path)} made"


def sweep() -> str:
    """Remove what could not be removed before; look once more for what was."""
    client = default_store().client
    if client is None:
        return "no file server"
    counts = references.sweep(client)
    logger.info("leaving files: %s", counts)
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def clean() -> str:
    """Remove files that nothing names for ORPHAN_FILE_DAYS."""
    search = searching.run(searching.nightly())
    if search is None:
        return "nothing"
    logger.info("orphan files: %s removed, %s failed", search.files, search.failed)
    return f"{search.files} removed, {search.bytes} bytes, {search.failed} failed"


def search_orphans(search_id: int) -> str:
    """Look for files that nothing names, or delete them, as somebody asked."""
    with leases.holding("orphan-files", SEARCH_SECONDS) as held:
        if held is None:
            return "in other hands"
        search = searching.run(search_id)
    return "nothing" if search is None else f"{search.files} files"
