"""In and out of the storefront over HTTP."""

import json

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client

from backoffice.accounts import care, customers, lockout, tokens
from backoffice.accounts.api import limits
from backoffice.accounts.api.tests.calls import Storefront, error_of
from backoffice.accounts.models import User
from backoffice.accounts.tests.factories import (
    PASSWORD,
    AdminFactory,
    StaffFactory,
    UserFactory,
)
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return Storefront()


@pytest.fixture
def fang():
    return UserFactory(
        username="Fang", mobile="13800138000", email="fang@shop.cn", nickname="小方"
    )


REGISTRATION = {"mobile": "13900139000", "password": PASSWORD}


# --- register ---------------------------------------------------------------------------


def test_register_signs_in(store):
    answer = store.post("/auth/register", REGISTRATION)
    assert answer.status_code == 201
    data = store.keep(answer)
    user = User.objects.get(mobile="13900139000")
    assert data["user"] == {
        "id": user.pk,
        "username": user.username,
        "mobile": "13900139000",
        "email": None,
        "nickname": "",
        "avatar": None,
        "points": 0,
    }
    assert data["expires_in"] == 7200
    assert not user.is_staff
    assert store.get("/me").json()["data"] == data["user"]
    assert [*OperationLog.objects.values_list("action", flat=True)][::-1] == [
        "customer.registered",
        "session.signed_in",
    ]


def test_register_takes_all_fields_in_their_written_form(store):
    body = {
        **REGISTRATION,
        "mobile": "+86 139-0013 9000",
        "username": "Ａｍｙ",
        "email": "AMY@Shop.CN",
        "nickname": " 小  艾 ",
    }
    data = store.keep(store.post("/auth/register", body))
    assert data["user"]["mobile"] == "13900139000"
    assert data["user"]["username"] == "Amy"
    assert data["user"]["email"] == "amy@shop.cn"
    assert data["user"]["nickname"] == "小 艾"


SQL = "x'; DROP TABLE accounts_user; --"
HTML = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mobile": "138001380"}, "mobile"),
        ({"mobile": "23800138000"}, "mobile"),
        ({"mobile": SQL}, "mobile"),
        ({"mobile": HTML}, "mobile"),
        ({"mobile": ""}, "mobile"),
        ({"mobile": "1" * 31}, "mobile"),
        ({"mobile": 13900139000}, "mobile"),
        ({"mobile": None}, "mobile"),
        ({"password": "12345678"}, "password"),
        ({"password": "short1"}, "password"),
        ({"password": "password"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"username": "13800138001"}, "username"),
        ({"username": "a@b.cn"}, "username"),
        ({"username": SQL}, "username"),
        ({"username": HTML}, "username"),
        ({"username": "fAnG"}, "username"),
        ({"username": "ｆａｎｇ"}, "username"),
        ({"username": "x" * 61}, "username"),
        ({"email": "FANG@SHOP.CN"}, "email"),
        ({"email": SQL}, "email"),
        ({"email": HTML}, "email"),
        ({"nickname": HTML}, "nickname"),
        ({"nickname": "\u202egnaf"}, "nickname"),
        ({"nickname": "x" * 41}, "nickname"),
        ({"is_staff": True}, "is_staff"),
        ({"id": 1}, "id"),
    ],
)
def test_register_names_the_field_that_is_wrong(store, fang, changes, field):
    answer = store.post("/auth/register", {**REGISTRATION, **changes})
    assert error_of(answer) == (400, "invalid")
    assert {fault["field"] for fault in answer.json()["data"]} == {field}
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "mobile", ["13800138000", "+86 138 0013 8000", "138-0013-8000"]
)
def test_register_refuses_a_mobile_that_is_taken(store, fang, mobile):
    answer = store.post("/auth/register", {**REGISTRATION, "mobile": mobile})
    assert error_of(answer) == (400, "invalid")
    assert answer.json()["data"][0]["field"] == "mobile"


def test_nobody_registers_as_staff(store):
    store.keep(store.post("/auth/register", {**REGISTRATION, "nickname": "店长"}))
    user = User.objects.get(mobile="13900139000")
    rights = [user.is_staff, user.is_superuser, user.groups.exists()]
    assert not any(rights)


# --- sign in ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "account",
    ["Fang", "FANG", "ｆａｎｇ", "13800138000", "+86 138 0013 8000", "Fang@SHOP.cn"],
)
def test_sign_in_by_any_of_the_three_names(store, fang, account):
    data = store.login(account)
    assert data["user"]["id"] == fang.pk
    assert data["user"]["nickname"] == "小方"
    answer = store.get("/me")
    assert answer.json()["data"] == data["user"]
    assert "sessionid" not in answer.cookies


def test_the_missions_own_test_script_works_unchanged(store, fang):
    """`pm.environment.set("token", 'JWT-TOKEN ' + jsonData.data.token)` on 200 or 201."""
    answer = store.post("/auth/login", {"account": "fang", "password": PASSWORD})
    assert answer.status_code in (200, 201)
    assert answer.json()["code"] == 0
    token = "JWT-TOKEN " + answer.json()["data"]["token"]
    assert Storefront().get("/me", authorization=token).status_code == 200


def test_tokens_and_what_is_personal_are_kept_by_no_cache(store, fang):
    body = {"account": "fang", "password": PASSWORD}
    answer = store.post("/auth/login", body)
    assert answer["Cache-Control"] == "no-store"
    store.keep(answer)
    assert store.get("/me")["Cache-Control"] == "no-store"
    # a token that is sent along makes nothing personal
    assert store.get("/banners")["Cache-Control"] == "no-cache"
    assert store.get("/areas")["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("scheme", ["JWT-TOKEN", "Bearer", "bearer", "jwt-token"])
def test_both_schemes_are_taken(store, fang, scheme):
    store.login("fang")
    answer = Storefront().get("/me", authorization=f"{scheme} {store.token}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "x", "JWT-TOKEN", "Bearer a b c",
     "Bearer " + "x" * 2**20],
)  # fmt: skip
def test_other_headers_sign_nobody_in(store, fang, header):
    answer = store.get("/me", authorization=header)
    assert error_of(answer) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.fixture
def people(fang):
    UserFactory(username="keyless", password=None)
    UserFactory(username="gone", is_active=False)


@pytest.mark.parametrize(
    ("account", "password"),
    [
        ("fang", "wrong"),
        ("13800138000", "wrong"),
        ("nobody", PASSWORD),
        ("13911111111", PASSWORD),
        ("no@body.cn", PASSWORD),
        ("keyless", PASSWORD),
        ("keyless", ""),
        ("gone", "wrong"),
        ("", ""),
        (SQL, PASSWORD),
        (HTML, PASSWORD),
        ("fang", PASSWORD + "\u200b"),
    ],
)
def test_every_failure_is_answered_alike(store, people, monkeypatch, account, password):
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, word, salt: hashed.append(word) or encode(self, word, salt),
    )
    body = {"account": account, "password": password}
    answer = store.post("/auth/login", body)
    assert error_of(answer) == (401, "bad_credentials")
    assert answer.json()["msg"] == "The account or the password is wrong."
    assert len(hashed) == (1 if account else 0)


def test_a_disabled_account_is_told_only_to_who_knows_the_password(store, people):
    body = {"account": "gone", "password": PASSWORD}
    assert error_of(store.post("/auth/login", body)) == (403, "account_disabled")
    assert not OperationLog.objects.filter(action="session.signed_in").exists()


def test_sign_in_is_a_security_event(store, fang):
    store.post("/auth/login", {"account": "fang", "password": "wrong"})
    store.login("fang")
    failed, signed_in = OperationLog.objects.order_by("pk")
    assert (failed.action, failed.by, failed.target_id) == (
        "session.failed",
        None,
        str(fang.pk),
    )
    assert (signed_in.action, signed_in.by) == ("session.signed_in", fang)
    assert signed_in.ip == "203.0.113.7"
    assert signed_in.means == "api"
    assert signed_in.request_id
    fang.refresh_from_db()
    assert fang.last_login is not None


# --- two worlds -------------------------------------------------------------------------


def test_a_token_never_opens_the_admin(store):
    AdminFactory(username="boss")
    store.login("boss")
    answer = store.client.get(
        "/admin/", headers={"authorization": f"JWT-TOKEN {store.token}"}
    )
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_a_session_never_opens_the_storefront():
    boss = AdminFactory()
    client = Client()
    client.force_login(boss)
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/v1/me").status_code == 401
    assert client.post("/api/v1/auth/logout-all").status_code == 401


# --- out --------------------------------------------------------------------------------


def test_sign_out_ends_this_sign_in_at_once(store, fang):
    store.login("fang")
    other = Storefront()
    other.login("fang")
    assert store.get("/me").status_code == 200
    assert store.post("/auth/logout").json()["data"] is None
    assert error_of(store.get("/me")) == (401, "token_revoked")
    assert error_of(store.refresh()) == (401, "token_revoked")
    assert error_of(store.post("/auth/logout")) == (401, "token_revoked")
    assert other.get("/me").status_code == 200


def test_sign_out_everywhere(store, fang):
    store.login("fang")
    other = Storefront()
    other.login("fang")
    assert store.post("/auth/logout-all").status_code == 200
    for one in (store, other):
        assert error_of(one.get("/me")) == (401, "token_revoked")
        assert error_of(one.refresh()) == (401, "token_revoked")
    assert OperationLog.objects.filter(action="session.all_ended", by=fang).exists()
    store.login("fang")
    assert store.get("/me").status_code == 200


def test_refresh_gives_a_new_pair_once(store, fang):
    store.login("fang")
    old = store.refresh_token
    answer = store.refresh()
    assert set(answer.json()["data"]) == {"token", "refresh_token", "expires_in"}
    store.keep(answer)
    assert store.get("/me").status_code == 200
    assert error_of(store.refresh(old)) == (401, "token_revoked")
    assert error_of(store.get("/me")) == (401, "token_revoked")


def test_a_new_password_ends_all_tokens_and_gives_new_ones(store, fang):
    store.login("fang")
    other = Storefront()
    other.login("fang")
    old = store.token
    body = {"old_password": PASSWORD, "new_password": "another good one"}
    store.keep(store.post("/auth/password", body))
    assert store.get("/me").status_code == 200
    assert error_of(other.get("/me")) == (401, "token_revoked")
    answer = Storefront().get("/me", authorization=f"Bearer {old}")
    assert error_of(answer) == (401, "token_revoked")
    assert other.login("fang", "another good one")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong", "another good one", "old_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "13800138000", "new_password"),
    ],
)
def test_a_password_that_does_not_do_changes_nothing(store, fang, old, new, field):
    store.login("fang")
    body = {"old_password": old, "new_password": new}
    answer = store.post("/auth/password", body)
    assert error_of(answer) == (400, "invalid")
    assert answer.json()["data"][0]["field"] == field
    assert store.get("/me").status_code == 200


# --- limits -----------------------------------------------------------------------------


def fail(store, account="fang"):
    return store.post("/auth/login", {"account": account, "password": "wrong"})


def test_failures_lock_the_account_for_this_address_only(store, fang):
    answers = [fail(store).status_code for _ in range(7)]
    assert answers == [401] * 4 + [429] * 3
    answer = store.post("/auth/login", {"account": "fang", "password": PASSWORD})
    assert error_of(answer) == (429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 15 * 60
    # the other names of the account share its failures, other addresses do not
    assert fail(store, "13800138000").status_code == 429
    assert Storefront("203.0.113.8").login("fang")


def test_the_lock_is_shared_with_the_admin(fang):
    colleague = StaffFactory(username="li")
    store = Storefront()
    for _ in range(5):
        fail(store, "li")
    client = Client(REMOTE_ADDR="203.0.113.7")
    body = {"username": "li", "password": PASSWORD}
    assert client.post("/admin/login/", body).status_code == 429
    assert colleague.is_active


def test_failures_from_many_addresses_do_not_keep_the_owner_out(store, fang):
    store.login("fang")  # from home
    answers = [fail(Storefront(f"198.51.100.{n}")) for n in range(25)]
    assert [a.status_code for a in answers[:20]] == [401] * 20
    assert [a.status_code for a in answers[20:]] == [429] * 5
    assert int(answers[-1]["Retry-After"]) <= lockout.FAILURES.seconds
    body = {"account": "fang", "password": PASSWORD}
    assert Storefront("198.51.100.99").post("/auth/login", body).status_code == 429
    assert store.login("fang")


@pytest.mark.parametrize("way", ["register", "refresh"])
def test_who_was_let_in_without_a_password_is_not_kept_out(store, way):
    body = {**REGISTRATION, "username": "newcomer"}
    store.keep(store.post("/auth/register", body))
    if way == "refresh":
        # on the road: the address is another one from now on
        moved = Storefront("203.0.113.50")
        moved.keep(moved.refresh(store.refresh_token))
        store = moved
    for n in range(20):
        fail(Storefront(f"198.51.100.{n}"), "newcomer")
    stranger = Storefront("198.51.100.99")
    answer = stranger.post("/auth/login", {"account": "newcomer", "password": PASSWORD})
    assert answer.status_code == 429
    assert store.login("newcomer")


def test_lifting_a_lock_lets_the_owner_in_from_anywhere(fang):
    for n in range(20):
        fail(Storefront(f"198.51.100.{n}"))
    stranger = Storefront("198.51.100.99")
    body = {"account": "fang", "password": PASSWORD}
    assert stranger.post("/auth/login", body).status_code == 429
    care.sign_out(fang, by=AdminFactory())
    assert stranger.login("fang")


def test_sign_ins_from_one_address_are_limited(store, fang, monkeypatch):
    monkeypatch.setenv("SHOP_LOGIN_PER_MINUTE", "3")
    for _ in range(3):
        store.login("fang")
    answer = store.post("/auth/login", {"account": "fang", "password": PASSWORD})
    assert error_of(answer) == (429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert Storefront("203.0.113.9").login("fang")


def test_an_ipv6_line_counts_as_one_address(fang, monkeypatch):
    monkeypatch.setenv("SHOP_LOGIN_PER_MINUTE", "2")
    statuses = [
        fail(Storefront(f"2001:db8::{n}"), f"nobody{n}").status_code
        for n in range(1, 4)
    ]
    assert statuses == [401, 401, 429]


def test_registrations_are_limited_by_address_and_mobile(store, fang, monkeypatch):
    monkeypatch.setenv("SHOP_REGISTER_PER_HOUR", "2")
    body = {**REGISTRATION, "mobile": "13800138000"}
    statuses = [store.post("/auth/register", body).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
    monkeypatch.setenv("SHOP_REGISTER_PER_HOUR", "1000")
    statuses = [
        Storefront(f"198.51.100.{n}").post("/auth/register", body).status_code
        for n in range(10)
    ]
    assert statuses == [400] * 8 + [429] * 2


def test_refreshing_is_limited(store, fang, monkeypatch):
    monkeypatch.setattr(limits, "REFRESH_ONE", limits.Limit("refresh-one", 2, 60))
    store.login("fang")
    for _ in range(2):
        store.keep(store.refresh())
    assert error_of(store.refresh()) == (429, "throttled")
    monkeypatch.setattr(limits, "REFRESH_ONE", limits.Limit("refresh-one", 20, 60))
    # a refusal used nothing up
    assert store.refresh().status_code == 200


def test_guessing_the_old_password_is_limited(store, fang):
    store.login("fang")
    body = {"old_password": "wrong", "new_password": "another good one"}
    statuses = [store.post("/auth/password", body).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_without_a_cache_sign_in_goes_on(store, fang, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    assert store.login("fang")
    assert store.get("/me").status_code == 200
    # the lock stands in the database
    assert [fail(Storefront(), "x").status_code for _ in range(6)][-1] == 429


# --- bad input --------------------------------------------------------------------------

BOMBS = [
    pytest.param("[" * 100_000, id="deep list"),
    pytest.param('{"account":' * 50_000, id="deep object"),
    pytest.param('{"account": ' + "9" * 100_000 + "}", id="huge number"),
    pytest.param('{"account": 1e400, "password": "x"}', id="endless number"),
    pytest.param('{"account": NaN, "password": "x"}', id="NaN"),
    pytest.param('{"account": "a", "account": "b", "password": "x"}', id="twice"),
    pytest.param(b'{"account": "\xff", "password": "x"}', id="no UTF-8"),
    pytest.param('{"account": "\\ud800", "password": "x"}', id="half a character"),
    pytest.param('{"account": "a\\u0000", "password": "x"}', id="NUL"),
    pytest.param('{"account": "a", "password": "x", "role": "admin"}', id="unknown"),
    pytest.param('{"account": ["a"], "password": "x"}', id="list for text"),
    pytest.param('{"account": {"$ne": ""}, "password": "x"}', id="object for text"),
    pytest.param('"a"', id="text"),
    pytest.param("null", id="null"),
    pytest.param("", id="nothing"),
    pytest.param("{", id="cut off"),
]


@pytest.mark.parametrize("body", BOMBS)
@pytest.mark.parametrize("path", ["/auth/login", "/auth/register", "/auth/refresh"])
def test_what_is_no_decent_body_is_refused(store, body, path):
    assert error_of(store.post(path, body)) == (400, "invalid")


def test_bodies_of_another_kind_are_refused(store):
    answer = store.client.post(
        "/api/v1/auth/login", {"account": "fang", "password": PASSWORD}
    )
    assert error_of(answer) == (415, "unsupported_media")


def test_a_token_of_a_deleted_person_counts_for_nothing(store, fang):
    gone = UserFactory()
    store.token = tokens.issue(gone).access
    User.objects.filter(pk=gone.pk).delete()
    assert error_of(store.get("/me")) == (401, "token_revoked")


def test_refusals_hold_nothing_of_the_token(store, fang):
    store.login("fang")
    answer = store.get("/me", authorization=f"Bearer {store.token}x")
    assert store.token not in answer.content.decode()
    assert json.loads(answer.content)["data"] is None


def test_me_costs_one_query(store, fang, django_assert_num_queries):
    store.login("fang")
    store.get("/me")
    key = f"token-user:{fang.pk}"
    assert cache.get(key)
    with django_assert_num_queries(
        2
    ):  # one of them is the cache, which is a table here
        store.get("/me")


def test_user_names_that_the_shop_makes_are_user_names():
    user = UserFactory(username=customers.made_username())
    user.full_clean(exclude=["password"])
