"""Cache and sessions in a real Redis, where one answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from backoffice.base.rediscache import RedisCache

URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


@contextmanager
def connected() -> Iterator[RedisCache]:
    cache = RedisCache(URL, {"KEY_PREFIX": f"test-{os.getpid()}"})
    try:
        yield cache
    finally:
        # Django leaves its connections to the end of the process
        cache._cache.get_client().connection_pool.disconnect()


@pytest.fixture
def cache():
    with connected() as cache:
        try:
            cache.delete_many(["goods", "counter"])
        except redis.ConnectionError:
            pytest.skip("no Redis answers; TEST_REDIS_URL names one")
        yield cache
        cache.delete_many(["goods", "counter"])


def test_redis_keeps_what_it_was_given(cache):
    cache.set("goods", {"name": "西瓜"}, timeout=60)
    assert cache.get("goods") == {"name": "西瓜"}
    cache.delete("goods")
    assert cache.get("goods") is None


def test_redis_counts_for_all_processes(cache):
    assert cache.add("counter", 0, timeout=60)
    assert not cache.add("counter", 5, timeout=60)
    with connected() as other:
        other.incr("counter")
    assert cache.get("counter") == 1
