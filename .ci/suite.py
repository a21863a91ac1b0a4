"""Runs the test suite on SQLite and, where one answers, on PostgreSQL.

Arguments go on to pytest. Ends with the totals of both; the exit status is 1 when
either had a failure. TEST_POSTGRES_URL names the PostgreSQL to use.
"""

import os
import re
import subprocess
import sys
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


def run(name: str, arguments: list[str], url: str | None) -> tuple[int, str]:
    """One run of pytest, shown as it goes; gives its exit status and its totals."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("TEST_DATABASE_URL", None)
    if url:
        environment["TEST_DATABASE_URL"] = url
    print(f"\n--- the suite on {name} ---", flush=True)
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
            print(line, end="", flush=True)
            if _TOTALS.match(line):
                totals = line.strip("= \n")
    return process.returncode, totals


def main() -> int:
    arguments = sys.argv[1:]
    outcomes = {"SQLite": run("SQLite", arguments, None)}
    url = postgres_url()
    if url:
        outcomes["PostgreSQL"] = run("PostgreSQL", arguments, url)
    print("\n--- totals ---")
    for name, (status, totals) in outcomes.items():
        print(f"{name:<11} {totals}" + (f"  (exit status {status})" if status else ""))
    if not url:
        print("PostgreSQL  not run: set TEST_POSTGRES_URL to one that answers")
    return int(any(status for status, _totals in outcomes.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
