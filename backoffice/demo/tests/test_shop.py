"""The demo shop as it stands when it has been filled in."""

from collections import Counter
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from PIL import Image

from backoffice.accounts.models import User
from backoffice.accounts.roles import ROLES, sync_roles
from backoffice.books import proofs
from backoffice.demo import data, seed
from backoffice.oplog.models import OperationLog
from backoffice.oplog.reading import Reader
from backoffice.sheets.models import Batch
from catalog import changes
from catalog.banners import ROOM
from catalog.enums import GoodsStatus, Means, RunStatus
from catalog.models import Banner, Brand, Category, Goods, RepricingRun
from sales.enums import Delivery, OrderStatus, PointsKind, Source
from sales.models import Order, PointsEntry, Refund
from stock import proving
from stock.models import (
    GoodsSupply,
    ReplenishmentLine,
    ReplenishmentOrder,
    StockBalance,
    StockMovement,
    Stocktake,
    WriteOff,
)

# the second mark lets the module run by itself: without one nobody makes the tables
pytestmark = [pytest.mark.usefixtures("shop"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker):
    """The shop, filled in once for all tests of this module and taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        sync_roles()
        assert seed.seed()
        yield
        transaction.set_rollback(True)


def test_it_has_goods_in_every_status():
    counts = Counter(Goods.objects.values_list("status", flat=True))
    assert sum(counts.values()) >= 60
    assert counts[GoodsStatus.ON_SALE] >= 30
    assert set(counts) == set(GoodsStatus.values)


def test_every_goods_ends_as_the_file_says():
    wanted = {
        i.code: (i.status, i.price, i.case_price, i.cost, i.description)
        for i in data.items()
        if i.code not in ("RX011", "XG004", "XQ003", "GG001")
    }
    rows = Goods.objects.filter(code__in=wanted)
    assert {
        g.code: (g.status, g.price, g.case_price, g.cost, g.description) for g in rows
    } == wanted


def test_it_has_the_nine_categories_in_order():
    rows = Category.objects.all()
    assert [row.name for row in rows] == list(data.CATEGORIES)
    assert all(row.image for row in rows)
    on_sale = Goods.objects.on_sale()
    assert set(on_sale.values_list("category__name", flat=True)) == set(data.CATEGORIES)
    assert Brand.objects.count() >= 5


def test_it_has_a_person_in_every_role_and_an_admin():
    assert User.objects.get(username="admin").is_superuser
    staffed = User.objects.filter(is_staff=True).values_list("groups__name", flat=True)
    assert set(staffed) >= set(ROLES)
    assert all(u.nickname for u in User.objects.all())


def test_goods_have_small_pictures_that_open():
    assert Goods.objects.filter(image="").count() == 1
    for path in Goods.objects.exclude(image="").values_list("image", flat=True)[:5]:
        with default_storage.open(path) as file:
            content = file.read()
        assert len(content) <= 30_000
        assert Image.open(BytesIO(content)).size == (480, 480)


def test_it_has_three_banners_drawn_to_measure(client):
    shown = client.get("/api/v1/banners").json()["data"]["items"]
    assert len(shown) == 3
    for item in shown:
        category = int(item["link"].removeprefix("/pages/goods/list?category="))
        assert Category.objects.filter(pk=category).exists()
    for banner in Banner.objects.all():
        assert (banner.width, banner.height) == ROOM
        assert banner.image.size <= 100_000


def test_prices_changed_by_hand_sheet_command_and_run():
    rows = changes.HISTORY.objects.filter(price_changed=True)
    assert rows.count() >= 50
    assert {Means.HAND, Means.SHEET, Means.COMMAND, Means.RUN} <= set(
        rows.values_list("means", flat=True)
    )
    by_hand = rows.filter(means=Means.HAND)
    assert all(by_hand.values_list("history_change_reason", flat=True))


def test_runs_wait_and_were_decided():
    counts = Counter(RepricingRun.objects.values_list("status", flat=True))
    assert counts[RunStatus.AWAITING] >= 2
    assert counts[RunStatus.APPLIED]
    assert counts[RunStatus.REJECTED]
    assert counts[RunStatus.CANCELLED]


def test_goods_came_by_sheets():
    assert Batch.objects.order_by("pk")[0].new >= 60
    assert Batch.objects.filter(status="applied").count() == 2


def test_the_log_tells_it_in_order_and_nothing_lies_ahead():
    at = list(OperationLog.objects.order_by("pk").values_list("at", flat=True))
    assert at == sorted(at)
    assert at[-1] <= timezone.now()
    assert timezone.now() - at[0] > timedelta(days=20)
    dates = list(
        changes.HISTORY.objects.order_by("pk").values_list("history_date", flat=True)
    )
    assert dates == sorted(dates)
    actions = set(OperationLog.objects.values_list("action", flat=True))
    assert actions >= {
        "staff.created", "sheet.imported", "goods.created", "goods.submitted",
        "goods.rejected", "goods.approved", "goods.listed", "goods.repriced",
        "goods.delisted", "goods.archived", "goods.restored", "goods.revised",
    }  # fmt: skip


def test_everything_in_the_log_has_words():
    for row in OperationLog.objects.all():
        for detail in Reader(row).details():
            assert not detail.label.islower() or not detail.label.isascii(), (
                row.action,
                detail.label,
            )


def test_a_second_seed_changes_nothing():
    before = (Goods.objects.count(), OperationLog.objects.count())
    assert not seed.seed()
    assert (Goods.objects.count(), OperationLog.objects.count()) == before


def test_its_storeroom_has_a_history_that_adds_up():
    assert proving.prove().differences == []
    kinds = set(StockMovement.objects.values_list("kind", flat=True))
    assert kinds >= {"opening", "receipt", "sale", "spoilage", "stocktake"}
    rows = StockBalance.objects.filter(goods__status=GoodsStatus.ON_SALE)
    levels = dict(rows.values_list("goods__code", "on_hand"))
    assert len(levels) == Goods.objects.on_sale().count()
    gone = {code for code, on_hand in levels.items() if not on_hand}
    assert gone == {"PT008", "XQ003"}
    assert WriteOff.objects.count() >= 30
    assert all(row.loss is not None for row in WriteOff.objects.all())


def test_it_buys_from_suppliers_and_counts():
    statuses = set(ReplenishmentOrder.objects.values_list("status", flat=True))
    assert statuses == {"draft", "ordered", "received"}
    assert ReplenishmentLine.objects.filter(rejected__gt=0).count() >= 2
    assert GoodsSupply.objects.exists()
    stocktakes = Stocktake.objects.order_by("started_at")
    assert [one.status for one in stocktakes] == ["posted", "counting"]
    assert stocktakes[0].lines.exclude(unit_cost=None).exists()


def test_it_has_orders_in_every_status_and_all_that_was_sold_left_by_one():
    assert proofs.run().differences == []
    assert set(Order.objects.values_list("status", flat=True)) == set(OrderStatus)
    assert set(Order.objects.values_list("source", flat=True)) == set(Source)
    assert set(Order.objects.values_list("delivery", flat=True)) == set(Delivery)
    sold = StockMovement.objects.filter(kind="sale").values_list("reference", flat=True)
    assert set(sold) <= set(Order.objects.values_list("order_no", flat=True))
    waiting = Refund.objects.filter(status="requested")
    assert set(waiting.values_list("kind", flat=True)) >= {"weight", "quantity"}
    assert set(PointsEntry.objects.values_list("kind", flat=True)) == set(PointsKind)
