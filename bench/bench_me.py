"""GET /me with a token against the same view without authentication, over HTTP on
PostgreSQL, 16 connections; the cache in Redis where one answers, and as a table. Bar with
Redis: ≥ 0.75 of the view without."""

import os
import socket
import statistics
import subprocess
import sys
from urllib.parse import urlsplit

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

ROUNDS, SECONDS = 5, 3.0
PATH = "/api/v1/me"


def redis_url() -> str:
    """One that answers, or nothing."""
    url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
    address = urlsplit(url)
    try:
        where = (address.hostname or "127.0.0.1", address.port or 6379)
        socket.create_connection(where, 2).close()
    except OSError:
        return ""
    return url


def measure(url: str, cache: str) -> None:
    """One line: ours, the view without authentication, and their ratio."""
    made = subprocess.run(
        [sys.executable, "bench/fill_customer.py"],
        cwd=ROOT,
        env=environment(url),
        check=True,
        capture_output=True,
        text=True,
    )
    os.environ["BENCH_USER"], token = made.stdout.split()
    header = {"Authorization": f"JWT-TOKEN {token}"}
    with (
        served("backoffice.wsgi:application", url) as ours,
        served("anonymous_me:application", url) as without,
    ):
        ask(ours, PATH, seconds=3, headers=header)
        ask(without, PATH, seconds=3, headers=header)
        rounds = [
            (
                ask(without, PATH, seconds=SECONDS, headers=header),
                ask(ours, PATH, seconds=SECONDS, headers=header),
            )
            for _ in range(ROUNDS)
        ]
    emit(
        bench="me",
        cache=cache,
        ours_per_second=round(statistics.median(r[1].per_second for r in rounds)),
        without_per_second=round(statistics.median(r[0].per_second for r in rounds)),
        **judged([r[1].per_second for r in rounds], [r[0].per_second for r in rounds]),
        bar=0.75 if cache == "redis" else None,
        ours_cpu_ms=round(statistics.median(r[1].cpu_ms for r in rounds), 2),
        without_cpu_ms=round(statistics.median(r[0].cpu_ms for r in rounds), 2),
    )


def main() -> None:
    require_quiet()
    url_of_redis = redis_url()
    for cache in ["redis"] * bool(url_of_redis) + ["table"]:
        os.environ["REDIS_URL"] = url_of_redis if cache == "redis" else ""
        with scratch_database() as url:
            manage(url, "migrate", "-v0")
            manage(url, "createcachetable")
            measure(url, cache)


if __name__ == "__main__":
    main()
