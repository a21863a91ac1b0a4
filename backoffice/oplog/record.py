"""The only writer of the operation log."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import models
from django.utils import timezone

from backoffice.base import context
from backoffice.base.bulk import insert_rows
from backoffice.oplog.models import OperationLog

if TYPE_CHECKING:
    from backoffice.accounts.models import User

_SECRET = re.compile(
    r"password|secret|token|api_?key|private|session_key", re.IGNORECASE
)
MASK = "•••"


class Line(NamedTuple):
    """The values of a row that is not written yet, by the names of its columns."""

    at: datetime
    by_id: int | None
    action: str
    target_type: str
    target_id: str
    target_label: str
    data: dict[str, Any]
    means: str
    ip: str | None
    request_id: str


def masked(value: Any, key: str = "") -> Any:
    """The same with everything under a secret-looking key replaced."""
    if key and _is_secret(key):
        return MASK
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {k: masked(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [v if isinstance(v, str) else masked(v) for v in value]
    return value


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return bool(_SECRET.search(key))


def entry(
    *, by: "User | None", action: str, target: models.Model | None = None, **data: Any
) -> Line:
    """One act, for those that write many at once with `record_all`."""
    now = context.current()
    # a person's name is not written where nobody can erase it
    label = getattr(target, "log_label", str(target)) if target is not None else ""
    return Line(
        timezone.now(),
        by.pk if by is not None else None,
        action,
        target._meta.label_lower if target is not None else "",
        str(target.pk) if target is not None else "",
        label[:200],
        masked(data),
        now.means,
        now.ip,
        now.request_id,
    )


def record(
    *, by: "User | None", action: str, target: models.Model | None = None, **data: Any
) -> OperationLog:
    """Write one act, inside the transaction that did it.

    `by` is None only for the system itself. Address, request and means come from
    `base.context`.
    """
    line = entry(by=by, action=action, target=target, **data)
    row = OperationLog(**line._asdict())
    row.save(force_insert=True)
    return row


def record_all(lines: Iterable[Line]) -> int:
    """Write many acts of a bulk operation; gives their number."""
    many = list(lines)
    insert_rows(OperationLog, Line._fields, many)
    return len(many)
