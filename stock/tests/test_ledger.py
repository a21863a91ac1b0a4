"""The ledger: what a posting writes, what it refuses, what a repeat gives back."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from backoffice.accounts.tests.factories import AdminFactory, UserFactory
from backoffice.base.appendonly import AppendOnlyError
from backoffice.base.errors import DomainError
from catalog.tests.factories import GoodsFactory
from stock import consequences, ledger
from stock.enums import MovementKind
from stock.errors import OutOfStock, PostedOtherwise, WrongQuantity
from stock.ledger import Posting
from stock.models import StockBalance, StockMovement
from stock.tests.factories import levels, stocked

pytestmark = pytest.mark.django_db
D = Decimal


def posting(goods, kind, on_hand="0", reserved="0", reference="R1", **more):
    if D(reserved):
        more.setdefault("held_for", reference)
    return Posting(
        goods.pk, kind, reference, on_hand=D(on_hand), reserved=D(reserved), **more
    )


def post(*postings, by=None, **more):
    return ledger.post(postings, by=by, **more)


def test_a_posting_writes_movement_and_balance():
    goods, by = stocked("10"), UserFactory()
    [posted] = post(
        posting(goods, MovementKind.SALE, "-2.500", reason="counter", unit_cost=D(3)),
        by=by,
    )
    assert levels(goods) == (D("7.500"), 0, 0)
    row = StockMovement.objects.get(pk=posted.movement.pk)
    assert (row.goods_id, row.kind, row.reference) == (goods.pk, "sale", "R1")
    assert (row.delta_on_hand, row.delta_reserved) == (D("-2.500"), 0)
    assert (row.on_hand_after, row.reserved_after) == (D("7.500"), 0)
    assert (row.by, row.reason, row.unit_cost) == (by, "counter", 3)
    assert (row.held_for, row.delta_available) == ("", D("-2.5"))
    assert row.at == StockBalance.objects.get().updated_at


def test_many_goods_move_together_in_any_order(trips):
    goods = [stocked("5") for _ in range(6)]
    sales = [posting(g, MovementKind.SALE, "-1") for g in reversed(goods)]
    with trips(4):  # lock, look for repeats, write, mark to be looked at
        posted = post(*sales)
    assert [p.posting for p in posted] == sales
    assert [levels(g)[0] for g in goods] == [4] * 6


def test_postings_of_one_goods_follow_one_another():
    goods = GoodsFactory()
    post(
        posting(goods, MovementKind.RECEIPT, "3", reference="A"),
        posting(goods, MovementKind.SALE, "-2", reference="B"),
        posting(goods, MovementKind.RESERVE, reserved="1", reference="C"),
    )
    rows = StockMovement.objects.order_by("id")
    assert [(r.on_hand_after, r.reserved_after) for r in rows] == [
        (3, 0),
        (1, 0),
        (1, 1),
    ]
    assert levels(goods) == (1, 1, 0)


def test_a_repeat_gives_the_first_movement_and_moves_nothing():
    goods = stocked("10")
    [first] = post(posting(goods, MovementKind.SALE, "-2"))
    [again] = post(posting(goods, MovementKind.SALE, "-2"))
    assert again.movement == first.movement
    assert again.is_repeat
    assert not first.is_repeat
    assert levels(goods)[0] == 8


def test_a_repeat_within_one_call_moves_once():
    goods = stocked("10")
    one, two = post(*[posting(goods, MovementKind.SALE, "-2")] * 2)
    assert two.is_repeat
    assert two.movement == one.movement
    assert levels(goods)[0] == 8


@pytest.mark.parametrize("amount", ["-3", "-1.999"])
def test_a_repeat_with_another_amount_is_refused(amount):
    goods, other = stocked("10"), stocked("10")
    post(posting(goods, MovementKind.SALE, "-2"))
    with pytest.raises(PostedOtherwise, match="R1"):
        post(
            posting(other, MovementKind.SALE, "-2"),
            posting(goods, MovementKind.SALE, amount),
        )
    assert levels(goods)[0] == 8
    assert levels(other)[0] == 10


def test_the_same_reference_serves_other_kinds_and_goods():
    goods, other = stocked("10"), stocked("10")
    post(posting(goods, MovementKind.SALE, "-2"))
    post(posting(goods, MovementKind.RETURN, "1"))
    post(posting(other, MovementKind.SALE, "-3"))
    assert (levels(goods)[0], levels(other)[0]) == (9, 7)


def test_everything_that_falls_short_is_named_at_once():
    some, none, plenty = (
        stocked("2", code="S", name="梨"),
        GoodsFactory(code="N"),
        stocked(),
    )
    with pytest.raises(OutOfStock) as refusal:
        post(
            *(
                posting(g, MovementKind.RESERVE, reserved="3")
                for g in (plenty, some, none)
            )
        )
    assert (refusal.value.slug, refusal.value.http_status) == ("out_of_stock", 409)
    assert isinstance(refusal.value, DomainError)
    assert sorted(refusal.value.data["shortages"], key=lambda s: s["code"]) == [
        {
            "goods_id": none.pk,
            "code": "N",
            "name": none.name,
            "asked": "3.000",
            "available": "0.000",
        },
        {
            "goods_id": some.pk,
            "code": "S",
            "name": "梨",
            "asked": "3.000",
            "available": "2.000",
        },
    ]
    assert "S 梨" in str(refusal.value)
    assert levels(plenty) == (10, 0, 0)
    assert StockMovement.objects.filter(kind="reserve").count() == 0


@pytest.mark.parametrize(
    "kind", [MovementKind.SALE, MovementKind.ADJUSTMENT], ids=lambda k: k.value
)
def test_what_orders_hold_is_not_taken_away(kind):
    goods = stocked("10")
    post(posting(goods, MovementKind.RESERVE, reserved="7"))
    with pytest.raises(OutOfStock):
        post(posting(goods, kind, "-3.001"))
    post(posting(goods, kind, "-3"))
    assert levels(goods) == (7, 7, 0)


def test_more_cannot_be_released_than_is_reserved():
    goods = stocked("10")
    with pytest.raises(ValueError, match="reserved"):
        post(posting(goods, MovementKind.RELEASE, reserved="-1"))


def test_a_balance_has_an_end():
    goods = stocked("999999.999")
    StockBalance.objects.update(on_hand=D("999999999"))
    with pytest.raises(WrongQuantity):
        post(posting(goods, MovementKind.RECEIPT, "1"))


def test_nothing_is_posted_outside_a_transaction(transactional_db):
    goods = stocked("10")
    with pytest.raises(transaction.TransactionManagementError):
        post(posting(goods, MovementKind.SALE, "-1"))
    with pytest.raises(transaction.TransactionManagementError):
        ledger.lock([goods.pk])


def test_nothing_to_post_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert post() == []


def test_who_registered_learns_of_every_movement():
    goods, heard = stocked("10"), []
    consequences.register(heard.extend)
    consequences.register(heard.extend)
    try:
        post(posting(goods, MovementKind.SALE, "-1"))
        post(posting(goods, MovementKind.SALE, "-1"))
    finally:
        consequences.withdraw(heard.extend)
    assert [row.delta_on_hand for row in heard] == [-1]


# --- what the database itself refuses ---------------------------------------------------


def movement(goods, **fields):
    values = {
        "at": StockBalance.objects.get(pk=goods.pk).updated_at,
        "goods": goods,
        "kind": "adjustment",
        "reference": "raw",
        "delta_on_hand": D(1),
        "on_hand_after": D(11),
        "reserved_after": D(0),
        **fields,
    }
    return StockMovement(**values)


@pytest.mark.parametrize(
    "fields",
    [
        {"delta_on_hand": D(0)},
        {"kind": "sale"},
        {"kind": "opening", "delta_on_hand": D(-1)},
        {"kind": "reserve", "delta_on_hand": D(0), "delta_reserved": D(1)},
        {"kind": "release", "delta_on_hand": D(0), "delta_reserved": D(1), "held_for": "o"},
        {"kind": "gift"},
        {"reserved_after": D(12)},
        {"reserved_after": D(-1)},
    ],
)  # fmt: skip
def test_the_database_refuses_movements_that_cannot_be(fields):
    goods = stocked("10")
    with pytest.raises(IntegrityError), transaction.atomic():
        movement(goods, **fields).save()


def test_the_database_refuses_a_key_twice():
    goods = stocked("10")
    movement(goods).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        movement(goods).save()


@pytest.mark.parametrize(
    "values",
    [
        {"reserved": D("10.001")},
        {"reserved": D("-0.001")},
        {"on_hand": D(-1)},
        {"short": D(1)},
        {"short": D(11), "reserved": D(10)},
    ],
)
def test_the_database_refuses_balances_that_cannot_be(values):
    stocked("10")
    with pytest.raises(IntegrityError), transaction.atomic():
        StockBalance.objects.update(**values)


def test_a_movement_is_never_changed():
    stocked("10")
    row = StockMovement.objects.get()
    rows = StockMovement.objects.all()
    for act in (
        row.save,
        row.delete,
        rows.delete,
        lambda: rows.update(reason="x"),
        lambda: StockMovement.objects.bulk_update([row], ["reason"]),
    ):
        with pytest.raises(AppendOnlyError):
            act()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE stock_stockmovement SET delta_on_hand = 1",
        "DELETE FROM stock_stockmovement",
    ],
)
def test_the_database_refuses_to_change_a_movement(sql):
    stocked("10")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_goods_and_people_of_the_ledger_stay():
    goods = stocked("10")
    user = AdminFactory()
    post(posting(goods, MovementKind.SALE, "-1"), by=user)
    for row in (goods, user):
        with pytest.raises((IntegrityError, models_protect())), transaction.atomic():
            row.delete()


def models_protect():
    from django.db.models import ProtectedError

    return ProtectedError
