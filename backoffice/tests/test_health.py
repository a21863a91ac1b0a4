"""Health: cheap, open, and silent about why something fails."""

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import storages
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task


def test_healthz_asks_no_database(client):
    # without the django_db mark any query would fail
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_readyz_names_each_part_with_state_and_time(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    content = answer.json()
    times = [check.pop("ms") for check in content["checks"].values()]
    assert all(isinstance(ms, float) and ms >= 0 for ms in times)
    assert content == {
        "status": "ok",
        "checks": {
            "database": {"state": "ok"},
            "cache": {"state": "ok"},
            "broker": {"state": "ok", "queued": 0, "oldest_seconds": 0},
            "file_store": {"state": "ok"},
        },
    }


@pytest.mark.django_db
def test_readyz_is_cheap(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        client.get("/readyz")


@pytest.mark.django_db
def test_readyz_tells_how_long_jobs_have_waited(client):
    async_task("time.time")
    async_task("time.time")
    oldest, held = OrmQ.objects.order_by("id")
    now = timezone.now()
    OrmQ.objects.filter(pk=oldest.pk).update(lock=now - timedelta(seconds=90))
    # a worker has taken this one
    OrmQ.objects.filter(pk=held.pk).update(lock=now + timedelta(seconds=300))
    broker = client.get("/readyz").json()["checks"]["broker"]
    assert (broker["state"], broker["queued"]) == ("ok", 1)
    assert 90 <= broker["oldest_seconds"] <= 95


def failing(answer, name, rest=("database", "cache", "broker", "file_store")):
    assert answer.status_code == 503
    content = answer.json()
    assert content["status"] == "failing"
    assert content["checks"][name].keys() == {"state", "ms"}
    assert content["checks"][name]["state"] == "failing"
    return {n for n in rest if content["checks"][n]["state"] == "ok"}


@pytest.mark.django_db
def test_readyz_fails_with_a_file_store_that_cannot_be_written(
    client, tmp_path, caplog
):
    blocked = tmp_path / "file-not-folder"
    blocked.write_text("")
    with override_settings(MEDIA_ROOT=blocked):
        answer = client.get("/readyz")
    assert failing(answer, "file_store") == {"database", "cache", "broker"}
    # the reason stands in the log only
    assert b"file-not-folder" not in answer.content
    assert "file-not-folder" in caplog.text


@pytest.mark.django_db
def test_readyz_asks_a_store_that_is_no_folder(client):
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "default": memory}):
        assert client.get("/readyz").status_code == 200
    broken = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": "/dev/null/media"},
    }
    with override_settings(STORAGES={**settings.STORAGES, "default": broken}):
        assert failing(client.get("/readyz"), "file_store")


@pytest.mark.django_db
def test_readyz_leaves_nothing_in_the_file_store(client, tmp_path):
    with override_settings(MEDIA_ROOT=tmp_path / "new"):
        assert client.get("/readyz").status_code == 200
        assert storages["default"].listdir("") == ([], [])


@pytest.mark.django_db
def test_readyz_fails_without_the_cache(client):
    nowhere = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }
    with override_settings(CACHES=nowhere):
        answer = client.get("/readyz")
    assert failing(answer, "cache") == {"database", "broker", "file_store"}


@pytest.mark.django_db
def test_readyz_writes_a_cache_that_is_no_table(client):
    memory = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with override_settings(CACHES=memory):
        assert client.get("/readyz").status_code == 200
        assert caches["default"].get("readyz")


@pytest.mark.django_db
def test_readyz_fails_with_a_cache_that_keeps_nothing(client):
    nothing = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    with override_settings(CACHES=nothing):
        assert failing(client.get("/readyz"), "cache")


@pytest.mark.django_db
def test_readyz_fails_without_the_database(client):
    def refuse(execute, sql, params, many, context):
        raise connection.Database.OperationalError("no database")

    with connection.execute_wrapper(refuse):
        answer = client.get("/readyz")
    assert "file_store" in failing(answer, "database")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_probes_are_not_in_the_log(client, caplog, path):
    with caplog.at_level(logging.INFO):
        client.get(path)
    assert caplog.records == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_only_read(client, path):
    assert client.post(path).status_code == 405
    assert client.get(f"{path}x").status_code == 404


def test_probes_come_by_any_host_name(client):
    # a load balancer asks by the address of the machine
    answer = client.get("/healthz", headers={"host": "10.1.2.3:8000"})
    assert answer.status_code == 200
