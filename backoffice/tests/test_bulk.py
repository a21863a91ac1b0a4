"""Many rows at once: what comes out is what went in, whatever it holds."""

import gc
import json
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.base import bulk
from backoffice.base.collector import resting
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import Line
from backoffice.sheets.enums import BatchStatus
from backoffice.sheets.models import Batch, BatchRow
from catalog.models import Goods
from catalog.tests.factories import CategoryFactory, UnitFactory

pytestmark = pytest.mark.django_db

NASTY = [
    *("\\", "\\N", "\\.", "\t", "a\tb", "\n", "\r\n", '"', "'", "{}", "{,}", "NULL"),
    *("null", "", " ", "%s", "%", "\\t", "a\\\\b", "苹果🍎", "x" * 60, "\\\\N", ","),
]
NAMES = ["batch_id", "number", "outcome", "result", "key", "title", "changes"]
NAMES += ["errors", "waiting", "reason", "seen_at", "target"]


@pytest.fixture
def batch():
    return Batch.objects.create(
        sheet="goods",
        file_name="f",
        file_size=1,
        status=BatchStatus.CHECKED,
        by=StaffFactory(),
    )


def row(batch, number, text="", changes=None, seen_at=None, target=None):
    return (
        *(batch.pk, number, "new", "", text, text),
        *(changes or {}, [[text, text]], [], text, seen_at, target),
    )


def test_text_of_any_kind_is_kept_as_it_is(batch):
    bulk.insert_rows(
        BatchRow,
        NAMES,
        [row(batch, at, text, {text: [None, text]}) for at, text in enumerate(NASTY)],
    )
    kept = list(BatchRow.objects.order_by("number"))
    assert [one.key for one in kept] == NASTY
    assert [one.changes for one in kept] == [{text: [None, text]} for text in NASTY]
    assert [one.errors for one in kept] == [[[text, text]] for text in NASTY]


def test_blanks_and_repeated_values_are_kept(batch):
    now = datetime(2026, 3, 1, 8, 30, 0, 5, tzinfo=UTC)
    bulk.insert_rows(
        BatchRow,
        NAMES,
        [
            row(batch, at, seen_at=now if at % 3 else None, target=at % 2 or None)
            for at in range(2500)
        ],
    )
    kept = BatchRow.objects.order_by("number").values_list("seen_at", "target")
    assert list(kept) == [
        (now if at % 3 else None, at % 2 or None) for at in range(2500)
    ]


def test_nothing_is_written_of_no_rows(batch):
    bulk.insert_rows(BatchRow, NAMES, [])
    bulk.insert_all(Goods, [])
    bulk.update_rows(BatchRow, ["key"], [])
    bulk.update_all([], ["key"])
    assert not BatchRow.objects.exists()


def test_json_is_written_as_the_fields_encoder_writes_it():
    by = StaffFactory()
    moment = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)
    held = {
        "when": moment,
        "price": Decimal("1.50"),
        "status": BatchStatus.CHECKED,
        "huge": 2**70,
        "small": 0.1,
        "list": [True, None, {"a": ("b", 1)}],
        "words": 'back\\slash "quoted" \t苹果',
    }
    field = OperationLog._meta.get_field("data")
    bulk.insert_rows(
        OperationLog,
        Line._fields,
        [
            (moment, by.pk, "test", "", "", "", data, "", "10.0.0.1", "")
            for data in (held, {})
        ],
    )
    kept = OperationLog.objects.filter(action="test").order_by("pk")
    assert [one.data for one in kept] == [
        json.loads(json.dumps(data, cls=field.encoder)) for data in (held, {})
    ]
    assert kept[0].ip == "10.0.0.1"
    assert kept[0].at == moment


def test_rows_are_updated_to_text_of_any_kind(batch):
    bulk.insert_rows(BatchRow, NAMES, [row(batch, at) for at in range(len(NASTY))])
    many = list(BatchRow.objects.order_by("number"))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for one, text in zip(many, NASTY, strict=True):
        one.title, one.errors = text, [[text, None]]
        one.target, one.seen_at = (7, now) if text else (None, None)
    bulk.update_all(many, ["title", "errors", "target", "seen_at"])
    kept = list(BatchRow.objects.order_by("number"))
    assert [one.title for one in kept] == NASTY
    assert [one.errors for one in kept] == [[[text, None]] for text in NASTY]
    assert [one.target for one in kept] == [7 if text else None for text in NASTY]
    assert {one.seen_at for one in kept} == {now, None}


@pytest.mark.parametrize("count", [3, 200])
def test_light_objects_become_rows_and_learn_their_ids(count):
    category, unit = CategoryFactory(), UnitFactory()
    plain = {f.attname: f.get_default() for f in Goods._meta.concrete_fields}
    now = datetime(2026, 3, 1, tzinfo=UTC)
    light = [
        SimpleNamespace(
            **plain
            | {"code": f"L{at}", "name": "梨", "price": Decimal(at) / 100}
            | {"category_id": category.pk, "unit_id": unit.pk}
            | {"created_at": now, "updated_at": now},
        )
        for at in range(count)
    ]
    bulk.insert_all(Goods, light)
    kept = Goods.objects.in_bulk([one.id for one in light])
    assert [kept[one.id].code for one in light] == [one.code for one in light]
    assert [kept[one.id].price for one in light] == [one.price for one in light]
    for one in light:
        one.name, one.pk = "桃", one.id
    bulk.update_all(light, ["name"], model=Goods)
    assert set(Goods.objects.values_list("name", flat=True)) == {"桃"}


def test_the_collector_rests_inside_the_block_only():
    assert gc.isenabled()
    with resting(), resting():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), resting():
        raise ZeroDivisionError
    assert gc.isenabled()


@pytest.mark.parametrize("count", [1, 3])
def test_a_few_are_kept_as_the_orm_keeps_them(batch, count):
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    bulk.insert_few(BatchRow, [])
    for text in NASTY:
        values = {"batch": batch, "outcome": "new", "key": text, "title": text}
        values |= {"changes": {text: [None, text]}, "reason": text, "seen_at": at}
        few = [BatchRow(number=n, **values) for n in range(count)]
        bulk.insert_few(BatchRow, few)
        assert [one.number for one in few] == list(range(count))
        kept = list(BatchRow.objects.filter(pk__in=[one.pk for one in few]))
        assert sorted(kept, key=lambda one: one.pk) == few
        assert not any(one._state.adding for one in few)
        BatchRow.objects.all().delete()
        BatchRow.objects.bulk_create(
            [BatchRow(number=n, **values) for n in range(count)]
        )
        theirs = BatchRow.objects.order_by("pk").values()
        mine = [
            {f.attname: getattr(one, f.attname) for f in BatchRow._meta.concrete_fields}
            for one in kept
        ]
        assert [{**one, "id": 0} for one in mine] == [
            {**one, "id": 0} for one in theirs
        ]
        BatchRow.objects.all().delete()
