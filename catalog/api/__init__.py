"""The catalog's part of the storefront's API."""

from catalog.api.shelf import router

__all__ = ["router"]
