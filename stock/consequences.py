"""What follows from stock having moved, inside the transaction that moved it.

`StockConfig.ready` and the apps above register here what must learn of every movement:
a cache that shows what is available, the check of levels. Each gets the movements that
were written; it enqueues tasks or waits for the commit (`transaction.on_commit`, for
caches only), and never touches a balance.
"""

from collections.abc import Callable, Sequence

from stock.models import StockMovement

Consequence = Callable[[Sequence[StockMovement]], None]
_consequences: list[Consequence] = []


def register(act: Consequence) -> Consequence:
    """Let `act` learn of every movement; once, however often it is registered."""
    if act not in _consequences:
        _consequences.append(act)
    return act


def withdraw(act: Consequence) -> None:
    """Take it out again (tests)."""
    _consequences.remove(act)


def follow(movements: Sequence[StockMovement]) -> None:
    """Tell everybody; nobody where nothing moved."""
    if movements:
        for act in _consequences:
            act(movements)
