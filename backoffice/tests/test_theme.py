"""The theme made safe: the faults of simpleui stay shut, and the shell around pages.

S1–S5 are django-simpleui's (2026.1.13): actions that anyone may run, a password
oracle, the frame header taken away, script through messages, a crash in search. Two
more come from running Vue over pages of the server: goods named `{{…}}` are run as
code, and what was searched for stands unescaped in a script.
"""

import hashlib
import json
import re
from pathlib import Path

import pytest
import simpleui
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import get_template
from django.test import Client
from django.urls import NoReverseMatch, path, resolve, reverse
from simpleui.admin import AjaxAdmin

from backoffice.accounts.tests.factories import PASSWORD, AdminFactory, StaffFactory
from backoffice.admin_site import BackofficeAdminSite
from backoffice.tests.pages import main_of, text_of
from catalog.models import Category, Goods
from catalog.tests.factories import CategoryFactory, GoodsFactory, OnSaleGoodsFactory

pytestmark = pytest.mark.django_db
TEMPLATES = settings.BASE_DIR / "templates"
ELSEWHERE = re.compile(r"""(?:src|href|action|url\()\s*=?\s*["']?(?:https?:)?//""")


@pytest.fixture(autouse=True)
def _in_english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


# --- S1, S2, S5: AjaxAdmin

ran = []


class Unsafe(AjaxAdmin):
    actions = ["approve"]
    search_fields = ["=name"]

    def approve(self, request, queryset):
        ran.append(queryset.count())


def test_s1_unsafe_admins_of_the_theme_cannot_be_registered():
    with pytest.raises(ImproperlyConfigured, match="AjaxAdmin"):
        BackofficeAdminSite().register(Category, Unsafe)


def test_s1_no_admin_of_the_shop_is_one():
    assert not [a for a in admin.site._registry.values() if isinstance(a, AjaxAdmin)]


open_site = admin.AdminSite(name="admin")
open_site.register(Category, Unsafe)
urlpatterns = [path("admin/", open_site.urls)]


@pytest.mark.urls("backoffice.tests.test_theme")
@pytest.mark.parametrize(
    "more",
    [
        {"select_across": "0"},
        {"select_across": "1", "_filter": json.dumps({"name__startswith": "c"})},
        {"select_across": "1", "_search": "cherries"},
    ],
    ids=["S1", "S2", "S5"],
)
def test_second_wall_stops_strangers_before_the_theme_runs_an_action(client, more):
    category = CategoryFactory(name="cherries")
    ran.clear()
    body = {"_action": "approve", "_selected": str(category.pk), **more}
    answer = client.post("/admin/catalog/category/ajax", body)
    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")
    assert ran == []


# --- S3: headers


@pytest.mark.parametrize(
    "address", ["/admin/login/", "/admin/nowhere/", "/favicon.ico"]
)
def test_s3_pages_may_not_be_framed_elsewhere(client, address):
    client.force_login(AdminFactory())
    assert client.get(address).headers["X-Frame-Options"] == "SAMEORIGIN"


def test_s3_the_theme_took_djangos_guard_away_and_ours_is_there():
    assert (
        "django.middleware.clickjacking.XFrameOptionsMiddleware"
        not in settings.MIDDLEWARE
    )
    assert "backoffice.base.middleware.FrameOptionsMiddleware" in settings.MIDDLEWARE


def test_scripts_come_from_files_of_ours_only(client):
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == "'self'"
    assert rules["frame-ancestors"] == "'self'"


# --- S4 and the two that Vue brings

HOSTILE = [
    "</script><img src=x onerror=window.__xss=1>",
    "{{constructor.constructor('window.__xss=1')()}}",
    "'-alert(1)-'",
    '"><svg onload=alert(1)>',
]


def pages_with(client, name):
    goods = OnSaleGoodsFactory(name="plain")
    Goods.objects.filter(pk=goods.pk).update(name=name)
    listing = reverse("admin:catalog_goods_changelist")
    yield client.get(listing)
    yield client.get(listing, {"q": name})
    yield client.get(reverse("admin:catalog_goods_change", args=[goods.pk]))
    yield client.get(reverse("admin:catalog_goods_history", args=[goods.pk]))
    yield client.post(f"{listing}verb/delist/", {"only": goods.pk})


@pytest.mark.parametrize("name", HOSTILE)
def test_s4_what_people_entered_is_text_on_every_page(client, name):
    client.force_login(AdminFactory())
    for page in pages_with(client, name):
        assert page.status_code == 200
        body = page.content.decode()
        if "<" in name:
            assert name not in body
        scripts = re.findall(r"(?s)<script[^>]*>(.*?)</script>", body)
        assert not [s for s in scripts if s.strip()], "no script stands in a page"


@pytest.mark.urls("backoffice.tests.sample_admin")
def test_s4_messages_are_text(client):
    client.force_login(AdminFactory())
    goods = GoodsFactory()
    Goods.objects.filter(pk=goods.pk).update(name=HOSTILE[0])
    page = client.post(
        "/admin/catalog/goods/verb/submit/", {"only": goods.pk}, follow=True
    )
    (message,) = page.context["messages"]
    assert HOSTILE[0] in str(message)
    shown = page.content.decode()
    assert "Submit: &lt;/script&gt;&lt;img src=x" in shown
    assert "<img src=x onerror" not in shown


def test_no_page_loads_the_scripts_of_the_theme(client):
    client.force_login(AdminFactory())
    for page in (client.get("/admin/"), client.get("/admin/catalog/goods/")):
        body = page.content.decode()
        assert "simpleui-x/js" not in body
        assert not [s for s in re.findall(r'src="([^"]*)"', body) if "vue" in s.lower()]
        assert "elementui/index.js" not in body
        assert "<iframe" not in body


def names_of(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*.html"))


#: parts of pages that nothing of ours includes, and pages that have no address here
UNUSED = {
    "admin/home.html",
    "admin/includes/css-part.html",
    "admin/includes/js-part.html",
    "registration/password_reset_complete.html",
    "registration/password_reset_confirm.html",
    "registration/password_reset_done.html",
    "registration/password_reset_email.html",
    "registration/password_reset_form.html",
}


@pytest.mark.parametrize("name", names_of(Path(simpleui.__file__).parent / "templates"))
def test_templates_of_the_theme_are_not_used(name):
    if name in UNUSED:
        used = [p for p in TEMPLATES.rglob("*.html") if name in p.read_text("utf-8")]
        assert used == []
    else:
        assert Path(get_template(name).origin.name).is_relative_to(TEMPLATES)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        (
            "popup_response.html",
            "2e3f1d7d0ae0d5759d03ee76b8db5627d870048f7c5addaca523243b86018c49",
        ),
        (
            "prepopulated_fields_js.html",
            "3d2846a6a41604157043ceabedbf928a6c094b49b1362cfc00e6da8833927ef6",
        ),
        (
            "widgets/related_widget_wrapper.html",
            "6b7096bee4ed6fa85171fe7e82ca91ba1109175f293a6c2e46325eac37ad2f26",
        ),
    ],
)
def test_copies_of_djangos_templates_are_those_of_this_django(name, digest):
    ours = (TEMPLATES / "admin" / name).read_bytes()
    theirs = Path(admin.__file__).parent / "templates" / "admin" / name
    assert hashlib.sha256(ours).hexdigest() == digest
    assert theirs.read_bytes() == ours


def test_passwords_are_not_reset_by_mail():
    for name in ("admin_password_reset", "password_reset", "password_reset_confirm"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


# --- language, name, icon


def test_chinese_is_the_default(client):
    stranger = Client()
    assert '<html lang="zh-hans"' in stranger.get("/admin/login/").content.decode()


def test_language_of_the_browser_wins_over_the_default():
    page = Client(headers={"accept-language": "en-GB,en;q=0.8"}).get("/admin/login/")
    assert '<html lang="en"' in page.content.decode()


def test_language_that_a_stranger_chose_wins_over_the_browser(client):
    answer = client.post(
        "/i18n/setlang/", {"language": "zh-hans", "next": "/admin/login/?next=/admin/"}
    )
    assert answer.url == "/admin/login/?next=/admin/"
    assert '<html lang="zh-hans"' in client.get("/admin/login/").content.decode()


def test_language_is_not_changed_by_looking(client):
    client.get("/i18n/setlang/", {"language": "zh-hans"})
    assert "django_language" not in client.cookies


def test_switch_offers_the_other_language_by_its_own_name(client):
    client.force_login(AdminFactory())
    assert 'value="zh-hans" lang="zh-hans"' in client.get("/admin/").content.decode()
    assert "简体中文" in text_of(client.get("/admin/"))


def test_the_bare_address_leads_to_the_back_office(client):
    answer = client.get("/")
    assert (answer.status_code, answer.url) == (302, "/admin/")


def test_icon_is_ours_and_needs_no_sign_in(client):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/x-icon"
    assert answer.content[:4] == b"\x00\x00\x01\x00"


def test_titles_name_page_and_shop(client):
    client.force_login(AdminFactory())
    goods = GoodsFactory(name="Gala")
    titles = [
        re.search(r"<title>(.*?)</title>", client.get(a).content.decode())[1]
        for a in (
            reverse("admin:catalog_goods_changelist"),
            reverse("admin:catalog_goods_change", args=[goods.pk]),
        )
    ]
    assert titles[0] == "Goods · Fruit shop back office"
    assert titles[1].startswith(goods.code)
    assert titles[1].endswith(" · Fruit shop back office")


# --- signing in and out, and what goes wrong


def test_sign_in_and_out_by_the_pages_of_the_shell(client):
    AdminFactory(username="boss")
    page = client.get("/admin/login/")
    assert "Sign in to the back office" in text_of(page)
    answer = client.post(
        "/admin/login/", {"username": "boss", "password": PASSWORD, "next": "/admin/"}
    )
    assert answer.url == "/admin/"
    out = client.post("/admin/logout/")
    assert "You are signed out" in text_of(out)
    assert client.get("/admin/").status_code == 302


def test_wrong_password_is_said_without_telling_which_was_wrong(client):
    AdminFactory(username="boss")
    for name in ("boss", "nobody"):
        page = client.post("/admin/login/", {"username": name, "password": "wrong"})
        assert page.status_code == 200
        assert 'role="alert"' in main_of(page)


def test_password_page_has_a_way_back(client):
    client.force_login(AdminFactory())
    body = client.get("/admin/password_change/").content.decode()
    assert 'class="crumb crumb--home' in body
    assert 'href="/admin/">Cancel' in body


def test_missing_permission_names_it_and_the_roles_that_have_it(client):
    goods = OnSaleGoodsFactory()
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    page = client.post("/admin/catalog/goods/verb/delist/", {"only": goods.pk})
    assert page.status_code == 403
    text = text_of(page)
    assert "Can put goods on and off the shelf" in text
    assert "Merchandiser, Manager" in text
    assert page.context["shell"].menu


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("/admin/catalog/goods/", "Buyer"),
        ("/admin/catalog/category/add/", "Manager"),
        ("/admin/oplog/operationlog/", "Manager"),
    ],
)
def test_page_without_permission_names_the_roles_by_its_address(client, address, role):
    client.force_login(StaffFactory())
    page = client.get(address)
    assert page.status_code == 403
    assert role in main_of(page)


def test_unknown_page_stands_in_the_shell_for_staff(client):
    client.force_login(AdminFactory())
    page = client.get("/admin/nothing/here/")
    assert page.status_code == 404
    assert 'id="menu"' in page.content.decode()
    assert "There is nothing here" in text_of(page)


def test_unknown_page_shows_strangers_no_menu(client):
    page = client.get("/nothing/here/")
    assert page.status_code in (302, 404)
    assert 'id="menu"' not in page.content.decode()


def test_form_of_another_session_is_refused_in_words(client):
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    strict.force_login(AdminFactory())
    page = strict.post("/admin/catalog/category/add/", {"name": "x"})
    assert page.status_code == 403
    assert "The page was open too long" in text_of(page)


def test_crash_page_needs_nothing(rf):
    from backoffice.error_pages import bad_request, server_error

    assert server_error(rf.get("/admin/")).status_code == 500
    assert bad_request(rf.get("/admin/"), ValueError()).status_code == 400


# --- every page that is there


def every_page():
    """(model, "changelist" or "add") of all that is registered."""
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        for kind in ("changelist", "add"):
            yield f"{label}_{kind}"


def address_of(name):
    try:
        return reverse(f"admin:{name}")
    except NoReverseMatch:
        return None


@pytest.mark.parametrize("name", sorted(every_page()))
def test_every_page_opens_without_another_host(client, name):
    address = address_of(name)
    if address is None:
        pytest.skip("this admin has no such page")
    client.force_login(AdminFactory())
    page = client.get(address)
    assert page.status_code in (200, 302, 403)
    if page.status_code == 200:
        body = page.content.decode()
        assert not ELSEWHERE.search(body)
        assert 'id="menu"' in body
        assert "crumb--home" in body


@pytest.mark.parametrize("name", sorted(every_page()))
def test_every_page_answers_who_may_only_look(client, name):
    address = address_of(name)
    if address is None:
        pytest.skip("this admin has no such page")
    model_admin = getattr(resolve(address).func, "model_admin", None)
    permissions = ["catalog.view_goods"]
    if model_admin is not None and "view" in model_admin.opts.default_permissions:
        opts = model_admin.opts
        if opts.app_label in ("catalog", "oplog", "shop", "sheets"):
            permissions.append(f"{opts.app_label}.view_{opts.model_name}")
    client.force_login(StaffFactory(permissions=permissions))
    page = client.get(address)
    assert page.status_code in (200, 302, 403)
    if name.endswith("_add"):
        assert page.status_code in (302, 403)
