"""Who may do what: the roles of DOMAIN 9 by the verbs of the shop, each one tried.

The table is written in words, so that it can be read beside the rules.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group

from backoffice.accounts import own_roles, staff
from backoffice.accounts.roles import ROLES, sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import NotPermitted
from backoffice.jobs import failures
from backoffice.schedules import SCHEDULES
from backoffice.sheets import definitions
from backoffice.sheets.batches import permit_import
from backoffice.shop import verbs as shop_verbs
from backoffice.sms import sending
from catalog import (
    archiving,
    banners,
    editing,
    listing,
    pricing,
    repricing,
    review,
    vocabulary,
)
from catalog.errors import ContentLocked
from catalog.models import Banner, Brand, Goods
from catalog.tests.factories import (
    ApprovedGoodsFactory,
    BannerFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PendingGoodsFactory,
    UnitFactory,
)
from catalog.tests.pictures import upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


REFUSED = (NotPermitted, ContentLocked)


def _enter(by: Any) -> None:
    editing.create_goods(
        {
            "code": "N-1",
            "name": "新品",
            "category": CategoryFactory(),
            "unit": UnitFactory(),
        },
        by=by,
    )


def _edit(goods: Goods, **values: Any) -> Callable[[Any], object]:
    return lambda by: editing.edit_goods(goods, values, by=by)


def _archived() -> Goods:
    return archiving.archive(GoodsFactory(), by=AdminFactory())


def _waiting_run() -> Any:
    goods = OnSaleGoodsFactory(price=Decimal(10))
    return pricing.change_price(goods, by=AdminFactory(), price=Decimal(5)).run


def _word(by: Any) -> None:
    vocabulary.save(Brand(name="新牌子"), by=by)


def _banner(by: Any) -> None:
    banners.create_banner(
        {"title": "春节", "link": "/pages/index/index"}, image=upload(), by=by
    )


#: verb → (who may, how it is tried)
MATRIX: dict[str, tuple[str, Callable[[], Callable[[Any], object]]]] = {
    "enter goods": ("buyer manager", lambda: _enter),
    "edit a draft": ("buyer manager", lambda: _edit(GoodsFactory(), name="新名")),
    "edit what is on sale": (
        "reviewer manager",
        lambda: _edit(OnSaleGoodsFactory(), name="新名"),
    ),
    "set a cost": (
        "buyer manager",
        lambda: _edit(GoodsFactory(), cost=Decimal("3.5")),
    ),
    "price a draft": (
        "buyer merchandiser manager",
        lambda: _edit(GoodsFactory(), price=Decimal(11)),
    ),
    "price what is on sale": (
        "merchandiser manager",
        lambda: _edit(OnSaleGoodsFactory(price=Decimal(10)), price=Decimal(11)),
    ),
    "submit": ("buyer manager", lambda: _verb(review.submit, GoodsFactory())),
    "approve": (
        "reviewer manager",
        lambda: _verb(review.approve, PendingGoodsFactory()),
    ),
    "reject": ("reviewer manager", lambda: _verb(review.reject, PendingGoodsFactory())),
    "list": (
        "merchandiser manager",
        lambda: _verb(listing.list_goods, ApprovedGoodsFactory()),
    ),
    "delist": (
        "merchandiser manager",
        lambda: _verb(listing.delist, OnSaleGoodsFactory()),
    ),
    "revise": ("buyer manager", lambda: _verb(review.revise, ApprovedGoodsFactory())),
    "archive": ("manager", lambda: _verb(archiving.archive, GoodsFactory())),
    "restore": ("manager", lambda: _verb(archiving.restore, _archived())),
    "approve a run": ("manager", lambda: _verb(repricing.approve, _waiting_run())),
    "reject a run": ("manager", lambda: _verb(repricing.reject, _waiting_run())),
    "take back another's run": (
        "manager",
        lambda: _plain(repricing.cancel, _waiting_run()),
    ),
    "make a brand": ("manager", lambda: _word),
    "add a banner": ("merchandiser manager", lambda: _banner),
    "switch a banner off": (
        "merchandiser manager",
        lambda: _off(BannerFactory()),
    ),
    "order the banners": (
        "merchandiser manager",
        lambda: _plain(banners.order_banners, [BannerFactory().pk]),
    ),
    "remove a banner": (
        "merchandiser manager",
        lambda: _plain(banners.remove_banner, BannerFactory()),
    ),
    "export goods": (
        "buyer reviewer merchandiser stock_keeper service finance manager",
        lambda: definitions.get("goods").permit_export,
    ),
    "import goods": (
        "buyer merchandiser manager",
        lambda: lambda by: permit_import(definitions.get("goods"), by),
    ),
    "import sales history": (
        "manager",
        lambda: lambda by: permit_import(definitions.get("sales-history"), by),
    ),
    "export sales history": (
        "buyer finance manager",
        lambda: definitions.get("sales-history").permit_export,
    ),
    "try an SMS": (
        "manager",
        lambda: lambda by: sending.send_test("13800138000", by=by),
    ),
    "change a setting": (
        "manager",
        lambda: lambda by: shop_verbs.set_value("FREIGHT", "7", by=by),
    ),
    "make staff": (
        "manager",
        lambda: (
            lambda by: staff.create_staff(
                by=by, username="newcomer", password="plum garden 77"
            )
        ),
    ),
    "switch staff off": (
        "manager",
        lambda: _plain(staff.disable, StaffFactory()),
    ),
    "make a role": (
        "manager",
        lambda: lambda by: own_roles.create_role("帮工", [], by=by),
    ),
    "run a job": (
        "manager",
        lambda: lambda by: failures.run_now(SCHEDULES[0].name, by=by),
    ),
}


def _plain(verb: Callable[..., object], target: Any) -> Callable[[Any], object]:
    return lambda by: verb(target, by=by)


def _off(banner: Banner) -> Callable[[Any], object]:
    return lambda by: banners.switch_banner(banner, on=False, by=by)


def _verb(verb: Callable[..., object], target: Any) -> Callable[[Any], object]:
    return lambda by: verb(target, by=by, reason="because")


@pytest.mark.parametrize("verb", MATRIX)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_this_and_nothing_else(role, verb):
    sync_roles()
    who, prepare = MATRIX[verb]
    act = prepare()
    by = StaffFactory()
    by.groups.add(Group.objects.get(name=role))
    if role in who.split():
        act(by)
    else:
        with pytest.raises(REFUSED):
            act(by)


@pytest.mark.parametrize("verb", MATRIX)
@pytest.mark.parametrize(
    ("make", "may"),
    [
        pytest.param(lambda: AdminFactory(), True, id="superuser"),
        pytest.param(lambda: AdminFactory(is_active=False), False, id="switched off"),
        pytest.param(lambda: StaffFactory(), False, id="without a role"),
    ],
)
def test_beside_the_roles(make, may, verb):
    act = MATRIX[verb][1]()
    by = make()
    if may:
        act(by)
    else:
        with pytest.raises(REFUSED):
            act(by)
