"""django-import-export's face of our sheets.

The library is the interface that Django's people know: a resource that imports and
exports tablib datasets. Its own import goes row by row, saves each model by itself and
knows neither history nor conflicts nor undo, so it does not carry sheets; a resource of
ours hands the dataset to the same check and the same verbs as a page or a command does.
Exports in formats that we do not write ourselves come from the library as well.
"""

import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import tablib
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext as _
from import_export.resources import Resource
from import_export.results import Error, Result, RowResult

from backoffice.base.errors import DomainError
from backoffice.sheets import batches, checking, definitions, importing, writing
from backoffice.sheets.cells import escaped
from backoffice.sheets.definitions import Options
from backoffice.sheets.enums import Outcome
from backoffice.sheets.errors import SheetRefused

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from backoffice.accounts.models import User

#: formats of the library; a dataset stands in memory, so only so many rows
FORMATS = ("tsv", "json")
MOST_ROWS = 50_000

_TYPES = {
    Outcome.NEW: RowResult.IMPORT_TYPE_NEW,
    Outcome.CHANGED: RowResult.IMPORT_TYPE_UPDATE,
    Outcome.UNCHANGED: RowResult.IMPORT_TYPE_SKIP,
    Outcome.CONFLICT: RowResult.IMPORT_TYPE_INVALID,
    Outcome.ERROR: RowResult.IMPORT_TYPE_INVALID,
}


class SheetResource(Resource):
    """The sheet of this id as a resource; `user` is who acts."""

    sheet = ""

    def export(
        self,
        queryset: "QuerySet | None" = None,
        *,
        user: "User | None" = None,
        is_text: bool = False,
        **kwargs: Any,
    ) -> tablib.Dataset:
        """A dataset of what the person may see; with `is_text`, cells as csv has them.

        Raises NotPermitted, SheetRefused (too many rows for the memory).
        """
        definition = definitions.get(self.sheet)
        definition.permit_export(user)
        rows = definition.everything() if queryset is None else queryset
        columns = definition.visible_columns(user)
        dataset = tablib.Dataset(headers=[column.name for column in columns])
        for row in definition.export(rows, columns):
            if len(dataset) >= MOST_ROWS:
                raise SheetRefused(
                    _("More than %(most)s rows are exported as csv or xlsx only.")
                    % {"most": MOST_ROWS}
                )
            pairs = zip(row, columns, strict=True)
            dataset.append(
                [
                    writing.csv_cell(value, column.kind) if is_text else value
                    for value, column in pairs
                ]
            )
        return dataset

    def import_data(
        self,
        dataset: tablib.Dataset,
        dry_run: bool = False,
        raise_errors: bool = False,
        user: "User | None" = None,
        **kwargs: Any,
    ) -> Result:
        """Check every row, and unless one is wrong (or `dry_run`) import them all.

        Each row's result says what it would do, or what is wrong with it by cell.
        """
        if user is None:
            raise TypeError("a sheet is imported by somebody: pass `user`")
        definition = definitions.get(self.sheet)
        result = Result()
        result.diff_headers = dataset.headers
        with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
            path = Path(folder) / "dataset.csv"
            path.write_text(_as_csv(dataset), encoding="utf-8", newline="")
            try:
                self._check(path, definition, user, result)
                if not dry_run and not result.has_validation_errors():
                    self._take(path, user)
            except DomainError as refusal:
                if raise_errors:
                    raise
                result.append_base_error(Error(refusal))
        return result

    def _check(
        self,
        path: Path,
        definition: definitions.SheetDefinition,
        user: "User",
        result: Result,
    ) -> None:
        batches.permit_import(definition, user)
        with checking.opened(path, definition) as book:
            _found, layout = checking.layout_of(book, definition)
            check = checking.Check(
                book, layout, definition, definition.checker(user, Options())
            )
            for planned in (p for plans in check.plans() for p in plans):
                row = RowResult()
                row.import_type = _TYPES[planned.outcome]
                row.object_id, row.object_repr = planned.target, planned.key
                wrong = check.messages(planned)
                if wrong:
                    row.validation_error = ValidationError(
                        [f"{cell}: {message}" for cell, message in wrong]
                    )
                    result.append_invalid_row(
                        planned.row.number, {}, row.validation_error
                    )
                result.append_row_result(row)
                result.increment_row_result_total(row)
        result.total_rows = check.totals.rows

    def _take(self, path: Path, user: "User") -> None:
        with path.open("rb") as file:
            batch = batches.receive(
                self.sheet,
                File(file, name=str(path)),
                by=user,
                file_name=path.name,
                check=True,
            )
        importing.start_apply(batch, by=user, wait=True)


def _as_csv(dataset: tablib.Dataset) -> str:
    """Text of the cells as they are; our reading takes the apostrophes off again."""
    plain = tablib.Dataset(headers=dataset.headers)
    for row in dataset:
        plain.append([escaped(v) if isinstance(v, str) else v for v in row])
    text: str = plain.export("csv")
    return text


def write(
    definition: definitions.SheetDefinition,
    file: IO[bytes],
    kind: str,
    *,
    by: "User | None",
    queryset: "QuerySet",
) -> int:
    """Write rows in a format of the library; gives their number."""
    resource = type("Resource", (SheetResource,), {"sheet": definition.id})()
    dataset = resource.export(queryset, user=by, is_text=kind == "tsv")
    text = dataset.export(kind)
    file.write(text.encode() if isinstance(text, str) else text)
    return len(dataset)
