"""What the server's answers mean: the status of HTTP says almost nothing."""

import json
from typing import Any, NoReturn

from media_client.errors import MediaError, Reason

#: no honest answer is larger
MOST_BYTES = 2**20
_OUTSIDER = "Can only be called by"
_BROKEN_OFF = ("i/o timeout", "unexpected EOF", "connection reset")


def parsed(body: bytes, status: int) -> dict[str, Any]:
    """The object in an answer; raises MediaError where there is none.

    The server calls everything text/plain, so the body alone tells.
    """
    text = body.decode("utf-8", "replace").strip()
    if text.startswith(_OUTSIDER):
        raise forbidden(text)
    if any(words in text for words in _BROKEN_OFF) and not text.startswith("{"):
        raise MediaError(Reason.CUT, f"the server got only a part: {text[:200]}")
    try:
        found = json.loads(
            text, parse_constant=_not_a_number, object_pairs_hook=_without_repeats
        )
    except (ValueError, RecursionError):
        raise _unreadable(text, status) from None
    if not isinstance(found, dict):
        raise _unreadable(text, status)
    return found


def opened(body: bytes, status: int) -> Any:
    """What is in the envelope `{data, message, status}`; raises MediaError unless ok."""
    envelope = parsed(body, status)
    message = envelope.get("message")
    message = message if isinstance(message, str) else ""
    if message.startswith(_OUTSIDER):
        # some endpoints call even this "ok"
        raise forbidden(message)
    if envelope.get("status") != "ok":
        raise refusal(message, status)
    return envelope.get("data")


def refusal(message: str, status: int | None = None) -> MediaError:
    """The error for the server's words."""
    words = message.lower()
    if status == 401 or "auth fail" in words:
        reason = Reason.UNAUTHORISED
    elif "readonly" in words or "read-only" in words:
        reason = Reason.READ_ONLY
    elif "no space" in words or "disk is full" in words or "quota" in words:
        reason = Reason.FULL
    elif "not found" in words or "no such file or directory" in words:
        reason = Reason.MISSING
    elif "uncomplete" in words or "nextpart" in words or "eof" in words:
        reason = Reason.CUT
    elif "md5sum" in words or "file size is zero" in words:
        reason = Reason.MISMATCH
    else:
        reason = Reason.REFUSED
    return MediaError(reason, message or "the server refused", status=status)


def forbidden(message: str) -> MediaError:
    """The server does not take this from our address."""
    return MediaError(
        Reason.FORBIDDEN,
        f"the file server must list this machine in admin_ips: {message[:200]}",
        status=200,
    )


def of_status(status: int, what: str) -> MediaError | None:
    """The error that a status alone tells; None where the body has to be read."""
    if status == 200:
        return None
    if status == 401:
        return MediaError(Reason.UNAUTHORISED, f"{what}: not authorised", status=401)
    if status in (301, 302, 404):
        return MediaError(Reason.MISSING, f"{what}: not there", status=status)
    if status >= 500:
        return MediaError(
            Reason.BAD_REPLY, f"{what}: the server answered {status}", status=status
        )
    return MediaError(Reason.REFUSED, f"{what}: answered {status}", status=status)


def text_of(found: dict[str, Any], name: str) -> str:
    """A text that may be missing or null."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def number_of(found: dict[str, Any], name: str) -> int:
    """A whole number that may be missing or null, then -1."""
    value = found.get(name)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and value is not None else -1


def _unreadable(text: str, status: int) -> MediaError:
    return MediaError(
        Reason.BAD_REPLY, f"unreadable answer: {text[:200]!r}", status=status
    )


def _not_a_number(word: str) -> NoReturn:
    raise ValueError(word)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
