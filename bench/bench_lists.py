"""Opening lists at 1,000,000 goods and rows of each log on PostgreSQL: ours as a whole
page against the SQL alone that fetches its 50 rows, and against the admin as Django
brings it. Bars: no page of goods slower than a third of the stock admin's, a rare search
than a twentieth; aim: no page depends on the size of the table.

`GOODS=200000` makes it smaller; `FILLED=postgres://…` asks a database that
`bench/fill_lists.py` filled before.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from common import ROOT, emit, environment, manage, require_quiet, scratch_database

GOODS = int(os.environ.get("GOODS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
#: what one page may cost, in milliseconds: a person does not notice less
MOST_MS = 300

_ROW = """
SELECT g.id, g.code, g.name, g.image, c.name, g.price, u.name, g.case_price, k.name,
  g.cost, g.status, g.listed_at
FROM catalog_goods g JOIN catalog_category c ON c.id = g.category_id
JOIN catalog_unit u ON u.id = g.unit_id
LEFT JOIN catalog_unit k ON k.id = g.case_unit_id
"""
_FOUND = f"{_ROW} JOIN catalog_goodssearch s ON s.goods_id = g.id WHERE "
_LOG = """
SELECT h.*, p.username FROM catalog_historicalgoods h
LEFT JOIN accounts_user p ON p.id = h.history_user_id WHERE
"""
_NEWEST = "ORDER BY h.history_date DESC, h.history_id DESC LIMIT 50"
_ACTS = """
SELECT l.*, p.username FROM oplog_operationlog l
LEFT JOIN accounts_user p ON p.id = l.by_id
"""
GOODS_LIST, PRICES = "/admin/catalog/goods/", "/admin/catalog/pricelog/"


def pages(half: int, waiting: int, day: str) -> dict[str, tuple[str, str]]:
    """{name: (address, the SQL that fetches its rows)}"""
    code = f"V{half:08d}"
    return {
        "goods": (GOODS_LIST, f"{_ROW} ORDER BY g.id DESC LIMIT 50"),
        "goods_half_way": (
            f"{GOODS_LIST}?after={half}",
            f"{_ROW} WHERE g.id < {half} ORDER BY g.id DESC LIMIT 50",
        ),
        "goods_page_200": (
            f"{GOODS_LIST}?p=200",
            f"{_ROW} ORDER BY g.id DESC LIMIT 50 OFFSET 9950",
        ),
        "goods_last": (
            f"{GOODS_LIST}?before=end",
            f"{_ROW} ORDER BY g.id LIMIT 50",
        ),
        "goods_tab": (
            f"{GOODS_LIST}?tab=off_sale",
            f"{_ROW} WHERE g.status = 'off_sale' ORDER BY g.id DESC LIMIT 50",
        ),
        "goods_category": (
            f"{GOODS_LIST}?category__id__exact=7",
            f"{_ROW} WHERE g.category_id = 7 ORDER BY g.id DESC LIMIT 50",
        ),
        "search_rare": (
            f"{GOODS_LIST}?q={half}",
            f"{_FOUND} s.text LIKE '%{half}%' ORDER BY g.id DESC LIMIT 50",
        ),
        "search_two_characters": (
            f"{GOODS_LIST}?q=榴莲",
            f"{_FOUND} s.text LIKE '%榴榴榴莲莲莲%' ORDER BY g.id DESC LIMIT 50",
        ),
        "search_nothing": (
            f"{GOODS_LIST}?q=香柚",
            f"{_FOUND} s.text LIKE '%香香香柚柚柚%' ORDER BY g.id DESC LIMIT 50",
        ),
        "search_code": (
            f"{GOODS_LIST}?q={code}",
            f"{_ROW} WHERE upper(g.code) = '{code}'",
        ),
        "review_queue": (
            f"{GOODS_LIST}review/",
            f"{_ROW} WHERE g.status = 'pending' ORDER BY g.submitted_at, g.id LIMIT 50",
        ),
        "price_log": (PRICES, f"{_LOG} h.price_changed {_NEWEST}"),
        "price_log_person": (
            f"{PRICES}?person={{person}}",
            f"{_LOG} h.price_changed AND h.history_user_id = {{person}} {_NEWEST}",
        ),
        "price_log_day": (
            f"{PRICES}?history_date_from={day}&history_date_to={day}",
            f"{_LOG} h.price_changed AND h.history_date >= '{day} 00:00+08' AND"
            f" h.history_date < '{day} 24:00+08' {_NEWEST}",
        ),
        "price_log_last": (
            f"{PRICES}?before=end",
            f"{_LOG} h.price_changed ORDER BY h.history_date, h.history_id LIMIT 50",
        ),
        "shelf_log": (
            "/admin/catalog/shelflog/",
            f"{_LOG} h.status_changed {_NEWEST}",
        ),
        "goods_history": (
            f"{GOODS_LIST}{waiting}/history/",
            f"{_LOG} h.id = {waiting} ORDER BY h.history_id DESC LIMIT 50",
        ),
        "operation_log": (
            "/admin/oplog/operationlog/",
            f"{_ACTS} ORDER BY l.at DESC, l.id DESC LIMIT 50",
        ),
        "operation_log_person": (
            "/admin/oplog/operationlog/?person={person}",
            f"{_ACTS} WHERE l.by_id = {{person}} ORDER BY l.at DESC, l.id DESC LIMIT 50",
        ),
        "home": ("/admin/", "SELECT 1"),
        **{
            f"api_{name}": (f"/api/v1/goods?page_size=50{query}", sql)
            for name, query, sql in (
                (
                    "newest",
                    "",
                    f"{_ROW} WHERE g.status = 'on_sale'"
                    " ORDER BY g.listed_at DESC, g.id DESC LIMIT 50",
                ),
                (
                    "by_sales",
                    "&ordering=-sales",
                    f"{_ROW} JOIN sales_goodsfigures f ON f.goods_id = g.id"
                    " WHERE g.status = 'on_sale'"
                    " ORDER BY f.volume DESC, g.id DESC LIMIT 50",
                ),
                (
                    "by_price_page_100",
                    "&ordering=price&page_index=100",
                    f"{_ROW} WHERE g.status = 'on_sale'"
                    " ORDER BY g.price_step, g.price, g.id LIMIT 50 OFFSET 4950",
                ),
                (
                    "in_stock",
                    "&in_stock=true",
                    f"{_ROW} JOIN stock_stockbalance b ON b.goods_id = g.id"
                    " WHERE g.status = 'on_sale' AND b.is_available"
                    " ORDER BY g.listed_at DESC, g.id DESC LIMIT 50",
                ),
                (
                    "sold_out",
                    "&in_stock=false",
                    f"{_ROW} LEFT JOIN stock_stockbalance b ON b.goods_id = g.id"
                    " WHERE g.status = 'on_sale' AND b.is_available IS NOT TRUE"
                    " ORDER BY g.listed_at DESC, g.id DESC LIMIT 50",
                ),
                (
                    "search",
                    "&q=hfs",
                    f"{_FOUND} s.text LIKE '%hfs%' AND g.status = 'on_sale'"
                    " ORDER BY g.listed_at DESC, g.id DESC LIMIT 50",
                ),
            )
        },
    }


def stock_pages(half: int) -> dict[str, str]:
    """What of it the stock admin has, too."""
    return {
        "goods": "",
        "goods_half_way": f"?p={half // 100}",
        "goods_category": "?category__id__exact=7",
        "search_rare": f"?q={half}",
        "search_two_characters": "?q=榴莲",
    }


def asked(program: str, url: str, what: dict[str, str]) -> dict[str, float]:
    """{name: milliseconds}, by a program of its own."""
    done = subprocess.run(
        [sys.executable, f"bench/{program}", json.dumps(what)],
        cwd=ROOT,
        env=environment(url) | {"DJANGO_SETTINGS_MODULE": "backoffice.settings"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def limit(connection: psycopg.Connection, sql: str) -> float:
    """Milliseconds of the median of five."""
    took = []
    for _time in range(6):
        began = time.perf_counter()
        connection.execute(sql).fetchall()  # type: ignore[call-overload]
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took[1:])


@contextlib.contextmanager
def filled() -> Iterator[str]:
    if url := os.environ.get("FILLED"):
        yield url
        return
    with scratch_database() as url:
        manage(url, "migrate", "-v0")
        manage(url, "createcachetable")
        subprocess.run(
            [sys.executable, "bench/fill_lists.py", str(GOODS)],
            cwd=ROOT,
            env=environment(url),
            check=True,
        )
        yield url


def one(connection: psycopg.Connection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()  # type: ignore[call-overload]
    assert row
    return row[0]


def main() -> None:
    require_quiet()
    with filled() as url:
        libpq = url.replace("postgres://", "postgresql://")
        with psycopg.connect(libpq, autocommit=True) as connection:
            goods = one(connection, "SELECT count(*) FROM catalog_goods")
            half = one(connection, "SELECT max(id) / 2 FROM catalog_goods")
            person = one(
                connection, "SELECT id FROM accounts_user WHERE username = 'clerk3'"
            )
            day = one(connection, "SELECT (now() - interval '40 days')::date::text")
            waiting = one(
                connection, "SELECT min(id) FROM catalog_goods WHERE status = 'pending'"
            )
            wanted = {
                name: (address.format(person=person), sql.format(person=person))
                for name, (address, sql) in pages(half, waiting, day).items()
            }
            rounds = []
            for _round in range(ROUNDS):
                ours = asked(
                    "ask_lists.py", url, {n: a for n, (a, _sql) in wanted.items()}
                )
                stock = asked("stock_admin.py", url, stock_pages(half))
                least = {n: limit(connection, sql) for n, (_a, sql) in wanted.items()}
                rounds.append((ours, least, stock))
    report(goods, list(wanted), rounds)


def report(goods: int, names: list[str], rounds: list[Any]) -> None:
    def middle(values: Iterator[float]) -> float:
        return statistics.median(values)

    ours = {n: middle(r[0][n] for r in rounds) for n in names}
    faster = {
        n: round(middle(r[2][n] / r[0][n] for r in rounds), 1) for n in rounds[0][2]
    }
    emit(
        bench="lists",
        goods=goods,
        rounds=len(rounds),
        ms={n: round(ms, 1) for n, ms in ours.items()},
        limit_ms={n: round(middle(r[1][n] for r in rounds), 1) for n in names},
        # how much of a page is not fetching its rows
        times_limit={
            n: round(middle(r[0][n] / r[1][n] for r in rounds), 1) for n in names
        },
        stock_admin_ms={
            n: round(middle(r[2][n] for r in rounds)) for n in rounds[0][2]
        },
        faster_than_stock_admin=faster,
        bars={"any page": 3, "search_rare": 20},
        met=all(faster[n] >= (20 if n == "search_rare" else 3) for n in faster),
        slow=sorted(n for n in names if ours[n] > MOST_MS),
    )


if __name__ == "__main__":
    main()
