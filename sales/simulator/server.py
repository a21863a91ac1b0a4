"""The simulator as a whole: what it listens to, and what may be pressed."""

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sales.gateway.config import Timeouts, V2Config, V3Config
from sales.simulator import page
from sales.simulator.bill import write_bill
from sales.simulator.books import Books
from sales.simulator.courier import Courier
from sales.simulator.dialect_v2 import DialectV2
from sales.simulator.dialect_v3 import DialectV3
from sales.simulator.faults import Fault, FaultBook, FaultKind, Target
from sales.simulator.http import Server
from sales.simulator.identity import Identity
from sales.simulator.keys import is_pay_signed, platform_key
from sales.simulator.messages import Delivery, Desk, Dialect, Reply, Request, Silence
from sales.simulator.outbox import Outbox
from sales.simulator.rows import Notice, Order, Refund
from sales.simulator.signing import signed_headers
from sales.simulator.store import Clock, Store
from sales.simulator.wiring import config_for

_SILENT = (FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER)


class Simulator:
    """One merchant's WeChat Pay on a port of this machine.

    Everything it knows lies in `directory` and survives a restart. `port` 0 takes a free
    one. `speed` shortens the waits between notices. `refund_seconds` is how long a
    refund is under way; None leaves it so until `finish_refund`. With `delivers` off no
    notice is sent: a test takes them by `take_notices`. `tls` speaks https, and then
    demands the merchant's certificate for v2 refunds as the gateway does.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        speed: float = 1,
        refund_seconds: float | None = None,
        delivers: bool = True,
        tls: bool = False,
    ) -> None:
        self.identity: Identity = Identity.load_or_make(directory)
        # first, so that a port in use leaves nothing open
        self._server = Server(port, self._answer, self.identity if tls else None)
        self.clock = Clock()
        self._store = Store(directory / "books.sqlite3")
        self.outbox: Outbox = Outbox(self._store, self.clock)
        self.fault_book: FaultBook = FaultBook(self._store)
        self.books: Books = Books(
            self._store,
            self.clock,
            self.outbox,
            None if refund_seconds is None else refund_seconds / speed,
        )
        desk = Desk(self.identity, self.books, self._server.base_url)
        self._dialects: Mapping[str, Dialect] = {
            "v2": DialectV2(desk, self._store),
            "v3": DialectV3(desk, self._store),
        }
        self._courier = Courier(
            self.outbox, self.fault_book, self._dialects, self.books.ripen, speed
        )
        self._platform_key = platform_key(self.identity)
        self._delivers = delivers
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            daemon=True,
        )

    # --- its life ------------------------------------------------------------------

    def start(self) -> None:
        """Listen, and send what waits to be sent."""
        self._thread.start()
        if self._delivers:
            self._courier.start()

    def stop(self) -> None:
        """Let go of the port and the file."""
        self._server.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._courier.stop()
        self._store.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """Where it is reached; its page lies there too."""
        return self._server.base_url

    def config(
        self,
        api: str,
        *,
        timeouts: Timeouts | None = None,
        sign_type: str = "MD5",
    ) -> V2Config | V3Config:
        """For `open_gateway`; `api` is v2 or v3."""
        return config_for(
            self.identity, self.base_url, api, timeouts=timeouts, sign_type=sign_type
        )

    # --- what payers and the gateway do ----------------------------------------------

    def pay(
        self,
        out_trade_no: str,
        *,
        delay: float = 0,
        twice: bool = False,
        is_late: bool = False,
    ) -> Order:
        """The payer pays; the notice goes out after `delay` seconds, `twice` at once.

        `is_late` pays even a closed order, as in a race at the gateway.
        """
        return self.books.pay(
            out_trade_no, delay=delay, copies=2 if twice else 1, is_late=is_late
        )

    def fail(self, out_trade_no: str) -> Order:
        """The payment does not succeed; the payer may try again."""
        return self.books.fail(out_trade_no)

    def begin_paying(self, out_trade_no: str) -> Order:
        """The payer types the password."""
        return self.books.fail(out_trade_no, "USERPAYING")

    def finish_refund(self, out_refund_no: str, state: str = "") -> Refund:
        """End a refund: SUCCESS, CLOSED or ABNORMAL (by default what it was bound for)."""
        return self.books.finish_refund(out_refund_no, state)

    def order(self, out_trade_no: str) -> Order:
        """What the books say."""
        return self.books.order(out_trade_no)

    def refund(self, out_refund_no: str) -> Refund:
        """What the books say."""
        return self.books.refund_of(out_refund_no)

    def orders(self) -> list[Order]:
        """All of them, the newest first."""
        return self.books.orders(most=1_000_000)

    def refunds(self) -> list[Refund]:
        """All of them, the newest first."""
        return self.books.refunds(most=1_000_000)

    def advance(self, seconds: float) -> None:
        """Let time pass at once: orders expire, refunds end, notices fall due."""
        self.clock.advance(seconds)

    def accepts_pay_parameters(self, parameters: Mapping[str, str]) -> bool:
        """Whether WeChat would open its payment for these arguments."""
        return is_pay_signed(parameters, self.identity)

    # --- notices -----------------------------------------------------------------------

    def notices(self) -> list[Notice]:
        """All of them, the newest first."""
        return self.outbox.latest(most=1_000_000)

    def take_notices(self) -> list[Delivery]:
        """The notices that are due, signed as of now; they count as delivered. For tests
        that hand them to the shop themselves."""
        taken: list[Delivery] = []
        while found := list(self._courier.due()):
            for notice, delivery in found:
                self.outbox.end(notice, "delivered", "taken")
                taken.append(delivery)
            self.outbox.release()
        return taken

    def signed_headers(self, body: bytes) -> dict[str, str]:
        """The headers of a v3 notice around any body; for tests of hostile ones."""
        return signed_headers(body, self._platform_key, self.identity.public_key_id)

    def repeat_notice(self, number: str, target: Target) -> None:
        """Send a notice once more, as the gateway does at times."""
        self.outbox.repeat(number, target)

    def write_bill(self, day: str) -> bytes | None:
        """The bill of `day` (yyyyMMdd), today's as well; None where nothing happened."""
        return write_bill(self._store, self.identity, day)

    # --- faults and the log --------------------------------------------------------------

    def add_fault(
        self, kind: FaultKind, target: Target, *, times: int = 1, code: str = ""
    ) -> None:
        """What is to go wrong with the next `times` of `target`."""
        self.fault_book.add(Fault(kind, target, times, code))

    def clear_faults(self) -> None:
        """Nothing is to go wrong."""
        self.fault_book.clear()

    def calls(self, target: Target | None = None) -> list[Mapping[str, Any]]:
        """What was asked (api, target, number, answer), the newest first."""
        found = self._store.rows("SELECT * FROM calls ORDER BY id DESC")
        return [row for row in found if target is None or row["target"] == target]

    def reset(self) -> None:
        """Forget everything but who the merchant is."""
        self._store.empty()

    # --- requests ------------------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        for api, dialect in self._dialects.items():
            target = dialect.target_of(request)
            if target is not None:
                number = dialect.number_in(target, request)
                return self._answer_call(api, dialect, target, number, request)
        return page.answer(self, request)

    def _answer_call(
        self, api: str, dialect: Dialect, target: Target, number: str, request: Request
    ) -> Reply:
        is_file = request.path == "/v3/billdownload/file"
        fault = None if is_file else self.fault_book.take(target)
        kind = fault.kind if fault else None
        words = kind or ""
        if kind not in (FaultKind.TIMEOUT_BEFORE, FaultKind.SERVER_ERROR):
            reply = dialect.answer(target, request, fault)
            words = words or f"HTTP {reply.status}"
        self._note_call(api, target, number, words)
        if kind is FaultKind.SERVER_ERROR:
            return Reply(500, b"<html>500 Internal Server Error</html>", "text/html")
        if kind in _SILENT:
            raise Silence
        return reply

    def _note_call(self, api: str, target: Target, number: str, answer: str) -> None:
        self._store.insert(
            "calls",
            at=self.clock.now(),
            api=api,
            target=target,
            number=number,
            answer=answer,
        )
