"""`python bench/limit_checkout.py URL make 10000` makes bare tables; `… place 4 3.0
spread` places orders by so many processes for so many seconds and prints JSON.

The limit of placing an order: one transaction of the seven statements that any shop
needs, in raw SQL, each a round trip. Look at the goods, hold each line (in the order of
the ids, never more than is there), write the order, its lines, its movements. `hot`: the
order has one line, and everybody wants the same goods.
"""

import json
import multiprocessing
import random
import sys
import time
from typing import Any

import psycopg

TABLES = """
CREATE TABLE bare_goods (id bigint PRIMARY KEY, name text NOT NULL,
  price numeric(12, 2) NOT NULL, on_sale boolean NOT NULL);
CREATE TABLE bare_stock (goods_id bigint PRIMARY KEY REFERENCES bare_goods,
  on_hand numeric(12, 3) NOT NULL, reserved numeric(12, 3) NOT NULL,
  CHECK (reserved BETWEEN 0 AND on_hand)) WITH (fillfactor = 70);
CREATE TABLE bare_order (id bigserial PRIMARY KEY, number text NOT NULL UNIQUE,
  customer bigint NOT NULL, total numeric(12, 2) NOT NULL,
  at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON bare_order (customer, at);
CREATE TABLE bare_line (id bigserial PRIMARY KEY,
  order_id bigint NOT NULL REFERENCES bare_order,
  goods_id bigint NOT NULL REFERENCES bare_goods, name text NOT NULL,
  price numeric(12, 2) NOT NULL, quantity numeric(12, 3) NOT NULL);
CREATE INDEX ON bare_line (order_id);
CREATE INDEX ON bare_line (goods_id);
CREATE TABLE bare_movement (id bigserial PRIMARY KEY,
  goods_id bigint NOT NULL REFERENCES bare_goods, quantity numeric(12, 3) NOT NULL,
  order_id bigint NOT NULL REFERENCES bare_order,
  at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON bare_movement (goods_id, id);
"""


def make(url: str, goods: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
        connection.execute(
            "INSERT INTO bare_goods SELECT n, 'goods ' || n, n %% 90 + 1, true"
            " FROM generate_series(1, %s) n",
            [goods],
        )
        connection.execute(
            "INSERT INTO bare_stock SELECT id, 1000000, 0 FROM bare_goods"
        )
        connection.execute("VACUUM ANALYZE")


def order(connection: psycopg.Connection[Any], ids: list[int], number: str) -> None:
    found = connection.execute(
        "SELECT id, name, price FROM bare_goods WHERE id = ANY(%s) AND on_sale", [ids]
    ).fetchall()
    for pk in ids:
        done = connection.execute(
            "UPDATE bare_stock SET reserved = reserved + 1"
            " WHERE goods_id = %s AND on_hand - reserved >= 1",
            [pk],
        )
        if done.rowcount != 1:
            sys.exit("The limit ran out of goods.")
    total = sum(price for _pk, _name, price in found)
    (pk,) = connection.execute(
        "INSERT INTO bare_order (number, customer, total) VALUES (%s, %s, %s)"
        " RETURNING id",
        [number, len(ids), total],
    ).fetchone() or (0,)
    marks = ", ".join(["(%s, %s, %s, %s, 1)"] * len(found))
    connection.execute(
        "INSERT INTO bare_line (order_id, goods_id, name, price, quantity)"  # noqa: S608 - marks only
        f" VALUES {marks}",
        [value for row in found for value in (pk, *row)],
    )
    marks = ", ".join(["(%s, 1, %s)"] * len(found))
    connection.execute(
        f"INSERT INTO bare_movement (goods_id, quantity, order_id) VALUES {marks}",  # noqa: S608 - marks only
        [value for goods, _name, _price in found for value in (goods, pk)],
    )
    connection.commit()


def work(place: int, url: str, seconds: float, is_hot: bool, results: Any) -> None:
    choose, count = random.Random(place), 0  # noqa: S311 - no secret
    with psycopg.connect(url) as connection:
        connection.prepare_threshold = 1
        goods = connection.execute("SELECT count(*) FROM bare_goods").fetchone()
        most = goods[0] if goods else 0
        began, cost = time.perf_counter(), time.process_time()
        while time.perf_counter() < began + seconds:
            ids = [1] if is_hot else sorted(choose.sample(range(1, most + 1), 3))
            order(connection, ids, f"{place}-{began}-{count}")
            count += 1
        took = time.perf_counter() - began
        results.put((count / took, time.process_time() - cost, count))


def place(url: str, buyers: int, seconds: float, is_hot: bool) -> None:
    results: Any = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=work, args=(n, url, seconds, is_hot, results))
        for n in range(buyers)
    ]
    for process in processes:
        process.start()
    found = [results.get() for _process in processes]
    for process in processes:
        process.join()
    count = sum(orders for _rate, _cost, orders in found)
    facts = {
        "per_second": sum(rate for rate, _cost, _orders in found),
        "cpu_ms": 1000 * sum(cost for _rate, cost, _orders in found) / count,
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    if sys.argv[2] == "make":
        make(sys.argv[1], int(sys.argv[3]))
    else:
        place(sys.argv[1], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5] == "hot")
