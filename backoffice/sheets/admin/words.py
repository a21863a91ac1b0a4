"""What the pages of sheets show of batches and rows, ready-made."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.base.admin import tag
from backoffice.base.admin.cells import NOTHING
from backoffice.base.money import at_least, fixed
from backoffice.sheets.definitions import Column
from backoffice.sheets.enums import BatchStatus, Outcome, Result
from backoffice.sheets.models import Batch
from backoffice.sheets.writing import yes_no

_STATUS_TONES = {
    BatchStatus.MAPPING: "amber",
    BatchStatus.CHECKING: "blue",
    BatchStatus.CHECKED: "amber",
    BatchStatus.APPLYING: "blue",
    BatchStatus.APPLIED: "green",
    BatchStatus.REFUSED: "red",
    BatchStatus.CANCELLED: "hollow",
    BatchStatus.UNDOING: "blue",
    BatchStatus.UNDONE: "slate",
}
_OUTCOME_TONES = {
    Outcome.NEW: "green",
    Outcome.CHANGED: "blue",
    Outcome.UNCHANGED: "grey",
    Outcome.CONFLICT: "amber",
    Outcome.ERROR: "red",
}
_RESULT_TONES = {
    Result.DONE: "green",
    Result.WAITING: "amber",
    Result.REFUSED: "red",
    Result.UNDONE: "slate",
    Result.KEPT: "amber",
}
LONG = 80


def status_tag(status: str) -> SafeString:
    """Where a batch stands."""
    return tag(
        status, BatchStatus(status).label, tone=_STATUS_TONES[BatchStatus(status)]
    )


def outcome_tag(outcome: str) -> SafeString:
    """What a row would do."""
    return tag(outcome, Outcome(outcome).label, tone=_OUTCOME_TONES[Outcome(outcome)])


def result_tag(result: str) -> SafeString | str:
    """What became of a row; nothing while nothing did."""
    if not result:
        return ""
    return tag(result, Result(result).label, tone=_RESULT_TONES[Result(result)])


def tally(batch: Batch) -> SafeString | str:
    """The counts of a batch in a line; what is none is left out."""
    parts = [
        text % {"count": count}
        for text, count in (
            (_("%(count)s new"), batch.new),
            (_("%(count)s changed"), batch.changed),
            (_("%(count)s unchanged"), batch.unchanged),
            (_("%(count)s in conflict"), batch.conflicts),
            (_("%(count)s wrong"), batch.wrong),
        )
        if count
    ]
    return _(", ").join(parts) if parts else NOTHING


def good_rows(batch: Batch) -> str:
    """What an import would write, for the button that does it."""
    if batch.new and batch.changed:
        return _("%(new)s new, %(changed)s changed") % {
            "new": batch.new,
            "changed": batch.changed,
        }
    if batch.new:
        return _("%(count)s new") % {"count": batch.new}
    return _("%(count)s changed") % {"count": batch.changed}


def value(column: Column, kept: Any) -> str:
    """A value of a row as a person reads it."""
    if kept is None or kept == "":
        return "—"
    loaded = column.load(kept)
    if column.kind == "flag":
        return yes_no(loaded)
    if isinstance(loaded, datetime):
        return loaded.isoformat(sep=" ", timespec="seconds")
    if isinstance(loaded, Decimal):
        return fixed(loaded, at_least(loaded, 2)) or ""
    text = str(loaded)
    return f"{text[:LONG]}…" if len(text) > LONG else text
