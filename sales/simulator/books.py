"""What the gateway does with payments and refunds, whichever version asks for it."""

import secrets
from typing import Any

from sales.simulator.faults import Target
from sales.simulator.outbox import Outbox
from sales.simulator.refusals import No, no
from sales.simulator.rows import Order, Refund, clock_time
from sales.simulator.store import Clock, Store

PREPAY_LIFE = 2 * 3600
MOST_REFUNDS = 50
REFUNDABLE = 365 * 86400


class Books:
    """The only writer of orders and refunds. A refund ends by itself after
    `refund_seconds`, or when it is told to where that is None."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        outbox: Outbox,
        refund_seconds: float | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._outbox = outbox
        self._refund_seconds = refund_seconds

    def now(self) -> float:
        """The gateway's time."""
        return self._clock.now()

    # --- orders ----------------------------------------------------------------

    def create(self, *, request: str, expire_at: float, **facts: Any) -> Order:
        """A new order, or the old one where everything is the same."""
        now = self._clock.now()
        with self._store.act():
            order = self.find_order(facts["out_trade_no"])
            if order is None:
                if expire_at < now + 60:
                    raise no(
                        No.BAD_FIELDS, "time_expire时间过短，刷卡至少1分钟，其他5分钟"
                    )
                self._store.insert(
                    "orders",
                    **facts,
                    request=request,
                    prepay_id=_prepay_id(now),
                    prepay_at=now,
                    created_at=now,
                    expire_at=expire_at,
                    state="NOTPAY",
                )
            elif order.is_paid:
                raise no(No.ORDER_PAID)
            elif order.state == "CLOSED":
                raise no(No.ORDER_CLOSED)
            elif order.request != request:
                raise no(No.NUMBER_USED)
            elif now > order.prepay_at + PREPAY_LIFE:
                self._store.write(
                    "UPDATE orders SET prepay_id = ?, prepay_at = ?"
                    " WHERE out_trade_no = ?",
                    _prepay_id(now),
                    now,
                    order.out_trade_no,
                )
            return self.order(facts["out_trade_no"])

    def find_order(self, out_trade_no: str) -> Order | None:
        """The order, closed by now where nobody paid it in time."""
        with self._store.act():
            self._store.write(
                "UPDATE orders SET state = 'CLOSED' WHERE out_trade_no = ?"
                " AND state IN ('NOTPAY', 'PAYERROR') AND expire_at < ?",
                out_trade_no,
                self._clock.now(),
            )
            row = self._store.row(
                "SELECT * FROM orders WHERE out_trade_no = ?", out_trade_no
            )
        return Order(**row) if row else None

    def order(self, out_trade_no: str) -> Order:
        """The order, or the gateway's refusal."""
        order = self.find_order(out_trade_no)
        if order is None:
            raise no(No.NO_ORDER)
        return order

    def order_of_transaction(self, transaction_id: str) -> Order:
        """The paid order, or the gateway's refusal."""
        row = self._store.row(
            "SELECT out_trade_no FROM orders WHERE transaction_id = ?", transaction_id
        )
        if row is None or not transaction_id:
            raise no(No.NO_ORDER)
        return self.order(row["out_trade_no"])

    def orders(self, most: int = 100) -> list[Order]:
        """The newest first."""
        rows = self._store.rows(
            "SELECT * FROM orders ORDER BY created_at DESC, rowid DESC LIMIT ?", most
        )
        return [Order(**row) for row in rows]

    def pay(
        self,
        out_trade_no: str,
        *,
        delay: float = 0,
        copies: int = 1,
        is_late: bool = False,
    ) -> Order:
        """The payer pays. `is_late` even what is closed, as in a race at the gateway."""
        now = self._clock.now()
        with self._store.act():
            order = self.order(out_trade_no)
            if order.is_paid:
                raise no(No.ORDER_PAID)
            if order.state == "CLOSED" and not is_late:
                raise no(No.ORDER_CLOSED)
            if now > order.prepay_at + PREPAY_LIFE and not is_late:
                raise no(No.ORDER_CLOSED, "prepay_id已过期")
            transaction_id = (
                f"4200{clock_time(now):%Y%m%d}{secrets.randbelow(10**16):016d}"
            )
            self._store.write(
                "UPDATE orders SET state = 'SUCCESS', transaction_id = ?, paid_at = ?"
                " WHERE out_trade_no = ?",
                transaction_id,
                now,
                out_trade_no,
            )
            self._outbox.add(
                Target.PAYMENT_NOTICE,
                out_trade_no,
                api=order.api,
                url=order.notify_url,
                delay=delay,
                copies=copies,
            )
            return self.order(out_trade_no)

    def fail(self, out_trade_no: str, state: str = "PAYERROR") -> Order:
        """The payment does not succeed (PAYERROR), or not yet (USERPAYING). No notice
        tells of it, and the payer may try again."""
        with self._store.act():
            order = self.order(out_trade_no)
            if order.is_paid:
                raise no(No.ORDER_PAID)
            if order.state == "CLOSED":
                raise no(No.ORDER_CLOSED)
            self._store.write(
                "UPDATE orders SET state = ? WHERE out_trade_no = ?",
                state,
                out_trade_no,
            )
            return self.order(out_trade_no)

    def close(self, out_trade_no: str) -> None:
        """End an unpaid order; again is success."""
        with self._store.act():
            order = self.order(out_trade_no)
            if order.is_paid:
                raise no(No.ORDER_PAID)
            self._store.write(
                "UPDATE orders SET state = 'CLOSED' WHERE out_trade_no = ?",
                out_trade_no,
            )

    # --- refunds ---------------------------------------------------------------

    def refund(
        self,
        order: Order,
        *,
        out_refund_no: str,
        amount: int,
        total: int,
        reason: str,
        notify_url: str,
        api: str,
        will_be: str = "SUCCESS",
    ) -> Refund:
        """A new refund, or the old one of this number."""
        now = self._clock.now()
        with self._store.act():
            order = self.order(order.out_trade_no)
            known = self.find_refund(out_refund_no)
            if known is not None:
                if (known.out_trade_no, known.amount, known.total) != (
                    order.out_trade_no,
                    amount,
                    total,
                ):
                    raise no(No.OTHER_REFUND)
                return known
            self._check_refundable(order, amount, total, now)
            wait = self._refund_seconds
            self._store.insert(
                "refunds",
                out_refund_no=out_refund_no,
                api=api,
                out_trade_no=order.out_trade_no,
                refund_id=f"5030{clock_time(now):%Y%m%d}{secrets.randbelow(10**17):017d}",
                amount=amount,
                total=total,
                reason=reason,
                notify_url=notify_url,
                state="PROCESSING",
                will_be=will_be,
                created_at=now,
                due_at=None if wait is None else now + wait,
            )
            self._store.write(
                "UPDATE orders SET state = 'REFUND' WHERE out_trade_no = ?",
                order.out_trade_no,
            )
            return self.refund_of(out_refund_no)

    def _check_refundable(
        self, order: Order, amount: int, total: int, now: float
    ) -> None:
        if not order.is_paid or order.paid_at is None:
            raise no(No.NOT_PAID)
        if total != order.amount:
            raise no(No.OTHER_REFUND)
        if now > order.paid_at + REFUNDABLE:
            raise no(No.OVERDUE)
        taken = [
            refund.amount
            for refund in self.refunds_of(order.out_trade_no)
            if refund.state != "CLOSED"
        ]
        if len(taken) >= MOST_REFUNDS:
            raise no(No.TOO_MANY)
        if sum(taken) + amount > order.amount:
            raise no(No.TOO_MUCH)

    def find_refund(self, out_refund_no: str) -> Refund | None:
        """The refund, at its end where its time has come."""
        self.ripen()
        row = self._store.row(
            "SELECT * FROM refunds WHERE out_refund_no = ?", out_refund_no
        )
        return Refund(**row) if row else None

    def refund_of(self, out_refund_no: str) -> Refund:
        """The refund, or the gateway's refusal."""
        refund = self.find_refund(out_refund_no)
        if refund is None:
            raise no(No.NO_REFUND)
        return refund

    def refunds_of(self, out_trade_no: str) -> list[Refund]:
        """The oldest first."""
        rows = self._store.rows(
            "SELECT * FROM refunds WHERE out_trade_no = ? ORDER BY created_at, rowid",
            out_trade_no,
        )
        return [Refund(**row) for row in rows]

    def refunds(self, most: int = 100) -> list[Refund]:
        """The newest first."""
        self.ripen()
        rows = self._store.rows(
            "SELECT * FROM refunds ORDER BY created_at DESC, rowid DESC LIMIT ?", most
        )
        return [Refund(**row) for row in rows]

    def finish_refund(self, out_refund_no: str, state: str = "") -> Refund:
        """Bring a refund to its end, and say so; a second time changes nothing."""
        with self._store.act():
            row = self._store.row(
                "SELECT * FROM refunds WHERE out_refund_no = ?", out_refund_no
            )
            if row is None:
                raise no(No.NO_REFUND)
            refund = Refund(**row)
            if refund.state != "PROCESSING":
                return refund
            self._store.write(
                "UPDATE refunds SET state = ?, done_at = ?, due_at = NULL"
                " WHERE out_refund_no = ?",
                state or refund.will_be,
                self._clock.now(),
                out_refund_no,
            )
            if refund.notify_url:
                self._outbox.add(
                    Target.REFUND_NOTICE,
                    out_refund_no,
                    api=refund.api,
                    url=refund.notify_url,
                )
            row = self._store.row(
                "SELECT * FROM refunds WHERE out_refund_no = ?", out_refund_no
            )
            return Refund(**(row or {}))

    def ripen(self) -> None:
        """Finish the refunds whose time has come."""
        with self._store.act():
            for row in self._store.rows(
                "SELECT out_refund_no FROM refunds WHERE state = 'PROCESSING'"
                " AND due_at <= ? ORDER BY due_at",
                self._clock.now(),
            ):
                self.finish_refund(row["out_refund_no"])


def _prepay_id(now: float) -> str:
    return f"wx{clock_time(now):%d%H%M%S}{secrets.token_hex(14)}"
