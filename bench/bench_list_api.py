"""GET /goods over HTTP on PostgreSQL, 10,000 goods on sale, 16 connections, against a
bare WSGI application that lists the same goods. Bar: ≥ 0.40 of the limit, aim ≥ 0.60."""

import statistics
import subprocess
import sys

from common import (
    ROOT,
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
            served("limit_list_api:application", url) as limit,
        ):
            ask(ours, "/api/v1/goods?page_index=3", seconds=1)
            ask(limit, "/?page=3", seconds=1)
            rounds = [
                (
                    ask(limit, "/?page=3", seconds=SECONDS),
                    ask(ours, "/api/v1/goods?page_index=3", seconds=SECONDS),
                )
                for _ in range(ROUNDS)
            ]
    emit(
        bench="list_api",
        goods=GOODS,
        ours_per_second=round(statistics.median(r[1].per_second for r in rounds)),
        limit_per_second=round(statistics.median(r[0].per_second for r in rounds)),
        **judged([r[1].per_second for r in rounds], [r[0].per_second for r in rounds]),
        bar=0.40,
        aim=0.60,
        ours_cpu_ms=round(statistics.median(r[1].cpu_ms for r in rounds), 2),
        limit_cpu_ms=round(statistics.median(r[0].cpu_ms for r in rounds), 2),
    )


if __name__ == "__main__":
    main()
