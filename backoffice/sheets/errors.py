"""Refusals of sheets as a whole; what is wrong with a cell is a row of its own."""

from backoffice.base.errors import DomainError


class SheetRefused(DomainError):
    """The file cannot be taken as a sheet: broken, too large, no header …"""

    slug = "sheet_refused"


class NeedsMapping(SheetRefused):
    """The header is foreign: somebody has to say which column is which field."""

    slug = "needs_mapping"


class BatchNotReady(DomainError):
    """The batch is not in a state in which this can be done."""

    slug = "wrong_status"
    http_status = 409


class CellError(ValueError):
    """What is wrong with one cell, in words for people."""
