"""One root for every refusal of a business rule.

Verbs raise a `DomainError`; doors turn it into a message, a JSON answer or a row
error. It is not for bugs: what nobody is meant to see stays an ordinary exception.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.utils.functional import Promise


class DomainError(Exception):
    """A rule refused the act; nothing was changed.

    `slug` and `http_status` are the storefront's words for it (design of the JSON
    contract), `message` is for people in their language, `data` names what is meant.
    """

    slug = "invalid"
    http_status = 400

    def __init__(self, message: "str | Promise", **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data

    def __str__(self) -> str:
        return str(self.message)


class WrongStatus(DomainError):
    """The verb is not allowed in the present status; see `base.status.require`."""

    slug = "wrong_status"
    http_status = 409


class NotPermitted(DomainError):
    """The actor lacks the permission that the verb asks for."""

    slug = "forbidden"
    http_status = 403


class ChangedMeanwhile(DomainError):
    """Somebody else changed the row since it was read; the later one is told."""

    slug = "changed_meanwhile"
    http_status = 409


class ReasonMissing(DomainError):
    """The act asks for a reason in words."""


class FieldErrors(DomainError):
    """Several fields are wrong: `errors` maps the field's name to its messages."""

    def __init__(self, errors: "dict[str, list[str]]") -> None:
        text = "; ".join(m for messages in errors.values() for m in messages)
        super().__init__(text)
        self.errors = errors
