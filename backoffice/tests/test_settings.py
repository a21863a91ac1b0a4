"""What the environment says is read strictly, kept safely and written down."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from backoffice import settings as own
from backoffice.shop.definitions import SETTINGS

#: a production that is complete
PRODUCTION = {
    "SECRET_KEY": "kept-in-a-safe-place-" + "0123456789abcdef" * 3,
    "DEMO": "off",
    "ALLOWED_HOSTS": "shop.example.com",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` with nothing in the environment but this."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "HOME": "/", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE points to"),
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe'"),
        ({"PORT": "abc"}, "PORT is 'abc'"),
        ({"PORT": "70000"}, "PORT is 70000, which must be from 1 to 65535"),
        ({"TIME_ZONE": "Mars"}, "TIME_ZONE is 'Mars'"),
        ({"LANGUAGE_CODE": "fr"}, "LANGUAGE_CODE is 'fr'"),
        ({"DATABASE_URL": "garbage"}, "DATABASE_URL cannot be read"),
        ({"DATABASE_URL": "mysql://u:hush@h/d"}, "other databases are not supported"),
        ({"DATABASE_URL": "postgress://u:hush@h/d"}, "DATABASE_URL cannot be read"),
        ({"DATABASE_URL": "postgres://u:hush@h:port/d"}, "DATABASE_URL cannot be read"),
        ({"REDIS_URL": "http://cache"}, "REDIS_URL must begin with redis://"),
        ({"SENTRY_DSN": "sentry"}, "SENTRY_DSN must begin with http://"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'loud'"),
        ({"TRUSTED_PROXIES": "proxy"}, "TRUSTED_PROXIES cannot be read"),
        ({"WEB_WORKERS": "0"}, "WEB_WORKERS is 0"),
        ({"HTTPS": "perhaps"}, "HTTPS is 'perhaps'"),
    ],
)
def test_an_unreadable_setting_stops_the_start_with_a_sentence(environment, sentence):
    answer = manage("check", **{**PRODUCTION, **environment})
    assert answer.returncode == 1
    assert answer.stderr.startswith("The shop cannot start: ")
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "hush" not in answer.stderr


def test_production_without_a_key_does_not_start():
    answer = manage("check", DEMO="off")
    assert answer.returncode == 1
    assert "SECRET_KEY is not set" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_commands_that_go_on_without_settings_end_with_the_sentence_too():
    answer = manage("makemigrations", "--check", DEMO="off")
    assert answer.returncode != 0
    assert "SECRET_KEY is not set" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_web_server_ends_with_the_sentence_too():
    answer = subprocess.run(
        [sys.executable, "-c", "import backoffice.wsgi"],
        cwd=settings.BASE_DIR,
        env={**PRODUCTION, "PATH": os.environ["PATH"], "PORT": "abc"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 1
    assert "The shop cannot start: PORT is 'abc'" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_unreadable_shop_setting_is_found_at_the_start():
    answer = manage("check", **PRODUCTION, SHOP_FREIGHT="abc")
    assert answer.returncode == 1
    assert "(backoffice.E001) SHOP_FREIGHT is 'abc'" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_complete_production_passes_the_deployment_check(tmp_path: Path):
    database = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    answer = manage(
        "check", "--deploy", "--fail-level", "WARNING",
        **PRODUCTION, DATABASE_URL=database,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr


def test_check_needs_no_tables(tmp_path: Path):
    answer = manage(
        "check", **PRODUCTION, DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    )
    assert answer.returncode == 0, answer.stderr


def test_redis_carries_cache_and_sessions_where_it_is_named():
    code = (
        "from django.conf import settings\n"
        "print(settings.CACHES['default']['BACKEND'], settings.SESSION_ENGINE)"
    )
    answer = manage(
        "shell", "-v0", "-c", code, **PRODUCTION, REDIS_URL="redis://127.0.0.1:1/0"
    )
    assert answer.stdout.split() == [
        "backoffice.base.rediscache.RedisCache",
        "django.contrib.sessions.backends.cached_db",
    ]


# --- written down ---------------------------------------------------------------------


def test_env_example_names_every_setting_and_no_other():
    text = (settings.BASE_DIR / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#([A-Z0-9_]+)=", text, re.MULTILINE)) == own.env.names
    assert not re.findall(r"^[A-Z]", text, re.MULTILINE), "it sets nothing by itself"


def test_readme_names_every_setting():
    text = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    missing = {name for name in own.env.names if f"`{name}`" not in text}
    assert not missing


def test_env_example_tells_of_the_merchants_settings():
    text = (settings.BASE_DIR / ".env.example").read_text(encoding="utf-8")
    (example,) = re.findall(r"SHOP_([A-Z_]+)=", text)
    assert example in SETTINGS


# --- SQLite ---------------------------------------------------------------------------


@pytest.mark.skipif(not settings.IS_SQLITE, reason="settings of SQLite")
@pytest.mark.django_db(transaction=True)
def test_sqlite_writes_ahead_and_survives_a_power_cut():
    with connection.cursor() as cursor:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2)):
            cursor.execute(f"PRAGMA {pragma}")
            assert cursor.fetchone()[0] == value


@pytest.mark.skipif(not settings.IS_SQLITE, reason="settings of SQLite")
@pytest.mark.django_db(transaction=True)
def test_sqlite_takes_the_write_lock_when_a_transaction_begins():
    path = connection.settings_dict["NAME"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        other = sqlite3.connect(path, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
