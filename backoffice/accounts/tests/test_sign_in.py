"""Sign-in to the admin: three names, one answer, no way round."""

import re
from collections.abc import Iterator
from unittest import mock

import pytest
from django.contrib.auth import SESSION_KEY, authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from backoffice.accounts import tokens
from backoffice.accounts.models import User
from backoffice.accounts.tests.factories import (
    PASSWORD,
    AdminFactory,
    StaffFactory,
    UserFactory,
)
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


def sign_in(client: Client, account: str, password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"username": account, "password": password}, **extra)


def signed_in_as(client: Client) -> str | None:
    return client.session.get(SESSION_KEY)


@pytest.mark.parametrize(
    "typed",
    [
        "Fang",
        "fANG",
        "ｆａｎｇ",
        "13800138000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
        "fang@shop.cn",
        "FANG@shop.cn",
    ],
)
def test_sign_in_takes_any_of_the_three_names(client, typed):
    user = StaffFactory(username="Fang", mobile="13800138000", email="fang@shop.cn")
    response = sign_in(client, typed)
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert signed_in_as(client) == str(user.pk)


def test_sign_in_takes_a_long_email(client):
    address = f"{'f' * 60}@{'shop' * 10}.cn"
    StaffFactory(email=address)
    form = client.get(LOGIN).context["form"]
    assert form.fields["username"].widget.attrs["maxlength"] >= len(address)
    assert sign_in(client, address).status_code == 302


def _failures() -> list:
    return [
        pytest.param("fang", "wrong", id="wrong password"),
        pytest.param("13800138000", "wrong", id="wrong password, by mobile"),
        pytest.param("nobody", PASSWORD, id="unknown user name"),
        pytest.param("13900139000", PASSWORD, id="unknown mobile"),
        pytest.param("no@body.cn", PASSWORD, id="unknown e-mail"),
        pytest.param("gone", PASSWORD, id="switched off"),
        pytest.param("gone", "wrong", id="switched off, wrong password"),
        pytest.param("customer", PASSWORD, id="not staff"),
        pytest.param("customer", "wrong", id="not staff, wrong password"),
        pytest.param("keyless", PASSWORD, id="no password at all"),
    ]


@pytest.fixture
def people() -> None:
    StaffFactory(username="fang", mobile="13800138000")
    StaffFactory(username="gone", is_active=False)
    UserFactory(username="customer")
    StaffFactory(username="keyless", password=None)


@pytest.fixture
def hashings(monkeypatch) -> Iterator[list[str]]:
    """Every computing of a password hash, which is what takes the time."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self, password, salt):
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return seen


@pytest.mark.parametrize(("account", "password"), _failures())
def test_every_failure_is_answered_alike(client, people, hashings, account, password):
    with CaptureQueriesContext(connection) as queries:
        response = sign_in(client, account, password)
    assert len(hashings) == 1
    assert signed_in_as(client) is None
    with CaptureQueriesContext(connection) as reference:
        other = sign_in(Client(), "somebody-else", "wrong")
    assert response.status_code == other.status_code == 200
    assert _errors(response) == _errors(other) != []
    assert _kinds(queries) == _kinds(reference)


def _errors(response) -> list[str]:
    form = response.context["form"]
    return [*form.non_field_errors(), *form.errors]


def _kinds(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"].split(" ", 1)[0] for query in queries]


def test_the_admin_does_not_tell_that_a_customers_password_is_right(client, settings):
    UserFactory(username="customer")
    for _try in range(settings.AXES_FAILURE_LIMIT):
        response = sign_in(client, "customer")
    assert response.status_code == 429


def test_a_customer_signs_in_outside_the_admin():
    user = UserFactory(username="customer")
    request = RequestFactory().post("/")
    assert authenticate(request, username="customer", password=PASSWORD) == user


@pytest.mark.parametrize("given", [{}, {"username": "fang"}, {"password": PASSWORD}])
def test_incomplete_credentials_sign_nobody_in(given):
    StaffFactory(username="fang")
    request = RequestFactory().post("/", {"username": "fang"})
    assert authenticate(request, **given) is None


def test_sign_in_makes_a_new_session(client):
    StaffFactory(username="fang")
    session = client.session
    session["basket"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    sign_in(client, "fang")
    assert client.session.session_key != before
    assert signed_in_as(client)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_sign_in_leads_to_no_other_host(client, target):
    StaffFactory(username="fang")
    response = client.post(
        LOGIN, {"username": "fang", "password": PASSWORD, "next": target}
    )
    assert response.status_code == 302
    assert response["Location"] == "/admin/"


def test_sign_in_needs_the_csrf_token():
    StaffFactory(username="fang")
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "fang").status_code == 403


def test_staff_reset_passwords_there_is_no_mail():
    for name in ("admin_password_reset", "password_reset", "password_reset_confirm"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def _admin_addresses() -> list[str]:
    """Every address of the admin, with 1 for each of its parameters."""
    found = []

    def walk(patterns, prefix):
        for pattern in patterns:
            part = str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, prefix + part)
            elif isinstance(pattern, URLPattern):
                found.append((pattern.name, prefix + part))

    resolver = next(
        r for r in get_resolver().url_patterns if getattr(r, "app_name", "") == "admin"
    )
    walk(resolver.url_patterns, "/admin/")
    return [_filled(route) for name, route in found if name != "login"]


def _filled(route: str) -> str:
    plain = re.sub(r"\(\?P<url>\.\*\)\$?", "x/", route)
    plain = re.sub(r"\^?\(\?P<app_label>[^)]*\)/\$", "catalog/", plain)
    return re.sub(r"<[^>]+>", "1", plain).replace("$", "").replace("^", "")


def test_every_address_of_the_admin_asks_strangers_to_sign_in(client):
    addresses = _admin_addresses()
    assert len(addresses) > 20
    for address in addresses:
        for method in (client.get, client.post):
            response = method(address)
            assert response.status_code == 302, (address, response.status_code)
            assert response["Location"].startswith(LOGIN), address


def test_a_customer_is_not_let_into_the_admin(client):
    client.force_login(UserFactory())
    response = client.get("/admin/")
    assert response.status_code in (302, 403)


def test_a_new_password_ends_the_other_sessions(client):
    user = StaffFactory(username="fang")
    sign_in(client, "fang")
    assert client.get("/admin/").status_code == 200
    user.set_password("another good password")
    user.save()
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_an_account_that_is_taken_away_is_out_at_once(client, change):
    user = StaffFactory(username="fang")
    sign_in(client, "fang")
    User.objects.filter(pk=user.pk).update(**change)
    response = client.get("/admin/")
    assert response.status_code in (302, 403)


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
@pytest.mark.parametrize("way", ["model", "database"])
def test_who_is_let_in_again_signs_in_anew(client, field, way):
    user = StaffFactory(username="fang")
    sign_in(client, "fang")
    for value in (False, True):
        if way == "model":
            setattr(user, field, value)
            user.save()
        else:
            User.objects.filter(pk=user.pk).update(**{field: value})
    assert client.get("/admin/").status_code == 302
    sign_in(client, "fang")
    assert client.get("/admin/").status_code == 200


def test_signing_out_everywhere_ends_sessions_too(client):
    user = StaffFactory(username="fang")
    sign_in(client, "fang")
    tokens.sign_out_everywhere(user, by=user)
    assert client.get("/admin/").status_code == 302


def test_an_old_hash_is_renewed_at_sign_in(client, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    user = StaffFactory(username="fang")
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[::-1]
    with mock.patch("django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations", 2):
        sign_in(client, "fang")
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2_sha256$")


def _log() -> list[tuple]:
    return list(
        OperationLog.objects.order_by("id").values_list(
            "action", "by_id", "target_id", "data", "ip"
        )
    )


def test_sign_in_and_out_are_logged_with_the_address(client):
    user = StaffFactory(username="fang", nickname="王芳")
    sign_in(client, "fang", REMOTE_ADDR="203.0.113.9")
    client.post("/admin/logout/", REMOTE_ADDR="203.0.113.9")
    assert _log() == [
        ("session.signed_in", user.pk, str(user.pk), {}, "203.0.113.9"),
        ("session.signed_out", user.pk, str(user.pk), {}, "203.0.113.9"),
    ]
    assert {row.target_label for row in OperationLog.objects.all()} == {f"#{user.pk}"}


def test_failures_are_logged_without_what_was_typed(client):
    user = StaffFactory(username="fang")
    sign_in(client, "fang", "wrong")
    sign_in(client, PASSWORD, "")
    sign_in(client, PASSWORD, "fang")
    assert [row[:4] for row in _log()] == [
        ("session.failed", None, str(user.pk), {}),
        ("session.failed", None, "", {"account": "c•••"}),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM axes_accessattempt")
        assert PASSWORD not in str(cursor.fetchall())


def test_signing_out_without_being_signed_in_logs_nothing(client):
    client.post("/admin/logout/")
    assert _log() == []


def test_createsuperuser_works_with_our_user(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "plum garden 77")
    call_command("createsuperuser", "--noinput", username="Chef", verbosity=0)
    chef = User.objects.get()
    assert chef.is_superuser
    assert chef.is_staff
    assert chef.check_password("plum garden 77")
    for name in ("cHEF", "13800138000", "a@b.cn"):
        with pytest.raises(CommandError):
            call_command("createsuperuser", "--noinput", username=name, verbosity=0)


def test_own_password_needs_the_old_one_and_keeps_this_session(client):
    user = AdminFactory(username="chef")
    sign_in(client, "chef")
    other = Client()
    sign_in(other, "chef")
    url = reverse("admin:password_change")
    form = {
        "old_password": "wrong",
        "new_password1": "plum garden 77",
        "new_password2": "plum garden 77",
    }
    assert "old_password" in client.post(url, form).context["form"].errors
    response = client.post(url, {**form, "old_password": PASSWORD})
    assert response["Location"] == reverse("admin:password_change_done")
    user.refresh_from_db()
    assert user.check_password("plum garden 77")
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    row = OperationLog.objects.get(action="account.password_changed")
    assert (row.by, row.data) == (user, {})
