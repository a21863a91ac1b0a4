"""The tasks of sheets as a real worker runs them in the tests: they stop at each third of
a sheet, once, and wait to be killed there."""

import os
import signal
from pathlib import Path
from typing import Any

from backoffice.sheets import tasks
from catalog.resources.checker import GoodsChecker
from catalog.resources.writing import GoodsWriter

THIRDS = 3


def check(batch_id: int, folder: str, rows: int) -> None:
    """Check a batch."""
    _stopping(GoodsChecker, "plan", Path(folder), rows)
    tasks.check_batch(batch_id)


def apply(batch_id: int, folder: str, rows: int) -> None:
    """Import a batch."""
    _stopping(GoodsWriter, "create", Path(folder), rows)
    tasks.apply_batch(batch_id)


def _stopping(owner: Any, name: str, folder: Path, rows: int) -> None:
    method = getattr(owner, name)
    past = 0

    def call(self: Any, some: Any) -> Any:
        nonlocal past
        done = method(self, some)
        past += len(some)
        third = past * THIRDS // rows
        stopped = folder / f"{name}-{third}"
        if third and not stopped.exists():
            # whole or not there at all for who waits for it
            written = folder / "pid"
            written.write_text(str(os.getpid()))
            written.rename(stopped)
            signal.pause()
        return done

    setattr(owner, name, call)
