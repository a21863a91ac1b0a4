"""Too many failures lock an account for one address, and nothing else."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from axes.models import AccessAttempt
from django.db.models import F
from django.test import Client

from backoffice.accounts import lockout
from backoffice.accounts.tests.factories import PASSWORD, AdminFactory, StaffFactory
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db

HERE = "203.0.113.9"
THERE = "203.0.113.10"
WRONG = "wrong"


def sign_in(account: str, password: str = WRONG, address: str = HERE, **extra):
    return Client().post(
        "/admin/login/",
        {"username": account, "password": password},
        REMOTE_ADDR=address,
        **extra,
    )


def lock(account: str = "fang", address: str = HERE) -> None:
    for _try in range(5):
        response = sign_in(account, address=address)
    assert response.status_code == 429


@pytest.fixture(autouse=True)
def fang():
    return StaffFactory(username="fang", mobile="13800138000", email="f@shop.cn")


def test_the_fifth_failure_locks():
    for _try in range(4):
        assert sign_in("fang").status_code == 200
    assert sign_in("fang").status_code == 429
    assert sign_in("fang", PASSWORD).status_code == 429


def test_the_three_names_share_their_failures():
    for account in ("fang", "13800138000", "f@shop.cn", "FANG"):
        assert sign_in(account).status_code == 200
    assert sign_in("+86 13800138000").status_code == 429


def test_an_account_that_does_not_exist_is_locked_alike(fang):
    for _try in range(4):
        assert sign_in("nobody").status_code == 200
    unknown = sign_in("Nobody")
    lock()
    known = sign_in("fang")
    assert unknown.status_code == known.status_code == 429
    assert unknown.content == known.content


def test_a_locked_out_person_is_told_when_to_try_again(settings):
    lock()
    response = sign_in("fang")
    assert 890 <= int(response["Retry-After"]) <= 900
    assert response.context["minutes"] == 15
    assert "admin/locked_out.html" in [t.name for t in response.templates]


def test_the_lock_ends_by_itself_and_tries_do_not_prolong_it():
    lock()
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=10))
    response = sign_in("fang", PASSWORD)
    assert response.status_code == 429
    assert 290 <= int(response["Retry-After"]) <= 300
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=6))
    assert sign_in("fang", PASSWORD).status_code == 302


def test_success_forgets_the_failures():
    for _round in range(3):
        for _try in range(4):
            assert sign_in("fang").status_code == 200
        assert sign_in("f@shop.cn", PASSWORD).status_code == 302


def test_other_addresses_and_other_accounts_are_not_locked():
    StaffFactory(username="ming")
    lock()
    assert sign_in("fang", PASSWORD, THERE).status_code == 302
    assert sign_in("ming", PASSWORD, HERE).status_code == 302


def test_another_browser_does_not_give_more_tries():
    for number in range(4):
        assert sign_in("fang", HTTP_USER_AGENT=f"b{number}").status_code == 200
    assert sign_in("fang", HTTP_USER_AGENT="b5").status_code == 429


def test_a_made_up_forwarded_address_does_not_help():
    for number in range(4):
        sign_in("fang", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert sign_in("fang", HTTP_X_FORWARDED_FOR="198.51.100.9").status_code == 429


def test_behind_our_proxy_the_real_address_counts(settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]

    def through_proxy(client: str, made_up: str = "", password: str = WRONG):
        hops = f"{made_up}, {client}" if made_up else client
        return sign_in("fang", password, address="10.0.0.5", HTTP_X_FORWARDED_FOR=hops)

    for number in range(4):
        assert through_proxy(HERE, f"198.51.100.{number}").status_code == 200
    assert through_proxy(HERE, "198.51.100.9").status_code == 429
    assert through_proxy(THERE, password=PASSWORD).status_code == 302


def test_a_line_of_ipv6_addresses_counts_as_one():
    for number in range(4):
        assert sign_in("fang", address=f"2001:db8:1:2::{number}").status_code == 200
    assert sign_in("fang", address="2001:db8:1:2:ffff::9").status_code == 429
    assert sign_in("fang", PASSWORD, "2001:db8:1:3::1").status_code == 302
    row = OperationLog.objects.filter(action="session.failed").latest("id")
    assert row.ip == "2001:db8:1:2:ffff::9"


@pytest.mark.parametrize("address", ["", "unix:", "fe80::1%eth0"])
def test_odd_addresses_are_counted_too(address):
    for _try in range(4):
        assert sign_in("fang", address=address).status_code == 200
    assert sign_in("fang", address=address).status_code == 429


def test_a_lock_out_is_logged_once(fang):
    lock()
    for _try in range(3):
        sign_in("fang", PASSWORD)
    rows = OperationLog.objects.order_by("id")
    assert [row.action for row in rows] == ["session.failed"] * 5 + ["session.locked"]
    assert {row.target_id for row in rows} == {str(fang.pk)}
    assert {row.ip for row in rows} == {HERE}


def test_a_locked_out_person_is_not_signed_in_by_the_right_password():
    lock()
    client = Client()
    client.post(
        "/admin/login/",
        {"username": "fang", "password": PASSWORD},
        REMOTE_ADDR=HERE,
    )
    assert client.get("/admin/").status_code == 302


def test_unlock_lifts_the_lock_at_every_address(fang):
    lock(address=HERE)
    lock(address=THERE)
    lockout.unlock(fang)
    assert sign_in("fang", PASSWORD, HERE).status_code == 302
    assert sign_in("fang", PASSWORD, THERE).status_code == 302


def test_a_session_that_is_open_goes_on():
    client = Client()
    client.force_login(AdminFactory(username="chef"))
    for _try in range(5):
        sign_in("chef", address="127.0.0.1")
    assert client.get("/admin/").status_code == 200
