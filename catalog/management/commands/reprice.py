"""`manage.py reprice … --as USER`: the repricing studio from a shell."""

from argparse import ArgumentTypeError
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.base.commands import (
    acting_user,
    add_json_argument,
    add_user_argument,
    command_context,
    print_json,
)
from backoffice.base.errors import DomainError
from backoffice.base.money import fixed
from backoffice.base.status import require
from catalog import repricing, reversal, studio
from catalog.enums import (
    LineProblem,
    Means,
    RuleKind,
    RunStatus,
    SellingUnit,
)
from catalog.lookup import by_code
from catalog.models import Brand, Category, Goods, RepricingRun
from catalog.moves import permit
from catalog.rules import TO_THE_FEN, Rule, parse_rounding

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from backoffice.accounts.models import User

#: lines that a preview prints
SHOWN = 50


class Command(BaseCommand):
    """Status 1 where it was refused; a run that waits for a second person is no refusal.

    With `--json` the last line is `{"run", "lines", "guard_hits", "applied"}`: the run's
    number (null for a preview, and where nothing would change), the lines that are
    applied, those of them that run into a guard, and whether they were applied. With
    `--rollback` it is `{"run", "lines", "conflicts", "rolled_back"}`.
    """

    help = "Reprice goods by a rule, or take a run back."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_argument_group("which goods")
        which.add_argument("--category", metavar="NAME", help="goods of this category")
        which.add_argument("--brand", metavar="NAME", help="goods of this brand")
        which.add_argument("--goods", nargs="+", metavar="CODE", help="these goods")
        which.add_argument("--all", action="store_true", help="every goods")
        rule = parser.add_mutually_exclusive_group()
        rule.add_argument("--percent", type=_decimal, help="change by percent: -5")
        rule.add_argument("--amount", type=_decimal, help="change by yuan: 0.50")
        rule.add_argument(
            "--margin", type=_decimal, help="this margin on cost, percent"
        )
        rule.add_argument("--set", type=_decimal, metavar="PRICE", help="this price")
        rule.add_argument("--rollback", metavar="RUN", help="take this run back")
        parser.add_argument(
            "--round",
            metavar="STEP",
            help="0.01, 0.1, 0.5, 1, or an ending .8 .9 .99; :up or :down behind it",
        )
        parser.add_argument(
            "--unit", choices=SellingUnit.values, help="one selling unit only"
        )
        parser.add_argument("--min-margin", type=_decimal, help="guard, percent")
        parser.add_argument("--max-change", type=_decimal, help="guard, percent")
        parser.add_argument("--at", type=_moment, help="start then: 2026-05-01T06:00")
        parser.add_argument("--until", type=_moment, help="prices return then")
        parser.add_argument("--reason", default="", help="why; the price log keeps it")
        parser.add_argument("--preview", action="store_true", help="change nothing")
        add_user_argument(parser)
        add_json_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        by = acting_user(options)
        try:
            with command_context(by):
                answer = (
                    self._roll_back(options, by)
                    if options["rollback"]
                    else self._reprice(options, by)
                )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        if options["json"]:
            print_json(self, answer)

    def _reprice(self, options: dict[str, Any], by: "User") -> dict[str, Any]:
        permit(by, repricing.PROPOSE, gettext_lazy("Reprice"))
        recipe = _recipe(options)
        studio.permit_rule(by, recipe.rule)
        if options["at"] is not None and options["at"] <= timezone.now():
            raise CommandError(_("This time is over."))
        preview = studio.compute(_selected(options), recipe)
        answer = {
            "run": None,
            "lines": len(preview.applicable),
            "guard_hits": preview.hits,
            "applied": False,
        }
        if not options["json"]:
            self._print(preview)
        if options["preview"] or not preview.applicable:
            return answer
        # a refusal leaves no draft behind
        with transaction.atomic():
            run = studio.draft(
                preview,
                recipe,
                by=by,
                selection=_words(options),
                reason=options["reason"],
                origin=Means.COMMAND,
            )
            run = studio.submit(
                run, by=by, starts_at=options["at"], ends_at=options["until"]
            ).run
        if not options["json"]:
            self.stdout.write(f"{run.number}: {run.get_status_display()}")
        return answer | {
            "run": run.number,
            "applied": run.status == RunStatus.APPLIED,
        }

    def _print(self, preview: studio.Preview) -> None:
        ids = [line.goods_id for line in preview.lines[:SHOWN]]
        names = {goods.pk: str(goods) for goods in Goods.objects.filter(pk__in=ids)}
        for line in preview.lines[:SHOWN]:
            self.stdout.write(f"{names[line.goods_id]}: {_change(line)}")
        if len(preview.lines) > SHOWN:
            self.stdout.write(
                _("… and %(count)s more") % {"count": len(preview.lines) - SHOWN}
            )
        count = len(preview.applicable)
        self.stdout.write(
            ngettext(
                "%(count)s goods would change, %(hits)s of them against a guard; "
                "%(same)s stay as they are.",
                "%(count)s goods would change, %(hits)s of them against a guard; "
                "%(same)s stay as they are.",
                count,
            )
            % {"count": count, "hits": preview.hits, "same": preview.unchanged}
        )

    def _roll_back(self, options: dict[str, Any], by: "User") -> dict[str, Any]:
        permit(by, repricing.PROPOSE, gettext_lazy("Roll back"))
        run = _run(options["rollback"])
        if options["preview"]:
            require(run, RunStatus.APPLIED, verb=gettext_lazy("Roll back"))
            foreseen = reversal.foresee(run)
            restored = sum(one.row.is_change for one in foreseen)
            conflicts = sum(bool(one.conflicts) for one in foreseen)
        else:
            run = reversal.roll_back(run, by=by, reason=options["reason"])
            conflicts = run.lines.exclude(conflicts=[]).count()
            restored = Goods.history.model.objects.filter(
                reference=run.number, means=Means.ROLLBACK
            ).count()
        if not options["json"]:
            self.stdout.write(
                _("%(run)s: %(count)s prices return, %(conflicts)s do not.")
                % {"run": run.number, "count": restored, "conflicts": conflicts}
            )
        return {
            "run": run.number,
            "lines": restored,
            "conflicts": conflicts,
            "rolled_back": not options["preview"],
        }


def _run(text: str) -> RepricingRun:
    runs = RepricingRun.objects.filter(number__iexact=text.strip())
    if text.strip().isdecimal() and not runs.exists():
        runs = RepricingRun.objects.filter(pk=int(text))
    run = runs.first()
    if run is None:
        raise CommandError(_("There is no repricing run %(run)s.") % {"run": text})
    return run


def _recipe(options: dict[str, Any]) -> studio.Recipe:
    for name, kind in (
        ("percent", RuleKind.PERCENT),
        ("amount", RuleKind.AMOUNT),
        ("margin", RuleKind.MARGIN),
        ("set", RuleKind.SET),
    ):
        if options[name] is not None:
            rule = Rule(kind, options[name])
            break
    else:
        raise CommandError(
            _("Say how: --percent, --amount, --margin or --set; or --rollback RUN.")
        )
    return studio.Recipe(
        rule,
        parse_rounding(options["round"]) if options["round"] else TO_THE_FEN,
        [SellingUnit(options["unit"])] if options["unit"] else studio.BOTH,
        options["min_margin"],
        options["max_change"],
    )


def _selected(options: dict[str, Any]) -> "QuerySet[Goods]":
    goods = Goods.objects.all()
    chosen = False
    for name, model in (("category", Category), ("brand", Brand)):
        if options[name] is not None:
            word: Any = model._default_manager.filter(
                name__iexact=options[name].strip()
            ).first()
            if word is None:
                raise CommandError(
                    _('There is no %(what)s "%(name)s".')
                    % {"what": model._meta.verbose_name, "name": options[name]}
                )
            goods, chosen = goods.filter(**{name: word}), True
    if options["goods"]:
        ids = [by_code(code).pk for code in options["goods"]]
        goods, chosen = goods.filter(pk__in=ids), True
    if not chosen and not options["all"]:
        raise CommandError(_("Say which goods: --category, --brand, --goods or --all."))
    return goods


def _words(options: dict[str, Any]) -> str:
    """What was selected, for whoever looks at the run."""
    said = [
        f"{name}: {options[name]}" for name in ("category", "brand") if options[name]
    ]
    if options["goods"]:
        said.append(", ".join(options["goods"]))
    return _("; ").join(said) or _("Every goods")


def _change(line: studio.Computed) -> str:
    if line.problem:
        return str(LineProblem(line.problem).label)
    parts = []
    for label, old, new in (
        (SellingUnit.RETAIL.label, line.old_price, line.new_price),
        (SellingUnit.CASE.label, line.old_case_price, line.new_case_price),
    ):
        if new is not None:
            parts.append(f"{label} {fixed(old, 2) or '—'} → {fixed(new, 2)}")
    return _(", ").join(parts) + (" !" if line.has_hits else "")


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(_("Not a number.")) from None
    if not value.is_finite():
        raise ArgumentTypeError(_("Not a number."))
    return value


def _moment(text: str) -> datetime:
    """Shop time where no zone is given."""
    value = parse_datetime(text)
    if value is None:
        raise ArgumentTypeError(_("Not a time; write it like 2026-05-01T06:00."))
    return value if timezone.is_aware(value) else timezone.make_aware(value)
