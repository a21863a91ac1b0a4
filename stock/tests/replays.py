"""The replay as people run it: a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess:
    """`manage.py` on the tests' kind of database, which the replay leaves alone."""
    url = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{folder / 'own.sqlite3'}")
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={
            **{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
            "SECRET_KEY": "only-for-tests-" + "x" * 50,
            "DATABASE_URL": url,
            "DEMO": "off",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def replayed(file: Path, rules: str, folder: Path) -> dict:
    """What the command printed."""
    done = run("replay", str(file), "--rules", rules, folder=folder)
    assert done.returncode == 0, done.stderr
    assert not (folder / "own.sqlite3").exists(), "the shop's own database was touched"
    return json.loads(done.stdout)
