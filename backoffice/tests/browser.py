"""A real browser for tests: the fixtures, and what is asked of every page."""

import os

import pytest

from backoffice.accounts.tests.factories import AdminFactory

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
#: every text that can be seen, against the first opaque background behind it (WCAG AA)
CONTRAST = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = c => { const f = c.slice(0, 3).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > .98) return c; } return [255, 255, 255, 1]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (style.visibility === "hidden" || box.width < 2 || box.height < 2 || !e.checkVisibility() || e.closest("svg, script, [disabled], .sort-sign")) continue;
    const a = light(parse(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const size = parseFloat(style.fontSize), big = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (big ? 3 : 4.5)) found.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.trim().slice(0, 30)}`);
  }
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    # the test's own queries run beside the driver's event loop
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(chromium, live_server, client):
    """open_page(width=…, theme=…, scripts=…) → a page, signed in; what it complained of
    and asked other hosts for is in `page.faults`."""
    client.force_login(AdminFactory(nickname="王店长"))
    session = client.cookies["sessionid"].value
    contexts = []

    def open_one(width=1280, theme="light", scripts=True):
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            locale="en-GB",
            java_script_enabled=scripts,
            base_url=live_server.url,
        )
        contexts.append(context)
        cookies = {"sessionid": session, "theme": theme}
        context.add_cookies(
            [
                {"name": n, "value": v, "url": live_server.url}
                for n, v in cookies.items()
            ]
        )
        page = context.new_page()
        page.faults = []
        page.on(
            "console",
            lambda m: page.faults.append(m.text) if m.type == "error" else None,
        )
        page.on("pageerror", lambda e: page.faults.append(str(e)))
        page.on(
            "request",
            lambda r: (
                page.faults.append(r.url)
                if not r.url.startswith((live_server.url, "data:", "blob:"))
                else None
            ),
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
