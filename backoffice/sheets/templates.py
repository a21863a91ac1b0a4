"""The empty sheet to begin with: header, drop-down lists, an example, notes."""

from typing import IO, TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from backoffice.sheets import writing
from backoffice.sheets.definitions import Column, SheetDefinition

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: rows of the template that carry the drop-down lists
READY_ROWS = 5000
_HEAD = PatternFill("solid", fgColor="E8F3EC")
_SAMPLE = Font(italic=True, color="808080")


def columns_of(definition: SheetDefinition, by: "User | None") -> list[Column]:
    """What a person fills in: no columns that are only read."""
    return [
        column
        for column in definition.visible_columns(by)
        if not column.read_only and column.kind != "time"
    ]


def write_template(
    definition: SheetDefinition,
    file: IO[bytes],
    kind: str,
    *,
    by: "User | None" = None,
    labels: bool = True,
) -> None:
    """A template as xlsx (with lists and notes) or csv (header and example)."""
    columns = columns_of(definition, by)
    if kind == "csv":
        writing.write(
            file,
            "csv",
            columns,
            [[_example(definition, column) for column in columns]],
            title=str(definition.label),
            labels=labels,
        )
        return
    book = Workbook()
    sheet = book.active
    sheet.title = str(definition.label)[:31]
    _header(sheet, definition, columns, labels)
    notes = book.create_sheet(_("Notes"))
    lists = book.create_sheet(_("Lists"))
    lists.sheet_state = "hidden"
    _lists(sheet, lists, columns)
    _notes(notes, definition, columns)
    book.save(file)


def _example(definition: SheetDefinition, column: Column) -> Any:
    if column.name == definition.key:
        return definition.example_keys[0 if writing.yes_no(True) == "是" else 1]
    if column.kind == "number" and column.example == "":
        return None
    return column.example


def _header(
    sheet: Any, definition: SheetDefinition, columns: list[Column], labels: bool
) -> None:
    sheet.append(writing.headings(columns, labels=labels))
    sheet.append(
        [
            writing.yes_no(value) if isinstance(value, bool) else value
            for value in (_example(definition, column) for column in columns)
        ]
    )
    for index, column in enumerate(columns, 1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = 16 if column.kind == "text" else 12
        if column.kind == "text":
            # a code typed into a text column stays as it was typed
            sheet.column_dimensions[letter].number_format = "@"
            for row in range(2, 200):
                sheet.cell(row, index).number_format = "@"
        head, sample = sheet.cell(1, index), sheet.cell(2, index)
        head.font, head.fill = Font(bold=True), _HEAD
        head.alignment = Alignment(vertical="center")
        sample.font = _SAMPLE
    sheet.freeze_panes = "B2"


def _lists(sheet: Any, lists: Any, columns: list[Column]) -> None:
    """Drop-down lists whose entries stand in a sheet of their own, however many."""
    place = 0
    title = lists.title.replace("'", "''")
    for index, column in enumerate(columns, 1):
        if column.kind == "flag":
            entries = [writing.yes_no(True), writing.yes_no(False)]
        elif column.choices is not None:
            entries = column.choices()
        else:
            continue
        if not entries:
            continue
        place += 1
        lists.cell(1, place, str(column.label)).font = Font(bold=True)
        for row, entry in enumerate(entries, 2):
            cell = lists.cell(row, place, entry)
            cell.data_type = "s"
        letter = get_column_letter(place)
        validation = DataValidation(
            type="list",
            formula1=f"'{title}'!${letter}$2:${letter}${len(entries) + 1}",
            allow_blank=True,
            # a new name may be created by the import, so the list only proposes
            showErrorMessage=column.kind == "flag",
        )
        target = get_column_letter(index)
        validation.add(f"{target}2:{target}{READY_ROWS}")
        sheet.add_data_validation(validation)


def _notes(notes: Any, definition: SheetDefinition, columns: list[Column]) -> None:
    for line in (
        _("One row for each code. Columns may stand in any order or be left out."),
        _("A blank cell leaves the value as it is; 清空 or [clear] empties it."),
        _("The example row is not imported; leave it or write over it."),
        _("New rows need: %(columns)s.")
        % {"columns": _(", ").join(definition.required_for_new)},
    ):
        notes.append([line])
    notes.append([])
    notes.append([_("Column"), _("Chinese"), _("English"), _("What it holds")])
    for cell in notes[notes.max_row]:
        cell.font = Font(bold=True)
    for column in columns:
        with override("zh-hans"):
            chinese = str(column.label)
        with override("en"):
            english = str(column.label)
        notes.append([column.name, chinese, english, str(column.help)])
    for letter, width in zip("ABCD", (24, 18, 22, 70), strict=True):
        notes.column_dimensions[letter].width = width
