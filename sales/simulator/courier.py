"""Sends the notices: at once, then again and again until the shop takes them."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import requests

from sales.simulator.faults import FaultBook, FaultKind
from sales.simulator.messages import Delivery, Dialect
from sales.simulator.outbox import Outbox
from sales.simulator.rows import Notice

logger = logging.getLogger(__name__)

#: seconds after each try; when all are used up nobody tries any more
REPEATS = (
    *(15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600),
    *(10800, 10800, 10800, 21600, 21600),
)
#: seconds for the shop to answer in
PATIENCE = 5
_SENDERS = 8
_NAP = 0.2


class Courier:
    """Takes due notices from the outbox and posts them, `speed` times as fast."""

    def __init__(
        self,
        outbox: Outbox,
        faults: FaultBook,
        dialects: Mapping[str, Dialect],
        ripen: Callable[[], None],
        speed: float,
    ) -> None:
        self._outbox = outbox
        self._faults = faults
        self._dialects = dialects
        self._ripen = ripen
        self._speed = speed
        self._stopping = threading.Event()
        self._under_way: set[int] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._senders = ThreadPoolExecutor(_SENDERS)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._senders.shutdown(wait=True, cancel_futures=True)

    def due(self) -> Iterator[tuple[Notice, Delivery]]:
        """The notices whose time has come, as they go out; what faults keep back or
        lose does not come."""
        self._ripen()
        for notice in self._outbox.due():
            if notice.id in self._under_way:
                continue
            fault = self._faults.take(notice.target) if notice.state != "held" else None
            kind = fault.kind if fault else None
            if kind is FaultKind.LOST:
                self._outbox.end(notice, "lost", "")
                continue
            if kind is FaultKind.REORDER:
                self._outbox.hold(notice)
                continue
            dialect = self._dialects[notice.api]
            delivery = dialect.write_notice(notice, fault)
            copies = 2 if kind is FaultKind.DUPLICATE else notice.copies
            for _ in range(copies):
                yield notice, delivery

    # --- the loop ------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.wait(_NAP / max(self._speed, 1)):
            try:
                for notice, delivery in self.due():
                    self._begin(notice, delivery)
            except Exception:
                # the loop must go on, or no notice would ever be sent again
                logger.exception("The simulator could not send a notice.")

    def _begin(self, notice: Notice, delivery: Delivery) -> None:
        with self._lock:
            self._under_way.add(notice.id)
        future = self._senders.submit(self._send, notice, delivery)
        future.add_done_callback(lambda done: self._end(notice, done))

    def _end(self, notice: Notice, done: Future[None]) -> None:
        with self._lock:
            self._under_way.discard(notice.id)
        if not done.cancelled() and done.exception() is not None:
            logger.error("A notice was not sent: %s", done.exception())

    def _send(self, notice: Notice, delivery: Delivery) -> None:
        dialect = self._dialects[notice.api]
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    delivery.url,
                    data=delivery.body,
                    headers=dict(delivery.headers),
                    timeout=PATIENCE,
                    allow_redirects=False,
                )
            is_taken = dialect.is_taken(answer.status_code, answer.content)
            words = f"HTTP {answer.status_code}"
        except requests.RequestException as error:
            is_taken, words = False, type(error).__name__
        if is_taken:
            self._outbox.end(notice, "delivered", words)
            self._outbox.release()
        elif notice.tries >= len(REPEATS):
            self._outbox.end(notice, "given up", words)
        else:
            wait = REPEATS[notice.tries] / self._speed
            self._outbox.retry(notice, wait, words)
