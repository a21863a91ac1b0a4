"""The Chinese of the screens: all of it, of today's texts, without gaps."""

import gettext
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.tests.pages import inputs_of, text_of
from catalog.tests.factories import CategoryFactory, GoodsFactory, UnitFactory

CATALOGUE = Path("backoffice/locale/zh_Hans/LC_MESSAGES/django.po")
ASIDE = (".git", ".venv", "var", "static", "node_modules", "__pycache__", ".*_cache")

# --- the catalogue


def tool(*command):
    """What the program prints; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The catalogue of a copy of the tree, its texts collected anew."""
    if not shutil.which("xgettext"):
        pytest.skip("gettext is not installed")
    root = tmp_path_factory.mktemp("texts") / "shop"
    shutil.copytree(settings.BASE_DIR, root, ignore=shutil.ignore_patterns(*ASIDE))
    tool(
        *("env", "-C", str(root), f"PYTHONPATH={root}"),
        *(sys.executable, "manage.py", "makemessages", "-l", "zh_Hans"),
        *("--no-obsolete", "-v0"),
    )
    return root / CATALOGUE


def entries(po, *chosen):
    """The texts of a catalogue, or those that msgattrib chooses, one a line."""
    listed = tool("msgattrib", "--no-wrap", "--no-location", *chosen, str(po))
    return set(re.findall(r'^msgid "(.+)"$', listed, re.MULTILINE))


def compiled(mo):
    """{text: Chinese} of a compiled catalogue, without its header."""
    with mo.open("rb") as file:
        texts = dict(gettext.GNUTranslations(file)._catalog)
    texts.pop("", None)
    return texts


def test_every_text_of_today_has_its_chinese(collected):
    assert entries(collected, "--untranslated") == set()
    assert entries(collected, "--only-fuzzy") == set()


def test_the_catalogue_holds_no_text_of_yesterday(collected):
    assert entries(settings.BASE_DIR / CATALOGUE) == entries(collected)


def test_what_the_shop_reads_is_the_catalogue_compiled(collected, tmp_path):
    po = settings.BASE_DIR / CATALOGUE
    tool("msgfmt", "--check", "-o", str(tmp_path / "django.mo"), str(po))
    assert compiled(po.with_suffix(".mo")) == compiled(tmp_path / "django.mo")


# --- how it reads


@pytest.fixture
def pages(client, db):
    client.force_login(AdminFactory())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-hans"
    return client


def title_of(response):
    return re.search(r"<title>(.*?)</title>", response.content.decode())[1]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("catalog_goods", "商品"),
        ("catalog_banner", "轮播图"),
        ("accounts_staff", "员工"),
        ("accounts_role", "角色"),
    ],
)
def test_button_title_and_heading_of_a_new_thing_are_the_same_words(pages, model, name):
    button = text_of(pages.get(reverse(f"admin:{model}_changelist")))
    page = pages.get(reverse(f"admin:{model}_add"))
    assert f"新增{name}" in button
    assert title_of(page).startswith(f"新增{name} · ")
    assert f"<h1>新增{name}</h1>" in page.content.decode()


def test_what_django_says_reads_as_if_we_said_it(pages):
    category = CategoryFactory(name="坚果")
    address = reverse("admin:catalog_category_change", args=[category.pk])
    shown = inputs_of(pages.get(address))
    saved = pages.post(address, {**shown, "name": "炒货"}, follow=True)
    assert "已修改分类“炒货”。" in text_of(saved).replace(" ", "")
    gone = pages.get(reverse("admin:catalog_category_change", args=[999]), follow=True)
    assert "找不到 ID 为“999”的分类" in text_of(gone)
    unit = UnitFactory()
    typed = {
        **inputs_of(pages.get(reverse("admin:catalog_goods_add"))),
        "code": "A1",
        "name": "苹果",
        "price": "1.234",
        "category": str(category.pk),
        "unit": str(unit.pk),
    }
    refused = pages.post(reverse("admin:catalog_goods_add"), typed)
    assert "小数不能超过 2 位。" in text_of(refused)


def test_colons_and_commas_are_chinese(pages, client):
    goods = GoodsFactory(name="苹果")
    history = pages.get(reverse("admin:catalog_goods_history", args=[goods.pk]))
    assert "历史：" in text_of(history)
    verb = pages.post(
        reverse("admin:catalog_goods_changelist") + "verb/submit/",
        {"only": goods.pk},
        follow=True,
    )
    assert "提交审核：苹果" in text_of(verb)
    sync_roles()
    client.force_login(StaffFactory())
    missing = pages.get(reverse("admin:catalog_goods_add"))
    assert "采购、店长" in text_of(missing)


def test_the_way_back_names_nothing_twice(pages):
    for name in ("catalog_goods_review", "catalog_goods_changelist", "sheets_import"):
        page = pages.get(reverse(f"admin:{name}")).content.decode()
        crumbs = re.findall(r'class="crumb[^>]*>([^<]+)<', page)
        assert len(crumbs) == len(set(crumbs)), crumbs
