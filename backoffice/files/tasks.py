"""Work on files that the queue does."""

import logging

from backoffice.files import orphans, references, thumbnails
from backoffice.files.stores import default_store

logger = logging.getLogger("backoffice.files")


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
    found = orphans.clean(dry_run=False)
    logger.info("orphan files: %s removed, %s failed", found.files, found.failed)
    return f"{found.files} removed, {found.bytes} bytes, {found.failed} failed"
