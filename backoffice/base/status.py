"""The guard of every verb that moves a status."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from backoffice.base.errors import WrongStatus

if TYPE_CHECKING:
    from django.utils.functional import Promise


def require(obj: Any, *allowed: Any, verb: "str | Promise") -> None:
    """Refuse unless `obj.status` is one of `allowed` (members of its choices class).

    The error names the object, its status, the verb and what is allowed.
    """
    if obj.status in allowed:
        return
    raise WrongStatus(
        _('%(object)s is "%(status)s"; "%(verb)s" is for: %(allowed)s.')
        % {
            "object": obj,
            "status": obj.get_status_display(),
            "verb": verb,
            "allowed": labels(allowed),
        },
        status=str(obj.status),
        allowed=[str(a) for a in allowed],
    )


def labels(members: Iterable[Any]) -> str:
    """The words on the screen for some members, in a row."""
    return _(", ").join(str(member.label) for member in members)
