"""Reading multipart/form-data that lies in a file, however large."""

import mmap
import re
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from pathlib import Path
from typing import IO
from urllib.parse import unquote

_NAME = re.compile(r';\s*(\w+)="((?:\\.|[^"\\])*)"')
_STARRED = re.compile(r";\s*filename\*=UTF-8''([^;\s]+)", re.IGNORECASE)


class Unreadable(Exception):
    """What is wrong with the body, in the server's words."""


@dataclass(frozen=True)
class Part:
    """A field; where `filename` is not None, a file, from `start` to `stop`."""

    name: str
    filename: str | None
    start: int
    stop: int


def parts_of(path: Path, content_type: str) -> list[Part]:
    """The parts of a body in a file; raises Unreadable."""
    boundary = _boundary(content_type)
    if path.stat().st_size == 0:
        raise Unreadable("multipart: NextPart: EOF")
    with path.open("rb") as file, _mapped(file) as body:
        return _found(body, b"--" + boundary)


def fields_of(path: Path, parts: list[Part]) -> dict[str, str]:
    """The values of the parts that are no files; the first of a name counts."""
    fields: dict[str, str] = {}
    with path.open("rb") as body:
        for part in parts:
            if part.filename is None:
                body.seek(part.start)
                value = body.read(part.stop - part.start).decode("utf-8", "replace")
                fields.setdefault(part.name, value)
    return fields


def _mapped(file: IO[bytes]) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not boundary:
        raise Unreadable("request Content-Type isn't multipart/form-data")
    return collapse_rfc2231_value(boundary).encode()


def _found(body: mmap.mmap, mark: bytes) -> list[Part]:
    parts: list[Part] = []
    at = body.find(mark)
    while True:
        if at < 0:
            raise Unreadable("multipart: NextPart: EOF")
        at += len(mark)
        if body[at : at + 2] == b"--":
            return parts
        begin = body.find(b"\r\n\r\n", at)
        end = body.find(b"\r\n" + mark, max(begin, at))
        if begin < 0 or end < 0:
            raise Unreadable("multipart: NextPart: EOF")
        parts.append(_part(body[at:begin].decode("utf-8", "replace"), begin + 4, end))
        at = end + 2


def _part(headers: str, start: int, stop: int) -> Part:
    line = next(
        (
            h
            for h in headers.splitlines()
            if h.lower().startswith("content-disposition")
        ),
        "",
    )
    names = {key: re.sub(r"\\(.)", r"\1", value) for key, value in _NAME.findall(line)}
    filename = names.get("filename")
    if starred := _STARRED.search(line):
        filename = unquote(starred[1])
    return Part(names.get("name", ""), filename, start, stop)
