"""Import of a sheet of 20,000 goods (xlsx) on PostgreSQL, with preview, history, log,
search and batch, against reading it, one COPY and one statement (bar: ≤ 8 × the limit,
aim ≤ 3 ×), and new goods against django-import-export without any of these (bar: 4 ×
faster).

`--rows 100000` measures a larger sheet; its peak of memory is told as well (bar 600 MB).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

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

ROUNDS = 5


def run(program: str, url: str, *arguments: object) -> dict[str, float]:
    """What a program of this folder measured; it says so in one line or nothing."""
    done = subprocess.run(
        [sys.executable, f"bench/{program}.py", *map(str, arguments)],
        cwd=ROOT,
        env=environment(url),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    measured: dict[str, float] = json.loads(done.stdout or "{}")
    return measured


def begin_again(url: str) -> None:
    """Nothing is left of what the peer entered, so that the limit enters it anew."""
    address = url.replace("postgres://", "postgresql://")
    with psycopg.connect(address) as connection:
        connection.execute("TRUNCATE limit_goods, limit_stock")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--anyway", action="store_true")
    chosen = options.parse_args()
    require_quiet()
    with scratch_database() as url, tempfile.TemporaryDirectory() as folder:
        manage(url, "migrate", "-v0")
        manage(url, "createcachetable")
        file = Path(folder) / "goods.xlsx"
        rounds: dict[str, list[tuple[float, float]]] = {"create": [], "update": []}
        peers: list[float] = []
        peak = 0.0
        for number in range(chosen.rounds):
            for kind, bump in (("create", 0), ("update", 1)):
                run("fill_sheet", url, file, chosen.rows, number, bump)
                if kind == "create":
                    run("limit_import", url, "--prepare")
                    peers.append(run("peer_import", url, file)["seconds"])
                    begin_again(url)
                limit = run("limit_import", url, file)
                ours = run("import_sheet", url, file)
                rounds[kind].append((ours["seconds"], limit["seconds"]))
                peak = max(peak, ours["peak_mb"])
        for kind, pairs in rounds.items():
            emit(
                bench="import",
                kind=kind,
                rows=chosen.rows,
                **judged(*zip(*pairs, strict=True)),
                bar="≤ 8",
                seconds=[round(one, 2) for one, _limit in pairs],
                limit_seconds=[round(limit, 2) for _one, limit in pairs],
                peak_mb=round(peak),
            )
        emit(
            bench="import",
            kind="create",
            than="django-import-export",
            rows=chosen.rows,
            **judged(peers, [one for one, _limit in rounds["create"]]),
            bar="≥ 4",
            peer_seconds=[round(peer, 2) for peer in peers],
        )


if __name__ == "__main__":
    main()
