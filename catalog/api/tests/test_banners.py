"""GET /banners: the exact shape, the window, the pages."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from catalog import banners
from catalog.tests.factories import BannerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client():
    return Client(headers={"accept-language": "en"})


def items(client, query=""):
    return client.get(f"/api/v1/banners{query}").json()["data"]["items"]


def test_the_answer_has_exactly_the_fields_of_the_contract(client):
    page = BannerFactory(link="/pages/goods/detail?id=17")
    site = BannerFactory(link="https://example.com/gifts")
    answer = client.get("/api/v1/banners")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.json() == {
        "code": 0,
        "msg": "success.",
        "data": {
            "pagination": {
                "total": 2,
                "current_page": 1,
                "page_size": 20,
                "page_total": 1,
            },
            "items": [
                {
                    "id": page.pk,
                    "image": f"/media/{page.image.name}",
                    "link": "/pages/goods/detail?id=17",
                },
                {
                    "id": site.pk,
                    "image": f"/media/{site.image.name}",
                    "link": "https://example.com/gifts",
                },
            ],
        },
    }
    picture = client.get(f"/media/{page.image.name}")
    assert picture.status_code == 200
    picture.close()


def test_no_banner_makes_an_empty_list(client):
    assert client.get("/api/v1/banners").json()["data"] == {
        "pagination": {
            "total": 0,
            "current_page": 1,
            "page_size": 20,
            "page_total": 0,
        },
        "items": [],
    }


def test_only_those_whose_time_it_is_in_their_order(client):
    hour = timedelta(hours=1)
    now = timezone.now()
    BannerFactory(starts_at=now + hour)
    BannerFactory(ends_at=now - hour)
    BannerFactory(is_enabled=False)
    one, two = BannerFactory(starts_at=now - hour), BannerFactory(ends_at=now + hour)
    assert [item["id"] for item in items(client)] == [one.pk, two.pk]
    by = AdminFactory()
    everyone = list(type(one).objects.values_list("pk", flat=True))
    banners.order_banners(everyone[::-1], by=by)
    assert [item["id"] for item in items(client)] == [two.pk, one.pk]


def test_it_comes_in_pages(client):
    ids = [BannerFactory().pk for _ in range(5)]
    pages = [
        [item["id"] for item in items(client, f"?page_size=2&page_index={n}")]
        for n in (1, 2, 3, 4)
    ]
    assert pages == [ids[:2], ids[2:4], ids[4:], []]
    answer = client.get("/api/v1/banners?page_size=2&page_index=2").json()
    assert answer["data"]["pagination"] == {
        "total": 5,
        "current_page": 2,
        "page_size": 2,
        "page_total": 3,
    }


@pytest.mark.parametrize("query", ["?page_size=101", "?page_index=0", "?x=1"])
def test_what_is_not_known_is_refused(client, query):
    answer = client.get(f"/api/v1/banners{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")


def test_it_costs_no_query_once_it_was_read(client, django_assert_num_queries):
    BannerFactory()
    items(client)
    with django_assert_num_queries(0):
        items(client)
