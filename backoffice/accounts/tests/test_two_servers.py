"""Two web servers of their own: what one takes back, the other no longer believes."""

import contextlib
import http.client
import os
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.test import override_settings

from backoffice.accounts.tests.factories import PASSWORD, UserFactory
from backoffice.base.rediscache import RedisCache
from backoffice.tests.servers import Server, server
from backoffice.tests.test_redis import URL as REDIS

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


class Process(Server):
    def login(self) -> dict[str, Any]:
        body = {"account": "fang", "password": PASSWORD}
        status, answer = self.ask("POST", "/auth/login", body)
        assert status == 200, answer
        return answer["data"]

    def believes(self, token: str) -> bool:
        status, answer = self.ask("GET", "/me", token=token)
        assert (status, answer.get("error")) in [(200, None), (401, "token_revoked")]
        return bool(status == 200)


@pytest.fixture(params=["table", "redis"])
def shared(request) -> Iterator[dict[str, str]]:
    """The cache that the servers and this process share."""
    if request.param == "table":
        yield {}
        return
    prefix = f"two-servers-{os.getpid()}"
    options = {
        "BACKEND": "backoffice.base.rediscache.RedisCache",
        "LOCATION": REDIS,
        "KEY_PREFIX": prefix,
    }
    try:
        redis.Redis.from_url(REDIS).ping()
    except redis.ConnectionError:
        pytest.skip("no Redis answers; TEST_REDIS_URL names one")
    with override_settings(CACHES={"default": options}):
        yield {"SERVER_REDIS": REDIS, "SERVER_PREFIX": prefix}
        _empty(prefix)


def _empty(prefix: str) -> None:
    cache = RedisCache(REDIS, {"KEY_PREFIX": prefix})
    client = cache._cache.get_client()
    for key in client.scan_iter(f"{prefix}:*"):
        client.delete(key)
    client.connection_pool.disconnect()


@pytest.fixture
def two(shared, tmp_path) -> Iterator[tuple[Process, Process]]:
    log = tmp_path / "log"
    with server(log, **shared) as one, server(log, **shared) as other:
        yield Process(one.port), Process(other.port)


def test_a_revocation_holds_on_the_next_request_of_every_process(two, shared):
    one, other = two
    user = UserFactory(username="fang")
    first, second = one.login(), other.login()
    tokens = [first["token"], second["token"]]
    for where in two:
        for token in tokens:
            # known to the cache from the second time on
            assert where.believes(token)
            assert where.believes(token)

    assert one.ask("POST", "/auth/logout", token=tokens[0])[0] == 200
    assert not other.believes(tokens[0])
    assert not one.believes(tokens[0])
    assert other.believes(tokens[1])
    body = {"refresh_token": first["refresh_token"]}
    assert other.ask("POST", "/auth/refresh", body)[0] == 401

    if shared:
        # a cache that lost everything brings nothing back
        _empty(shared["SERVER_PREFIX"])
        assert not other.believes(tokens[0])

    assert other.ask("POST", "/auth/logout-all", token=tokens[1])[0] == 200
    assert not one.believes(tokens[1])

    third = one.login()["token"]
    assert other.believes(third)
    # by this third process, and by no verb
    user.set_password("another good one")
    user.save()
    assert not one.believes(third)
    assert not other.believes(third)


def test_limits_are_shared_by_processes(two):
    one, other = two
    UserFactory(username="fang")
    body = {"account": "nobody", "password": "wrong"}
    statuses = [
        where.ask("POST", "/auth/login", {**body, "account": f"nobody{n}"})[0]
        for n in range(16)
        for where in two
    ]
    assert statuses == [401] * 30 + [429] * 2
    assert one.ask("POST", "/auth/login", body)[0] == 429
    assert other.ask("POST", "/auth/login", body)[0] == 429


def test_a_header_of_a_megabyte_does_no_harm(two):
    one, _other = two
    UserFactory(username="fang")
    token = one.login()["token"]
    call = http.client.HTTPConnection("127.0.0.1", one.port, timeout=30)
    try:
        # refused while it is still being sent, or by an answer without a body
        with contextlib.suppress(ConnectionError):
            call.request("GET", "/api/v1/me", headers={"Authorization": "x" * 2**20})
            assert call.getresponse().status == 431
    finally:
        call.close()
    assert one.believes(token)
