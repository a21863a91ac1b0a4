"""The jobs of the catalog: thin, and harmless when run twice."""

import logging

from catalog import indexing
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
