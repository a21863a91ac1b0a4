"""What passes over the wire, and what both dialects have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from sales.simulator.books import Books
from sales.simulator.faults import Fault, Target
from sales.simulator.identity import Identity
from sales.simulator.rows import Notice


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    has_certificate: bool = False
    is_encrypted: bool = False

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The first value of each name."""
        found = parse_qs(urlsplit(self.target).query)
        return {name: texts[0] for name, texts in found.items()}


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; `number` is for the log of calls."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice as it goes out."""

    target: Target
    number: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Silence(Exception):
    """No answer: the client waits until it gives up."""


class Dialect(Protocol):
    """One version of the interface."""

    def target_of(self, request: Request) -> Target | None:
        """What is asked for; None where it is not this version's."""
        ...

    def answer(self, target: Target, request: Request, fault: Fault | None) -> Reply:
        """Do it, and say so."""
        ...

    def number_in(self, target: Target, request: Request) -> str:
        """Whose call this is, for the log."""
        ...

    def write_notice(self, notice: Notice, fault: Fault | None) -> Delivery:
        """The notice as of now, signed."""
        ...

    def is_taken(self, status: int, body: bytes) -> bool:
        """Whether the shop's answer ends the repeats."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What a dialect works with."""

    identity: Identity
    books: Books
    base_url: str
