"""Pictures in a real browser: photographs chosen, put in order, cut, sent and shown."""

import base64
import io
import os
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django_q.models import OrmQ
from PIL import Image

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.files import tasks
from backoffice.testing import chromium_path
from catalog.models import Banner, Goods
from catalog.tests.factories import BannerFactory, GoodsFactory
from catalog.tests.pages import url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PARTS = ".pictures [data-previews] .picture-item"


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    # the test's own queries run beside the driver's event loop
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium_path(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium, live_server, client, settings, tmp_path):
    """A page of somebody who may do everything; it complained of nothing."""
    settings.MEDIA_ROOT = tmp_path / "media"
    client.force_login(AdminFactory())
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1280, "height": 900}, locale="en"
    )
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([{**cookie, "url": live_server.url}])
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if line.type == "error" else None,
    )
    yield page
    context.close()
    assert faults == []


def photograph(path, seed, size=(1600, 1200)):
    """A file as a camera writes it: noise that does not pack, of one colour at most."""
    noise = Image.effect_noise(size, 60)
    flat = Image.new("L", size, 0)
    bands = [noise if at == seed % 3 else flat for at in range(3)]
    Image.merge("RGB", bands).save(path, "JPEG", quality=90)
    return str(path)


def colour(name):
    with default_storage.open(name) as file, Image.open(file) as image:
        pixels = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    return "rgb"[pixels.index(max(pixels))]


def stored(goods):
    return [str(p.image) for p in goods.pictures.order_by("sequence", "pk")]


def save_and_stay(page):
    with page.expect_navigation(timeout=60_000):
        page.locator("[name=_continue]").click()


def make_thumbnails():
    for row in OrmQ.objects.all():
        package = row.task
        if package["func"] == "backoffice.files.tasks.make_thumbnails":
            row.delete()
            tasks.make_thumbnails(*package["args"])


def test_new_pictures_are_put_in_order_cut_and_shown_when_ready(page, tmp_path):
    goods = GoodsFactory()
    files = [photograph(tmp_path / f"{n}.jpg", n) for n in range(3)]
    page.goto(url("goods", "change", goods.pk))
    page.set_input_files("#id_new_pictures", files[:2])
    # a second choice adds to the first
    page.set_input_files("#id_new_pictures", files[2:])
    items = page.locator(PARTS)
    assert items.count() == 3
    # by keys alone: the last one to the front, the second is cut
    items.nth(2).locator("button").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert items.nth(0).inner_text().startswith("2.jpg")
    items.nth(1).locator("button").nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.crop[open]")
    page.wait_for_selector(".crop-frame:focus")
    for _ in range(3):
        page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.locator("dialog.crop .el-button--primary").focus()
    page.keyboard.press("Enter")
    parts = page.input_value("#id_new_crops").split(";")
    assert [bool(part) for part in parts] == [False, True, False]
    save_and_stay(page)
    kept = list(goods.pictures.all())
    assert [colour(name) for name in stored(goods)] == ["b", "r", "g"]
    assert [p.width == p.height for p in kept] == [False, True, False]
    assert kept[0].is_main
    # until the small copies are made the shop answers with a placeholder
    first = page.locator("[data-pictures] img[data-thumbnail]").first
    assert page.request.get(first.get_attribute("src")).headers["content-type"] == (
        "image/png"
    )
    make_thumbnails()
    page.wait_for_selector("img[data-thumbnail][src*='?']")
    answer = page.request.get(first.get_attribute("src"))
    assert answer.headers["content-type"] in ("image/webp", "image/jpeg")


def test_what_was_chosen_stays_when_something_else_is_wrong(page, tmp_path):
    goods = GoodsFactory(name="桃")
    page.goto(url("goods", "change", goods.pk))
    page.set_input_files("#id_new_pictures", photograph(tmp_path / "0.jpg", 0))
    page.fill("#id_name", "")
    page.locator("[name=_continue]").click()
    page.wait_for_selector(".field-name.errors, .form-row.errors #id_name")
    assert page.locator(PARTS).count() == 1
    assert not goods.pictures.exists()
    page.fill("#id_name", "水蜜桃")
    save_and_stay(page)
    goods.refresh_from_db()
    assert (goods.name, len(stored(goods))) == ("水蜜桃", 1)


def test_pictures_are_dropped_and_a_bar_shows_how_far_they_are(page, tmp_path):
    goods = GoodsFactory()
    files = [photograph(tmp_path / f"{n}.jpg", n, (2400, 1800)) for n in range(3)]
    page.goto(url("goods", "change", goods.pk))
    dropped = page.evaluate_handle(
        """async names => {
            const data = new DataTransfer();
            for (const [name, bytes] of names)
                data.items.add(new File([Uint8Array.from(atob(bytes), c => c.charCodeAt(0))], name, {type: 'image/jpeg'}));
            return data;
        }""",
        [[Path(f).name, _base64(f)] for f in files],
    )
    page.dispatch_event("[data-picture-drop]", "drop", {"dataTransfer": dropped})
    assert page.locator(PARTS).count() == 3
    seen = _watched(page)
    with page.expect_request(lambda r: r.method == "POST") as request:
        save_and_stay(page)
    assert request.value.headers["x-shows-progress"] == "1"
    assert len(stored(goods)) == 3
    assert any("MB are sent" in words or "being checked" in words for words in seen)


def _watched(page):
    """What the bar says, as it says it."""
    seen = []
    page.expose_function("tell", lambda words: seen.append(words))
    page.evaluate(
        """() => {
            const bar = document.querySelector('[data-picture-progress]');
            new MutationObserver(() => window.tell(bar.innerText))
                .observe(bar, {subtree: true, childList: true, characterData: true});
        }"""
    )
    return seen


def _base64(path):
    return base64.b64encode(Path(path).read_bytes()).decode()


def test_a_banner_is_cut_to_the_carousels_shape(page, tmp_path):
    banner = BannerFactory()
    page.goto(url("banner", "change", banner.pk))
    page.set_input_files("#id_image", photograph(tmp_path / "0.jpg", 0, (1600, 1600)))
    page.wait_for_selector("dialog.crop[open]")
    page.wait_for_selector(".crop-frame:focus")
    page.locator("dialog.crop .el-button--primary").click()
    assert page.locator(".crop-preview").is_visible()
    save_and_stay(page)
    kept = Banner.objects.get()
    assert abs(kept.width / kept.height - 75 / 32) < 0.01


@pytest.mark.real_data
def test_photographs_go_through_the_form(page, real_data):
    files = sorted((real_data / "images" / "photos").glob("*.jpg"))[:12]
    assert files, "the photographs are beside the sheets"
    goods = GoodsFactory()
    page.goto(url("goods", "change", goods.pk))
    page.set_input_files("#id_new_pictures", [str(f) for f in files])
    assert page.locator(PARTS).count() == len(files)
    save_and_stay(page)
    names = stored(goods)
    assert len(names) == len(files)
    for file, name in zip(files, names, strict=True):
        with default_storage.open(name) as kept, Image.open(kept) as image:
            assert image.format == "JPEG"
            assert not image.getexif()
        assert _alike(file.read_bytes(), name), file.name
    assert Goods.objects.get(pk=goods.pk).image == names[0]


def _alike(content, name):
    """The same picture, as far as an eye sees it."""
    small = []
    with default_storage.open(name) as kept:
        for source in (io.BytesIO(content), kept):
            with Image.open(source) as image:
                small.append(list(image.convert("RGB").resize((8, 8)).tobytes()))
    return max(abs(a - b) for a, b in zip(*small, strict=True)) < 16
