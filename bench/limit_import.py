"""The least work that imports a sheet: read it, COPY it aside, check it and write it by
one statement, into the goods of a plain shop (the usual indexes, a row of stock each).
No preview, history, log, search, batch or words for what is wrong.
FILE, or --prepare to make its tables only."""

import os
import sys
import time

import psycopg
import python_calamine
from common import emit

TABLE = """
CREATE TABLE IF NOT EXISTS limit_category(id bigserial PRIMARY KEY, name text UNIQUE);
CREATE TABLE IF NOT EXISTS limit_goods(
  id bigserial PRIMARY KEY, code varchar(40) NOT NULL UNIQUE, name varchar(100) NOT NULL,
  category_id bigint NOT NULL REFERENCES limit_category(id) DEFERRABLE INITIALLY DEFERRED,
  unit text NOT NULL, barcode varchar(40) NOT NULL, price numeric(12,2) NOT NULL,
  cost numeric(12,4), is_weighed bool NOT NULL, spec varchar(100) NOT NULL,
  description text NOT NULL, updated_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS limit_goods_code ON limit_goods(code varchar_pattern_ops);
CREATE INDEX IF NOT EXISTS limit_goods_category ON limit_goods(category_id);
CREATE INDEX IF NOT EXISTS limit_goods_weighed ON limit_goods(is_weighed);
CREATE TABLE IF NOT EXISTS limit_stock(
  id bigserial PRIMARY KEY, on_hand int NOT NULL,
  goods_id bigint NOT NULL UNIQUE REFERENCES limit_goods(id) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO limit_category(name) SELECT '品类' || i FROM generate_series(1, 200) i
  ON CONFLICT DO NOTHING
"""
CHECK = r"""
SELECT count(*) FROM aside LEFT JOIN limit_category k ON k.name = aside.category
WHERE k.id IS NULL OR code = '' OR length(code) > 40 OR length(aside.name) > 100
  OR price !~ '^\d{1,6}(\.\d+)?$' OR cost !~ '^\d{1,6}(\.\d+)?$'
"""
WRITE = """
WITH written AS (
  INSERT INTO limit_goods(code, name, category_id, unit, barcode, price, cost, is_weighed,
                          spec, description, updated_at)
  SELECT code, aside.name, k.id, unit, barcode, round(price::numeric, 2),
         round(cost::numeric, 4), is_weighed IN ('是', 'yes'), spec, description, now()
  FROM aside JOIN limit_category k ON k.name = aside.category
  ON CONFLICT (code) DO UPDATE SET name = excluded.name,
    category_id = excluded.category_id, unit = excluded.unit, barcode = excluded.barcode,
    price = excluded.price, cost = excluded.cost, is_weighed = excluded.is_weighed,
    spec = excluded.spec, description = excluded.description, updated_at = now()
  RETURNING id)
INSERT INTO limit_stock(goods_id, on_hand) SELECT id, 0 FROM written
  ON CONFLICT (goods_id) DO UPDATE SET on_hand = excluded.on_hand
"""


def main(path: str) -> None:
    url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://")
    with psycopg.connect(url) as connection:
        connection.execute(TABLE)
        connection.commit()
        if path == "--prepare":
            return
        began = time.perf_counter()
        connection.execute(
            "CREATE TEMP TABLE aside(code text, name text, category text, unit text,"
            " barcode text, price text, cost text, is_weighed text, spec text,"
            " description text) ON COMMIT DROP"
        )
        rows = python_calamine.load_workbook(path).get_sheet_by_index(0).iter_rows()
        next(rows)
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY aside FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([str(cell) for cell in row])
        (wrong,) = connection.execute(CHECK).fetchone() or (1,)
        (doubles,) = connection.execute(
            "SELECT count(*) - count(DISTINCT upper(code)) FROM aside"
        ).fetchone() or (1,)
        assert (wrong, doubles) == (0, 0)
        connection.execute(WRITE)
        connection.commit()
        emit(seconds=time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1])
