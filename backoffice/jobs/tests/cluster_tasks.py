"""Tasks that a real worker runs in the tests."""

import os
import signal
import time
from pathlib import Path

from backoffice.oplog.record import record


def hang_once(folder: str) -> None:
    """The first time: say so and never end. The second time: write its line."""
    begun = Path(folder) / "begun"
    if not begun.exists():
        # whole or not there at all for who waits for it
        written = begun.with_suffix(".part")
        written.write_text(str(os.getpid()))
        written.rename(begun)
        signal.pause()
    record(by=None, action="task.finished", folder=folder)


def work(number: int) -> None:
    """A little work; says which process did it."""
    time.sleep(0.1)
    record(by=None, action="task.finished", number=number, process=os.getpid())
