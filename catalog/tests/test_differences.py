"""What changed, in the words of the screen."""

from decimal import Decimal

import pytest
from django.utils import translation

from backoffice.accounts.tests.factories import AdminFactory
from catalog import changes, differences, editing, review, vocabulary
from catalog.differences import NOTHING, Names
from catalog.tests.factories import (
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    PendingGoodsFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def states(goods):
    """Its rows of history, the newest first."""
    return list(changes.HISTORY.objects.filter(id=goods.pk).order_by("-history_id"))


def edited(values):
    goods = GoodsFactory(cost=Decimal(5))
    editing.edit_goods(goods, values, by=AdminFactory())
    return states(goods)


def test_only_what_differs_is_named_in_words():
    brand = BrandFactory(name="佳沛")
    new, old = edited(
        {"brand": brand, "is_weighed": True, "price": Decimal("8.5"), "spec": "大果"}
    )
    found = differences.between(old, new, Names([old, new]))
    assert {(d.label, d.old, d.new) for d in found} == {
        ("brand", NOTHING, "佳沛"),
        ("weighed", "No", "Yes"),
        ("price", "9.90", "8.50"),
        ("spec", NOTHING, "大果"),
    }


def test_costs_are_shown_only_where_asked_for():
    new, old = edited({"cost": Decimal("6.2500"), "name": "黄元帅"})
    names = Names([old, new])
    assert [d.field for d in differences.between(old, new, names)] == ["name"]
    found = differences.between(old, new, names, with_cost=True)
    assert ("cost", "5.00", "6.25") in {(d.label, d.old, d.new) for d in found}
    fields = {d.field for d in differences.side_by_side(old, new, names)}
    assert "cost" not in fields


def test_a_move_names_the_status():
    new, old = states(PendingGoodsFactory())
    (found,) = differences.between(old, new, Names([]))
    assert (found.label, found.old, found.new) == ("status", "Draft", "Awaiting review")


def test_side_by_side_shows_the_same_and_the_different():
    new, old = edited({"name": "黄元帅"})
    found = differences.side_by_side(old, new, Names([old, new]))
    changed = [d for d in found if d.changed]
    assert [(d.old, d.new) for d in changed] == [("红富士苹果", "黄元帅")]
    assert len(found) > 10


def test_without_a_before_everything_stands_on_one_side():
    goods = GoodsFactory()
    found = differences.side_by_side(None, goods, Names([goods]))
    assert {d.old for d in found} == {NOTHING}
    assert "红富士苹果" in {d.new for d in found}


def test_a_word_that_was_deleted_since_is_a_number():
    brand = BrandFactory()
    new, old = edited({"brand": brand})
    goods = new.instance
    editing.edit_goods(goods, {"brand": None}, by=AdminFactory())
    vocabulary.delete(brand, by=AdminFactory())
    (found,) = differences.between(old, new, Names([old, new]))
    assert found.new == f"#{new.brand_id}"


def test_names_are_read_once_for_many_rows(django_assert_num_queries):
    goods = [GoodsFactory(category=CategoryFactory(name=f"C{n}")) for n in range(3)]
    with django_assert_num_queries(2):  # categories, units
        names = Names(goods)
    with django_assert_num_queries(0):
        assert names.of("category_id", goods[2].category_id) == "C2"


def test_the_main_picture_is_named_as_such():
    assert differences.label_of("image") == "main picture"


def test_the_last_approval_is_found():
    by = AdminFactory()
    goods = PendingGoodsFactory()
    assert review.last_approval(goods) is None
    review.approve(goods, by=by)
    first = review.last_approval(goods)
    goods = review.revise(goods, by=by)
    goods = review.approve(review.submit(goods, by=by), by=by)
    assert review.last_approval(goods).history_id > first.history_id
