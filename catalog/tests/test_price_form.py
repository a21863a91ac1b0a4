"""The pencil beside a price: one goods repriced from the list, and prices by a sheet."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.tests.pages import text_of
from catalog import archiving, pricing
from catalog.enums import RunStatus
from catalog.models import RepricingRun
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory
from catalog.tests.pages import role

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "/admin/catalog/goods/"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def clerk(client):
    user = role("merchandiser")
    client.force_login(user)
    return user


def send(client, goods, **values):
    return client.post(
        reverse("admin:catalog_goods_price", args=[goods.pk]),
        {"next": f"{LIST}?tab=on_sale", **values},
    )


def price_of(goods):
    goods.refresh_from_db()
    return goods.price


def test_the_list_offers_it_to_who_may_price(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    pencil = reverse("admin:catalog_goods_price", args=[goods.pk])
    assert pencil in client.get(LIST).content.decode()
    client.force_login(role("buyer"))
    assert pencil not in client.get(LIST).content.decode()
    assert client.get(pencil).status_code == 403
    assert send(client, goods, price="9.50").status_code == 403
    assert price_of(goods) == D(10)


def test_a_price_is_changed_and_the_list_comes_back(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    answer = send(client, goods, price="９.50", reason="market")
    assert answer.url == f"{LIST}?tab=on_sale"
    assert price_of(goods) == D("9.50")
    last = goods.history.order_by("-history_id").first()
    assert (last.history_change_reason, last.old_price) == ("market", D(10))


def test_a_guard_is_told_before_it_is_sent(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    page = send(client, goods, price="5")
    assert "more than 30%" in text_of(page)
    assert not RepricingRun.objects.exists()
    send(client, goods, price="5", agreed="1")
    assert RepricingRun.objects.get().status == RunStatus.AWAITING
    assert price_of(goods) == D(10)


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "required"), ("abc", "Not a number"), ("-1", "from 0"), ("0", "above 0")],
)
def test_a_wrong_price_is_said(client, clerk, value, said):
    goods = OnSaleGoodsFactory(price=D(10))
    page = send(client, goods, price=value, agreed="1")
    assert said in text_of(page)
    assert price_of(goods) == D(10)


def test_it_never_leads_elsewhere(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    answer = send(client, goods, price="9.50", next="https://example.com/")
    assert answer.url.startswith(LIST)


def test_archived_goods_have_none(client, clerk):
    goods = archiving.archive(GoodsFactory(price=D(10)), by=AdminFactory())
    assert send(client, goods, price="9").status_code == 403


# --- a sheet of prices


def hand_in(client, text):
    file = SimpleUploadedFile("prices.csv", text.encode())
    studio = reverse("admin:catalog_repricingrun_studio")
    return client.post(studio, {"_sheet": "1", "file": file}, follow=True)


def test_a_sheet_becomes_a_run_that_is_seen_first(client, clerk):
    goods, same = OnSaleGoodsFactory(price=D(10)), OnSaleGoodsFactory(price=D(20))
    page = hand_in(
        client,
        f"code,price,reason\n{goods.code},9.20,early\n{same.code},20.00,early\n",
    )
    run = RepricingRun.objects.get()
    assert (run.status, run.reason) == (RunStatus.DRAFT, "early")
    assert [line.goods for line in run.lines.all()] == [goods]
    assert "9.20" in page.content.decode()
    assert price_of(goods) == D(10)


def test_a_row_that_is_wrong_refuses_the_sheet_by_its_cell(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    page = hand_in(client, f"code,price\n{goods.code},abc\nNONE,5\n")
    said = text_of(page)
    assert "B2" in said
    assert "NONE" in said
    assert not RepricingRun.objects.exists()


@pytest.mark.parametrize("text", ["", "what,else\n1,2\n", "code,price\n"])
def test_what_is_no_sheet_of_prices_is_said(client, clerk, text):
    assert hand_in(client, text).status_code == 200
    assert not RepricingRun.objects.exists()


def test_a_price_that_somebody_changed_meanwhile_is_not_overwritten(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    pricing.change_price(goods, by=AdminFactory(), price=D(11))
    page = send(client, goods, shown_price="10.00", price="9.50")
    assert "changed to 11.00 meanwhile" in text_of(page)
    assert price_of(goods) == D(11)
    # it shows the price of now, so what is sent next is meant
    send(client, goods, shown_price="11.00", price="9.50")
    assert price_of(goods) == D("9.50")


def test_a_price_that_was_left_as_shown_stays_what_it_is_now(client, clerk):
    goods = OnSaleGoodsFactory(price=D(10))
    fields = client.get(reverse("admin:catalog_goods_price", args=[goods.pk]))
    assert 'name="shown_price" value="10.00"' in fields.content.decode()
    pricing.change_price(goods, by=AdminFactory(), price=D(11))
    assert send(client, goods, shown_price="10.00", price="10").status_code == 302
    assert price_of(goods) == D(11)
