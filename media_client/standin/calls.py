"""A request as the endpoints see it, and what they answer."""

from dataclasses import dataclass, field
from pathlib import Path

from media_client.standin.gostyle import envelope

TEXT = "text/plain; charset=utf-8"


@dataclass
class Call:
    """A request whose body, if it is a form, was read."""

    method: str
    #: as it came: path and query, still quoted
    target: str
    #: unquoted, without the query
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    address: str
    form: dict[str, str] = field(default_factory=dict)
    body: Path | None = None

    def header(self, name: str) -> str:
        """A header's text, "" where it is missing."""
        return self.headers.get(name.lower(), "")

    def get(self, name: str) -> str:
        """A value of the form, or else of the query."""
        return self.form.get(name) or self.query.get(name, "")

    @property
    def raw_query(self) -> str:
        """What stands behind the question mark."""
        return self.target.partition("?")[2]


@dataclass
class Reply:
    """Status, headers and either a body or a part of a file."""

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    file: Path | None = None
    start: int = 0
    length: int = 0
    #: the size is not told: the body goes out in chunks
    is_chunked: bool = False
    #: a page of another site may read it with its cookies
    is_open: bool = False
    #: no answer at all: the connection ends
    is_cut: bool = False


def text(words: str, status: int = 200) -> Reply:
    """Everything that is no file is called plain text."""
    headers = [("Content-Type", TEXT)] if words else []
    return Reply(status, words.encode(), headers)


def ok(data: object = None, message: str = "") -> Reply:
    """Success in the envelope."""
    return text(envelope("ok", message, data))


def fail(message: str, status: str = "fail", code: int = 200) -> Reply:
    """Failure: with 200, as nearly always."""
    return text(envelope(status, message), code)


def error_page(words: str, status: int) -> Reply:
    """As Go's http.Error writes it."""
    headers = [("Content-Type", TEXT), ("X-Content-Type-Options", "nosniff")]
    return Reply(status, f"{words}\n".encode(), headers)
