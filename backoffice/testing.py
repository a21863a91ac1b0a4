"""What every test may use: a pytest plugin, loaded by pyproject (`-p`).

It loads before Django is set up, so Django is imported inside the functions.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from media_client.standin import StandIn

REAL_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let tear-down empty the append-only tables of transactional tests."""
    import django

    django.setup()

    from django.db.backends.base.operations import BaseDatabaseOperations

    from backoffice.base.triggers import lifted

    execute = BaseDatabaseOperations.execute_sql_flush

    def execute_without_triggers(self: Any, sql_list: list[str]) -> None:
        with lifted(self.connection.alias):
            execute(self, sql_list)

    BaseDatabaseOperations.execute_sql_flush = execute_without_triggers  # type: ignore[method-assign]


#: what a test asks for that looks into the database
_OF_THE_DATABASE = {"db", "transactional_db", "django_db_setup"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--database-only`: the second engine need not repeat what asks no database."""
    parser.addoption("--database-only", action="store_true", default=False)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what asks no database, where that is wanted."""
    if not config.getoption("--database-only"):
        return
    kept, left = [], []
    for item in items:
        asks = item.get_closest_marker("django_db") is not None or bool(
            _OF_THE_DATABASE & set(getattr(item, "fixturenames", ()))
        )
        (kept if asks else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test without the database begins without a connection of the one before it,
    which the end of a request would look at."""
    from django.db import connections

    if not {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()


@pytest.fixture(autouse=True)
def _fresh_shop() -> Iterator[None]:
    """Settings, banners and pages are kept in the process for a while; not across tests.

    Whether the shop is as a page shows it is looked up at every request: tests ask
    straight after they changed something.
    """
    from backoffice.shop import shop
    from catalog import carousel, freshness

    usual, freshness.SECONDS = freshness.SECONDS, 0.0
    for kept in (shop, carousel, freshness):
        kept.forget()
    yield
    for kept in (shop, carousel, freshness):
        kept.forget()
    freshness.SECONDS = usual


@pytest.fixture(autouse=True)
def _fresh_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """The cache is a table, which transactional tests leave as it is."""
    marker = request.node.get_closest_marker("django_db")
    is_transactional = (marker is not None and marker.kwargs.get("transaction")) or (
        {"transactional_db", "live_server"} & set(request.fixturenames)
    )
    if is_transactional:
        # set up before this one, so that the database is still open afterwards
        request.getfixturevalue("transactional_db")
    yield
    if is_transactional:
        from django.core.cache import cache

        cache.clear()


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    """No SMS of the test before."""
    from backoffice.sms.backends import locmem

    locmem.outbox.clear()
    locmem.answers.clear()


@pytest.fixture
def real_data() -> Path:
    """The folder of real spreadsheets; skips where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("real data is not beside the checkout")
    return REAL_DATA


@pytest.fixture
def file_server(tmp_path: Path, settings: Any) -> "Iterator[StandIn]":
    """The shop's pictures on a file server: a stand-in, fresh for the test."""
    from media_client.standin import Config, StandIn

    config = Config(sync_delay=0.05)
    with StandIn(tmp_path / "file-server", config) as server:
        settings.MEDIA_ROOT = tmp_path / "media"
        settings.FILE_SERVER_URL = server.url
        settings.STORAGES = settings.STORAGES | {
            "default": {"BACKEND": "backoffice.storage.FileServerStorage"}
        }
        yield server
        from backoffice.files.stores import default_store

        client = default_store().client
        if client is not None:
            client.close()


def chromium_path() -> str:
    """The browser of the `browser` tests: CHROMIUM, or the one that is installed."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser")
    path = next((found for name in names if name and (found := shutil.which(name))), "")
    if not path:
        pytest.skip("no Chromium is installed")
    return path
