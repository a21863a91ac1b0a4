"""What the home page shows, handed in by the apps (no import upward).

In an app, in a module that its `AppConfig.ready()` or its admin imports::

    from backoffice.base.admin import home

    @home.cards
    def goods_cards(request):
        if request.user.has_perm("catalog.review_goods"):
            yield home.Card(_("Goods to review"), count, url, icon="fa-clipboard-check")

A provider looks at `request.user`, makes few queries (one aggregate for its table), and
yields nothing where this person may do nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from django.http import HttpRequest

from backoffice.base.admin.words import Text

T = TypeVar("T")
Number = int | Decimal


@dataclass(frozen=True)
class Card:
    """What waits for this person: a number that links to the filtered list.

    `tone="danger"` only where money or stock is at risk. A card with 0 is shown as
    done; `hide_empty` leaves it out then.
    """

    label: Text
    count: int | str
    url: str
    icon: str = ""
    tone: str = ""
    hint: Text = ""
    hide_empty: bool = False


@dataclass(frozen=True)
class Figure:
    """How the day is: a number of today beside the same weekday last week's."""

    label: Text
    value: Number | str
    before: Number | None = None
    unit: Text = ""
    url: str = ""
    sequence: int = 100


@dataclass(frozen=True)
class Chart:
    """One series over days, drawn as bars."""

    label: Text
    points: Sequence[tuple[date, Number]]
    unit: Text = ""


@dataclass(frozen=True)
class Step:
    """One step of starting a shop: import a sheet → review → list."""

    label: Text
    help: Text
    url: str
    done: bool
    sequence: int = 100


@dataclass(frozen=True)
class Act:
    """One of the latest acts: who did what to what, when."""

    at: object
    by: Text
    action: Text
    target: Text
    url: str = ""


@dataclass
class Registry(Generic[T]):
    """Providers of one kind of thing, asked in the order of their registration."""

    providers: list[Callable[[HttpRequest], Iterable[T]]] = field(default_factory=list)

    def __call__(
        self, provider: Callable[[HttpRequest], Iterable[T]]
    ) -> Callable[[HttpRequest], Iterable[T]]:
        """Decorator: register a provider, once."""
        if provider not in self.providers:
            self.providers.append(provider)
        return provider

    def collect(self, request: HttpRequest) -> list[T]:
        """What all providers give for this person."""
        return [thing for provider in self.providers for thing in provider(request)]


cards: Registry[Card] = Registry()
figures: Registry[Figure] = Registry()
charts: Registry[Chart] = Registry()
steps: Registry[Step] = Registry()
acts: Registry[Act] = Registry()
