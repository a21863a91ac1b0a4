"""What a lower floor must know of a higher one, without importing it.

A port is declared below with a neutral answer and connected above, in the upper
app's `AppConfig.ready()`. Until then every call gives the neutral answer.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Port(Generic[P, R]):
    """One question that an upper floor answers."""

    def __init__(self, name: str, neutral: Callable[P, R]) -> None:
        self.name = name
        self._neutral = neutral
        self._answer: Callable[P, R] | None = None

    @property
    def connected(self) -> bool:
        """Whether an upper floor answers, so that screens may leave a column out."""
        return self._answer is not None

    def connect(self, answer: Callable[P, R]) -> Callable[P, R]:
        """Let `answer` answer from now on; one port has one answer."""
        self._answer = answer
        return answer

    @contextmanager
    def instead(self, answer: Callable[P, R] | None) -> Iterator[None]:
        """Let `answer` answer inside the block, or nobody with None (tests)."""
        before, self._answer = self._answer, answer
        try:
            yield
        finally:
            self._answer = before

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return (self._answer or self._neutral)(*args, **kwargs)


def _nothing_known(goods_ids: Iterable[int]) -> dict[int, Decimal]:
    return {}


def _nothing_sold(goods_ids: Iterable[int], days: int) -> dict[int, Decimal]:
    return {}


def _no_demand(goods_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    return {}


def _never_received(goods_ids: Iterable[int]) -> dict[int, Any]:
    return {}


def _none_of(goods_ids: Iterable[int]) -> set[int]:
    return set()


def _nobody(account: str) -> Any:
    return None


def _no_expression() -> Any:
    return None


def _no_customer_figures(user_ids: Iterable[int]) -> dict[int, dict]:
    return {}


def _no_points(user_id: int, start: int, stop: int) -> tuple[int, list[dict]]:
    return 0, []


def _no_terms(numbers: Iterable[str]) -> dict[str, Any]:
    return {}


def _no_address(request: Any, pk: int) -> str:
    return ""


def _no_data(user_id: int) -> dict[str, Any]:
    return {}


def _nothing_to_erase(user_id: int) -> None:
    return None


def _no_tools(request: Any, sheet: str) -> list[Any]:
    return []


def _no_customer_tools(request: Any, user_id: int) -> list[Any]:
    return []


def _no_addresses(request: Any, numbers: Iterable[str]) -> dict[str, str]:
    return {}


#: goods ids → {id: available base units}, 0 for goods that never had any; a goods that
#: is missing is not counted
available: Port[[Iterable[int]], dict[int, Decimal]] = Port(
    "stock.available", _nothing_known
)
#: goods ids → {id: reserved base units}
reserved: Port[[Iterable[int]], dict[int, Decimal]] = Port(
    "stock.reserved", _nothing_known
)
#: goods ids → those of them whose stock ever moved
moved: Port[[Iterable[int]], set[int]] = Port("stock.moved", _none_of)
#: goods ids → {id: base units handed over − returned}
sales_volume: Port[[Iterable[int]], dict[int, Decimal]] = Port(
    "sales.volume", _nothing_known
)
#: goods ids and a number of complete shop days → {id: base units sold − returned in
#: them, imported sales included}
sold_lately: Port[[Iterable[int], int], dict[int, Decimal]] = Port(
    "stock.sold_lately", _nothing_sold
)
#: goods ids → {id: when it was last received}
last_received: Port[[Iterable[int]], dict[int, Any]] = Port(
    "stock.last_received", _never_received
)
#: goods ids → {id: (open carts it lies in, unpaid orders with it)}
open_demand: Port[[Iterable[int]], dict[int, tuple[int, int]]] = Port(
    "sales.open_demand", _no_demand
)
#: for a QuerySet of goods, so that the database filters and sorts by them; None while
#: nobody answers: whether anything can be promised (null for goods that never had any),
#: and the base units handed over − returned (never null)
is_available_expression: Port[[], Any] = Port("stock.is_available_sql", _no_expression)
sales_volume_expression: Port[[], Any] = Port("sales.volume_sql", _no_expression)
#: user ids → {id: {"points": int, "orders": int}}
customer_figures: Port[[Iterable[int]], dict[int, dict]] = Port(
    "sales.customer_figures", _no_customer_figures
)
#: the points of a person, as an expression for a QuerySet of people that is never null;
#: None while nobody answers
points_expression: Port[[], Any] = Port("sales.points_sql", _no_expression)
#: user id, from, to → (how many entries there are, the entries of the points log, newest
#: first): {"delta", "balance", "kind", "reference", "created_at"} with a datetime
points_log: Port[[int, int, int], tuple[int, list[dict]]] = Port(
    "sales.points_log", _no_points
)
#: order numbers → {number: (where the order stands, in words; until when it holds its
#: goods, None where it does until they are handed over)}
order_terms: Port[[Iterable[str]], dict[str, Any]] = Port(
    "sales.order_terms", _no_terms
)
#: a request and order numbers → {number: address of its page} of those that the person
#: may open
order_urls: Port[[Any, Iterable[str]], dict[str, str]] = Port(
    "sales.order_urls", _no_addresses
)
#: a request and a goods → the page that explains its stock; "" where there is none for
#: this person
stock_url: Port[[Any, int], str] = Port("stock.url", _no_address)
#: user id → what is kept about the customer above, for them to take away
personal_data: Port[[int], dict[str, Any]] = Port("sales.personal_data", _no_data)
#: user id → masked above, inside the transaction; raises WrongStatus where it cannot be
erase_personal_data: Port[[int], None] = Port(
    "sales.erase_personal_data", _nothing_to_erase
)
#: a list's request and the id of its sheet → links to take its rows away
sheet_tools: Port[[Any, str], list[Any]] = Port("sheets.tools", _no_tools)
#: a request and numbers of batches → {number: address of its page} of those that the
#: person may open
batch_urls: Port[[Any, Iterable[str]], dict[str, str]] = Port(
    "sheets.batch_urls", _no_addresses
)
#: a request and a user id → the latest orders, ready-made for the customer's page; ""
#: where the person may not see them
customer_orders: Port[[Any, int], str] = Port("sales.customer_orders", _no_address)
#: a request and a user id → more links at the top of the customer's page
customer_tools: Port[[Any, int], list[Any]] = Port(
    "sales.customer_tools", _no_customer_tools
)
#: user name, mobile or e-mail → the user, or None
find_user: Port[[str], Any] = Port("accounts.find_user", _nobody)
