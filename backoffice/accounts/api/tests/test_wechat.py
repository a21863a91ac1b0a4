"""Customers who come from WeChat, over HTTP and against the stand-in."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import override_settings

from backoffice.accounts import joining
from backoffice.accounts.api import limits
from backoffice.accounts.api.tests.calls import Storefront, error_of
from backoffice.accounts.models import User
from backoffice.accounts.tests.factories import PASSWORD, StaffFactory, UserFactory
from backoffice.accounts.tests.standin import wechat
from backoffice.demo.wechat import mobile_of, openid_of
from backoffice.oplog.models import OperationLog
from backoffice.tests.together import at_once

pytestmark = pytest.mark.django_db

LI = "demo-li"
MOBILE, OPENID = mobile_of(LI), openid_of(LI)


@pytest.fixture(autouse=True)
def server():
    with wechat() as server:
        yield server


@pytest.fixture
def store():
    return Storefront()


def came(store, code=LI):
    """What the sign-in with this code answers."""
    answer = store.post("/auth/wechat", {"code": code})
    assert answer.status_code == 200
    return answer.json()["data"]


def bound(store, phone=LI, code=LI, **more):
    """Sign in and bind; the answer."""
    body = {"bind_token": came(store, code)["bind_token"], "phone_code": phone, **more}
    return store.post("/auth/wechat/bind", body)


def acts():
    return list(OperationLog.objects.order_by("pk").values_list("action", flat=True))


def test_somebody_new_is_made_and_known_the_next_time(store):
    data = came(store)
    assert set(data) == {"bind_token"}
    answer = bound(store, nickname=" 小 李 ")
    user = store.keep(answer)["user"]
    assert (user["mobile"], user["nickname"]) == (MOBILE, "小 李")
    kept = User.objects.get(pk=user["id"])
    assert kept.mobile_is_verified
    assert kept.openid == OPENID
    assert kept.wechat_bound_at
    assert not kept.has_usable_password()
    again = store.keep(store.post("/auth/wechat", {"code": LI}))
    assert again["user"] == user
    assert store.get("/me").json()["data"] == user
    assert acts() == ["customer.registered", "session.signed_in", "session.signed_in"]
    kept.refresh_from_db()
    assert kept.last_login


def test_an_address_where_wechat_let_somebody_in_is_known(store):
    user = User.objects.get(pk=store.keep(bound(store))["user"]["id"])
    user.set_password(PASSWORD)
    user.save()
    store.keep(store.post("/auth/wechat", {"code": LI}))
    for n in range(20):
        body = {"account": MOBILE, "password": "wrong"}
        Storefront(f"198.51.100.{n}").post("/auth/login", body)
    body = {"account": MOBILE, "password": PASSWORD}
    assert Storefront("198.51.100.99").post("/auth/login", body).status_code == 429
    assert store.login(MOBILE)


def test_nothing_that_only_the_server_may_know_is_answered(store):
    text = store.post("/auth/wechat", {"code": LI}).content.decode()
    text += bound(store).content.decode()
    for word in ("session_key", "c2Vzc2lvbg", "openid", "demo-access-token"):
        assert word not in text


def test_an_account_with_the_verified_mobile_is_joined(store):
    other = Storefront()
    user = other.keep(bound(other, code="demo-old-phone"))["user"]
    answer = bound(store, nickname="新")
    assert store.keep(answer)["user"]["id"] == user["id"]
    assert User.objects.count() == 1
    assert User.objects.get().openid == OPENID
    # the WeChat that was bound before is out
    assert error_of(other.get("/me")) == (401, "token_revoked")
    assert "bind_token" in came(other, "demo-old-phone")
    assert "customer.joined" in acts()


def test_joining_keeps_password_and_email_of_a_verified_account(store):
    user = UserFactory(mobile=MOBILE, email="li@shop.cn", nickname="老李")
    User.objects.filter(pk=user.pk).update(mobile_is_verified=True)
    store.login(MOBILE)
    app = store.token
    answer = bound(store, nickname="新名")
    assert store.keep(answer)["user"]["nickname"] == "老李"
    user.refresh_from_db()
    assert (user.email, user.openid) == ("li@shop.cn", OPENID)
    assert user.check_password(PASSWORD)
    assert Storefront().get("/me", authorization=f"Bearer {app}").status_code == 200


def test_a_mobile_that_was_only_typed_is_taken_over_clean(store):
    """Somebody registered with the mobile of somebody else, and waits inside."""
    thief = Storefront("198.51.100.1")
    body = {"mobile": MOBILE, "password": PASSWORD, "email": "thief@evil.cn"}
    thief.keep(thief.post("/auth/register", body))
    thief.post("/auth/wechat/link", {"code": "demo-thief"})
    answer = bound(store)
    user = store.keep(answer)["user"]
    assert User.objects.count() == 1
    assert (user["mobile"], user["email"]) == (MOBILE, None)
    kept = User.objects.get()
    assert kept.mobile_is_verified
    assert not kept.has_usable_password()
    assert kept.openid == OPENID
    assert error_of(thief.get("/me")) == (401, "token_revoked")
    assert error_of(thief.refresh()) == (401, "token_revoked")
    body = {"account": MOBILE, "password": PASSWORD}
    assert thief.post("/auth/login", body).status_code == 401
    assert "bind_token" in came(thief, "demo-thief")
    assert "customer.taken_over" in acts()


def test_staff_are_never_joined(store):
    colleague = StaffFactory(mobile=MOBILE)
    assert error_of(bound(store)) == (403, "forbidden")
    colleague.refresh_from_db()
    assert colleague.openid is None
    assert colleague.check_password(PASSWORD)
    store.login(MOBILE)
    answer = store.post("/auth/wechat/link", {"code": LI})
    assert error_of(answer) == (403, "forbidden")


def test_wechat_does_not_open_an_account_that_has_become_staff(store):
    bound(store)
    User.objects.update(is_staff=True)
    assert error_of(store.post("/auth/wechat", {"code": LI})) == (403, "forbidden")


def test_a_disabled_account_is_told_to_its_owner(store):
    bound(store)
    User.objects.update(is_active=False)
    refusal = (403, "account_disabled")
    assert error_of(store.post("/auth/wechat", {"code": LI})) == refusal
    User.objects.update(openid=None)
    assert error_of(bound(store)) == refusal


def test_a_bind_token_is_good_once(store):
    token = came(store)["bind_token"]
    body = {"bind_token": token, "phone_code": LI}
    assert store.post("/auth/wechat/bind", body).status_code == 200
    User.objects.update(openid=None)
    answer = store.post("/auth/wechat/bind", body)
    assert error_of(answer) == (400, "invalid")
    assert answer.json()["data"][0]["field"] == "bind_token"


def test_a_phone_code_that_failed_does_not_use_the_bind_token_up(store):
    token = came(store)["bind_token"]
    body = {"bind_token": token, "phone_code": "wrong"}
    answer = store.post("/auth/wechat/bind", body)
    assert error_of(answer) == (400, "invalid")
    assert answer.json()["data"][0]["field"] == "phone_code"
    body["phone_code"] = LI
    assert store.post("/auth/wechat/bind", body).status_code == 200


def test_a_second_bind_token_of_a_bound_openid_is_worth_nothing(store):
    tokens = [came(store)["bind_token"] for _ in range(2)]
    for token, status in zip(tokens, (200, 400), strict=True):
        body = {"bind_token": token, "phone_code": LI}
        assert store.post("/auth/wechat/bind", body).status_code == status


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "x" * 1024])
def test_what_is_no_bind_token_is_refused(store, text):
    body = {"bind_token": text, "phone_code": LI}
    assert error_of(store.post("/auth/wechat/bind", body)) == (400, "invalid")


def test_other_signed_things_are_no_bind_tokens(store):
    text = signing.dumps({"openid": OPENID, "key": "x"}, salt="something else")
    body = {"bind_token": text, "phone_code": LI}
    assert error_of(store.post("/auth/wechat/bind", body)) == (400, "invalid")


def test_a_bind_token_lives_ten_minutes(store, monkeypatch):
    assert timedelta(minutes=10) == joining.BIND_LIFE
    token = came(store)["bind_token"]
    monkeypatch.setattr(joining, "BIND_LIFE", timedelta(seconds=-1))
    body = {"bind_token": token, "phone_code": LI}
    assert error_of(store.post("/auth/wechat/bind", body)) == (400, "invalid")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("wrong", (401, "bad_credentials")),
        ("fail-40163", (401, "bad_credentials")),
        ("fail-40226", (403, "forbidden")),
        ("fail-45011", (429, "throttled")),
        ("fail--1", (502, "gateway_error")),
        ("fail-http", (502, "gateway_error")),
        ("fail-40125", (502, "gateway_error")),
        ("", (400, "invalid")),
        ("x" * 129, (400, "invalid")),
    ],
)
def test_what_wechat_refuses_is_told(store, code, error):
    answer = store.post("/auth/wechat", {"code": code})
    assert error_of(answer) == error
    assert ("Retry-After" in answer) is (error[0] == 429)


def test_without_a_mini_program_it_is_not_there(store):
    with override_settings(WECHAT_APPID="", WECHAT_SECRET=""):
        answer = store.post("/auth/wechat", {"code": LI})
    assert error_of(answer) == (404, "not_found")


# --- linking ----------------------------------------------------------------------------


@pytest.fixture
def fang(store):
    user = UserFactory(username="fang", mobile="13800138000")
    store.login("fang")
    return user


def link(store, code=LI):
    return store.post("/auth/wechat/link", {"code": code})


def test_a_customer_links_wechat_and_signs_in_by_it(store, fang):
    assert link(store).json()["data"]["id"] == fang.pk
    assert link(store).status_code == 200
    assert store.get("/me").status_code == 200
    assert came(Storefront())["user"]["id"] == fang.pk
    assert link(store, "demo-other").status_code == 200
    assert "bind_token" in came(Storefront())
    fang.refresh_from_db()
    assert not fang.mobile_is_verified
    assert fang.check_password(PASSWORD)


def test_a_wechat_of_somebody_else_is_not_linked(store, fang):
    other = Storefront()
    bound(other)
    answer = link(store)
    assert error_of(answer) == (400, "invalid")
    assert answer.json()["data"][0]["field"] == "code"
    assert error_of(link(store, "wrong")) == (400, "invalid")
    assert error_of(link(Storefront())) == (401, "not_authenticated")


def test_tries_are_limited(store, monkeypatch):
    monkeypatch.setenv("SHOP_LOGIN_PER_MINUTE", "2")
    statuses = [
        store.post("/auth/wechat", {"code": "wrong"}).status_code for _ in range(3)
    ]
    assert statuses == [401, 401, 429]
    monkeypatch.setenv("SHOP_LOGIN_PER_MINUTE", "100")
    monkeypatch.setattr(limits, "WECHAT_ONE", limits.Limit("wechat-one", 2, 60))
    statuses = [
        Storefront(f"198.51.100.{n}").post("/auth/wechat", {"code": LI}).status_code
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]


# --- at once ----------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_bind_one_mobile_at_once_make_one_customer():
    binds = [
        joining.read_bind_token(joining.bind_token(openid_of(code)))
        for code in ("demo-a", "demo-b")
    ]
    results = at_once(*(lambda b=b: joining.join(b, MOBILE) for b in binds))
    assert [type(r) for r in results] == [User, User]
    assert results[0].pk == results[1].pk
    assert User.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_bind_token_used_twice_at_once_binds_once():
    bind = joining.read_bind_token(joining.bind_token(OPENID))
    results = at_once(
        lambda: joining.join(bind, "13800138001"),
        lambda: joining.join(bind, "13800138002"),
    )
    assert sorted(type(r).__name__ for r in results) == ["FieldErrors", "User"]
    assert User.objects.count() == 1
