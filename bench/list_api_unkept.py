"""The shop with no room to keep a page of the storefront: each is built anew."""

from backoffice.wsgi import application
from catalog import freshness

freshness.MOST_BYTES = 0

__all__ = ["application"]
