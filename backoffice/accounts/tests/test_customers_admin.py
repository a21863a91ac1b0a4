"""Customers in the admin: who sees what, what is done for them, and what is forgotten."""

import json
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.accounts import addresses, care, tokens
from backoffice.accounts.api.tests.calls import Storefront, error_of
from backoffice.accounts.api.tests.test_account import HOME
from backoffice.accounts.models import Address, Upload, User
from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import (
    PASSWORD,
    AdminFactory,
    StaffFactory,
    UserFactory,
)
from backoffice.base import ports
from backoffice.base.errors import NotPermitted, ReasonMissing, WrongStatus
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/customer/"


def member(role):
    sync_roles()
    user = StaffFactory(nickname=role)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def manager(client):
    user = member("manager")
    client.force_login(user)
    return user


@pytest.fixture
def service(client):
    user = member("service")
    client.force_login(user)
    return user


@pytest.fixture
def li():
    user = UserFactory(
        username="li-si", mobile="13800138000", email="li@shop.cn", nickname="李小雨"
    )
    User.objects.filter(pk=user.pk).update(
        openid="o-li-1234", wechat_bound_at=timezone.now()
    )
    user.refresh_from_db()
    addresses.add(user, HOME)
    return user


def page(client, customer):
    answer = client.get(f"{LIST}{customer.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def listed(client, query=""):
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return {c.username for c in answer.context["cl"].result_list}


def do(client, verb, customer, reason="because", **more):
    return client.post(
        f"{LIST}verb/{verb}/",
        {"only": customer.pk, "confirmed": "1", "reason": reason, **more},
        follow=True,
    )


# --- the list ---------------------------------------------------------------------------


def test_customers_are_listed_and_staff_are_not(client, manager, li):
    assert listed(client) == {"li-si"}
    text = client.get(LIST).content.decode()
    assert "李小雨" in text
    assert "13800138000" in text


@pytest.mark.parametrize(
    "role", ["buyer", "reviewer", "merchandiser", "stock_keeper", "finance"]
)
def test_other_roles_see_no_customers(client, li, role):
    client.force_login(member(role))
    for path in ("", f"{li.pk}/change/", f"{li.pk}/data/"):
        assert client.get(LIST + path).status_code == 403
    assert do(client, "disable", li).status_code == 403


def test_service_sees_personal_data_masked(client, service, li):
    for text in (client.get(LIST).content.decode(), page(client, li)):
        assert "138••••8000" in text
        assert "l•••@shop.cn" in text
        for word in ("13800138000", "li@shop.cn", "李小雨 13", "文三路"):
            assert word not in text
    assert "李•••" in page(client, li)
    assert "浙江省 杭州市 西湖区" in page(client, li)


def test_a_manager_sees_it_in_full(client, manager, li):
    text = page(client, li)
    for word in ("13800138000", "li@shop.cn", "李小雨", "文三路 90 号"):
        assert word in text


def test_nothing_of_a_customer_is_changed_by_hand(client, manager, li):
    assert "<input" not in page(client, li).split('id="content-main"')[1].split(
        "</main"
    )[0].replace('<input type="hidden"', "")
    answer = client.post(f"{LIST}{li.pk}/change/", {"nickname": "x"})
    assert answer.status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}{li.pk}/delete/").status_code == 403


def test_staff_have_no_page_among_customers(client, manager):
    other = StaffFactory()
    assert client.get(f"{LIST}{other.pk}/change/").status_code == 302
    assert client.get(f"{LIST}{other.pk}/data/").status_code == 404


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("13800138000", {"li-si"}),
        ("+86 138-0013-8000", {"li-si"}),
        ("LI@shop.cn", {"li-si"}),
        ("Li-Si", {"li-si"}),
        ("小雨", {"li-si"}),
        ("li", {"li-si"}),
        ("nobody", set()),
        ("no@body", set()),
        ("13900139000", set()),
        ("'; DROP TABLE accounts_user; --", set()),
    ],
)
@pytest.mark.parametrize("role", ["manager", "service"])
def test_customers_are_found(client, li, role, typed, found):
    client.force_login(member(role))
    UserFactory(username="wang", mobile="13700137000", nickname="王五")
    answer = client.get(LIST, {"q": typed})
    assert {c.username for c in answer.context["cl"].result_list} == found


def test_a_masked_mobile_is_not_told_digit_by_digit(client, li):
    client.force_login(member("service"))
    assert listed(client, "q=1380013") == set()
    client.force_login(member("manager"))
    assert listed(client, "q=1380013") == {"li-si"}


@pytest.mark.parametrize(
    "lookup",
    [
        "mobile__startswith=138",
        "email__contains=l",
        "addresses__detail__contains=90",
        "openid__startswith=o",
        "password__startswith=md5",
        "token_secret__startswith=a",
    ],
)
@pytest.mark.parametrize("kind", ["customer", "staff"])
def test_no_lookup_tells_what_is_hidden(client, li, lookup, kind):
    client.force_login(member("manager"))
    path = f"/admin/accounts/{kind}/?{lookup}"
    assert client.get(path).status_code == 400
    answer = client.post(
        f"/admin/accounts/{kind}/verb/disable/?{lookup}", {"select_across": "1"}
    )
    assert answer.status_code in (302, 400)


def test_tabs_and_filters(client, manager, li):
    care.disable(UserFactory(username="off"), by=manager, reason="x")
    care.erase(UserFactory(username="gone"), by=manager, reason="x")
    assert listed(client, "tab=on") == {"li-si"}
    assert listed(client, "tab=off") == {"off"}
    erased = {u.username for u in User.objects.filter(erased_at__isnull=False)}
    assert listed(client, "tab=erased") == erased
    assert listed(client, "wechat=bound") == {"li-si"}
    assert listed(client, "wechat=none") == {"off", *erased}
    today = timezone.localdate()
    assert len(listed(client, f"date_joined_from={today}")) == 3
    tomorrow = today + timedelta(days=1)
    assert listed(client, f"date_joined_from={tomorrow}") == set()


def test_points_and_orders_come_from_above(client, manager, li):
    figures = {li.pk: {"points": 1250, "orders": 3}}
    with ports.customer_figures.instead(lambda ids: figures):
        text = client.get(LIST).content.decode()
        assert "1250" in text
        assert "1250" in page(client, li)
    with ports.customer_figures.instead(None):
        assert "column-points" not in client.get(LIST).content.decode()


def test_the_list_costs_the_same_for_any_number(client, manager, li):
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for _ in range(5):
        UserFactory()
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few)


# --- what is done for them --------------------------------------------------------------


def test_switching_off_ends_every_sign_in_and_is_told_to_the_customer(
    client, service, li
):
    store = Storefront()
    store.login("li-si")
    do(client, "disable", li, "")
    assert store.get("/me").status_code == 200
    do(client, "disable", li, "刷单")
    assert error_of(store.get("/me")) == (401, "token_revoked")
    body = {"account": "li-si", "password": PASSWORD}
    assert error_of(store.post("/auth/login", body)) == (403, "account_disabled")
    line = OperationLog.objects.get(action="customer.disabled")
    assert (line.by, line.target_id, line.data) == (
        service,
        str(li.pk),
        {"reason": "刷单"},
    )
    do(client, "enable", li)
    assert store.login("li-si")


def test_the_page_says_who_switched_off_and_why(client, service, li):
    assert "刷单" not in page(client, li)
    do(client, "disable", li, "误停")
    do(client, "enable", li, "核实")
    do(client, "disable", li, "刷单")
    text = page(client, li)
    assert "刷单" in text
    assert str(service) in text.split("field-off")[1].split("field-wechat_since")[0]
    assert "误停" not in text
    do(client, "enable", li)
    assert "刷单" not in page(client, li)
    # without an entry there is nothing to say
    assert "field-off" not in page(client, UserFactory(is_active=False))


def test_the_way_to_the_log_is_there_for_who_may_see_it(client, li):
    client.force_login(member("service"))
    assert "historylink" not in page(client, li)
    client.force_login(member("manager"))
    assert "historylink" in page(client, li)


def test_signing_out_everywhere_lifts_a_lock(client, service, li):
    store = Storefront()
    store.login("li-si")
    for _ in range(5):
        store.post("/auth/login", {"account": "li-si", "password": "wrong"})
    do(client, "sign_out", li)
    assert error_of(store.get("/me")) == (401, "token_revoked")
    assert store.login("li-si")
    line = OperationLog.objects.get(action="session.all_ended")
    assert (line.by, line.target_id) == (service, str(li.pk))


def test_a_customer_who_forgot_gets_a_new_password(client, li):
    store = Storefront()
    store.login("li-si")
    path = f"{LIST}{li.pk}/password/"
    body = {"new_password1": "plum garden 77", "new_password2": "plum garden 77"}
    # who gives it could sign in and see what is masked
    client.force_login(member("service"))
    assert client.post(path, body).status_code == 403
    client.force_login(member("manager"))
    assert client.get(path).status_code == 200
    short = {"new_password1": "short", "new_password2": "short"}
    assert client.post(path, short).status_code == 200
    assert client.post(path, body).status_code == 302
    assert error_of(store.get("/me")) == (401, "token_revoked")
    assert store.login("li-si", "plum garden 77")
    line = OperationLog.objects.get(action="customer.password_set")
    assert line.data == {}
    assert client.get(f"{LIST}{StaffFactory().pk}/password/").status_code == 404


def test_wechat_is_unbound(client, service, li):
    token = tokens.issue(li).access
    do(client, "unbind", li)
    li.refresh_from_db()
    assert (li.openid, li.wechat_bound_at) == (None, None)
    with pytest.raises(tokens.TokenRevoked):
        tokens.check(token)
    with pytest.raises(WrongStatus):
        care.unbind(li, by=service)
    assert OperationLog.objects.filter(action="customer.unbound").count() == 1


def test_verbs_fit_the_state(client, manager, li):
    text = page(client, li)
    for verb in ("disable", "sign_out", "unbind", "erase"):
        assert f"verb/{verb}/" in text
    assert "verb/enable/" not in text
    care.disable(li, by=manager, reason="x")
    text = page(client, li)
    assert "verb/enable/" in text
    assert "verb/disable/" not in text


def test_the_confirm_page_says_what_will_happen(client, manager, li):
    for verb in ("disable", "sign_out", "unbind", "erase"):
        answer = client.post(f"{LIST}verb/{verb}/", {"only": li.pk})
        assert answer.status_code == 200
        assert len(answer.context["will"]) == 1
    li.refresh_from_db()
    assert li.is_active
    assert li.openid


def test_service_may_not_take_away_or_erase(client, service, li):
    assert do(client, "erase", li).status_code == 403
    assert client.get(f"{LIST}{li.pk}/data/").status_code == 403
    assert client.post(f"{LIST}{li.pk}/data/").status_code == 403
    assert "verb/erase/" not in page(client, li)
    for act in (care.export, care.erase):
        with pytest.raises(NotPermitted):
            act(li, by=service, **({"reason": "x"} if act is care.erase else {}))


def test_staff_are_not_touched_by_these_verbs(li):
    boss, colleague = AdminFactory(), StaffFactory()
    for act in (care.disable, care.enable, care.sign_out, care.unbind, care.erase):
        with pytest.raises(NotPermitted):
            act(colleague, by=boss, reason="x")
    with pytest.raises(NotPermitted):
        care.export(colleague, by=boss)


def test_reasons_are_required_where_it_hurts(manager, li):
    for act in (care.disable, care.erase):
        with pytest.raises(ReasonMissing):
            act(li, by=manager, reason="  ")


# --- what is kept and what is forgotten -------------------------------------------------


def test_everything_about_a_customer_is_taken_away(client, manager, li):
    store = Storefront()
    store.login("li-si")
    assert client.get(f"{LIST}{li.pk}/data/").status_code == 200
    answer = client.post(f"{LIST}{li.pk}/data/")
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    data = json.loads(answer.content)
    assert data["account"]["mobile"] == "13800138000"
    assert data["account"]["openid"] == "o-li-1234"
    assert data["addresses"][0]["detail"] == "文三路 90 号"
    assert data["acts"][0]["ip"] == "203.0.113.7"
    assert "password" not in answer.content.decode()
    assert li.token_secret not in answer.content.decode()
    line = OperationLog.objects.get(action="customer.exported")
    assert (line.by, line.data) == (manager, {})


def test_erasing_forgets_the_person_and_keeps_the_books(
    client, manager, li, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    paths = [
        default_storage.save(f"avatars/{n}.jpg", ContentFile(b"x")) for n in ("a", "b")
    ]
    for path in paths:
        Upload.objects.create(user=li, path=path, purpose="avatar", width=1, height=1)
    User.objects.filter(pk=li.pk).update(avatar=paths[0])
    store = Storefront()
    store.login("li-si")
    store.post("/auth/login", {"account": "li-si", "password": "wrong"})
    with django_capture_on_commit_callbacks(execute=True):
        do(client, "erase", li, "本人要求")
    assert error_of(store.get("/me")) == (401, "token_revoked")
    gone = User.objects.get(pk=li.pk)
    assert gone.username == f"erased-{li.pk}"
    personal = (gone.nickname, gone.mobile, gone.email, gone.openid, gone.avatar.name)
    assert personal == ("", None, None, None, "")
    assert gone.wechat_bound_at is gone.last_login is None
    assert [gone.is_active, gone.has_usable_password()] == [False, False]
    assert gone.erased_at
    assert not Address.objects.exists()
    assert not Upload.objects.exists()
    assert not AccessAttempt.objects.exists()
    assert not any(default_storage.exists(path) for path in paths)
    # who left may come again, as somebody new
    body = {"mobile": "13800138000", "password": PASSWORD, "email": "li@shop.cn"}
    assert Storefront().post("/auth/register", body).status_code == 201


def test_the_log_never_holds_what_was_erased(client, manager, li):
    store = Storefront()
    store.login("li-si")
    store.ask("PATCH", "/me", {"nickname": "小雨", "email": None, "password": PASSWORD})
    do(client, "erase", li)
    for line in OperationLog.objects.all():
        text = f"{line.target_label} {line.data}"
        for word in ("13800138000", "li@shop.cn", "小雨", "文三路", "o-li", "li-si"):
            assert word not in text


def test_what_is_erased_stays_erased(client, manager, li):
    care.erase(li, by=manager, reason="x")
    for act in (care.enable, care.erase):
        with pytest.raises(WrongStatus):
            act(li, by=manager, reason="x")
    text = page(client, li)
    for verb in ("enable", "disable", "erase", "unbind"):
        assert f"verb/{verb}/" not in text
    assert client.get(f"{LIST}{li.pk}/data/").status_code == 404


def test_what_is_above_is_asked_before_anything_is_erased(manager, li):
    def refuse(user_id):
        raise WrongStatus("An order is under way.")

    with ports.erase_personal_data.instead(refuse), pytest.raises(WrongStatus):
        care.erase(li, by=manager, reason="x")
    li.refresh_from_db()
    assert li.mobile == "13800138000"


def test_logs_lead_to_the_page_of_the_person(client, manager, li):
    care.sign_out(li, by=manager)
    colleague = StaffFactory()
    tokens.sign_out_everywhere(colleague, by=manager)
    text = client.get("/admin/oplog/operationlog/").content.decode()
    assert f"/admin/accounts/customer/{li.pk}/change/" in text
    assert f"/admin/accounts/staff/{colleague.pk}/change/" in text
    answer = client.get(f"{LIST}{li.pk}/history/")
    assert answer["Location"].endswith(f"?object=accounts.user:{li.pk}")


def test_a_verified_mobile_is_a_mobile(li):
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=li.pk).update(mobile=None, mobile_is_verified=True)
