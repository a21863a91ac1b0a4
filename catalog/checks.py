"""Checks of the database that the catalog lives in."""

from collections.abc import Iterable
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError, connections, transaction


@register(Tags.database)
def check_search_sees_chinese(
    *, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """catalog.W001: PostgreSQL takes Chinese characters for signs, so that the index of
    the search serves none of them (a database of the locale `C`)."""
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        try:
            with transaction.atomic(using=alias), connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(show_trgm('梨梨梨'))")
                [count] = cursor.fetchone()
        except DatabaseError:
            # before the migration that makes the extension
            continue
        if not count:
            return [
                checks.Warning(
                    "This database does not see Chinese characters as letters; a search "
                    "for them reads every goods.",
                    hint="Make the database with a UTF-8 locale, C.UTF-8 for example.",
                    id="catalog.W001",
                )
            ]
    return []
