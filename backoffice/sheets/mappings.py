"""What people said of foreign headers, remembered for the next time."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils import timezone

from backoffice.sheets.models import HeaderMapping
from backoffice.sheets.reading.header import Found, bare

if TYPE_CHECKING:
    from backoffice.accounts.models import User
    from backoffice.sheets.definitions import SheetDefinition


def digest(found: Found) -> str:
    """The same for every file with these headings in this order."""
    headings = "\x1f".join(bare(cell) for cell in found.cells).rstrip("\x1f")
    return hashlib.sha256(headings.encode()).hexdigest()


def remembered(definition: "SheetDefinition", found: Found) -> dict[str, str]:
    """{heading: field or ""} as somebody mapped such a header before; {} for a new one."""
    kept = HeaderMapping.objects.filter(
        sheet=definition.id, headings=digest(found)
    ).first()
    fields: dict[str, str] = kept.fields if kept else {}
    return fields


def remember(
    definition: "SheetDefinition",
    found: Found,
    mapping: Mapping[str, str],
    *,
    by: "User",
) -> None:
    """Keep the mapping for the next file with this header."""
    HeaderMapping.objects.update_or_create(
        sheet=definition.id,
        headings=digest(found),
        defaults={"fields": dict(mapping), "by": by, "changed_at": timezone.now()},
    )
