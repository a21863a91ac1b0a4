"""Export of 1,000,000 goods, as csv and as xlsx: how long, and how much memory at most
beside an export of a tenth of them. Bar: the memory does not grow with the rows.

`--rows` measures fewer.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from common import ROOT, emit, environment, manage, require_quiet, scratch_database
from psycopg import sql

#: more goods like the one that is there
FILL = """
INSERT INTO catalog_goods (code, name, {columns})
SELECT 'X' || n, name || ' ' || n, {columns}
FROM generate_series(%s::int, %s::int) n, (SELECT * FROM catalog_goods LIMIT 1) one
"""
COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = 'catalog_goods' AND table_schema = 'public'
  AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'code', 'name')
"""
#: how many times the memory of a tenth of the rows may be needed for all of them
MOST = 1.2


def fill(url: str, first: int, last: int) -> None:
    """Goods of these numbers."""
    address = url.replace("postgres://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as connection:
        names = [sql.Identifier(name) for (name,) in connection.execute(COLUMNS)]
        columns = sql.SQL(", ").join(names)
        connection.execute(sql.SQL(FILL).format(columns=columns), (first, last))
        connection.execute("VACUUM ANALYZE catalog_goods")


def exported(url: str, file: Path) -> tuple[float, float]:
    """(seconds, peak of memory in MB) of writing all goods to this file."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sheet", "export", "goods", str(file)],
        cwd=ROOT,
        env=environment(url),
        stdout=subprocess.DEVNULL,
    )
    _pid, status, used = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - began, used.ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--anyway", action="store_true")
    chosen = options.parse_args()
    require_quiet()
    with scratch_database() as url, tempfile.TemporaryDirectory() as folder:
        manage(url, "migrate", "-v0")
        manage(url, "createcachetable")
        subprocess.run(
            [sys.executable, "bench/fill_goods.py", "1"],
            cwd=ROOT,
            env=environment(url),
            check=True,
        )
        peaks: dict[str, list[float]] = {}
        filled = 1
        for rows in (chosen.rows // 10, chosen.rows):
            fill(url, filled + 1, rows)
            filled = rows
            for kind in ("csv", "xlsx"):
                seconds, peak = exported(url, Path(folder) / f"goods.{kind}")
                peaks.setdefault(kind, []).append(peak)
                emit(
                    bench="export",
                    kind=kind,
                    rows=rows,
                    seconds=round(seconds, 1),
                    peak_mb=round(peak),
                )
        for kind, (few, many) in peaks.items():
            emit(
                bench="export",
                kind=kind,
                memory_ratio=round(many / few, 2),
                bar=f"≤ {MOST}",
            )


if __name__ == "__main__":
    main()
