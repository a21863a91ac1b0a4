"""The daily bill beside the books: nothing differs, or it is named and settled."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted, ReasonMissing, WrongStatus
from sales import reconciliation, refunds, tasks
from sales.enums import Difference, FindingStatus, OrderStatus, PaymentStatus
from sales.gateway.values import BEIJING
from sales.models import BillDay, Finding, Payment, Refund
from sales.reconciliation import BillNotThere, BillUnreadable
from sales.simulator.faults import FaultKind, Target
from sales.tests.paying import begun, finished, paid_by_wechat, pending

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("merchant_api")]
D = Decimal


@pytest.fixture
def today():
    return timezone.localdate(timezone=BEIJING)


@pytest.fixture
def by():
    return AdminFactory()


def refunded(wechat, order, quantity="1"):
    refund = refunds.request(
        order,
        by=order.user,
        reason="坏",
        wanted=refunds.Wanted({order.lines.get().pk: D(quantity)}),
    )
    return finished(wechat, refunds.approve(refund, by=AdminFactory()))


def kinds():
    return list(Finding.objects.values_list("kind", flat=True))


def test_a_day_that_agrees(wechat, today, by):
    order = paid_by_wechat(wechat, pending(price="10.00", quantity="10"))
    paid_by_wechat(wechat)
    refunded(wechat, order, "3")
    row = reconciliation.fetch(today, by=by)
    assert kinds() == []
    assert (row.paid, row.our_paid) == (D("170.00"), D("170.00"))
    assert (row.refunded, row.our_refunded) == (D("30.00"), D("30.00"))
    assert row.fees > 0
    assert row.lines == 3


def test_money_that_nobody_told_us_of_is_found_and_booked(wechat, today, by):
    payment = begun()
    wechat.pay(payment.out_trade_no)
    wechat.take_notices()
    reconciliation.fetch(today, by=by)
    finding = Finding.objects.get()
    assert finding.kind == Difference.PAYMENT_STATUS
    assert reconciliation.act(finding, by=by).status == FindingStatus.BOOKED
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PAID
    assert payment.order.status == OrderStatus.PAID
    with pytest.raises(WrongStatus):
        reconciliation.act(Finding.objects.get(), by=by)


def test_a_refund_that_has_arrived_there_is_booked(wechat, today, by):
    order = paid_by_wechat(wechat)
    refund = refunds.approve(
        refunds.request(order, by=order.user, reason="x"), by=AdminFactory()
    )
    tasks.send_refund(refund.pk)
    refund.refresh_from_db()
    wechat.finish_refund(refund.out_refund_no)
    reconciliation.fetch(today, by=by)
    finding = Finding.objects.get()
    assert finding.kind == Difference.REFUND_STATUS
    assert reconciliation.act(finding, by=by).status == FindingStatus.BOOKED
    order.refresh_from_db()
    assert order.status == OrderStatus.CLOSED


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (
            lambda order: Payment.objects.update(out_trade_no=order.order_no + "-9"),
            {Difference.PAYMENT_HERE, Difference.PAYMENT_THERE},
        ),
        (
            lambda order: Payment.objects.update(amount=D("69.99")),
            {Difference.PAYMENT_AMOUNT},
        ),
        (
            lambda order: Payment.objects.update(transaction_id="4200"),
            {Difference.PAYMENT_STATUS},
        ),
        (
            lambda order: Refund.objects.update(out_refund_no="other"),
            {Difference.REFUND_HERE, Difference.REFUND_THERE},
        ),
        (
            lambda order: Refund.objects.update(amount=D("34.99")),
            {Difference.REFUND_AMOUNT},
        ),
    ],
)
def test_each_difference_is_named_once(wechat, today, by, change, kind):
    order = paid_by_wechat(wechat, pending(price="35.00", quantity="2"))
    refunded(wechat, order)
    change(order)
    reconciliation.fetch(today, by=by)
    assert set(kinds()) == kind
    assert len(kinds()) == len(kind)
    reconciliation.fetch(today, by=by)
    assert len(kinds()) == len(kind)
    assert BillDay.objects.count() == 1


def test_what_is_no_longer_there_is_gone(wechat, today, by):
    payment = begun()
    wechat.pay(payment.out_trade_no)
    [notice] = wechat.take_notices()
    reconciliation.fetch(today, by=by)
    from django.test import Client

    from sales.tests.paying import post

    post(Client(), notice)
    reconciliation.fetch(today, by=by)
    assert Finding.objects.get().status == FindingStatus.GONE


def test_somebody_says_what_was_found(wechat, today, by):
    payment = begun()
    wechat.pay(payment.out_trade_no)
    reconciliation.fetch(today, by=by)
    finding = Finding.objects.get()
    with pytest.raises(ReasonMissing):
        reconciliation.settle(finding, by=by, note=" ")
    with pytest.raises(NotPermitted):
        reconciliation.settle(finding, by=StaffFactory(), note="x")
    row = reconciliation.settle(finding, by=by, note="控制台已退款")
    assert (row.status, row.settled_by) == (FindingStatus.SETTLED, by)


def test_a_file_gives_the_same(wechat, today, by):
    paid_by_wechat(wechat)
    content = wechat.write_bill(f"{today:%Y%m%d}")
    row = reconciliation.upload(today, content, by=by)
    assert (row.paid, row.source, kinds()) == (D("70.00"), "file", [])


def test_what_is_no_bill_is_refused(wechat, today, by):
    paid_by_wechat(wechat)
    content = wechat.write_bill(f"{today:%Y%m%d}")
    for broken in (b"", b"hello", content[:-20], b"\x1f\x8b" + b"x" * 50):
        with pytest.raises(BillUnreadable):
            reconciliation.upload(today, broken, by=by)
    with pytest.raises(BillUnreadable):
        reconciliation.upload(today - timedelta(days=1), content, by=by)
    other = content.replace(wechat.identity.mch_id.encode(), b"1900009999")
    with pytest.raises(BillUnreadable):
        reconciliation.upload(today, other, by=by)
    assert not BillDay.objects.exists()


@pytest.mark.parametrize("kind", [FaultKind.TIMEOUT_BEFORE, FaultKind.SERVER_ERROR])
def test_a_gateway_without_an_answer_writes_nothing(wechat, today, by, kind):
    wechat.add_fault(kind, Target.BILL)
    with pytest.raises(BillNotThere):
        reconciliation.fetch(today, by=by)
    assert not BillDay.objects.exists()


def test_missed_days_are_made_up_for(wechat, today):
    assert tasks.fetch_bills() == 0  # nobody ever paid
    paid_by_wechat(wechat)
    Payment.objects.update(created_at=timezone.now() - timedelta(days=3))
    at_noon = datetime.combine(today, datetime.min.time(), tzinfo=BEIJING)
    at_noon += timedelta(hours=12)
    days = reconciliation.missing_days(at_noon)
    assert days == [today - timedelta(days=n) for n in (3, 2, 1)]
    before_ten = at_noon - timedelta(hours=3)
    assert reconciliation.missing_days(before_ten)[-1] == today - timedelta(days=2)
    assert tasks.fetch_bills() > 0
    assert tasks.fetch_bills() == 0


# --- the pages


def test_the_day_on_its_page(client, wechat, today, by):
    client.force_login(by)
    assert client.get("/admin/sales/billday/").status_code == 200
    payment = begun()
    wechat.pay(payment.out_trade_no)
    wechat.take_notices()
    compare = reverse("admin:sales_billday_compare")
    assert client.get(compare).status_code == 200
    page = client.post(compare, {"day": today.isoformat()}, follow=True)
    assert payment.out_trade_no in page.content.decode()
    assert "tab=open" in client.get("/admin/").content.decode()
    finding = Finding.objects.get()
    url = reverse("admin:sales_finding_settle", args=[finding.pk])
    client.post(url, {"verb": "settle", "note": ""})
    finding.refresh_from_db()
    assert finding.status == FindingStatus.OPEN
    client.post(url, {"verb": "ask"})
    finding.refresh_from_db()
    assert finding.status == FindingStatus.BOOKED


def test_a_file_is_handed_in(client, wechat, today, by):
    client.force_login(by)
    paid_by_wechat(wechat)
    content = wechat.write_bill(f"{today:%Y%m%d}")
    compare = reverse("admin:sales_billday_compare")
    for name, sent in (("bill.csv", content), ("x.csv", b"no bill")):
        answer = client.post(
            compare,
            {"day": today.isoformat(), "bill": SimpleUploadedFile(name, sent)},
        )
        assert answer.status_code == (302 if sent is content else 200)


@pytest.mark.parametrize("role", ["service", "buyer"])
def test_who_does_not_reconcile_sees_nothing(client, role, today):
    from sales.tests.test_admin_money import member

    member(client, role)
    BillDay.objects.create(day=date(2026, 1, 1), compared_at=timezone.now())
    for url in (
        "/admin/sales/billday/",
        reverse("admin:sales_billday_compare"),
        f"/admin/sales/billday/{BillDay.objects.get().pk}/change/",
    ):
        assert client.get(url).status_code == 403


def test_a_difference_that_comes_back_is_open_again(wechat, today, by):
    payment = Payment.objects.get(order=paid_by_wechat(wechat))
    number = payment.transaction_id
    Payment.objects.update(transaction_id="4200")
    reconciliation.fetch(today, by=by)
    Payment.objects.update(transaction_id=number)
    reconciliation.fetch(today, by=by)
    assert Finding.objects.get().status == FindingStatus.GONE
    Payment.objects.update(transaction_id="4200")
    reconciliation.fetch(today, by=by)
    finding = Finding.objects.get()
    assert (finding.status, finding.settled_at) == (FindingStatus.OPEN, None)
    # what somebody has explained is not asked again
    reconciliation.settle(finding, by=by, note="查过")
    reconciliation.fetch(today, by=by)
    assert Finding.objects.get().status == FindingStatus.SETTLED
