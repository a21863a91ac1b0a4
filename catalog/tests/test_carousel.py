"""What the storefront is shown of the banners, and how soon it sees a change."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.accounts.tests.factories import AdminFactory
from catalog import banners, carousel
from catalog.models import Banner
from catalog.tests.factories import BannerFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def at(monkeypatch):
    """Sets the clock."""
    now = timezone.now()

    def turn(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)

    turn(now)
    return turn


def shown():
    return [slide.id for slide in carousel.slides()]


def test_it_comes_at_its_start_and_goes_at_its_end(at):
    start = timezone.now() + HOUR
    end = start + HOUR
    banner = BannerFactory(starts_at=start, ends_at=end)
    seen = {}
    for moment in (start - TICK, start, start + TICK, end - TICK, end, end + TICK):
        at(moment)
        seen[moment] = shown()
    assert seen == {
        start - TICK: [],
        start: [banner.pk],
        start + TICK: [banner.pk],
        end - TICK: [banner.pk],
        end: [],
        end + TICK: [],
    }


def test_the_hours_of_a_changed_clock_make_no_difference(at, settings):
    # on this night the clocks of Berlin go from 3:00 back to 2:00
    settings.TIME_ZONE = "Europe/Berlin"
    midnight = timezone.now().replace(
        year=2027, month=10, day=30, hour=22, minute=0, second=0, microsecond=0
    )
    banner = BannerFactory(
        starts_at=midnight + 2.5 * HOUR, ends_at=midnight + 3.5 * HOUR
    )
    seen = []
    for half_hours in range(10):
        at(midnight + half_hours * HOUR / 2)
        seen.append(shown() == [banner.pk])
    assert seen == [False] * 5 + [True] * 2 + [False] * 3


def test_open_ends_are_open(at):
    always = BannerFactory()
    until = BannerFactory(ends_at=timezone.now() + HOUR)
    since = BannerFactory(starts_at=timezone.now() - HOUR)
    assert shown() == [always.pk, until.pk, since.pk]
    BannerFactory(is_enabled=False)
    assert shown() == [always.pk, until.pk, since.pk]


def test_a_look_costs_no_query_while_what_was_read_is_fresh(django_assert_num_queries):
    BannerFactory()
    with django_assert_num_queries(1):
        for _ in range(5):
            carousel.slides()


def test_what_was_read_is_kept_for_a_second_at_most(monkeypatch):
    banner = BannerFactory()
    clock = [1000.0]
    monkeypatch.setattr(carousel.time, "monotonic", lambda: clock[0])
    assert shown() == [banner.pk]
    # as another process would do it
    Banner.objects.update(is_enabled=False)
    clock[0] += 0.99
    assert shown() == [banner.pk]
    clock[0] += 0.01
    assert shown() == []


def test_every_verb_is_seen_at_once():
    by = AdminFactory()
    one = BannerFactory(by=by)
    assert shown() == [one.pk]
    two = BannerFactory(by=by)
    assert shown() == [one.pk, two.pk]
    banners.order_banners([two.pk, one.pk], by=by)
    assert shown() == [two.pk, one.pk]
    banners.switch_banner(two, on=False, by=by)
    assert shown() == [one.pk]
    banners.change_banner(one, {"link": "/pages/a"}, by=by)
    assert carousel.slides()[0].link == "/pages/a"
    banners.remove_banner(one, by=by)
    assert shown() == []


def test_the_verb_is_seen_again_when_it_is_committed(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks() as callbacks:
        banner = BannerFactory()
    shown()
    # another thread may have read between the write and its commit
    Banner.objects.update(link="/pages/b")
    for callback in callbacks:
        callback()
    assert carousel.slides()[0].link == "/pages/b"
    assert banner.link == "/pages/index/index"


def test_what_was_read_while_something_changed_is_not_kept(monkeypatch):
    BannerFactory()
    read = carousel._read

    def reading_meanwhile():
        rows = read()
        Banner.objects.update(is_enabled=False)
        carousel.forget()
        return rows

    monkeypatch.setattr(carousel, "_read", reading_meanwhile)
    assert len(shown()) == 1
    monkeypatch.setattr(carousel, "_read", read)
    assert shown() == []
