"""Pictures of goods: added, ordered, chosen, removed, and their files."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, WrongStatus
from backoffice.files import thumbnails
from backoffice.oplog.models import OperationLog
from catalog import changes, pictures, review
from catalog.errors import ContentLocked, PicturesMoved, TooManyPictures
from catalog.models import Goods, GoodsPicture
from catalog.tests.factories import (
    ArchivedGoodsFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def upload(name="apple.png", colour="red", size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/png")


def with_pictures(count=3, factory=GoodsFactory, by=None):
    goods = factory()
    added = pictures.add_pictures(
        goods, [upload() for _ in range(count)], by=by or AdminFactory()
    )
    goods.refresh_from_db()
    return goods, added


def names(goods):
    return [str(p.image) for p in goods.pictures.all()]


def files(tmp_path):
    return sorted(p for p in tmp_path.rglob("*") if p.is_file())


def test_the_first_picture_becomes_the_main_one():
    goods, (first, second, _third) = with_pictures()
    assert (first.is_main, second.is_main) == (True, False)
    assert goods.image == str(first.image)
    assert (first.width, first.height) == (40, 30)
    assert default_storage.exists(goods.image)
    assert thumbnails.make(goods.image) == 4
    assert goods.image.isascii()
    assert "apple" not in goods.image


def test_more_pictures_stand_behind_and_leave_the_main_one():
    goods, (first, *_rest) = with_pictures(2)
    pictures.add_pictures(goods, [upload()], by=AdminFactory())
    goods.refresh_from_db()
    assert goods.image == str(first.image)
    assert [p.sequence for p in goods.pictures.all()] == [0, 1, 2]


def test_each_act_is_one_row_of_history_and_one_log_line():
    goods, (first, second, third) = with_pictures()
    by = AdminFactory()
    acts = {
        "goods.pictures_ordered": lambda: pictures.order_pictures(
            goods, [third.pk, first.pk, second.pk], by=by
        ),
        "goods.main_picture_chosen": lambda: pictures.set_main(third, by=by),
        "goods.picture_removed": lambda: pictures.remove_picture(third, by=by),
        "goods.pictures_added": lambda: pictures.add_pictures(goods, [upload()], by=by),
    }
    for action, act in acts.items():
        rows = changes.HISTORY.objects.count()
        seen = Goods.objects.get(pk=goods.pk).updated_at
        act()
        assert changes.HISTORY.objects.count() == rows + 1
        row = changes.HISTORY.objects.latest("history_id")
        assert (row.content_changed, row.history_user) == (True, by)
        assert OperationLog.objects.latest("id").action == action
        assert Goods.objects.get(pk=goods.pk).updated_at > seen


def test_acts_that_change_nothing_write_nothing():
    goods, (first, second, third) = with_pictures()
    rows, logs = changes.HISTORY.objects.count(), OperationLog.objects.count()
    by = AdminFactory()
    pictures.order_pictures(goods, [first.pk, second.pk, third.pk], by=by)
    pictures.set_main(first, by=by)
    assert pictures.add_pictures(goods, [], by=by) == []
    assert changes.HISTORY.objects.count() == rows
    assert OperationLog.objects.count() == logs


def test_order_is_kept():
    goods, (first, second, third) = with_pictures()
    pictures.order_pictures(goods, [second.pk, third.pk, first.pk], by=AdminFactory())
    assert list(goods.pictures.all()) == [second, third, first]
    goods.refresh_from_db()
    assert goods.image == str(first.image)


@pytest.mark.parametrize("change", ["missing", "twice", "foreign", "empty"])
def test_an_order_of_other_pictures_is_refused(change):
    goods, (first, second, third) = with_pictures()
    _other, (foreign,) = with_pictures(1)
    ids = {
        "missing": [first.pk, second.pk],
        "twice": [first.pk, second.pk, second.pk],
        "foreign": [first.pk, second.pk, foreign.pk],
        "empty": [],
    }[change]
    with pytest.raises(PicturesMoved):
        pictures.order_pictures(goods, ids, by=AdminFactory())
    assert list(goods.pictures.all()) == [first, second, third]


def test_the_main_picture_can_be_chosen():
    goods, (_first, second, _third) = with_pictures()
    pictures.set_main(second, by=AdminFactory())
    goods.refresh_from_db()
    assert goods.image == str(second.image)
    assert goods.pictures.filter(is_main=True).get() == second


def test_removing_the_main_picture_makes_the_first_left_the_main_one(
    django_capture_on_commit_callbacks, tmp_path
):
    goods, (first, second, _third) = with_pictures()
    with django_capture_on_commit_callbacks(execute=True):
        pictures.remove_picture(first, by=AdminFactory())
    goods.refresh_from_db()
    assert goods.image == str(second.image)
    assert goods.pictures.get(is_main=True) == second
    assert not default_storage.exists(str(first.image))
    assert len(files(tmp_path)) == 2


def test_removing_the_last_picture_leaves_none(
    django_capture_on_commit_callbacks, tmp_path
):
    goods, (only,) = with_pictures(1)
    with django_capture_on_commit_callbacks(execute=True):
        pictures.remove_picture(only, by=AdminFactory())
    goods.refresh_from_db()
    assert goods.image == ""
    assert files(tmp_path) == []


@pytest.mark.django_db(transaction=True)
def test_a_rollback_loses_no_file_and_leaves_none_behind(tmp_path):
    goods, (first, *_rest) = with_pictures()
    before = files(tmp_path)

    class Broken(Exception):
        pass

    def break_off():
        with transaction.atomic():
            pictures.remove_picture(first, by=AdminFactory())
            raise Broken

    with pytest.raises(Broken):
        break_off()
    assert files(tmp_path) == before
    assert names(goods)[0] == str(first.image)


def test_files_of_a_refused_addition_are_taken_away(tmp_path, monkeypatch):
    goods = GoodsFactory()

    def reject_meanwhile(row):
        Goods.objects.filter(pk=row.pk).update(status="archived")
        return Goods.objects.get(pk=row.pk)

    monkeypatch.setattr(pictures, "locked", reject_meanwhile)
    with pytest.raises(WrongStatus):
        pictures.add_pictures(goods, [upload()], by=AdminFactory())
    assert files(tmp_path) == []


def test_files_are_taken_away_where_the_store_breaks_off(tmp_path, monkeypatch):
    goods = GoodsFactory()
    save, calls = default_storage.save, []

    def full_disk(name, content):
        calls.append(name)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return save(name, content)

    monkeypatch.setattr(pictures.default_storage, "save", full_disk)
    with pytest.raises(OSError, match="space"):
        pictures.add_pictures(goods, [upload(), upload()], by=AdminFactory())
    assert files(tmp_path) == []
    assert not GoodsPicture.objects.exists()


def test_a_file_that_cannot_go_is_no_failure(
    monkeypatch, caplog, django_capture_on_commit_callbacks
):
    _goods, (only,) = with_pictures(1)

    def locked_file(name):
        raise PermissionError(name)

    monkeypatch.setattr(pictures.default_storage, "delete", locked_file)
    with django_capture_on_commit_callbacks(execute=True):
        pictures.remove_picture(only, by=AdminFactory())
    assert "could not be removed" in caplog.text


def test_one_bad_file_refuses_all_and_is_named(tmp_path):
    goods = GoodsFactory()
    bad = SimpleUploadedFile("evil.jpg", b"<html><script>alert(1)</script>")
    with pytest.raises(FieldErrors) as refusal:
        pictures.add_pictures(goods, [upload(), bad, upload()], by=AdminFactory())
    (message,) = refusal.value.errors["pictures"]
    assert message.startswith("evil.jpg: ")
    assert files(tmp_path) == []
    assert not goods.pictures.exists()


def test_the_shop_decides_how_large_a_picture_may_be(monkeypatch):
    monkeypatch.setenv("SHOP_PICTURE_MAX_MB", "1")
    big = SimpleUploadedFile("big.jpg", b"\xff\xd8\xff" + b"\0" * 2**20)
    with pytest.raises(FieldErrors, match="1 MB"):
        pictures.add_pictures(GoodsFactory(), [big], by=AdminFactory())


def test_a_goods_has_at_most_twelve_pictures(tmp_path):
    goods, _added = with_pictures(10)
    stored = files(tmp_path)
    with pytest.raises(TooManyPictures):
        pictures.add_pictures(goods, [upload() for _ in range(3)], by=AdminFactory())
    with pytest.raises(TooManyPictures):
        pictures.add_pictures(goods, [upload() for _ in range(13)], by=AdminFactory())
    assert files(tmp_path) == stored
    pictures.add_pictures(goods, [upload(), upload()], by=AdminFactory())
    assert goods.pictures.count() == 12


@pytest.mark.parametrize("act", ["add", "order", "main", "remove"])
@pytest.mark.parametrize("factory", [PendingGoodsFactory, OnSaleGoodsFactory])
def test_pictures_of_reviewed_goods_are_for_reviewers(factory, act):
    goods, (first, second) = with_pictures(2, factory)
    acts = {
        "add": lambda by: pictures.add_pictures(goods, [upload()], by=by),
        "order": lambda by: pictures.order_pictures(
            goods, [second.pk, first.pk], by=by
        ),
        "main": lambda by: pictures.set_main(second, by=by),
        "remove": lambda by: pictures.remove_picture(second, by=by),
    }
    buyer = StaffFactory(permissions=["catalog.change_goods"])
    rows = changes.HISTORY.objects.count()
    with pytest.raises(ContentLocked):
        acts[act](buyer)
    assert changes.HISTORY.objects.count() == rows
    acts[act](StaffFactory(permissions=["catalog.review_goods"]))
    assert changes.HISTORY.objects.count() == rows + 1


def test_pictures_of_archived_goods_are_for_nobody():
    with pytest.raises(WrongStatus):
        pictures.add_pictures(ArchivedGoodsFactory(), [upload()], by=AdminFactory())


def test_a_picture_that_is_gone_is_said():
    _goods, (first, _second) = with_pictures(2)
    by = AdminFactory()
    pictures.remove_picture(GoodsPicture.objects.get(pk=first.pk), by=by)
    for act in (pictures.remove_picture, pictures.set_main):
        with pytest.raises(PicturesMoved):
            act(first, by=by)


def test_whoever_changed_a_picture_counts_for_four_eyes(monkeypatch):
    buyer, retoucher = AdminFactory(), AdminFactory()
    goods = PendingGoodsFactory(by=buyer)
    pictures.add_pictures(goods, [upload()], by=retoucher)
    assert review.touched_since_approval(goods) == {buyer.pk, retoucher.pk}


@pytest.mark.real_data
def test_real_photographs_become_pictures_of_goods(real_data):
    goods, by = GoodsFactory(), AdminFactory()
    photos = sorted((real_data / "images" / "photos").glob("*.jpg"))[:12]
    handed_in = [SimpleUploadedFile(p.name, p.read_bytes()) for p in photos]
    assert len(pictures.add_pictures(goods, handed_in, by=by)) == 12
