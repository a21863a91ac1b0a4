"""Static files under hashed names."""

import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command


@pytest.fixture
def files(settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = [
        "django.contrib.staticfiles.finders.FileSystemFinder"
    ]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "backoffice.base.static.HashedStaticFilesStorage"},
    }
    return source


def test_names_carry_the_hash_of_the_content(files):
    (files / "a.css").write_text('a { background: url("b.png") }')
    (files / "b.png").write_bytes(b"picture")
    call_command("collectstatic", interactive=False, verbosity=0)
    url = staticfiles_storage.url("a.css")
    assert re.fullmatch(r"/static/a\.[0-9a-f]{12}\.css", url)
    kept = staticfiles_storage.path(url.removeprefix("/static/"))
    with open(kept) as file:
        assert re.search(r"b\.[0-9a-f]{12}\.png", file.read())


def test_a_reference_that_leads_nowhere_does_not_stop_the_start(files):
    (files / "a.css").write_text('a { background: url("gone.png") }')
    call_command("collectstatic", interactive=False, verbosity=0)
    kept = staticfiles_storage.path(
        staticfiles_storage.url("a.css").removeprefix("/static/")
    )
    with open(kept) as file:
        assert "gone.png" in file.read()
    assert staticfiles_storage.url("no-such.css") == "/static/no-such.css"
