"""Who is at it right now, from where: carried beside the code in context variables.

Set by the request middleware, by jobs and by commands; read by the operation log, the
log formatters and Sentry. Verbs get their actor as an argument, never from here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Context:
    """`means`: admin, api, command or schedule, or sheet, run or rollback while one of
    them writes; the rest is blank where unknown."""

    request_id: str = ""
    ip: str | None = None
    means: str = ""
    user_id: int | None = None
    task_id: str = ""


_current: ContextVar[Context] = ContextVar("context", default=Context())  # noqa: B039 - frozen


def current() -> Context:
    """The context of this thread or task."""
    return _current.get()


@contextmanager
def using(**changes: object) -> Iterator[Context]:
    """Change parts of the context inside the block."""
    context = replace(_current.get(), **changes)  # type: ignore[arg-type]
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def update(**changes: object) -> None:
    """Change parts of the context from here on (the middleware resets it)."""
    _current.set(replace(_current.get(), **changes))  # type: ignore[arg-type]
