"""Long lists: pages by key, numbers that are estimated, columns that cannot sort."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.base import counting
from backoffice.base.admin.keyset import beyond, keys_of
from backoffice.oplog.models import OperationLog
from catalog.admin.goods import GoodsAdmin
from catalog.models import Goods
from catalog.tests.factories import GoodsFactory, OnSaleGoodsFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/goods/"


@pytest.fixture
def admin(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(AdminFactory())
    return client


@pytest.fixture
def _long(monkeypatch):
    """Lists are long from 6 rows on and have pages of 2."""
    monkeypatch.setattr(counting, "MOST", 6)
    monkeypatch.setattr(GoodsAdmin, "list_per_page", 2)


@pytest.fixture
def goods(_long):
    """Eleven goods, the newest first."""
    made = [GoodsFactory(code=f"G{n:02}", price=n + 1) for n in range(11)]
    analyse()
    return made[::-1]


def analyse():
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE catalog_goods")


def page(client, address):
    response = client.get(address)
    assert response.status_code == 200
    found = response.context["page"]
    found.codes = [row.code for row in response.context["cl"].result_list]
    found.text = response.content.decode()
    return found


def test_next_leads_through_the_whole_list(admin, goods):
    seen, address = [], LIST
    for _number in range(6):
        found = page(admin, address)
        seen += found.codes
        address = LIST + found.next_url
    assert seen == [g.code for g in goods]
    assert not found.next_url
    assert not found.last_url


def test_previous_leads_back_to_the_numbered_first_page(admin, goods):
    seen, address = [], f"{LIST}?before=end"
    for number in range(5):
        found = page(admin, address)
        seen = found.codes + seen
        assert bool(found.next_url) is (number > 0)
        assert found.pages[0][:2] == (1, "?p=1")
        address = LIST + found.previous_url
    assert seen == [g.code for g in goods][1:]
    # fewer than a page lie before: that is the first page, as it always is
    found = page(admin, address)
    assert found.codes == [g.code for g in goods][:2]
    assert found.pages[0] == (1, "?p=1", True)
    assert not found.previous_url


def test_numbered_pages_go_on_by_key(admin, goods):
    found = page(admin, f"{LIST}?p=3")
    assert [number for number, _url, _current in found.pages][:3] == [1, 2, 3]
    assert found.next_url == f"?after={goods[5].pk}"
    assert admin.get(f"{LIST}?p=4").status_code == 302
    assert "more than" in found.text or "about" in found.text


def test_jumps_lead_about_so_far(admin, goods):
    found = page(admin, LIST)
    assert [label for label, _url in found.jumps] == ["25%", "50%", "75%"]
    halfway = page(admin, LIST + found.jumps[1][1])
    assert halfway.codes[0] in {g.code for g in goods[4:7]}
    assert page(admin, f"{LIST}?q=苹果").jumps == []
    assert page(admin, f"{LIST}?tab=draft").jumps


def test_a_key_stays_within_tab_and_search(admin, goods):
    for _ in range(8):
        OnSaleGoodsFactory(name="香梨")
    analyse()
    drafts = f"{LIST}?tab=draft"
    found = page(admin, f"{drafts}&after={goods[3].pk}")
    assert found.codes == [goods[4].code, goods[5].code]
    assert "tab=draft" in found.next_url
    assert page(admin, f"{drafts}&before=end").codes[-1] == goods[-1].code
    searched = page(admin, f"{LIST}?q=苹果&before=end")
    assert searched.codes[-1] == goods[-1].code


def test_another_tab_filter_or_order_begins_anew(admin, goods):
    found = page(admin, f"{LIST}?after={goods[3].pk}")
    for tab in found.tabs:
        assert "after" not in tab.url
    for heading in found.headings:
        assert "after" not in heading.sort_url
    for shown in found.filters:
        assert "after" not in shown.panel
    assert all(name != "after" for name, _value in found.kept)
    assert all("after" not in url for _size, url, _current in found.sizes)


def test_the_way_back_from_an_object_leads_to_the_same_page(admin, goods):
    found = page(admin, f"{LIST}?after={goods[3].pk}")
    assert quote(f"after={goods[3].pk}", safe="") in found.text


def test_past_the_end_stands_the_last_page(admin, goods):
    assert page(admin, f"{LIST}?after=0").codes == [g.code for g in goods[-2:]]
    assert page(admin, f"{LIST}?before={goods[0].pk + 5}").codes == [
        g.code for g in goods[:2]
    ]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "1,2",
        "[",
        "null",
        "true",
        "1.5",
        '"x"',
        "9" * 40,
        "-1e999",
        "\x00",
        '"\x00"',
    ],
)
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_key_that_nobody_wrote_is_left_aside(admin, goods, direction, value):
    found = page(admin, f"{LIST}?{direction}={quote(value)}")
    assert found.codes == [goods[0].code, goods[1].code]


def test_a_short_list_knows_no_keys(admin):
    many = [GoodsFactory() for _ in range(3)]
    found = page(admin, f"{LIST}?after={many[1].pk}")
    assert len(found.codes) == 3
    assert not found.jumps
    assert not found.last_url


def test_only_an_index_sorts_a_long_list(admin, goods):
    headings = page(admin, LIST).headings
    assert [str(h.label).lower() for h in headings if h.sort_url] == ["price", "status"]
    price, name = map(GoodsAdmin.list_display.index, ("retail", "title"))
    by_price = page(admin, f"{LIST}?o={price}")
    assert by_price.codes == ["G00", "G01"]
    assert page(admin, f"{LIST}?o=-{price}").codes == ["G10", "G09"]
    assert not by_price.is_unsorted
    by_name = page(admin, f"{LIST}?o={name}")
    assert by_name.codes == ["G10", "G09"]
    assert by_name.is_unsorted
    assert "too many rows" in by_name.text


def test_whatever_is_short_can_be_sorted(admin):
    GoodsFactory(code="A", name="b")
    GoodsFactory(code="B", name="a")
    found = page(admin, f"{LIST}?o=1")
    assert found.codes[0] == "B"
    assert not found.is_unsorted
    assert len([h for h in found.headings if h.sort_url]) > 4


@pytest.mark.parametrize("order", ["0", "99", "-99", "4.2", "x"])
def test_strange_orders_do_no_harm(admin, goods, order):
    page(admin, f"{LIST}?o={order}")


def test_a_page_by_key_costs_the_same_anywhere(admin, goods):
    counts = []
    for address in (f"{LIST}?after={goods[2].pk}", f"{LIST}?after={goods[6].pk}"):
        admin.get(address)
        with CaptureQueriesContext(connection) as queries:
            admin.get(address)
        counts.append(len(queries))
        assert not any("OFFSET" in query["sql"] for query in queries)
    assert counts[0] == counts[1] <= 22


def test_keys_of_time_and_id_are_read_as_they_were_written():
    rows = [
        OperationLog(action="goods.changed", at=datetime(2026, 11, day, 9, tzinfo=UTC))
        for day in (1, 1, 2, 3, 3)
    ]
    for row in rows:
        row.save()
    listed = OperationLog.objects.order_by("-at", "-id")
    keys = keys_of(listed)
    for position, row in enumerate(listed):
        values = keys.read(keys.of(row))
        assert values == [row.at, row.pk]
        after = list(beyond(listed, keys, values, backwards=False))
        before = list(beyond(listed, keys, values, backwards=True))
        assert after == list(listed)[position + 1 :]
        assert before == list(listed)[:position]


@pytest.mark.parametrize(
    "order",
    [
        ("listed_at", "id"),  # may be empty
        ("status", "-id"),  # two directions
        ("category", "id"),  # of another table
        ("status",),  # ties
        ("category__name", "id"),
        ("?",),
    ],
)
def test_other_orders_have_no_keys(order):
    assert keys_of(Goods.objects.order_by(*order)) is None


def test_ties_go_the_way_of_the_column(admin):
    goods = [GoodsFactory() for _ in range(3)]
    ids = [g.pk for g in goods]
    column = GoodsAdmin.list_display.index("where")
    for sign, expected in (("", ids), ("-", ids[::-1])):
        response = admin.get(f"{LIST}?o={sign}{column}")
        assert [g.pk for g in response.context["cl"].result_list] == expected


def test_naive_times_are_no_keys():
    keys = keys_of(OperationLog.objects.order_by("-at", "-id"))
    now = timezone.now()
    assert keys.read(f'"{now.isoformat()}",1') == [now, 1]
    assert keys.read(f'"{now.replace(tzinfo=None).isoformat()}",1') is None
    assert django_admin.site.is_registered(OperationLog)
