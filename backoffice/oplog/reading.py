"""What a row of the operation log says, in words.

Rows keep identifiers (`{"changes": {"status": ["draft", "pending"]}}`). Here they get
the words of the models that they are about. Words that belong to a higher app are
handed in by it: `labels` by the first word of the action, `values` by the key.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.text import labelled
from backoffice.oplog.models import OperationLog

#: what was not there
EMPTY = "—"
#: "setting" → what a key of its changes is called
labels: dict[str, Callable[[str], Any]] = {}
#: "roles" → what one of its values is called
values: dict[str, Callable[[str], Any]] = {}
#: "cost" → the permission that its values ask for
restricted: dict[str, str] = {}

_KEYS: dict[str, Any] = {
    "reason": gettext_lazy("Reason"),
    "fields": gettext_lazy("Fields"),
    "roles": gettext_lazy("Roles"),
    "permissions": gettext_lazy("Permissions"),
    "name": gettext_lazy("Name"),
    "account": gettext_lazy("Typed account"),
    "lines": gettext_lazy("Goods"),
    "hits": gettext_lazy("Guard hits"),
    "conflicts": gettext_lazy("Prices that did not return"),
    "rule": gettext_lazy("Rule"),
    "self_approved": gettext_lazy("Self-approved"),
    "sold_out": gettext_lazy("Sold out"),
    "superuser": gettext_lazy("Superuser"),
    "is_superuser": gettext_lazy("Superuser"),
    "job": gettext_lazy("Job"),
    "task": gettext_lazy("Task"),
    "func": gettext_lazy("Function"),
    "error": gettext_lazy("Error"),
    "batch": gettext_lazy("Batch"),
    "file": gettext_lazy("File"),
    "sheet": gettext_lazy("Sheet"),
    "size": gettext_lazy("Bytes"),
    "new": gettext_lazy("New rows"),
    "changed": gettext_lazy("Changed rows"),
    "refused": gettext_lazy("Refused rows"),
    "rows": gettext_lazy("Number of rows"),
    "kept": gettext_lazy("Left alone"),
    "format": gettext_lazy("Format"),
    "run": gettext_lazy("Repricing run"),
    "reference": gettext_lazy("Reference"),
    "id": gettext_lazy("Number"),
    "link": gettext_lazy("Link"),
    "order": gettext_lazy("Order"),
    "count": gettext_lazy("How many"),
    "undone": gettext_lazy("Undone"),
    "goods": gettext_lazy("Goods"),
    "images": gettext_lazy("Pictures"),
    "receipt": gettext_lazy("Receipt"),
    "checked": gettext_lazy("Balances looked at"),
    "differing": gettext_lazy("Balances that differ"),
    "first": gettext_lazy("The first of them"),
}
#: said by the label of the change already
_SILENT = {"setting.changed": {"name"}, "setting.reset": {"name"}}


@dataclass(frozen=True)
class Detail:
    """One line: a fact (`new`), or a change from `old` to `new`."""

    label: str
    new: str
    old: str = ""
    is_change: bool = False

    def __str__(self) -> str:
        value = f"{self.old} → {self.new}" if self.is_change else self.new
        return labelled(self.label, value) if value else self.label


#: (model, key) → what its row is called
Names = dict[tuple[type[models.Model], str], str]


def hidden_from(user: Any) -> frozenset[str]:
    """The keys whose values this person may not see; None is the machine's operator."""
    if user is None:
        return frozenset()
    return frozenset(key for key, name in restricted.items() if not user.has_perm(name))


class Reader:
    """Reads one row; with `resolve`, asks the database for names behind numbers, and
    with `names`, for each of them once. Of `hidden` keys it says only that they changed.
    """

    def __init__(
        self,
        entry: OperationLog,
        *,
        resolve: bool = False,
        names: "Names | None" = None,
        hidden: Collection[str] = (),
    ) -> None:
        self.entry = entry
        self.resolve = resolve
        self.hidden = hidden
        self.names: Names = {} if names is None else names
        self.model = _model(entry.target_type)

    def details(self) -> list[Detail]:
        """Every line of the row, changes first."""
        data = self.entry.data if isinstance(self.entry.data, dict) else {}
        changes = data.get("changes")
        found = []
        if isinstance(changes, dict):
            for key, pair in changes.items():
                found += self._change(key, pair)
        silent = _SILENT.get(self.entry.action, set())
        for key, value in data.items():
            if key != "changes" and key not in silent and value not in (None, "", []):
                found.append(self._fact(key, value))
        return found

    def _change(self, key: str, pair: Any) -> list[Detail]:
        if key in self.hidden:
            return [Detail(self._label(key), "")]
        if not (isinstance(pair, list) and len(pair) == 2):
            return [Detail(self._label(key), self._say(key, pair))]
        old, new = pair
        if isinstance(old, list) and isinstance(new, list):
            return self._difference(key, old, new)
        field = self._field(key)
        if field is not None and field.is_relation and not self.resolve:
            # only numbers are known here; the page of the entry tells the names
            return [Detail(self._label(key), "")]
        return [
            Detail(self._label(key), self._say(key, new), self._say(key, old), True)
        ]

    def _difference(self, key: str, old: list, new: list) -> list[Detail]:
        signed = [f"+ {self._say(key, v)}" for v in new if v not in old]
        signed += [f"− {self._say(key, v)}" for v in old if v not in new]
        return [Detail(self._label(key), _(", ").join(signed))]

    def _fact(self, key: str, value: Any) -> Detail:
        if value is True or key in self.hidden:
            return Detail(self._label(key), "")
        if key == "fields" and isinstance(value, list):
            return Detail(
                self._label(key), _(", ").join(self._label(name) for name in value)
            )
        return Detail(self._label(key), self._say(key, value))

    def _label(self, key: str) -> str:
        named = labels.get(self.entry.action.split(".", 1)[0])
        if named is not None and (label := named(key)):
            return str(label)
        field = self._field(key)
        if field is not None:
            return _capital(str(getattr(field, "verbose_name", key)))
        return str(_KEYS.get(key, key))

    def _field(self, key: str) -> Any:
        if self.model is None:
            return None
        try:
            return self.model._meta.get_field(key.removesuffix("_id"))
        except FieldDoesNotExist:
            return None

    def _say(self, key: str, value: Any) -> str:
        if value is None or value == "":
            return EMPTY
        if isinstance(value, list):
            return _(", ").join(self._say(key, part) for part in value)
        if isinstance(value, dict):
            return _(", ").join(f"{k} {self._say(k, v)}" for k, v in value.items())
        if value is True or value == "True":
            return _("Yes")
        if value is False or value == "False":
            return _("No")
        if key in values:
            return str(values[key](str(value)))
        return self._say_field(self._field(key), value)

    def _say_field(self, field: Any, value: Any) -> str:
        choices = dict(getattr(field, "flatchoices", None) or ())
        if value in choices:
            return str(choices[value])
        if isinstance(field, models.DateTimeField):
            return _moment(str(value))
        if isinstance(field, models.ForeignKey) and self.resolve:
            return self._name(field.remote_field.model, str(value))
        return str(value)

    def _name(self, model: type[models.Model], key: str) -> str:
        if (model, key) not in self.names:
            row = model._base_manager.filter(pk=key).first()
            self.names[model, key] = str(row) if row is not None else f"#{key}"
        return self.names[model, key]


def _moment(text: str) -> str:
    """A time as people read it; what is none stays as it is written."""
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or timezone.is_naive(at):
        return text
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _model(target_type: str) -> "type[models.Model] | None":
    try:
        return apps.get_model(target_type) if target_type else None
    except LookupError:
        return None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def batch_of(entry: OperationLog) -> str:
    """The number of the batch that it belongs to; "" for none."""
    if entry.target_type == "sheets.batch":
        return entry.target_id
    data = entry.data if isinstance(entry.data, dict) else {}
    number = str(data.get("batch") or "")
    return number if number.isascii() and number.isdigit() else ""


def kind_label(target_type: str) -> str:
    """What kind of thing the object is, in words."""
    model = _model(target_type)
    return str(model._meta.verbose_name) if model else target_type


def summary(
    entry: OperationLog, length: int = 120, *, hidden: Collection[str] = ()
) -> str:
    """The details on one line, cut."""
    found = Reader(entry, hidden=hidden).details()
    text = _("; ").join(str(detail) for detail in found)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def people(entries: Iterable[OperationLog]) -> dict[int, Any]:
    """{row's id: user} for rows that are about a person; one query at most."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - apps load first

    user_model = get_user_model()
    about = {
        entry.pk: int(entry.target_id)
        for entry in entries
        if entry.target_type == user_model._meta.label_lower
        and entry.target_id.isdigit()
    }
    if not about:
        return {}
    found = user_model._base_manager.in_bulk(about.values())
    return {row: found[pk] for row, pk in about.items() if pk in found}
