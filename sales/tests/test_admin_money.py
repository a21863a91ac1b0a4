"""Payments and refunds in the admin: read, decide, ask; by role; constant queries."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from sales import attempts, fulfilment, payments, refunds
from sales.enums import Channel, PaymentStatus, RefundStatus, Restock, Trouble
from sales.errors import RefundInTheWay
from sales.models import Payment, Refund
from sales.tests.factories import ask, customer, paid, place, shelf
from sales.tests.paying import begun, paid_by_wechat, pending

pytestmark = pytest.mark.django_db
PAYMENTS = "/admin/sales/payment/"
REFUNDS = "/admin/sales/refund/"


@pytest.fixture
def english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def by(client):
    user = AdminFactory()
    client.force_login(user)
    return user


def member(client, role):
    sync_roles()
    user = StaffFactory()
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return user


def asked(order=None, quantity=None, **more):
    order = order or paid(place(ask(shelf(price="70.00"), "2"), user=customer()))
    wanted = refunds.WHOLE
    if quantity:
        wanted = refunds.Wanted({order.lines.get().pk: Decimal(quantity)})
    return refunds.request(order, by=order.user, reason="压坏了", wanted=wanted, **more)


# --- pages


@pytest.mark.parametrize("url", [PAYMENTS, REFUNDS])
def test_an_empty_list_says_what_belongs_there(client, by, url):
    answer = client.get(url)
    assert answer.status_code == 200
    assert "empty" in answer.content.decode()


def test_lists_cost_the_same_however_long(
    client, by, django_assert_max_num_queries, merchant_api, wechat
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = {PAYMENTS: [], REFUNDS: []}
    for more in (1, 3):
        for _number in range(more):
            asked()
        for url, seen in counts.items():
            client.get(url)
            with CaptureQueriesContext(
                connection,
            ) as found:
                assert client.get(url).status_code == 200
            seen.append(len(found))
    for seen in counts.values():
        assert seen[0] == seen[1]


def test_pages_show_and_hold_no_input(client, by, merchant_api, wechat):
    order = paid_by_wechat(wechat)
    payment = order.payments.get()
    refund = refunds.approve(asked(order), by=AdminFactory())
    attempts.ask(payment)
    page = client.get(f"{PAYMENTS}{payment.pk}/change/").content.decode()
    assert payment.out_trade_no in page
    assert payment.transaction_id in page
    assert payment.request["openid"] not in page
    assert refund.refund_no in page
    assert 'type="text"' not in page.split('id="content"')[-1]
    page = client.get(f"{REFUNDS}{refund.pk}/change/").content.decode()
    assert refund.refund_no in page
    assert payment.out_trade_no in page


@pytest.mark.parametrize("name", ["add/", "1/delete/"])
@pytest.mark.parametrize("url", [PAYMENTS, REFUNDS])
def test_nothing_is_added_or_deleted(client, by, url, name):
    assert client.get(url + name).status_code in (302, 403)


def test_search_finds_by_every_number(client, by, merchant_api, wechat):
    order = paid_by_wechat(wechat)
    payment = order.payments.get()
    begun()
    for typed in (order.order_no, payment.out_trade_no, payment.transaction_id):
        answer = client.get(PAYMENTS, {"q": typed})
        assert [row.pk for row in answer.context["cl"].result_list] == [payment.pk]


# --- who may


@pytest.mark.parametrize(
    ("role", "status"),
    [("service", 200), ("finance", 200), ("buyer", 403), ("stock_keeper", 403)],
)
def test_who_may_look(client, role, status):
    refund = asked()
    member(client, role)
    payment = refund.payment
    for url in (PAYMENTS, f"{PAYMENTS}{payment.pk}/change/", REFUNDS,
                f"{REFUNDS}{refund.pk}/change/"):  # fmt: skip
        assert client.get(url).status_code == status


def test_service_asks_and_does_not_decide(client):
    refund = asked(quantity="1")
    member(client, "service")
    page = client.get(f"{REFUNDS}{refund.pk}/change/").content.decode()
    assert "decide" not in page
    url = reverse("admin:sales_refund_decide", args=[refund.pk])
    assert client.post(url, {"verb": "approve"}).status_code == 403
    order_url = reverse("admin:sales_order_refund", args=[refund.order_id])
    assert client.get(order_url).status_code == 200


# --- deciding


def test_a_refund_is_decided_on_its_page(client, by):
    order = paid(place(ask(shelf(price="70.00"), "2"), user=customer()))
    fulfilment.ship(order, by=AdminFactory())
    order.refresh_from_db()
    refund = asked(order, "1")
    line = order.lines.get()
    url = reverse("admin:sales_refund_decide", args=[refund.pk])
    answer = client.post(url, {"verb": "reject", "note": ""}, follow=True)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.REQUESTED
    assert answer.context["error"]
    values = {"verb": "approve", f"restock_{line.pk}": Restock.STOCK}
    client.post(url, values)
    refund.refresh_from_db()
    assert (refund.status, refund.decided_by) == (RefundStatus.APPROVED, by)
    assert refund.lines.get().restock == Restock.STOCK
    # cash: whoever gives it back says so
    verb = reverse("admin:sales_refund_verb", args=["hand_back"])
    client.post(verb, {"only": refund.pk, "confirmed": "1"})
    refund.refresh_from_db()
    assert (refund.status, refund.handed_back_by) == (RefundStatus.SUCCEEDED, by)


def test_many_are_approved_at_once(client, by):
    many = [asked() for _number in range(3)]
    large = asked(paid(place(ask(shelf(price="300.00")), user=customer())))
    verb = reverse("admin:sales_refund_verb", args=["approve"])
    ids = ",".join(str(one.pk) for one in (*many, large))
    plan = client.post(verb, {"only": ids})
    assert plan.status_code == 200
    client.post(verb, {"only": ids, "confirmed": "1"})
    assert Refund.objects.filter(status=RefundStatus.APPROVED).count() == 3
    large.refresh_from_db()
    assert (large.status, large.first_approver) == (RefundStatus.REQUESTED, by)


def test_the_wizard_shows_before_it_does(client, by):
    order = paid(place(ask(shelf(price="70.00"), "2"), user=customer()))
    line = order.lines.get()
    url = reverse("admin:sales_order_refund", args=[order.pk])
    assert client.get(url).status_code == 200
    values = {"kind": "lines", f"quantity_{line.pk}": "1", "reason": "压伤"}
    page = client.post(url, values)
    assert page.context["page"].plan.amount == Decimal("70.00")
    assert not Refund.objects.exists()
    checked = page.context["page"].fingerprint
    # what was changed meanwhile is shown anew
    other = client.post(url, {**values, f"quantity_{line.pk}": "2", "checked": checked})
    assert other.status_code == 200
    assert not Refund.objects.exists()
    client.post(url, {**values, "checked": checked, "approve": "on"})
    refund = Refund.objects.get()
    assert (refund.amount, refund.status) == (Decimal("70.00"), RefundStatus.APPROVED)


def test_a_refund_that_is_confirmed_twice_is_asked_for_once(client, by):
    order = paid(place(ask(shelf(price="70.00"), "3"), user=customer()))
    url = reverse("admin:sales_order_refund", args=[order.pk])
    values = {
        "kind": "lines",
        f"quantity_{order.lines.get().pk}": "1",
        "reason": "压伤",
    }
    checked = client.post(url, values).context["page"].fingerprint
    values |= {"checked": checked, "approve": "on"}
    client.post(url, values)
    again = client.post(url, values)
    assert Refund.objects.count() == 1
    # one who really wants a second one sees what is left and confirms anew
    assert again.context["page"].error
    assert again.context["page"].plan.amount == Decimal("70.00")
    client.post(url, values | {"checked": again.context["page"].fingerprint})
    assert Refund.objects.count() == 2


def test_two_who_confirm_at_once_ask_for_one_refund(by):
    order = paid(place(ask(shelf(price="70.00"), "3"), user=customer()))
    wanted = refunds.Wanted({order.lines.get().pk: Decimal(1)})
    refunds.request(order, by=by, reason="压伤", wanted=wanted, known=0)
    with pytest.raises(RefundInTheWay):
        refunds.request(order, by=by, reason="压伤", wanted=wanted, known=0)
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "lines", "reason": "x"},
        {"kind": "amount", "amount": "0", "reason": "x"},
        {"kind": "amount", "amount": "abc", "reason": "x"},
        {"kind": "amount", "amount": "140.01", "reason": "x"},
        {"kind": "whole", "reason": ""},
        {"kind": "lines", "quantity": "3", "reason": "x"},
        {"kind": "lines", "quantity": "-1", "reason": "x"},
        {"kind": "lines", "quantity": "NaN", "reason": "x"},
    ],
)
def test_what_cannot_be_refunded_is_said(client, by, values):
    order = paid(place(ask(shelf(price="70.00"), "2"), user=customer()))
    values = dict(values)
    if "quantity" in values:
        values[f"quantity_{order.lines.get().pk}"] = values.pop("quantity")
    url = reverse("admin:sales_order_refund", args=[order.pk])
    page = client.post(url, values)
    assert page.status_code == 200
    assert page.context["page"].error
    assert page.context["page"].plan is None


# --- asking, alarms


def test_who_may_reconcile_asks_and_looks_at_what_did_not_fit(
    client, by, merchant_api, wechat
):
    payment = begun()
    verb = reverse("admin:sales_payment_verb", args=["ask"])
    client.post(verb, {"only": payment.pk})
    from django_q.models import OrmQ

    assert any("ask_payment" in str(task.task) for task in OrmQ.objects.all())
    Payment.objects.update(
        status=PaymentStatus.PAID, paid_at=payment.created_at, trouble=Trouble.MISMATCH
    )
    home = client.get("/admin/").content.decode()
    assert f"{PAYMENTS}?tab=stuck" in home
    settle = reverse("admin:sales_payment_verb", args=["settle"])
    client.post(settle, {"only": payment.pk, "confirmed": "1", "reason": "已核对"})
    payment.refresh_from_db()
    assert payment.trouble == ""


def test_what_stands_still_is_on_the_home_page(client, by, merchant_api, wechat):
    refund = refunds.approve(asked(paid_by_wechat(wechat)), by=AdminFactory())
    assert f"{REFUNDS}?tab=stuck" not in client.get("/admin/").content.decode()
    from datetime import timedelta

    Refund.objects.update(decided_at=refund.decided_at - timedelta(minutes=61))
    assert f"{REFUNDS}?tab=stuck" in client.get("/admin/").content.decode()
    order = pending()
    assert order.payments.count() == 0


def test_who_may_reconcile_ends_an_attempt_whose_money_does_not_fit(client, by):
    order = pending()
    payment = payments.begin(order, channel=Channel.WECHAT)
    url = f"{PAYMENTS}{payment.pk}/change/"
    verb = reverse("admin:sales_payment_verb", args=["let_go"])
    assert verb not in client.get(url).content.decode()
    payments.settle(payment.out_trade_no, payments.Receipt(Decimal("0.01"), "42"))
    assert verb in client.get(url).content.decode()
    page = client.post(verb, {"only": payment.pk}).content.decode()
    assert "0.01" in page
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.CREATED
    client.post(verb, {"only": payment.pk, "confirmed": "1", "reason": "已退"})
    payment.refresh_from_db()
    assert (payment.status, payment.trouble) == (PaymentStatus.FAILED, "")
