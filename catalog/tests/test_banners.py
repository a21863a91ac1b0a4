"""Banners: entered, changed, put in order, switched off and removed by verbs."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from PIL import Image

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.errors import FieldErrors, NotPermitted
from backoffice.files import thumbnails
from backoffice.oplog.models import OperationLog
from catalog import banners
from catalog.banners import BannersMoved, NoSuchBanner
from catalog.enums import BannerState
from catalog.models import Banner
from catalog.models.banners import check_link, is_page
from catalog.tests.factories import BannerFactory
from catalog.tests.pictures import upload

pytestmark = pytest.mark.django_db

NOON = timezone.make_aware(datetime(2027, 2, 6, 12))  # noqa: DTZ001 - made aware
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def by():
    return AdminFactory()


def files():
    return sorted(p.name for p in Path(default_storage.location).rglob("*.jpg"))


def values(**changes):
    return {"title": "春节礼盒", "link": "https://example.com/gifts", **changes}


def entered(by, **changes):
    return banners.create_banner(values(**changes), image=upload(), by=by)


def logged(action):
    return OperationLog.objects.get(action=action)


def titles():
    return list(Banner.objects.values_list("title", flat=True))


# --- entering


def test_a_banner_is_entered_with_picture_thumbnail_and_log(by):
    banner = banners.create_banner(
        values(title="  春节 \t 礼盒 ", starts_at=NOON),
        image=upload(size=(3000, 1280)),
        by=by,
    )
    banner.refresh_from_db()
    assert (banner.title, banner.link) == ("春节 礼盒", "https://example.com/gifts")
    assert (banner.width, banner.height) == (1500, 640)
    assert banner.image.name.startswith("banners/")
    with default_storage.open(banner.image.name) as file:
        assert Image.open(file).size == (1500, 640)
    assert thumbnails.make(banner.image.name) == 4
    log = logged("banner.created")
    assert (log.by, log.target_label) == (by, "春节 礼盒")
    assert log.data["changes"]["starts_at"] == [None, "2027-02-06 12:00:00+08:00"]


def test_new_banners_stand_behind_those_that_are_there(by):
    for title in ("一", "二", "三"):
        entered(by, title=title)
    assert titles() == ["一", "二", "三"]
    assert list(Banner.objects.values_list("sequence", flat=True)) == [1, 2, 3]


def test_a_time_without_offset_is_local(by, settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    banner = entered(by, starts_at=datetime(2027, 2, 6, 12))  # noqa: DTZ001 - meant so
    assert banner.starts_at == NOON


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "<b>x</b>"}, "title"),
        ({"title": "a\u202eb"}, "title"),
        ({"title": "x" * 61}, "title"),
        ({"link": ""}, "link"),
        ({"link": None}, "link"),
        ({"link": "https://example.com/" + "x" * 500}, "link"),
        ({"link": "http://example.com/"}, "link"),
        ({"starts_at": NOON, "ends_at": NOON}, "ends_at"),
        ({"starts_at": NOON, "ends_at": NOON - TICK}, "ends_at"),
        ({"starts_at": datetime(1, 1, 1)}, "starts_at"),  # noqa: DTZ001 - meant so
        ({"ends_at": datetime(9999, 12, 31)}, "ends_at"),  # noqa: DTZ001 - meant so
        ({"starts_at": "soon"}, "starts_at"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(by, changes, field):
    with pytest.raises(FieldErrors) as refusal:
        entered(by, **changes)
    assert list(refusal.value.errors) == [field]
    assert not Banner.objects.exists()
    assert files() == []


def test_all_that_is_wrong_is_said_at_once(by):
    bad = SimpleUploadedFile("x.png", b"<svg onload=alert(1)>")
    with pytest.raises(FieldErrors) as refusal:
        banners.create_banner(values(title="", link="x"), image=bad, by=by)
    assert set(refusal.value.errors) == {"title", "link", "image"}


def test_a_banner_needs_a_picture(by):
    with pytest.raises(FieldErrors) as refusal:
        banners.create_banner(values(), image=None, by=by)
    assert list(refusal.value.errors) == ["image"]


def test_a_value_that_no_banner_has_is_a_mistake_of_the_code(by):
    with pytest.raises(TypeError, match="sequence"):
        entered(by, sequence=1)


def test_files_of_a_banner_that_is_not_written_go_again(by, monkeypatch):
    def broken(**kwargs):
        raise IntegrityError("no")

    monkeypatch.setattr(banners, "record", broken)
    with pytest.raises(IntegrityError), transaction.atomic():
        entered(by)
    assert files() == []


# --- links


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com",
        "https://example.com:8443/a/b?c=d&e=%E6%9E%9C#f",
        "https://例子.中国/果园",
        "/pages/index/index",
        "/pages/goods/detail?id=17&from=banner",
        "/pages/search/list?q=%E8%8B%B9%E6%9E%9C",
    ],
)
def test_an_address_or_a_page_of_the_program_is_a_link(link):
    check_link(link)


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//example.com",
        "https:example.com",
        "https://",
        "https:///pages/index",
        "https://example.com@evil.example/",
        "https://user:pass@example.com/",
        "https://example.com/a b",
        "https://example.com/\n",
        'https://example.com/"onload=x',
        "https://example.com/<script>",
        "https://exa\\mple.com/",
        "ftp://example.com/",
        "pages/index/index",
        "/pages",
        "/pages/",
        "/pages//index",
        "/pages/../admin",
        "/pages/a/%2e%2e",
        "/pages/index#x",
        "/pages/index?a=b\n",
        "/pages/index?a='b'",
        "/page/index",
        "/admin/",
        "",
    ],
)
def test_nothing_else_is_a_link(link):
    with pytest.raises(ValidationError):
        check_link(link)


def test_a_link_is_kept_tidy(by):
    banner = entered(by, link="  HTTPS://example.com/A ")
    assert banner.link == "https://example.com/A"
    assert not is_page(banner.link)


@pytest.mark.parametrize(
    "changes", [{"link": "http://x.example"}, {"ends_at": NOON, "starts_at": NOON}]
)
def test_the_database_keeps_the_rules_too(by, changes):
    banner = entered(by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Banner.objects.filter(pk=banner.pk).update(**changes)


# --- where it stands


@pytest.mark.parametrize(
    ("starts", "ends", "enabled", "state"),
    [
        (None, None, True, BannerState.SHOWING),
        (NOON, None, True, BannerState.SHOWING),
        (NOON + TICK, None, True, BannerState.PLANNED),
        (None, NOON, True, BannerState.OVER),
        (None, NOON + TICK, True, BannerState.SHOWING),
        (NOON - HOUR, NOON, True, BannerState.OVER),
        (NOON, NOON + HOUR, True, BannerState.SHOWING),
        (NOON + HOUR, NOON + 2 * HOUR, True, BannerState.PLANNED),
        (None, None, False, BannerState.OFF),
        (NOON + HOUR, None, False, BannerState.OFF),
        (None, NOON - HOUR, False, BannerState.OFF),
    ],
)
def test_it_is_shown_from_its_start_until_just_before_its_end(
    by, starts, ends, enabled, state
):
    banner = entered(by, starts_at=starts, ends_at=ends, is_enabled=enabled)
    assert banner.state(NOON) == state
    found = [s for s in BannerState if Banner.objects.in_state(s, NOON).exists()]
    assert found == [state]


def test_by_itself_it_looks_at_the_clock(by):
    assert entered(by, ends_at=timezone.now() - HOUR).state() == BannerState.OVER


# --- changing


def test_a_change_is_logged_with_old_and_new(by):
    banner = entered(by)
    after = banners.change_banner(
        banner, {"link": "/pages/index/index", "ends_at": NOON}, by=by
    )
    assert after.link == "/pages/index/index"
    assert logged("banner.changed").data["changes"] == {
        "link": ["https://example.com/gifts", "/pages/index/index"],
        "ends_at": [None, "2027-02-06 12:00:00+08:00"],
    }


def test_no_change_is_not_logged(by):
    banner = entered(by)
    banners.change_banner(banner, values(), by=by)
    assert not OperationLog.objects.filter(action="banner.changed").exists()


def test_a_new_picture_takes_the_place_of_the_old_one(
    by, django_capture_on_commit_callbacks
):
    banner = entered(by)
    old = banner.image.name
    with django_capture_on_commit_callbacks(execute=True):
        after = banners.change_banner(banner, {}, image=upload(colour="blue"), by=by)
    assert not default_storage.exists(old)
    assert len(files()) == 1
    assert logged("banner.changed").data["changes"] == {
        "image": [old, after.image.name]
    }


def test_a_bad_picture_leaves_the_old_one(by):
    banner = entered(by)
    bad = SimpleUploadedFile("x.png", b"GIF89a")
    with pytest.raises(FieldErrors) as refusal:
        banners.change_banner(banner, {"title": ""}, image=bad, by=by)
    assert set(refusal.value.errors) == {"image", "title"}
    assert len(files()) == 1


def test_a_change_that_fails_takes_its_new_files_along(by):
    banner = entered(by)
    Banner.objects.all().delete()
    with pytest.raises(NoSuchBanner):
        banners.change_banner(banner, {}, image=upload(), by=by)
    assert len(files()) == 1


def test_a_bad_value_changes_nothing(by):
    banner = entered(by, starts_at=NOON)
    with pytest.raises(FieldErrors) as refusal:
        banners.change_banner(banner, {"title": "新", "ends_at": NOON - HOUR}, by=by)
    assert list(refusal.value.errors) == ["ends_at"]
    banner.refresh_from_db()
    assert banner.title == "春节礼盒"


def test_switching_off_and_on_again_is_logged_once_each(by):
    banner = entered(by)
    for on in (False, False, True, True):
        assert banners.switch_banner(banner, on=on, by=by).is_enabled is on
    actions = OperationLog.objects.filter(action__contains="abled").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "banner.disabled",
        "banner.enabled",
    ]


@pytest.mark.parametrize(
    ("size", "is_misfit"), [((150, 64), False), ((100, 100), True)]
)
def test_a_picture_that_would_be_cut_is_told(by, size, is_misfit):
    banner = banners.create_banner(values(), image=upload(size=size), by=by)
    assert banners.misfit(banner) is is_misfit


# --- order


def test_the_order_is_changed_and_told_by_what_moved(by):
    one, two, three, four = (entered(by, title=t) for t in "甲乙丙丁")
    banners.order_banners([one.pk, three.pk, two.pk, four.pk], by=by)
    assert titles() == ["甲", "丙", "乙", "丁"]
    log = logged("banner.ordered")
    assert log.data["changes"] == {"order": ["乙 · 丙", "丙 · 乙"]}


def test_the_same_order_is_no_act(by):
    one, two = entered(by), entered(by)
    banners.order_banners([one.pk, two.pk], by=by)
    assert not OperationLog.objects.filter(action="banner.ordered").exists()


@pytest.mark.parametrize("change", ["missing", "twice", "foreign"])
def test_an_order_of_other_banners_is_refused(by, change):
    one, two = entered(by).pk, entered(by).pk
    ids = {"missing": [two], "twice": [two, one, one], "foreign": [two, one, 999]}
    with pytest.raises(BannersMoved):
        banners.order_banners(ids[change], by=by)
    assert list(Banner.objects.values_list("pk", flat=True)) == [one, two]


# --- removing


def test_a_removed_banner_is_gone_with_its_files_and_logged(
    by, django_capture_on_commit_callbacks
):
    banner = entered(by)
    with django_capture_on_commit_callbacks(execute=True):
        banners.remove_banner(banner, by=by)
    assert not Banner.objects.exists()
    assert files() == []
    log = logged("banner.removed")
    assert (log.target_label, log.data["link"]) == (banner.title, banner.link)


@pytest.mark.parametrize(
    "act",
    [
        lambda b, by: banners.remove_banner(b, by=by),
        lambda b, by: banners.switch_banner(b, on=False, by=by),
        lambda b, by: banners.change_banner(b, {"title": "x"}, by=by),
    ],
)
def test_what_was_removed_meanwhile_says_so(by, act):
    banner = entered(by)
    Banner.objects.all().delete()
    with pytest.raises(NoSuchBanner):
        act(banner, by)


# --- who may


@pytest.mark.parametrize(
    ("permission", "act"),
    [
        ("add", lambda b, by: entered(by)),
        ("change", lambda b, by: banners.change_banner(b, {"title": "x"}, by=by)),
        ("change", lambda b, by: banners.switch_banner(b, on=False, by=by)),
        ("change", lambda b, by: banners.order_banners([b.pk], by=by)),
        ("delete", lambda b, by: banners.remove_banner(b, by=by)),
    ],
)
def test_each_verb_asks_for_its_permission(permission, act):
    banner = BannerFactory()
    kept = files()
    others = [
        f"catalog.{name}_banner"
        for name in ("add", "change", "delete", "view")
        if name != permission
    ]
    with pytest.raises(NotPermitted):
        act(banner, StaffFactory(permissions=others))
    assert files() == kept
    act(banner, StaffFactory(permissions=[f"catalog.{permission}_banner"]))
    with pytest.raises(NotPermitted):
        act(banner, AdminFactory(is_active=False))
