"""What a sheet means: its columns, how rows are checked, how they are written.

The floors above define their sheets and register them here in `AppConfig.ready()`;
everything that sheets have in common (reading, mapping, preview, batches, undo, export)
lives in this app and knows nothing of goods.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError, NotPermitted
from backoffice.shop import shop

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from backoffice.accounts.models import User
    from backoffice.sheets.enums import Outcome
    from backoffice.sheets.models import Batch

    Text = str | Promise


#: whoever hands sheets in has this, by whichever door
IMPORT = "sheets.add_batch"


class _Clear:
    """A cell that says 清空 or [clear]: the value shall be empty."""

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR = _Clear()


@dataclass(frozen=True)
class Column:
    """One column of a sheet.

    `parse` turns a raw cell that is not blank into a value or raises CellError; `dump`
    and `load` carry the value through JSON. `kind` (text, number, flag, time) says how
    an export writes it. A column that is `read_only` is exported and not imported;
    `permission` is asked for before it is shown.
    """

    name: str
    label: "Text"
    parse: Callable[[Any], Any]
    aliases: tuple[str, ...] = ()
    kind: str = "text"
    dump: Callable[[Any], Any] = str
    load: Callable[[Any], Any] = str
    clearable: bool = False
    read_only: bool = False
    permission: str = ""
    example: Any = ""
    help: "Text" = ""
    choices: Callable[[], list[str]] | None = None


@dataclass
class Row:
    """A row of the sheet after its cells were read.

    `values`: {column: value or CLEAR} of the cells that were not blank; `columns` are
    those that the sheet has; `errors`: (column or "", message), to which the
    definition's check adds.
    """

    number: int
    columns: frozenset[str] = frozenset()
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, column: str, message: "Text") -> None:
        """Note what is wrong with one cell of the row ("": with the row)."""
        self.errors.append((column, str(message)))


@dataclass
class Planned:
    """What a row would do: `changes` is {column: (old, new)} of typed values.

    `target` is the id of the row that it changes, `seen_at` that row's state when the
    plan was made. `conflicts` are (column, message) of cells that changed in the shop
    as well; `waiting` are (column, why) of what will wait for somebody's approval.
    """

    row: Row
    outcome: "Outcome"
    key: str = ""
    title: str = ""
    target: int | None = None
    seen_at: Any = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    conflicts: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    #: why, in the row's own words
    reason: str = ""


@dataclass
class Options:
    """What the person chose: make missing categories and the like; leave out rows
    that are wrong instead of refusing the whole sheet."""

    create_missing: bool = False
    only_good: bool = False


class Checker:
    """Plans rows for one sheet and one person; keeps what it looked up.

    Called with some hundred rows at a time, in their order. It may be asked to look at
    rows again while they are locked, so it never writes.
    """

    def __init__(self, by: "User", options: Options) -> None:
        self.by, self.options = by, options
        #: of a sheet whose keys repeat: how many rows have each (casefolded) key
        self.counts: Mapping[str, int] = {}
        #: the open file, and the batch that it became; None while one only looks
        self.book: Any = None
        self.batch: int | None = None

    def plan(self, rows: Sequence[Row]) -> list[Planned]:
        """One `Planned` for each row; adds errors to rows that cannot be done."""
        raise TypeError("a sheet plans its rows")

    def missing(self) -> dict[str, list[str]]:
        """{what: names} that would be created because rows name them."""
        return {}

    def notes(self) -> list[str]:
        """What is to be said of the sheet as a whole, when all rows are planned."""
        return []


@dataclass
class Written:
    """What became of the rows of a batch, by row number.

    `waiting` are (column, why) of what waits for approval by row (the rest of such a
    row is done), `refused` are (row number, column, message) found only under the lock,
    `run` names what waits.
    """

    done: int = 0
    waiting: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    run: str = ""


@dataclass
class Undone:
    """What became of an undo: rows that went back in whole or in part, and the cells
    (row number, column, message) that stay because they changed since."""

    done: int = 0
    kept: list[tuple[int, str, str]] = field(default_factory=list)


class SheetDefinition:
    """Base of all sheets; an instance is registered once."""

    id = ""
    label: "Text" = ""
    #: one sentence on what the sheet is for
    summary: "Text" = ""
    #: what a row is; exports use the filters of its list in the admin
    model: type[models.Model]
    #: in which order an export has its rows
    order: Sequence[str] = ("pk",)
    #: the column that names the row
    key = "code"
    #: whether several rows may have one key
    repeats = False
    #: whether what was imported can be taken back
    undoable = True
    #: how many times the shop's limits of sheets (SHEET_MAX_…) it may reach
    size_factor = 1
    #: what has more rows is checked by a worker, not while somebody waits
    small = 2000
    #: rows that are planned together
    chunk = 2000
    #: a folder of files, one a row: it has no template, no columns and no export
    is_archive = False
    #: the endings that a browser offers
    accept = ".xlsx,.xls,.ods,.csv,.tsv,.txt"
    columns: Sequence[Column] = ()
    #: beside `IMPORT`, any of these lets a person hand in such a sheet; row by row, more
    #: is asked for
    import_permissions: Sequence[str] = ()
    export_permission = ""
    #: what a row needs when its key is new
    required_for_new: tuple[str, ...] = ()
    #: a row whose key is one of these is the template's example
    example_keys: tuple[str, ...] = ("示例-1", "EXAMPLE-1")

    def __init__(self) -> None:
        self._by_name = {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        return self._by_name[name]

    @property
    def writable(self) -> list[Column]:
        """The columns that an import takes."""
        return [column for column in self.columns if not column.read_only]

    @property
    def max_rows(self) -> int:
        return shop.SHEET_MAX_ROWS * self.size_factor

    @property
    def max_mb(self) -> int:
        return shop.SHEET_MAX_MB * self.size_factor

    def open(self, path: Path) -> AbstractContextManager[Any] | None:
        """The file opened by the sheet's own reader; None: it is a spreadsheet."""
        return None

    def limits(self) -> str:
        """What may be handed in, in a sentence."""
        return _("xlsx, xls, ods or csv, at most %(mb)s MB and %(rows)s rows.") % {
            "mb": self.max_mb,
            "rows": self.max_rows,
        }

    def thumbnails(self, batch_id: int, numbers: Sequence[int]) -> dict[int, str]:
        """{row number: address of its picture} of rows that have one."""
        return {}

    def may_import(self, by: "User") -> bool:
        return (
            by.is_active
            and by.has_perm(IMPORT)
            and any(map(by.has_perm, self.import_permissions))
        )

    def may_export(self, by: "User") -> bool:
        return (
            by.is_active and not self.is_archive and by.has_perm(self.export_permission)
        )

    def permit_export(self, by: "User | None") -> None:
        """Raises NotPermitted unless the person may see what the sheet holds; None is
        the operator of the machine, who may."""
        if by is not None and not self.may_export(by):
            raise NotPermitted(
                _("You may not export %(sheet)s.") % {"sheet": self.label},
                permission=self.export_permission,
            )

    def visible_columns(self, by: "User | None") -> list[Column]:
        """The columns of an export; None is the machine's own operator."""
        return [
            column
            for column in self.columns
            if not column.permission or by is None or by.has_perm(column.permission)
        ]

    def checker(self, by: "User", options: Options) -> Checker:
        raise TypeError("a sheet has a checker")

    def may_create_missing(self, by: "User") -> bool:
        """Whether the person may create what rows name and the shop lacks."""
        return False

    def permit_options(self, by: "User", options: Options) -> None:
        """Raises NotPermitted where an option asks for more than the person may do."""

    def abilities(self, by: "User") -> list[str]:
        """What the person may do that a check of this sheet looked at."""
        return []

    def write(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        options: Options,
        reference: str,
    ) -> Written:
        """Write what was planned, in the transaction of the caller, which holds the
        batch. `changed` comes in the order of targets; rows are locked and looked at
        again, and what moved on is refused."""
        raise TypeError("a sheet writes its rows")

    def undo(
        self,
        changed: Iterable[Sequence[Planned]],
        new: Iterable[Sequence[Planned]],
        *,
        by: "User",
        reference: str,
        run: str,
    ) -> Undone:
        """Put back what `write` wrote, as far as it is still so; see `write`."""
        raise TypeError("a sheet takes back what it wrote")

    def targets(self, keys: Sequence[str]) -> dict[str, int]:
        """{key: id} of the rows that there are, for links to what a batch entered."""
        return {}

    def onward(self, batch: "Batch", by: "User") -> list[tuple[str, str]]:
        """(label, address) of where a person goes on after an import."""
        return []

    def export(
        self, queryset: models.QuerySet, columns: Sequence[Column]
    ) -> Iterator[list]:
        """The typed values of each row, in the order of the columns."""
        raise TypeError("a sheet exports its rows")

    def count(self, queryset: models.QuerySet) -> int:
        """How many rows the export of this will have, for its progress."""
        return queryset.order_by().count()

    def everything(self) -> models.QuerySet:
        """All rows that an export without filters holds."""
        raise TypeError("a sheet exports its rows")


class NoSuchSheet(DomainError):
    """There is no sheet of this name."""

    slug = "not_found"
    http_status = 404


_SHEETS: dict[str, SheetDefinition] = {}


def register(definition: SheetDefinition) -> SheetDefinition:
    """Make a sheet known; one definition for each id."""
    _SHEETS[definition.id] = definition
    return definition


def get(sheet_id: str) -> SheetDefinition:
    """The sheet of this id; raises NoSuchSheet, naming those there are."""
    try:
        return _SHEETS[sheet_id]
    except KeyError:
        raise NoSuchSheet(
            _("There is no sheet %(name)s. Known are: %(known)s.")
            % {"name": sheet_id, "known": _(", ").join(_SHEETS)}
        ) from None


def label(sheet_id: str) -> str:
    """The word for a sheet; one that is gone stays as it is written."""
    definition = _SHEETS.get(sheet_id)
    return str(definition.label) if definition else sheet_id


def is_archive(sheet_id: str) -> bool:
    """Whether it is a folder of files; see `SheetDefinition.is_archive`."""
    definition = _SHEETS.get(sheet_id)
    return definition is not None and definition.is_archive


def all_sheets() -> list[SheetDefinition]:
    """Every sheet, in the order of registration."""
    return list(_SHEETS.values())
