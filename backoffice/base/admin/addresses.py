"""Addresses for many rows: Django is asked once for the shape, not once a row."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse

#: stands for the number in the shape; no row gets so far
_MARK = 9_182_736_450_918_273


@lru_cache(maxsize=500)
def _shape(name: str, numbered: bool, prefix: str, urls: Any) -> tuple[str, ...]:
    if not numbered:
        return (reverse(name),)
    return tuple(reverse(name, args=[_MARK]).split(str(_MARK)))


def address(name: str) -> str:
    """`reverse(name)`, remembered."""
    urls = get_urlconf() or settings.ROOT_URLCONF
    return _shape(name, False, get_script_prefix(), urls)[0]


def address_of(name: str, pk: Any) -> str:
    """`reverse(name, args=[pk])`; for a number without the work."""
    if type(pk) is not int or pk < 0:
        return reverse(name, args=[pk])
    urls = get_urlconf() or settings.ROOT_URLCONF
    return str(pk).join(_shape(name, True, get_script_prefix(), urls))
