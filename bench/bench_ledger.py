"""The ledger's pages at 5,000,000 movements of 10,000 goods on PostgreSQL, against the
same pages at 50,000. Bar: the same statements, no sequential scan of the ledger, and no
page takes more than twice as long; and what it takes to prove the books."""

import json
import os
import subprocess
import sys
import time

import psycopg
from common import ROOT, emit, environment, manage, require_quiet, scratch_database

GOODS, FEW, MANY = 10_000, 50_000, 5_000_000

# every goods is received in thousands and sold by ones, so that the chain adds up
_FILL = """
INSERT INTO stock_stockmovement (at, goods_id, kind, reference, delta_on_hand,
  delta_reserved, on_hand_after, reserved_after, held_for, by_id, reason)
SELECT now() - interval '400 days' + n * interval '400 days' / %(until)s,
  ids[1 + n %% %(goods)s],
  CASE turn WHEN 0 THEN 'receipt' WHEN 7 THEN 'spoilage' ELSE 'sale' END,
  'P' || n,
  CASE turn WHEN 0 THEN 1000 ELSE -1 END, 0,
  1000 * (1 + turns / 500) - (turns - turns / 500), 0, '',
  CASE WHEN turn %% 5 = 0 THEN %(by)s END, ''
FROM (SELECT n, n / %(goods)s AS turns, n / %(goods)s %% 500 AS turn
      FROM generate_series(%(since)s::bigint, %(until)s - 1) AS n) AS t,
  (SELECT array_agg(id ORDER BY id) AS ids FROM catalog_goods) AS g
ORDER BY n
"""
_BALANCES = """
INSERT INTO stock_stockbalance (goods_id, on_hand, reserved, short, updated_at)
SELECT goods_id, SUM(delta_on_hand), 0, 0, now() FROM stock_stockmovement GROUP BY 1
ON CONFLICT (goods_id) DO UPDATE SET on_hand = excluded.on_hand
"""


def fill(connection: psycopg.Connection, since: int, until: int) -> None:
    """Movements number `since` to `until`, and the balances they come to."""
    by = connection.execute("SELECT id FROM accounts_user").fetchone()[0]  # type: ignore[index]
    values = {"goods": GOODS, "since": since, "until": until, "by": by}
    connection.execute(_FILL, values)
    connection.execute(_BALANCES)
    connection.execute("VACUUM ANALYZE")


def ours(url: str) -> dict[str, list[float]]:
    """The pages, opened by the shop."""
    done = subprocess.run(
        [sys.executable, "bench/ask_ledger.py"],
        cwd=ROOT,
        env=environment(url) | {"DJANGO_SETTINGS_MODULE": "backoffice.settings"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def main() -> None:
    require_quiet()
    with scratch_database() as url:
        manage(url, "migrate", "-v0")
        manage(url, "createcachetable")
        manage(url, "sync_roles")
        subprocess.run(
            [sys.executable, "manage.py", "createsuperuser", "--noinput"],
            cwd=ROOT,
            env=environment(url)
            | {
                "DJANGO_SUPERUSER_USERNAME": "bench",
                "DJANGO_SUPERUSER_PASSWORD": "only for measuring",
            },
            check=True,
            stdout=subprocess.DEVNULL,
        )
        subprocess.run(
            [sys.executable, "bench/fill_goods.py", str(GOODS)],
            cwd=ROOT,
            env=environment(url),
            check=True,
        )
        address = url.replace("postgres://", "postgresql://")
        with psycopg.connect(address, autocommit=True) as connection:
            fill(connection, 0, FEW)
            few = ours(url)
            fill(connection, FEW, MANY)
            many = ours(url)
        began = time.perf_counter()
        manage(url, "verify_books", "--json")
        proof = time.perf_counter() - began
    emit(
        bench="ledger",
        goods=GOODS,
        movements=MANY,
        pages={
            name: {
                "ms": ms,
                "ms_at_50000": few[name][0],
                "ratio": round(ms / few[name][0], 2),
                "statements": statements,
                "statements_at_50000": few[name][1],
                "scans": seen,
            }
            for name, (ms, statements, seen) in many.items()
        },
        worst=max(round(many[name][0] / few[name][0], 2) for name in many),
        bar="≤ 2",
        scans=sum(page[2] for page in many.values()),
        verify_books_seconds=round(proof, 1),
        cores=os.cpu_count(),
    )


if __name__ == "__main__":
    main()
