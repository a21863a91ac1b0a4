"""The least work that lists goods: a bare WSGI application, one prepared statement on a
kept connection, the fastest JSON. No framework, no checks, no total."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import psycopg

_here = threading.local()
_SQL = """
SELECT g.id, g.code, g.name, c.id, c.name, b.id, b.name, g.origin, g.spec, g.image,
       u.name, g.price::text, g.min_quantity::text, g.retail_enabled,
       k.name, g.case_size::text, g.case_price::text, g.case_min_quantity, g.case_enabled
FROM catalog_goods g
JOIN catalog_category c ON c.id = g.category_id
JOIN catalog_unit u ON u.id = g.unit_id
LEFT JOIN catalog_brand b ON b.id = g.brand_id
LEFT JOIN catalog_unit k ON k.id = g.case_unit_id
WHERE g.status = 'on_sale' ORDER BY g.listed_at DESC, g.id DESC LIMIT 21 OFFSET %s
"""


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    connection = getattr(_here, "connection", None)
    if connection is None:
        url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://")
        connection = _here.connection = psycopg.connect(url, autocommit=True)
    page = int(environ["QUERY_STRING"].rpartition("page=")[2] or 1)
    rows = connection.execute(_SQL, ((page - 1) * 20,), prepare=True).fetchall()
    body = orjson.dumps(
        {"items": [_item(row) for row in rows[:20]], "more": len(rows) > 20}
    )
    start(
        "200 OK",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
    )
    return [body]


def _item(row: tuple[Any, ...]) -> dict[str, Any]:
    units = []
    if row[13]:
        units.append({"name": row[10], "price": row[11], "min_quantity": row[12]})
    if row[18]:
        units.append({"name": row[14], "size": row[15], "price": row[16]})
    return {
        "id": row[0],
        "code": row[1],
        "name": row[2],
        "category": {"id": row[3], "name": row[4]},
        "brand": {"id": row[5], "name": row[6]} if row[5] else None,
        "origin": row[7],
        "spec": row[8],
        "image": row[9],
        "units": units,
    }
