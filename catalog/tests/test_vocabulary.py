"""Categories, brands and units: entered, changed, deleted only when unused."""

import io
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.base.pictures import thumbnail_name
from backoffice.files import thumbnails
from backoffice.oplog.models import OperationLog
from catalog import vocabulary
from catalog.models import Brand, Category, Unit
from catalog.tests.factories import (
    ArchivedGoodsFactory,
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    PieceFactory,
    UnitFactory,
)
from catalog.vocabulary import StillUsed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def upload(content=None):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return SimpleUploadedFile("shelf.png", content or out.getvalue())


@pytest.mark.parametrize("model", [Category, Brand, Unit])
def test_a_new_word_is_tidied_and_logged(model):
    by = AdminFactory()
    word = vocabulary.save(model(name="  柑橘 \t 橙柚 "), by=by)
    assert model.objects.get(pk=word.pk).name == "柑橘 橙柚"
    log = OperationLog.objects.get()
    assert (log.action, log.by) == (f"{model._meta.model_name}.created", by)


def test_a_change_is_logged_with_old_and_new():
    word = CategoryFactory(name="苹果", sequence=5)
    word.name, word.sequence = "苹果蕉梨", 7
    vocabulary.save(word, by=AdminFactory())
    assert OperationLog.objects.get(action="category.changed").data == {
        "changes": {"name": ["苹果", "苹果蕉梨"], "sequence": ["5", "7"]}
    }


def test_no_change_is_not_logged():
    vocabulary.save(CategoryFactory(), by=AdminFactory())
    assert not OperationLog.objects.exists()


@pytest.mark.parametrize("model", [Category, Brand, Unit])
@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 61, "<b>x</b>", "a\x00b", "a\u202eb"]
)
def test_a_bad_name_is_refused(model, name):
    with pytest.raises(FieldErrors) as refusal:
        vocabulary.save(model(name=name), by=AdminFactory())
    assert list(refusal.value.errors) == ["name"]
    assert not model.objects.exists()


@pytest.mark.parametrize("model", [Category, Brand, Unit])
def test_a_name_is_taken_whatever_its_case(model):
    model.objects.create(name="Zespri")
    with pytest.raises(FieldErrors) as refusal:
        vocabulary.save(model(name="ZESPRI"), by=AdminFactory())
    assert list(refusal.value.errors) == ["name"]
    vocabulary.save(model(name="Zespri 2"), by=AdminFactory())


def test_a_name_may_change_its_case():
    word = BrandFactory(name="zespri")
    word.name = "Zespri"
    vocabulary.save(word, by=AdminFactory())
    assert Brand.objects.get().name == "Zespri"


@pytest.mark.parametrize(
    "step", [Decimal(0), Decimal(-1), Decimal("0.0001"), Decimal("NaN"), Decimal(10000)]
)
def test_a_bad_step_is_refused(step):
    with pytest.raises(FieldErrors) as refusal:
        vocabulary.save(Unit(name="斤", step=step), by=AdminFactory())
    assert list(refusal.value.errors) == ["step"]


def test_a_coarser_step_must_fit_the_goods():
    unit = UnitFactory(step=Decimal("0.001"))
    goods = GoodsFactory(unit=unit, min_quantity=Decimal("0.500"))
    unit.step = Decimal("0.100")
    vocabulary.save(unit, by=AdminFactory())
    unit.step = Decimal(1)
    with pytest.raises(FieldErrors, match=goods.code):
        vocabulary.save(unit, by=AdminFactory())
    unit.refresh_from_db()
    assert unit.step == Decimal("0.100")


def test_only_some_of_many_misfits_are_named():
    unit = UnitFactory(step=Decimal("0.001"))
    for _ in range(6):
        GoodsFactory(unit=unit, case_size=Decimal("1.500"))
    unit.step = Decimal(1)
    with pytest.raises(FieldErrors, match="…"):
        vocabulary.save(unit, by=AdminFactory())


@pytest.mark.parametrize(
    ("act", "permission"),
    [
        ("add", "change_category"),
        ("change", "add_category"),
        ("delete", "add_category"),
    ],
)
def test_each_act_needs_its_permission(act, permission):
    by = StaffFactory(permissions=[f"catalog.{permission}"])
    word = Category(name="新") if act == "add" else CategoryFactory()
    verb = vocabulary.delete if act == "delete" else vocabulary.save
    with pytest.raises(NotPermitted):
        verb(word, by=by)


def test_a_word_that_is_used_is_not_deleted():
    category, brand, unit = CategoryFactory(), BrandFactory(), UnitFactory()
    case_unit = PieceFactory()
    ArchivedGoodsFactory(category=category, brand=brand, unit=unit, case_unit=case_unit)
    for word in (category, brand, unit, case_unit):
        with pytest.raises(StillUsed, match="1"):
            vocabulary.delete(word, by=AdminFactory())
    assert not OperationLog.objects.filter(action__endswith="deleted").exists()


@pytest.mark.parametrize("factory", [CategoryFactory, BrandFactory, UnitFactory])
def test_a_word_that_nobody_uses_is_deleted_and_logged(factory):
    word = factory()
    name, by = word.name, AdminFactory()
    vocabulary.delete(word, by=by)
    assert not type(word).objects.exists()
    log = OperationLog.objects.get()
    assert (log.action, log.data["name"], log.by) == (
        f"{word._meta.model_name}.deleted",
        name,
        by,
    )


def test_a_category_has_a_picture(django_capture_on_commit_callbacks):
    by = AdminFactory()
    with django_capture_on_commit_callbacks(execute=True):
        word = vocabulary.save(Category(name="柑橘"), by=by, image=upload())
    first = str(Category.objects.get().image)
    assert default_storage.exists(first)
    assert thumbnails.make(first) == 4
    with django_capture_on_commit_callbacks(execute=True):
        vocabulary.save(word, by=by, image=upload())
    second = str(Category.objects.get().image)
    thumbnails.make(second)
    assert second != first
    assert not default_storage.exists(first)
    with django_capture_on_commit_callbacks(execute=True):
        vocabulary.delete(word, by=by)
    assert not default_storage.exists(second)
    assert not default_storage.exists(thumbnail_name(second, 160, "jpg"))


def test_a_picture_can_be_taken_away(django_capture_on_commit_callbacks):
    by = AdminFactory()
    word = vocabulary.save(Category(name="柑橘"), by=by, image=upload())
    path, word.image = str(word.image), ""
    with django_capture_on_commit_callbacks(execute=True):
        vocabulary.save(word, by=by)
    assert not default_storage.exists(path)
    assert Category.objects.get().image == ""


def test_a_bad_picture_is_refused_at_its_field():
    with pytest.raises(FieldErrors) as refusal:
        vocabulary.save(Category(name="x"), by=AdminFactory(), image=upload(b"<svg/>"))
    assert list(refusal.value.errors) == ["image"]
    assert not Category.objects.exists()


def test_a_refused_category_leaves_no_file(tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        raise FieldErrors({"name": ["taken at this moment"]})

    monkeypatch.setattr(vocabulary, "_write", broken)
    with pytest.raises(FieldErrors):
        vocabulary.save(Category(name="柑橘"), by=AdminFactory(), image=upload())
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_name_taken_at_this_moment_is_refused(monkeypatch):
    BrandFactory(name="Zespri")
    monkeypatch.setattr(vocabulary, "_check", lambda word: None)
    with pytest.raises(FieldErrors) as refusal:
        vocabulary.save(Brand(name="Zespri"), by=AdminFactory())
    assert list(refusal.value.errors) == ["name"]
