"""Sheets from the command line: the same verbs as the pages."""

from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from backoffice.base.commands import (
    acting_user,
    add_json_argument,
    add_user_argument,
    command_context,
    exit_if_refused,
    file_trouble,
    print_json,
)
from backoffice.base.errors import DomainError
from backoffice.sheets import (
    batches,
    checking,
    definitions,
    exports,
    importing,
    library,
    templates,
    writing,
)
from backoffice.sheets.checking import Totals
from backoffice.sheets.definitions import Options, SheetDefinition
from backoffice.sheets.errors import BatchNotReady

#: so many errors are told in words; `--json` has them all
SHOWN = 50


class Command(BaseCommand):
    help = (
        "Imports a sheet (every row checked first, errors by cell, nothing written when "
        "one is wrong), exports one, or writes an empty one to begin with. Ends with "
        "status 1 when anything was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        everything = definitions.all_sheets()
        kinds = [definition.id for definition in everything if definition.writable]
        sheets = [one.id for one in everything if not one.is_archive]

        take = acts.add_parser("import", help="take a sheet in")
        take.add_argument("kind", choices=kinds)
        take.add_argument("file", type=Path)
        add_user_argument(take)
        add_json_argument(take)
        take.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would happen; write nothing",
        )
        take.add_argument(
            "--create-missing",
            action="store_true",
            help="create categories, brands and units that are not there",
        )
        take.add_argument(
            "--only-good",
            action="store_true",
            help="leave out rows that are wrong instead of refusing the sheet",
        )
        take.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="which column (heading or letter) is which field; FIELD may be empty",
        )
        take.add_argument(
            "--no-header",
            action="store_true",
            help="the first row is one like the others; --map names columns by letter",
        )
        take.add_argument(
            "--sheet", default="", help="the sheet of a file with several"
        )

        for act, words, choices, formats in (
            (
                "export",
                "write all rows",
                sheets,
                (*writing.FORMATS, *library.FORMATS),
            ),
            (
                "template",
                "an empty sheet",
                [kind for kind in kinds if kind in sheets],
                writing.FORMATS,
            ),
        ):
            give = acts.add_parser(act, help=words)
            give.add_argument("kind", choices=choices)
            give.add_argument(
                "file",
                type=Path,
                help=f"its ending says the format: {', '.join(formats)}",
            )
            add_user_argument(give)
            add_json_argument(give)
            give.add_argument(
                "--labels",
                action="store_true",
                help="head the columns by their labels instead of their identifiers",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        act = {
            "import": self._import,
            "export": self._export,
            "template": self._template,
        }[options["act"]]
        act(definitions.get(options["kind"]), options)

    # --- in -----------------------------------------------------------------------

    def _import(self, definition: SheetDefinition, options: dict[str, Any]) -> None:
        try:
            answer = self._answer(definition, options)
        except CommandError as refusal:
            if not options["json"]:
                raise
            answer = refused(str(refusal))
        self._tell(answer, options)
        exit_if_refused(bool(answer["errors"]) or answer["conflicts"] > 0)

    def _answer(
        self, definition: SheetDefinition, options: dict[str, Any]
    ) -> dict[str, Any]:
        by = acting_user(options)
        chosen = Options(
            create_missing=options["create_missing"], only_good=options["only_good"]
        )
        take = self._look if options["dry_run"] else self._take
        with command_context(by):
            try:
                return take(definition, options, by, chosen)
            except OSError as error:
                return refused(f"{options['file']}: {file_trouble(error)}")
            except DomainError as refusal:
                return refused(str(refusal))

    def _look(
        self,
        definition: SheetDefinition,
        options: dict[str, Any],
        by: Any,
        chosen: Options,
    ) -> dict[str, Any]:
        batches.permit_import(definition, by)
        definition.permit_options(by, chosen)
        errors: list[dict[str, str]] = []
        with checking.opened(options["file"], definition) as book:
            _found, layout = checking.layout_of(
                book,
                definition,
                sheet=options["sheet"],
                mapping=mapping_of(options),
                has_header=not options["no_header"],
            )
            check = checking.Check(
                book, layout, definition, definition.checker(by, chosen)
            )
            for plans in check.plans():
                errors += [
                    {"cell": cell, "message": message}
                    for planned in plans
                    for cell, message in check.messages(planned)
                ]
        self._say(check.notes, options)
        return answer_of(check.totals, errors, None)

    def _take(
        self,
        definition: SheetDefinition,
        options: dict[str, Any],
        by: Any,
        chosen: Options,
    ) -> dict[str, Any]:
        path: Path = options["file"]
        with path.open("rb") as file:
            batch = batches.receive(
                definition.id,
                File(file, name=str(path.absolute())),
                by=by,
                file_name=path.name,
                options=chosen,
                sheet=options["sheet"],
                mapping=mapping_of(options),
                has_header=not options["no_header"],
                check=True,
            )
        self._say(batch.layout.get("notes", []), options)
        try:
            batch = importing.start_apply(
                batch, by=by, only_good=chosen.only_good, wait=True
            )
        except BatchNotReady as refusal:
            batches.refuse(batch)
            batch.refresh_from_db()
            self._say([str(refusal)], options)
        return answer_of(batch, batches.errors_of(batch), batch.pk)

    def _tell(self, answer: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            print_json(self, answer)
            return
        for error in answer["errors"][:SHOWN]:
            cell = f"{error['cell']}: " if error["cell"] else ""
            self.stdout.write(f"{cell}{error['message']}")
        if len(answer["errors"]) > SHOWN:
            self.stdout.write(
                _("… and %(count)s more.") % {"count": len(answer["errors"]) - SHOWN}
            )
        self.stdout.write(
            _(
                "%(new)s new, %(changed)s changed, %(unchanged)s unchanged, "
                "%(conflicts)s in conflict, %(errors)s errors."
            )
            % {**answer, "errors": len(answer["errors"])}
        )
        if answer["batch"] is not None:
            self.stdout.write(_("Batch %(number)s.") % {"number": answer["batch"]})

    def _say(self, sentences: list[str], options: dict[str, Any]) -> None:
        if not options["json"]:
            for sentence in sentences:
                self.stdout.write(sentence)

    # --- out ----------------------------------------------------------------------

    def _export(self, definition: SheetDefinition, options: dict[str, Any]) -> None:
        by = acting_user(options) if options["as_user"] else None
        path: Path = options["file"]
        try:
            with command_context(by):
                count = exports.export_to_path(
                    definition, path, by=by, labels=options["labels"]
                )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        except OSError as error:
            # the file that could not be written is one that nobody named
            raise CommandError(f"{path}: {file_trouble(error)}") from None
        if options["json"]:
            print_json(self, {"rows": count, "file": str(path)})
            return
        self.stdout.write(
            _("%(count)s rows in %(file)s.") % {"count": count, "file": path}
        )

    def _template(self, definition: SheetDefinition, options: dict[str, Any]) -> None:
        by = acting_user(options) if options["as_user"] else None
        path: Path = options["file"]
        try:
            kind = writing.format_of(path.name)
            with path.open("wb") as file:
                templates.write_template(
                    definition, file, kind, by=by, labels=options["labels"]
                )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        except OSError as error:
            raise CommandError(f"{path}: {file_trouble(error)}") from None
        if options["json"]:
            print_json(self, {"file": str(path)})
        else:
            self.stdout.write(str(path))


def mapping_of(options: dict[str, Any]) -> dict[str, str]:
    """{heading or letter: field} of the `--map` arguments."""
    mapping = {}
    for pair in options["map"]:
        heading, sign, field = pair.rpartition("=")
        if not sign or not heading.strip():
            raise CommandError(
                _("--map takes COLUMN=FIELD, not %(pair)s.") % {"pair": pair}
            )
        mapping[heading.strip()] = field.strip()
    return mapping


def answer_of(
    counts: Any, errors: list[dict[str, str]], batch: int | None
) -> dict[str, Any]:
    """The answer for machines, of a batch or of the totals of a look."""
    return {
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "conflicts": counts.conflicts,
        "errors": errors,
        "batch": batch,
    }


def refused(message: str) -> dict[str, Any]:
    """The answer where the sheet was refused as a whole."""
    return answer_of(Totals(), [{"cell": "", "message": message}], None)
