"""Takes the pictures of the README against a running demo.

    DEMO_ADMIN_PASSWORD=… make run          # in another terminal
    .venv/bin/python docs/screenshots.py http://127.0.0.1:8000 PASSWORD

Needs Chromium (CHROMIUM names it). It hands in a small sheet that is never confirmed,
so the demo stays as it is.
"""

import os
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "img"
#: of the paper, which a picture of the page has not
MARGIN = ".paper { padding: 14px !important; }"
SHEET = """code,name,category,unit,price,cost,origin
RX001,阿克苏冰糖心苹果,热销爆品,斤,8.20,5.20,新疆阿克苏
RX003,巨峰葡萄,热销爆品,斤,9.60,6.10,
NEW01,秘鲁蓝莓,葡提梅果,盒,"12,5元",8.60,秘鲁
NEW02,海南蜜瓜,西瓜/蜜瓜,斤,6.80,4.10,海南
NEW03,越南青柚,柑橘类,个,15.80,9.90,越南
"""


def signed_in(
    browser: Browser, base: str, password: str, language: str, width: int
) -> Page:
    """A page of somebody who may see everything."""
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 500 else 800},
        locale="zh-CN" if language == "zh" else "en-US",
        device_scale_factor=1,
    )
    page = context.new_page()
    page.goto(f"{base}/admin/login/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{base}/admin/")
    return page


def shoot(page: Page, name: str, part: str = "") -> None:
    """Save what is in view, or a part of it, in few colours: pictures of pages stay
    small."""
    IMAGES.mkdir(exist_ok=True)
    page.mouse.move(0, 0)
    taken = page.locator(part).first.screenshot() if part else page.screenshot()
    with Image.open(BytesIO(taken)) as shot:
        few = shot.convert("RGB").quantize(160, dither=Image.Dither.NONE)
    few.save(IMAGES / f"{name}.png", optimize=True)
    size = (IMAGES / f"{name}.png").stat().st_size
    sys.stdout.write(f"{name} {size // 1024} KiB\n")


def confirm_page(page: Page, base: str) -> None:
    """Tick goods in several states and ask for a verb; the demo is not changed."""
    page.goto(f"{base}/admin/catalog/goods/")
    for status in ("Approved", "On sale"):
        rows = page.locator("tr[data-row]", has=page.get_by_text(status, exact=True))
        for row in rows.all()[:3]:
            row.locator("input[name=_selected_action]").check()
    page.click(".bulk-verbs [data-verb=list]")
    page.wait_for_load_state()


def import_page(page: Page, base: str) -> None:
    """Hand in a sheet and look at its preview."""
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "morning.csv"
        sheet.write_text(SHEET, encoding="utf-8")
        page.goto(f"{base}/admin/sheets/batch/import/")
        page.set_input_files("input[type=file]", str(sheet))
        page.click("text=Check the file")
        page.wait_for_url("**/change/")


def review_page(page: Page, base: str) -> None:
    """A goods that was approved once and changed since, at the reviewer's desk."""
    page.goto(f"{base}/admin/catalog/goods/review/")
    desks = [
        str(link.get_attribute("href"))
        for link in page.locator("main table a", has_text="Review").all()
    ]
    for desk in desks:
        page.goto(base + desk)
        if page.locator("main .is-changed").count():
            return


def price_page(page: Page, base: str) -> None:
    """How the prices of one goods went."""
    page.goto(f"{base}/admin/catalog/goods/?q=RX001")
    page.locator("#result_list tbody a").first.click()
    page.click("main a:has-text('Prices')")
    page.wait_for_load_state()


def stock_page(page: Page, base: str) -> None:
    """Why one goods' stock is what it is."""
    page.goto(f"{base}/admin/stock/stockbalance/?q=RX004")
    page.locator("#result_list tbody a").first.click()
    page.wait_for_load_state()


def order_pages(page: Page, base: str) -> None:
    """The list of orders, one that is weighed (nothing is written), packing."""
    page.goto(f"{base}/admin/sales/order/")
    shoot(page, "orders-en")
    page.goto(f"{base}/admin/sales/order/packing/")
    shoot(page, "packing-en")
    page.locator(".desk-order", has_text="to weigh").first.locator(
        ".desk-act a"
    ).click()
    for row in page.locator(".weights tbody tr").all():
        ordered = row.locator("td.num .num").first.inner_text().split()[0]
        row.locator("input").fill(f"{float(ordered) * 0.97:.3f}")
    page.click(".weigh .save-bar button")
    page.wait_for_load_state()
    shoot(page, "weigh-en")
    page.goto(f"{base}/admin/sales/order/?tab=shipped")
    page.locator("#result_list tbody a").first.click()
    page.wait_for_load_state("networkidle")
    shoot(page, "order-en")


def papers(page: Page, base: str) -> None:
    """What comes out of the printer, as the browser prints it."""
    for name, label in (("paper-pick", "Pick list"), ("paper-slip", "Packing slips")):
        page.goto(f"{base}/admin/sales/order/packing/")
        page.click(f".page-tools a:has-text('{label}')")
        page.wait_for_load_state()
        page.set_viewport_size({"width": 560, "height": 790})
        page.emulate_media(media="print")
        page.add_style_tag(content=MARGIN)
        shoot(page, name, ".paper")
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{base}/admin/sales/order/?tab=completed&delivery=home")
    page.locator("#result_list tbody a").first.click()
    page.click(".page-tools a:has-text('Receipts')")
    page.wait_for_load_state()
    page.set_viewport_size({"width": 302, "height": 700})
    page.emulate_media(media="print")
    page.add_style_tag(content=MARGIN)
    shoot(page, "paper-receipt", ".paper")


def picture_page(page: Page, base: str) -> None:
    """A picture that is there, being cut to a square; nothing is saved."""
    page.goto(f"{base}/admin/catalog/goods/?q=RX004")
    page.locator("#result_list tbody a").first.click()
    page.wait_for_selector("[data-pictures] .picture-moves button")
    page.locator("[data-pictures] .picture-moves button").nth(2).click()
    page.wait_for_selector(".crop-frame:focus")
    for _step in range(4):
        page.keyboard.press("+")


def main() -> None:
    base, password = sys.argv[1].rstrip("/"), sys.argv[2]
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = signed_in(browser, base, password, "en", 1280)
        for name, path in {
            "home-en": "/admin/",
            "goods-en": "/admin/catalog/goods/?tab=on_sale",
        }.items():
            page.goto(base + path)
            shoot(page, name)
        review_page(page, base)
        shoot(page, "review-en")
        price_page(page, base)
        shoot(page, "prices-en")
        page.goto(f"{base}/admin/catalog/repricingrun/?tab=awaiting")
        page.locator("#result_list tbody a").first.click()
        page.wait_for_load_state()
        shoot(page, "run-en")
        stock_page(page, base)
        shoot(page, "stock-en")
        page.goto(f"{base}/admin/stock/replenishmentorder/morning/")
        shoot(page, "morning-en")
        order_pages(page, base)
        papers(signed_in(browser, base, password, "en", 1280), base)
        confirm_page(page, base)
        shoot(page, "confirm-en")
        picture_page(page, base)
        shoot(page, "picture-en")
        import_page(page, base)
        shoot(page, "import-en")
        phone = signed_in(browser, base, password, "zh", 390)
        phone.goto(f"{base}/admin/catalog/goods/?tab=on_sale")
        shoot(phone, "goods-phone-zh")
        browser.close()


if __name__ == "__main__":
    main()
