"""Average daily sales of 10,000 goods over 1,000,000 lines sold in 30 days, on
PostgreSQL, against the one GROUP BY that adds the lines up. Bar: ≤ 3 × the limit."""

import json
import os
import subprocess
import sys
import time

import psycopg
from common import (
    ROOT,
    emit,
    environment,
    judged,
    manage,
    require_quiet,
    scratch_database,
)

GOODS, LINES, ROUNDS = 10_000, 1_000_000, 5

_FILL = """
INSERT INTO stock_soldline
  (goods_id, kind, sold_at, quantity, unit_price, source, reference, line, batch)
SELECT ids[1 + (n * 7919::bigint) %% %(goods)s],
  CASE WHEN hashint8(n) %% 20 = 0 THEN 'return' ELSE 'sale' END,
  date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'
    - interval '30 days' + n * interval '30 days' / %(lines)s,
  1 + n %% 5000 / 1000.0, 9.9, 'order', 'R' || n / 3, 1 + n %% 3, ''
FROM generate_series(0, %(lines)s - 1) AS n,
  (SELECT array_agg(id ORDER BY id) AS ids FROM catalog_goods) AS g
"""
_LIMIT = """
SELECT goods_id, SUM(CASE WHEN kind = 'sale' THEN quantity ELSE -quantity END)
FROM stock_soldline
WHERE sold_at >= now() - interval '31 days' AND sold_at < now() GROUP BY goods_id
"""


def limit(connection: psycopg.Connection) -> float:
    """Seconds of the fastest of three."""
    took = []
    for _round in range(3):
        began = time.perf_counter()
        connection.execute(_LIMIT).fetchall()
        took.append(time.perf_counter() - began)
    return min(took)


def ours(url: str) -> float:
    """The same, by the shop."""
    done = subprocess.run(
        [sys.executable, "bench/ask_velocity.py"],
        cwd=ROOT,
        env=environment(url) | {"DJANGO_SETTINGS_MODULE": "backoffice.settings"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(json.loads(done.stdout)["seconds"])


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
        address = url.replace("postgres://", "postgresql://")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(_FILL, {"goods": GOODS, "lines": LINES})
            connection.execute("VACUUM ANALYZE")
            rounds = [(limit(connection), ours(url)) for _ in range(ROUNDS)]
    emit(
        bench="velocity",
        goods=GOODS,
        lines=LINES,
        **judged([r[1] for r in rounds], [r[0] for r in rounds]),
        bar="≤ 3",
        seconds=[round(r[1], 3) for r in rounds],
        limit_seconds=[round(r[0], 3) for r in rounds],
        cores=os.cpu_count(),
    )


if __name__ == "__main__":
    main()
