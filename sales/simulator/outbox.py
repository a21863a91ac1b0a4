"""The notices that wait to be sent to the shop, and those that were."""

from sales.simulator.faults import Target
from sales.simulator.refusals import No, no
from sales.simulator.rows import Notice
from sales.simulator.store import Clock, Store


class Outbox:
    """The only writer of notices."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(
        self,
        target: Target,
        number: str,
        *,
        api: str,
        url: str,
        delay: float = 0,
        copies: int = 1,
    ) -> None:
        """One more to send, after `delay` seconds, `copies` of it at once."""
        now = self._clock.now()
        self._store.insert(
            "notices",
            api=api,
            kind=target,
            number=number,
            url=url,
            created_at=now,
            due_at=now + delay,
            tries=0,
            state="waiting",
            copies=copies,
        )

    def latest(self, most: int = 100) -> list[Notice]:
        """The newest first."""
        rows = self._store.rows("SELECT * FROM notices ORDER BY id DESC LIMIT ?", most)
        return [Notice(**row) for row in rows]

    def due(self) -> list[Notice]:
        """Those whose time has come."""
        rows = self._store.rows(
            "SELECT * FROM notices WHERE state IN ('waiting', 'held') AND due_at <= ?"
            " ORDER BY due_at, id",
            self._clock.now(),
        )
        return [Notice(**row) for row in rows]

    def repeat(self, number: str, target: Target) -> None:
        """Send the notice of `number` once more, now; as the gateway does at times."""
        row = self._store.row(
            "SELECT * FROM notices WHERE number = ? AND kind = ? ORDER BY id DESC",
            number,
            target,
        )
        if row is None:
            raise no(No.NO_ORDER)
        self.add(target, number, api=row["api"], url=row["url"])

    def hurry(self, notice_id: int) -> None:
        """Let a waiting notice go out now."""
        self._store.write(
            "UPDATE notices SET due_at = ? WHERE id = ? AND state = 'waiting'",
            self._clock.now(),
            notice_id,
        )

    def hold(self, notice: Notice) -> None:
        """Keep it back until another was sent, five minutes at most."""
        self._store.write(
            "UPDATE notices SET state = 'held', due_at = ? WHERE id = ?",
            self._clock.now() + 300,
            notice.id,
        )

    def release(self) -> None:
        """Let those go that were held."""
        self._store.write(
            "UPDATE notices SET state = 'waiting', due_at = ? WHERE state = 'held'",
            self._clock.now(),
        )

    def end(self, notice: Notice, state: str, answer: str) -> None:
        """It was delivered, or nobody tries any more."""
        self._store.write(
            "UPDATE notices SET state = ?, answer = ?, tries = tries + 1, due_at = NULL"
            " WHERE id = ? AND state <> 'delivered'",
            state,
            answer,
            notice.id,
        )

    def retry(self, notice: Notice, seconds: float, answer: str) -> None:
        """It was not taken; try again."""
        self._store.write(
            "UPDATE notices SET answer = ?, tries = tries + 1, copies = 1, due_at = ?"
            " WHERE id = ? AND state <> 'delivered'",
            answer,
            self._clock.now() + seconds,
            notice.id,
        )
