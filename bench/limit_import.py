"""The least work that imports a sheet: read it, COPY it aside, check it and write it by
one statement. No preview, history, log, batch or words for what is wrong. FILE."""

import os
import sys
import time

import psycopg
import python_calamine
from common import emit

TABLE = """
CREATE TABLE IF NOT EXISTS limit_category(id serial PRIMARY KEY, name text UNIQUE);
CREATE TABLE IF NOT EXISTS limit_goods(
  id bigserial PRIMARY KEY, code varchar(40) UNIQUE, name varchar(100),
  category_id int REFERENCES limit_category(id), unit text, barcode varchar(40),
  price numeric(12,2), cost numeric(12,4), is_weighed bool, spec text,
  description text, updated_at timestamptz);
CREATE INDEX IF NOT EXISTS limit_goods_barcode ON limit_goods(barcode);
INSERT INTO limit_category(name) SELECT '品类' || i FROM generate_series(1, 200) i
  ON CONFLICT DO NOTHING
"""
CHECK = r"""
SELECT count(*) FROM aside LEFT JOIN limit_category k ON k.name = aside.category
WHERE k.id IS NULL OR code = '' OR length(code) > 40 OR length(aside.name) > 100
  OR price !~ '^\d{1,6}(\.\d+)?$' OR cost !~ '^\d{1,6}(\.\d+)?$'
"""
WRITE = """
INSERT INTO limit_goods(code, name, category_id, unit, barcode, price, cost, is_weighed,
                        spec, description, updated_at)
SELECT code, aside.name, k.id, unit, barcode, round(price::numeric, 2),
       round(cost::numeric, 4), is_weighed IN ('是', 'yes'), spec, description, now()
FROM aside JOIN limit_category k ON k.name = aside.category
ON CONFLICT (code) DO UPDATE SET name = excluded.name, category_id = excluded.category_id,
  unit = excluded.unit, barcode = excluded.barcode, price = excluded.price,
  cost = excluded.cost, is_weighed = excluded.is_weighed, spec = excluded.spec,
  description = excluded.description, updated_at = now()
"""


def main(path: str) -> None:
    url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://")
    with psycopg.connect(url) as connection:
        connection.execute(TABLE)
        connection.commit()
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
