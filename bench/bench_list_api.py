"""GET /goods over HTTP on PostgreSQL, 10,000 goods on sale, 16 connections, against a
bare WSGI application that lists the same goods. Bar: ≥ 0.40 of the limit, aim ≥ 0.60.

Three times: while nothing changes; while a price changes ten times a second, which ends
every page that is kept; and with no page kept at all, which is what a first look costs.
"""

import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from common import (
    ROOT,
    Load,
    ask,
    emit,
    environment,
    judged,
    manage,
    require_quiet,
    scratch_database,
    served,
)

GOODS, ROUNDS, SECONDS = 10_000, 5, 3.0
PATH = "/api/v1/goods?page_index=3"


@contextmanager
def prices_change(url: str) -> Iterator[None]:
    """Ten times a second inside the block, one goods after the other."""
    over = threading.Event()

    def change() -> None:
        libpq = url.replace("postgres://", "postgresql://")
        with psycopg.connect(libpq, autocommit=True) as connection:
            turn = 0
            while not over.wait(0.1):
                turn += 1
                connection.execute(
                    "UPDATE catalog_goods SET price = price + 0.01 WHERE id ="
                    " (SELECT min(id) + %s FROM catalog_goods)",
                    [turn],
                )

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def main() -> None:
    require_quiet()
    with scratch_database() as url:
        manage(url, "migrate", "-v0")
        manage(url, "createcachetable")
        subprocess.run(
            [sys.executable, "bench/fill_goods.py", str(GOODS)],
            cwd=ROOT,
            env=environment(url),
            check=True,
        )
        with (
            served("backoffice.wsgi:application", url) as ours,
            served("list_api_unkept:application", url) as unkept,
            served("limit_list_api:application", url) as limit,
        ):
            for server, path in ((ours, PATH), (unkept, PATH), (limit, "/?page=3")):
                ask(server, path, seconds=2)
            rounds = []
            for _round in range(ROUNDS):
                least = ask(limit, "/?page=3", seconds=SECONDS)
                kept = ask(ours, PATH, seconds=SECONDS)
                with prices_change(url):
                    changing = ask(ours, PATH, seconds=SECONDS)
                rounds.append(
                    (least, kept, changing, ask(unkept, PATH, seconds=SECONDS))
                )
    report([list(loads) for loads in zip(*rounds, strict=True)])


def report(measured: list[list[Load]]) -> None:
    least = [load.per_second for load in measured[0]]
    for name, loads in zip(("", "changing", "unkept"), measured[1:], strict=True):
        emit(
            bench="_".join(filter(None, ("list_api", name))),
            goods=GOODS,
            ours_per_second=round(statistics.median(x.per_second for x in loads)),
            limit_per_second=round(statistics.median(least)),
            **judged([load.per_second for load in loads], least),
            bar=0.40,
            aim=0.60,
            ours_cpu_ms=round(statistics.median(x.cpu_ms for x in loads), 2),
            limit_cpu_ms=round(statistics.median(x.cpu_ms for x in measured[0]), 2),
        )


if __name__ == "__main__":
    main()
