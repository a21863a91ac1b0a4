"""The main job from end to end, by the doors that people use: sheet, review, shelf,
storefront, a new price, and what the logs tell of it afterwards."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import PASSWORD, StaffFactory
from backoffice.sheets.tests.files import write_xlsx
from backoffice.tests.pages import inputs_of, main_of, text_of
from catalog.models import Goods
from catalog.tests.factories import CategoryFactory, UnitFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/catalog/goods/"
SHEET = [
    ["商品编码", "名称", "分类", "单位", "零售价", "成本", "产地"],
    ["PG001", "烟台红富士", "苹果蕉梨", "斤", "6.90", "4.20", "山东烟台"],
    ["PG002", "陕西嘎啦果", "苹果蕉梨", "斤", "5,5元", "3.10", "陕西洛川"],
]


@pytest.fixture
def people(settings, tmp_path):
    """A browser for each role, signed in at the door."""
    settings.MEDIA_ROOT = tmp_path / "media"
    sync_roles()
    browsers = {}
    for at, role in enumerate(("buyer", "reviewer", "merchandiser", "manager")):
        mobile = f"1380000000{at}"
        user = StaffFactory(username=role, nickname=role.title(), mobile=mobile)
        user.groups.add(Group.objects.get(name=role))
        browser = Client(headers={"accept-language": "en"})
        door = browser.post(
            "/admin/login/?next=/admin/", {"username": mobile, "password": PASSWORD}
        )
        assert (door.status_code, door.url) == (302, "/admin/")
        browsers[role] = browser
    return browsers


@pytest.fixture
def storefront():
    """What customers see: {code: goods}."""
    browser = Client()

    def shelf():
        answer = browser.get("/api/v1/goods?ordering=-listed_at").json()
        assert (answer["code"], answer["msg"]) == (0, "success.")
        return {item["code"]: item for item in answer["data"]["items"]}

    return shelf


def hand_in(browser, path):
    """Upload a sheet at the import page; gives the page of its batch."""
    answer = browser.post(
        "/admin/sheets/batch/import/",
        {"sheet": "goods", "file": SimpleUploadedFile(path.name, path.read_bytes())},
    )
    assert answer.status_code == 302, text_of(answer)
    return answer.url


def run_verb(browser, verb, *codes):
    """Tick goods in the list, press the verb, confirm; gives the page of the result."""
    ids = list(Goods.objects.filter(code__in=codes).values_list("pk", flat=True))
    assert len(ids) == len(codes)
    address = f"{LIST}verb/{verb}/"
    asked = browser.post(address, {"_selected_action": ids})
    assert asked.status_code == 200
    assert all(code in text_of(asked) for code in codes)
    return browser.post(
        address, {"_selected_action": ids, "confirmed": "1"}, follow=True
    )


def decide(browser, code, decision, reason=""):
    """Open a goods at the reviewer's desk and decide on it."""
    address = reverse("admin:catalog_goods_review_one", args=[_id(code)])
    shown = inputs_of(browser.get(address), "review-decision")
    answer = browser.post(
        address, {**shown, "decision": decision, "reason": reason}, follow=True
    )
    assert answer.status_code == 200


def _id(code):
    return Goods.objects.get(code=code).pk


def test_from_the_sheet_to_the_shelf_and_the_logs(people, storefront, tmp_path):
    CategoryFactory(name="苹果蕉梨")
    UnitFactory(name="斤")
    buyer, merchandiser = people["buyer"], people["merchandiser"]

    # a sheet with a wrong cell: it is named, and nothing is written
    batch = hand_in(buyer, write_xlsx(tmp_path / "morning.xlsx", SHEET))
    page = text_of(buyer.get(batch))
    assert "E3" in page
    assert '"5,5元" is not a price, for example 12.50' in page
    assert not Goods.objects.exists()

    # the mended one: looked at first, then written
    mended = [*SHEET[:2], [*SHEET[2][:4], "5.50", *SHEET[2][5:]]]
    batch = hand_in(buyer, write_xlsx(tmp_path / "mended.xlsx", mended))
    assert "陕西嘎啦果" in text_of(buyer.get(batch))
    assert not Goods.objects.exists()
    buyer.post(batch.replace("/change/", "/apply/"))
    assert set(Goods.objects.values_list("code", "status")) == {
        ("PG001", "draft"),
        ("PG002", "draft"),
    }

    # the buyer submits, the reviewer approves one and rejects one
    done = run_verb(buyer, "submit", "PG001", "PG002")
    assert text_of(done).count("Awaiting review") >= 2
    decide(people["reviewer"], "PG001", "approve")
    decide(people["reviewer"], "PG002", "reject", reason="no picture of the crate")
    assert storefront() == {}

    # nobody but the merchandiser lists; what is not approved stays off the shelf
    assert buyer.post(f"{LIST}verb/list/", {"only": _id("PG001")}).status_code == 403
    result = text_of(run_verb(merchandiser, "list", "PG001", "PG002"))
    assert '陕西嘎啦果 is "Rejected"' in result
    shelf = storefront()
    assert list(shelf) == ["PG001"]
    assert shelf["PG001"]["units"][0]["price"] == "6.90"
    found = Client().get(f"/api/v1/goods/{shelf['PG001']['id']}").json()["data"]
    assert (found["name"], found["origin"]) == ("烟台红富士", "山东烟台")
    assert Client().get(f"/api/v1/goods/{_id('PG002')}").status_code == 404

    # a new price by hand reaches the storefront
    form = reverse("admin:catalog_goods_change", args=[_id("PG001")])
    typed = {
        **inputs_of(merchandiser.get(form)),
        "price": "7.50",
        "reason": "frost in Yantai",
    }
    assert merchandiser.post(form, typed).status_code == 302
    assert storefront()["PG001"]["units"][0]["price"] == "7.50"

    # and every step is in the logs, with who and why
    manager = people["manager"]
    prices = text_of(manager.get("/admin/catalog/pricelog/"))
    assert "6.90 → 7.50" in prices
    assert "frost in Yantai" in prices
    moves = text_of(manager.get("/admin/catalog/shelflog/"))
    assert "no picture of the crate" in moves
    for who, action in (
        ("Buyer", "Sheet imported"),
        ("Buyer", "Goods submitted for review"),
        ("Reviewer", "Goods approved"),
        ("Reviewer", "Goods rejected"),
        ("Merchandiser", "Goods put on the shelf"),
        ("Merchandiser", "Price changed"),
    ):
        rows = main_of(manager.get("/admin/oplog/operationlog/")).split("<tr")
        assert any(who in row and action in row for row in rows), (who, action)
    history = text_of(
        manager.get(reverse("admin:catalog_goods_history", args=[_id("PG001")]))
    )
    for step in ("Awaiting review", "Approved", "On sale", "7.50"):
        assert step in history
