"""Small things as Go writes them: JSON, addresses, formats, dates, kinds of content."""

import json
import re
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

_ESCAPES = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028"}
_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FORMAT = re.compile(r"%(.)")


def pretty(found: Any) -> str:
    """Indented, with sorted names, as the server writes most answers."""
    return _escaped(json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True))


def compact(found: Any) -> str:
    """In one line, in the order given."""
    return _escaped(json.dumps(found, ensure_ascii=False, separators=(",", ":")))


def envelope(status: str, message: str = "", data: Any = None) -> str:
    """`{data, message, status}`."""
    return pretty({"data": data, "message": message, "status": status})


def _escaped(text: str) -> str:
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text


def http_date(moment: float) -> str:
    """As HTTP writes it, in whole seconds."""
    return formatdate(int(moment), usegmt=True)


def content_type(name: str, head: bytes) -> str:
    """By the extension, else by the first bytes."""
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return _TYPES.get(extension) or _sniffed(head)


def _sniffed(head: bytes) -> str:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    start = head[:512].lstrip(b" \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype html", b"<script", b"<body", b"<head")):
        return "text/html; charset=utf-8"
    if start.startswith(b"<?xml"):
        return "text/xml; charset=utf-8"
    is_binary = _CONTROL.search(head[:512])
    return "application/octet-stream" if is_binary else "text/plain; charset=utf-8"


def formatted(text: str, *words: str) -> str:
    """Sprintf, as it fails: %s takes a word, other verbs complain, too many miss one."""
    left = list(words)

    def _verb(match: re.Match[str]) -> str:
        verb = match[1]
        if not left:
            return f"%!{verb}(MISSING)"
        word = left.pop(0)
        return word if verb == "s" else f"%!{verb}(string={word})"

    return _FORMAT.sub(_verb, text)


def unquoted_form(pairs: Mapping[str, list[str]]) -> dict[str, str]:
    """The first value of each name."""
    return {name: values[0] for name, values in pairs.items() if values}
