"""What goes to Sentry, where a SENTRY_DSN is set: errors, without people.

An event says what broke, where, in which request or task and for which user id. It
carries no names, addresses, cookies, form fields, query strings or local variables.
"""

from typing import Any

from sentry_sdk.integrations.logging import ignore_logger

from backoffice.base.context import current
from backoffice.base.masking import mask_text

Event = dict[str, Any]

#: what strangers cause at will, or what is an answer and no error
NOISE = [
    "django.http.response.Http404",
    "django.core.exceptions.PermissionDenied",
    "django.core.exceptions.SuspiciousOperation",
    "django.core.exceptions.DisallowedHost",
    "backoffice.base.errors.DomainError",
    "BrokenPipeError",
    "KeyboardInterrupt",
    "SystemExit",
]
_KEPT_HEADERS = ("Host", "User-Agent", "X-Request-Id")


def options(dsn: str, *, release: str, environment: str) -> dict[str, Any]:
    """The arguments of `sentry_sdk.init`."""
    ignore_logger("django.security.DisallowedHost")
    return {
        "dsn": dsn,
        "release": release,
        "environment": environment,
        "include_local_variables": False,
        "max_request_body_size": "never",
        "ignore_errors": NOISE,
        "before_send": before_send,
        "before_breadcrumb": before_breadcrumb,
    }


def before_send(event: Event, hint: dict[str, Any]) -> Event:
    """The event without people, and with the ids by which it is found in the logs."""
    now = current()
    event["user"] = {"id": now.user_id} if now.user_id else {}
    tags = {"request_id": now.request_id, "task_id": now.task_id, "means": now.means}
    event["tags"] = {
        **dict(event.get("tags") or {}),
        **{name: value for name, value in tags.items() if value},
    }
    if "request" in event:
        event["request"] = _request(event["request"])
    for found in (event.get("exception") or {}).get("values") or []:
        found["value"] = mask_text(found.get("value"))
    if "logentry" in event:
        message = event["logentry"].get("formatted") or event["logentry"].get("message")
        event["logentry"] = {"message": mask_text(message)}
    event.pop("extra", None)
    event.pop("server_name", None)
    return event


def before_breadcrumb(crumb: Event, hint: dict[str, Any]) -> Event | None:
    """What happened just before: the log lines, without values of queries."""
    if crumb.get("category") == "query":
        return None
    crumb.pop("data", None)
    crumb["message"] = mask_text(crumb.get("message"))
    return crumb


def _request(request: Event) -> Event:
    headers = request.get("headers") or {}
    return {
        "method": request.get("method"),
        "url": str(request.get("url") or "").split("?", 1)[0],
        "headers": {k: v for k, v in headers.items() if k.title() in _KEPT_HEADERS},
    }
