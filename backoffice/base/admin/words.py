"""What an admin class says about its page, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_noop, ngettext_lazy

Text: TypeAlias = str | Promise
#: how a button or a number speaks: plain, the accent, green, amber, red
Tone = Literal["", "primary", "success", "warning", "danger"]


@dataclass(frozen=True)
class Tab:
    """One tab over a list: `?tab=key` shows what `filters` lets through."""

    key: str
    label: Text
    filters: Mapping[str, Any] | Q

    @property
    def condition(self) -> Q:
        """The filters as one condition."""
        return self.filters if isinstance(self.filters, Q) else Q(**self.filters)


@dataclass(frozen=True)
class EmptyState:
    """What an empty list says belongs here, and the button that makes the first one."""

    text: Text
    button_label: Text = ""
    url: str = ""


@dataclass(frozen=True)
class Tool:
    """A link at the top right of a page."""

    label: Text
    url: str
    icon: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class RowAction:
    """A button in a row: a link, or with `post` a form that posts these values."""

    label: Text
    url: str
    tone: Tone = ""
    icon: str = ""
    post: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Verb:
    """A business verb of one model, as the admin offers it.

    `reason` says whether the confirm page asks for one. `undo` names the verb that
    takes it back (offered on the result page). `confirm=False` lets a single row skip
    the confirm page where no reason is required. `in_row=False` keeps it out of the
    rows, `in_bulk=False` out of the bar for ticked rows.
    """

    name: str
    label: Text
    permission: str
    icon: str = ""
    tone: Tone = ""
    reason: Literal["no", "optional", "required"] = "no"
    title: Text = ""
    help: Text = ""
    undo: str = ""
    confirm: bool = True
    in_row: bool = True
    in_bulk: bool = True


@dataclass(frozen=True)
class Change:
    """One value that a verb will change; both sides ready for people."""

    label: Text
    old: Any
    new: Any


@dataclass(frozen=True)
class Planned:
    """What a verb will do to one object; with a `refusal` it will do nothing."""

    id: Any
    label: str
    code: str = ""
    changes: Sequence[Change] = ()
    refusal: Text = ""
    warning: Text = ""


@dataclass(frozen=True)
class Outcome:
    """What a verb did to one object; `error` is blank where it succeeded."""

    id: Any
    label: str
    code: str = ""
    status: Any = ""
    error: Text = ""
    warning: Text = ""
    url: str = field(default="")


#: What Django says in our pages. Its Chinese leaves gaps around names and uses other
#: words than ours; named here, the sentences are in our catalogue, which wins.
SAID_BY_DJANGO = (
    gettext_noop("Add %s"),
    gettext_noop("Change %s"),
    gettext_noop("View %s"),
    gettext_noop("The {name} “{obj}” was added successfully."),
    gettext_noop(
        "The {name} “{obj}” was added successfully. You may add another {name} below."
    ),
    gettext_noop("The {name} “{obj}” was changed successfully."),
    gettext_noop(
        "The {name} “{obj}” was changed successfully. You may edit it again below."
    ),
    gettext_noop(
        "The {name} “{obj}” was changed successfully. You may add another {name} below."
    ),
    gettext_noop("You may edit it again below."),
    gettext_noop("The %(name)s “%(obj)s” was deleted successfully."),
    gettext_noop("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?"),
    ngettext_lazy(
        "%(count)s %(name)s was changed successfully.",
        "%(count)s %(name)s were changed successfully.",
        "count",
    ),
    ngettext_lazy(
        "Ensure that there are no more than %(max)s decimal place.",
        "Ensure that there are no more than %(max)s decimal places.",
        "max",
    ),
    ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has "
        "%(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has "
        "%(show_value)d).",
        "limit_value",
    ),
)
