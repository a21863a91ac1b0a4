"""Long work on many short-lived objects, without Python looking for garbage meanwhile."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """No search for circular garbage inside the block.

    Rows that come and go by the thousand set it off again and again, each time over
    everything that a process has loaded: a third of the time of an import. What is not
    circular is freed as always.
    """
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()
