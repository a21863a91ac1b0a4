"""Write-offs: valued at cost, with a reason and perhaps a picture, booked once."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted, ReasonMissing
from backoffice.oplog.models import OperationLog
from backoffice.oplog.reading import summary
from catalog.models import Goods
from catalog.tests.pictures import upload
from stock import reservations, spoilage
from stock.enums import LossReason
from stock.errors import OutOfStock, PostedOtherwise, WrongQuantity
from stock.models import StockMovement, WriteOff
from stock.tests.factories import counted, levels, stocked

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def lose(goods, quantity="2", cause=LossReason.ROTTEN, by=None, **more):
    return spoilage.write_off(
        goods, by=by or AdminFactory(), quantity=D(quantity), cause=cause, **more
    )


def files():
    return [
        name
        for folder in default_storage.listdir("spoilage")[0]
        for name in default_storage.listdir(f"spoilage/{folder}")[1]
    ]


def test_a_loss_is_booked_and_valued_at_the_cost_of_then():
    goods, by = stocked("10", cost="3.4567"), AdminFactory()
    row = lose(goods, "2.5", by=by, note="bottom of the crate").row
    assert levels(goods)[0] == D("7.5")
    assert (row.unit_cost, row.loss) == (D("3.4567"), D("8.64"))
    Goods.objects.update(cost=9)
    assert WriteOff.objects.get().loss == D("8.64")
    movement = StockMovement.objects.get(kind="spoilage")
    assert (movement.reference, movement.reason) == (row.reference, row.note)
    assert (movement.by, movement.unit_cost) == (by, D("3.4567"))
    log = OperationLog.objects.get(action="stock.written_off")
    assert log.data == {
        "quantity": "2.5",
        "cause": "rotten",
        "reference": row.reference,
        "reason": "bottom of the crate",
    }
    assert "rotten" not in summary(log)


def test_without_a_cost_the_loss_is_unknown():
    assert lose(stocked("10")).row.loss is None


def test_a_picture_is_kept_anew_and_goes_with_a_refusal():
    goods = stocked("10")
    row = lose(goods, picture=upload()).row
    assert row.picture.name.startswith("spoilage/")
    assert default_storage.exists(row.picture.name)
    assert len(files()) == 1
    with pytest.raises(OutOfStock):
        lose(goods, "100", picture=upload())
    assert len(files()) == 1


def test_what_is_no_picture_is_refused():
    with pytest.raises(FieldErrors) as refusal:
        lose(stocked("10"), picture=ContentFile(b"<html>", name="a.jpg"))
    assert list(refusal.value.errors) == ["picture"]
    assert not WriteOff.objects.exists()


def test_a_form_sent_twice_is_booked_once():
    goods = stocked("10")
    first = lose(goods, reference="SP1", picture=upload())
    again = lose(goods, reference="SP1", picture=upload())
    assert again.row == first.row
    assert levels(goods)[0] == 8
    assert len(files()) == 1
    for other, quantity in ((goods, "3"), (stocked("10"), "2")):
        with pytest.raises(PostedOtherwise):
            lose(other, quantity, reference="SP1")


def test_what_orders_hold_falls_short_and_is_said():
    goods = stocked("10", cost="2")
    reservations.reserve([(goods.pk, D(9))], order="O1", by=None)
    loss = lose(goods, "4")
    assert (loss.row.quantity, loss.row.loss) == (4, 8)
    assert loss.shortage.remaining == 3
    assert levels(goods) == (9, 9, 3)
    log = OperationLog.objects.get(action="stock.written_off")
    assert log.data["short"] == "3"
    again = lose(goods, "4", reference=loss.row.reference)
    assert again.shortage == loss.shortage


def test_another_reason_needs_words():
    goods = stocked("10")
    with pytest.raises(ReasonMissing):
        lose(goods, cause=LossReason.OTHER)
    lose(goods, cause=LossReason.OTHER, note="fell off the cart")


def test_wrong_quantities_are_refused():
    goods = counted("10")
    for quantity in ("0", "-1", "1.5"):
        with pytest.raises(WrongQuantity):
            lose(goods, quantity)
    with pytest.raises(OutOfStock):
        lose(goods, "11")


def test_it_needs_the_permission():
    goods = stocked("10")
    with pytest.raises(NotPermitted):
        lose(goods, by=StaffFactory(permissions=["stock.adjust_stock"]))
    lose(goods, by=StaffFactory(permissions=["stock.write_off"]))
