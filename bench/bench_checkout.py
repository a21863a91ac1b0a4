"""POST /orders over HTTP on PostgreSQL against the seven statements that any shop needs.

`spread`: 3 lines among 10,000 goods, to an address, by 1 and by 4 buyers at once; bar
≥ 0.35 of the limit, aim ≥ 0.55, ≤ 5 ms of CPU each. `hot`: 16 buyers of one goods; bar
≥ 0.5, aim ≥ 0.8. At the end 16 buyers want the last 10: just 10 get one.
"""

import itertools
import json
import random
import secrets
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from common import (
    ROOT,
    Load,
    Server,
    emit,
    environment,
    judged,
    manage,
    require_quiet,
    scratch_database,
    send,
    served,
    written,
)

GOODS, CUSTOMERS, ROUNDS, SECONDS = 10_000, 1_000, 5, 3.0
BAR = {"spread": 0.35, "hot": 0.5}
AIM = {"spread": 0.55, "hot": 0.8}


class Buyers:
    """Customers who take turns; each request is an order of its own."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._goods = [(pk, price) for pk, price in facts["goods"]]
        self._turns = itertools.cycle(facts["buyers"])
        self._random = random.Random(7)  # noqa: S311 - the same baskets every time

    def orders(self, kind: str) -> Iterator[bytes]:
        """Without end: of 3 goods, of one that all want, or of the last few."""
        while True:
            chosen = {"hot": self._goods[:1], "last": self._goods[-1:]}.get(
                kind
            ) or self._random.sample(self._goods[1:-1], 3)
            yield self._order(chosen)

    def _order(self, chosen: list[tuple[int, str]]) -> bytes:
        buyer = next(self._turns)
        body = {
            "lines": [
                {"goods_id": pk, "unit": "retail", "quantity": "1", "price": price}
                for pk, price in chosen
            ],
            "delivery": "home",
            "address_id": buyer["address"],
        }
        headers = {
            "Authorization": f"JWT-TOKEN {buyer['token']}",
            "Idempotency-Key": secrets.token_hex(16),
        }
        return written("POST", "/api/v1/orders", headers, json.dumps(body).encode())


def run(url: str, *arguments: str) -> Any:
    """A program of this folder; what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(url),
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout) if done.stdout else None


def measure(kind: str, at_once: int, url: str, ours: Server, buyers: Buyers) -> None:
    rounds: list[tuple[dict[str, float], Load]] = []
    for _round in range(ROUNDS):
        limit = run(
            url,
            "bench/limit_checkout.py",
            url,
            "place",
            str(at_once),
            str(SECONDS),
            kind,
        )
        load = send(
            ours,
            buyers.orders(kind),
            seconds=SECONDS,
            connections=at_once,
            expected=(201,),
        )
        rounds.append((limit, load))
    emit(
        bench="checkout",
        kind=kind,
        at_once=at_once,
        goods=GOODS,
        ours_per_second=round(statistics.median(r[1].per_second for r in rounds)),
        limit_per_second=round(statistics.median(r[0]["per_second"] for r in rounds)),
        **judged(
            [r[1].per_second for r in rounds], [r[0]["per_second"] for r in rounds]
        ),
        bar=BAR[kind],
        aim=AIM[kind],
        ours_cpu_ms=round(statistics.median(r[1].cpu_ms for r in rounds), 2),
        limit_cpu_ms=round(statistics.median(r[0]["cpu_ms"] for r in rounds), 2),
    )


def main() -> None:
    require_quiet()
    with scratch_database() as url:
        manage(url, "migrate", "-v0")
        manage(url, "createcachetable")
        run(url, "bench/fill_goods.py", str(GOODS))
        buyers = Buyers(run(url, "bench/fill_checkout.py", str(CUSTOMERS)))
        run(url, "bench/limit_checkout.py", url, "make", str(GOODS))
        with served(
            "backoffice.wsgi:application",
            url,
            threads=4,
            SHOP_MAX_UNPAID_ORDERS="100",
            SHOP_MIN_ORDER="0",
        ) as ours:
            # everybody's token is known to the cache, and every plan to the database
            send(
                ours,
                buyers.orders("spread"),
                seconds=5,
                connections=4,
                expected=(201,),
            )
            for kind, at_once in (("spread", 1), ("spread", 4), ("hot", 16)):
                measure(kind, at_once, url, ours, buyers)
            last = send(
                ours,
                itertools.islice(buyers.orders("last"), 16),
                seconds=60,
                connections=16,
                expected=(201, 409),
            )
            emit(
                bench="checkout", kind="last", buyers=16, of=10, sold=last.answers[201]
            )
            if last.answers != {201: 10, 409: 6}:
                sys.exit(f"Of the last 10 {last.answers[201]} were sold.")


if __name__ == "__main__":
    main()
