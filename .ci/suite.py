"""Runs the test suite on SQLite and, where one answers, on PostgreSQL at the same time.

SQLite's run is shown as it goes, PostgreSQL's when it is over; tests that ask no
database run once. Arguments go on to pytest. Ends with the totals of both; the exit
status is 1 when either had a failure. TEST_POSTGRES_URL names the PostgreSQL to use.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = "postgres://postgres@127.0.0.1:5432/test"
_PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")
_TOTALS = re.compile(r"^(=+ )?(\d+ \w+.* in [\d.]+s|no tests ran).*$")


def postgres_url() -> str | None:
    """The address of a PostgreSQL that lets us in within two seconds, or None."""
    url = os.environ.get("TEST_POSTGRES_URL", POSTGRES)
    # the test database itself is made by the suite, so any database will do to knock
    knock = re.sub(r"/[^/?]*(\?.*)?$", "/postgres", url).replace(
        "postgres://", "postgresql://"
    )
    try:
        psycopg.connect(knock, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        shown = _PASSWORD.sub(r"\1:•••@", url)
        reason = str(error).strip().splitlines()[0]
        print(f"\nPostgreSQL at {shown} does not answer ({reason}).")
        return None
    return url


def other_redis() -> str:
    """The database beside the one that the other run uses and empties."""
    url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
    base, _slash, number = url.rpartition("/")
    return f"{base}/{int(number) - 1}" if number.isdigit() and int(number) else url


def run(
    name: str, arguments: list[str], url: str | None, *, is_shown: bool = True
) -> tuple[int, str, list[str]]:
    """One run of pytest; gives its exit status, its totals and what was not shown."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("TEST_DATABASE_URL", None)
    if url:
        environment["TEST_DATABASE_URL"] = url
        environment["TEST_REDIS_URL"] = other_redis()
    kept = [f"\n--- the suite on {name} ---\n"]
    if is_shown:
        print(*kept, end="", flush=True)
    command = [sys.executable, "-m", "pytest", *arguments]
    if "-m" not in arguments:
        command += ["-m", "not browser"]
    totals = "no totals: the run was cut short"
    with subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            if is_shown:
                print(line, end="", flush=True)
            else:
                kept.append(line)
            if _TOTALS.match(line):
                totals = line.strip("= \n")
    return process.returncode, totals, [] if is_shown else kept


def main() -> int:
    arguments = sys.argv[1:]
    url = postgres_url()
    with ThreadPoolExecutor(2) as pool:
        runs = {"SQLite": pool.submit(run, "SQLite", arguments, None)}
        if url:
            runs["PostgreSQL"] = pool.submit(
                run,
                "PostgreSQL",
                # what asks no database says nothing new on another one
                [*arguments, "--database-only"],
                url,
                is_shown=False,
            )
        outcomes = {name: future.result() for name, future in runs.items()}
    for _status, _totals, kept in outcomes.values():
        print(*kept, sep="", end="")
    print("\n--- totals ---")
    for name, (status, totals, _kept) in outcomes.items():
        print(f"{name:<11} {totals}" + (f"  (exit status {status})" if status else ""))
    if not url:
        print("PostgreSQL  not run: set TEST_POSTGRES_URL to one that answers")
    return int(any(status for status, *_rest in outcomes.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
