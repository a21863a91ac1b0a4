"""A database of its own for a replay: made, migrated, dropped."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError
from backoffice.shop import shop


class NoScratchDatabase(DomainError):
    """The server does not let us make a database."""


@contextmanager
def scratch_database() -> Iterator[str]:
    """An empty shop on the same kind of database inside the block; gives its name.

    The shop's own data is out of reach there. For commands only: nothing else may use
    the connection meanwhile.
    """
    settings = connection.settings_dict
    own = settings["NAME"]
    make = _on_server if connection.vendor == "postgresql" else _in_file
    with make() as name:
        connection.close()
        settings["NAME"] = name
        shop.forget()
        try:
            call_command("migrate", verbosity=0)
            yield name
        finally:
            connection.close()
            settings["NAME"] = own
            shop.forget()


@contextmanager
def _in_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        yield str(Path(folder) / "replay.sqlite3")


@contextmanager
def _on_server() -> Iterator[str]:
    name = f"replay_{secrets.token_hex(6)}"
    params: dict[str, Any] = connection.get_connection_params() | {"dbname": "postgres"}
    server = psycopg.connect(
        **{k: v for k, v in params.items() if k not in ("cursor_factory", "context")},
        autocommit=True,
    )
    with server:
        try:
            server.execute(f'CREATE DATABASE "{name}"')
        except psycopg.errors.InsufficientPrivilege:
            raise NoScratchDatabase(
                _("The database user may not create databases (CREATEDB).")
            ) from None
        try:
            yield name
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
