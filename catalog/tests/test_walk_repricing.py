"""The walk of repricing: a sheet comes in, is sold, repriced against a guard, agreed to by
a second person, seen in the storefront, taken back."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.sheets import batches, importing
from catalog import bulk, reversal
from catalog.enums import Means, RunStatus
from catalog.models import Goods, PriceLog, RepricingRun
from catalog.tests.factories import CategoryFactory, UnitFactory
from catalog.tests.pages import role

pytestmark = pytest.mark.django_db(transaction=True)
SHEET = """code,name,category,unit,price,cost
RX1,阿克苏苹果,热销,斤,10.00,9.80
RX2,巨峰葡萄,热销,斤,20.00,9.00
"""


def shown_price(client, code):
    """What a customer sees."""
    answer = client.get("/api/v1/goods", {"q": code}).json()
    (goods,) = answer["data"]["items"]
    return next(u["price"] for u in goods["units"] if u["unit"] == "retail")


def imported(by):
    CategoryFactory(name="热销")
    UnitFactory(name="斤")
    file = ContentFile(SHEET.encode(), name="goods.csv")
    batch = batches.receive("goods", file, by=by, check=True)
    importing.start_apply(batch, by=by)
    importing.run_apply(batch.pk)
    return list(Goods.objects.order_by("code"))


def test_from_the_sheet_to_the_storefront_and_back(client):
    boss = AdminFactory()
    goods = imported(boss)
    for verb in ("submit", "approve", "list"):
        assert not bulk.run(verb, goods, by=boss).failed
    assert shown_price(client, "RX1") == "10.00"

    # the merchandiser ticks both and takes five percent off
    client.force_login(role("merchandiser"))
    verb = reverse("admin:catalog_goods_verb", args=["reprice"])
    ticked = client.post(verb, {"_selected_action": [one.pk for one in goods]})
    made = client.post(
        ticked.url,
        {
            "kind": "percent",
            "value": "-5",
            "rounding": "0.10",
            "direction": "nearest",
            "units": ["retail"],
        },
    )
    run = RepricingRun.objects.get()
    client.post(made.url, {"_act": "go", "reason": "morning market"})
    run.refresh_from_db()
    assert run.status == RunStatus.AWAITING
    client.logout()
    assert shown_price(client, "RX1") == "10.00"

    # a second person agrees
    client.force_login(role("manager"))
    approve = reverse("admin:catalog_repricingrun_verb", args=["approve"])
    client.post(approve, {"only": run.pk, "confirmed": "1", "reason": "seen"})
    client.logout()
    assert (shown_price(client, "RX1"), shown_price(client, "RX2")) == ("9.50", "19.00")

    # and it is taken back
    reversal.roll_back(run, by=boss, reason="too early")
    assert (shown_price(client, "RX1"), shown_price(client, "RX2")) == (
        "10.00",
        "20.00",
    )
    log = PriceLog.objects.filter(price_changed=True, reference=run.number)
    assert sorted(log.values_list("means", "price")) == [
        (Means.ROLLBACK, Decimal("10.00")),
        (Means.ROLLBACK, Decimal("20.00")),
        (Means.RUN, Decimal("9.50")),
        (Means.RUN, Decimal("19.00")),
    ]
