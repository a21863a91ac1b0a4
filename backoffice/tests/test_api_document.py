"""The OpenAPI document tells the truth, and its page needs no other host."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client, override_settings
from hypothesis import HealthCheck
from hypothesis import settings as effort
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from backoffice.accounts import tokens
from backoffice.accounts.api import limits
from backoffice.accounts.tests.factories import UserFactory
from backoffice.accounts.tests.standin import wechat
from backoffice.base.api.envelope import CODES
from backoffice.base.api.throttling import Limit
from backoffice.base.wsgi import Handler
from catalog.models import GoodsPicture
from catalog.tests.factories import (
    BannerFactory,
    BrandFactory,
    OnSaleGoodsFactory,
    PieceFactory,
)

#: every path of the contract, with the methods that it has
PATHS = {
    "/areas": "get",
    "/auth/login": "post",
    "/auth/logout": "post",
    "/auth/logout-all": "post",
    "/auth/password": "post",
    "/auth/refresh": "post",
    "/auth/register": "post",
    "/auth/wechat": "post",
    "/auth/wechat/bind": "post",
    "/auth/wechat/link": "post",
    "/banners": "get",
    "/cart": "get",
    "/cart/lines": "post",
    "/cart/lines/{id}": "delete patch",
    "/cart/quote": "get",
    "/cart/ticked": "put",
    "/categories": "get",
    "/goods": "get",
    "/goods/{id}": "get",
    "/files": "post",
    "/me": "get patch",
    "/me/addresses": "get post",
    "/me/addresses/{id}": "delete patch",
    "/me/points": "get",
    "/orders": "get post",
    "/orders/{order_no}": "get",
    "/orders/{order_no}/cancel": "post",
    "/orders/{order_no}/confirm": "post",
    "/orders/{order_no}/pay": "post",
    "/orders/{order_no}/refunds": "get post",
    "/quote": "post",
}


@pytest.fixture
def document():
    answer = Client(headers={"accept-language": "en"}).get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def shop(db, settings, tmp_path, monkeypatch):
    """A shelf on which every field takes each of its forms."""
    settings.MEDIA_ROOT = tmp_path
    # as Django's own test client does: the connection belongs to the test
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    OnSaleGoodsFactory(code="A", name="红富士")
    goods = OnSaleGoodsFactory(
        code="B",
        name="雪花梨",
        brand=BrandFactory(),
        case_unit=PieceFactory(),
        case_size=10,
        case_price=30,
        case_enabled=True,
        image="goods/b.jpg",
    )
    GoodsPicture.objects.create(
        goods=goods, image="goods/b.jpg", width=1, height=1, is_main=True
    )
    BannerFactory(link="/pages/goods/detail?id=1")
    BannerFactory(link="https://example.com/")
    # a limit that is reached would hide what comes after it
    for name, limit in vars(limits).items():
        if isinstance(limit, Limit):
            monkeypatch.setattr(limits, name, Limit(limit.name, 10**6, limit.seconds))
    for name in ("LOGIN_PER_MINUTE", "REGISTER_PER_HOUR"):
        monkeypatch.setenv(f"SHOP_{name}", "100000")
    with wechat():
        yield UserFactory(mobile="13800138000", email="fang@shop.cn")
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", Handler())
described.config.generation.update(deterministic=True)


@described.parametrize()
@effort(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_answer_is_outside_the_document(shop, case):
    """Whatever is asked, by a stranger or by who is signed in."""
    # a body that fits the schema may still name a mobile that is taken
    beyond = [positive_data_acceptance] if case.operation.body else []
    if not case.operation.definition.raw.get("security"):
        case.call_and_validate(excluded_checks=beyond)
        return
    answer = case.call()
    stranger = answer.status_code
    assert stranger in (400, 401, 405, 413, 415) or case.method == "OPTIONS"
    sent = parse_qs(urlsplit(answer.request.url).query, keep_blank_values=True)
    if set(case.query or {}) - set(sent):
        # what was wrong has no form in an address (an empty list), so it was not sent
        beyond = [*beyond, negative_data_rejection]
    header = f"JWT-TOKEN {tokens.issue(shop).access}"
    case.call_and_validate(
        headers={"Authorization": header}, excluded_checks=[*beyond, ignored_auth]
    )


def operations(document):
    return {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }


def test_document_describes_every_call(document):
    assert document["openapi"].startswith("3.")
    found = {
        path.removeprefix("/api/v1"): " ".join(sorted(methods))
        for path, methods in document["paths"].items()
    }
    assert found == PATHS
    for operation in operations(document).values():
        assert operation["summary"]
        assert operation["description"]
        assert operation["responses"].keys() & {"200", "201"}
        assert "default" in operation["responses"]
        for parameter in operation.get("parameters", []):
            assert parameter["name"] == "id" or parameter["description"]


def test_document_describes_refusals_in_the_envelope(document):
    failure = {"$ref": "#/components/schemas/Failure"}
    for operation in operations(document).values():
        for status, response in operation["responses"].items():
            schema = response["content"]["application/json"]["schema"]
            assert (schema == failure) is (status not in ("200", "201"))
    schemas = document["components"]["schemas"]
    assert set(schemas["Failure"]["required"]) == {"code", "error", "msg", "data"}
    assert schemas["Failure"]["properties"]["error"]["enum"] == list(CODES)


def test_document_leaves_no_schema_without_use(document):
    text = Client().get("/api/v1/openapi.json").content.decode()
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text


def test_codes_are_numbered_once_and_fit_their_status():
    assert len(set(CODES.values())) == len(CODES)
    assert all(400 <= code // 100 <= 503 for code in CODES.values())


def test_document_and_page_are_only_read():
    client = Client()
    for path in ("/api/v1/openapi.json", "/api/v1/docs"):
        assert client.post(path).status_code == 405
        assert client.head(path).status_code == 200


# --- the page --------------------------------------------------------------------------


@pytest.fixture
def page():
    return Client(headers={"accept-language": "en"}).get("/api/v1/docs")


def test_page_is_open_and_strict(page):
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_page_names_only_files_of_our_own(page):
    text = page.content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert addresses
    for address in addresses:
        assert re.match(r"/(?!/)", address)
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    # nothing inline: the policy would refuse it
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)


def test_vendored_files_ask_no_other_host():
    folder = Path(settings.BASE_DIR) / "static/backoffice/vendor/swagger-ui"
    styles = (folder / "swagger-ui.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(['\"]?(?!['\"]?data:)|@import", styles)
    script = (folder.parent.parent / "js/api.js").read_text(encoding="utf-8")
    # else swagger-ui would send the document's address to its own validator
    assert "validatorUrl: null" in script


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_page_and_document_speak_the_readers_language(language):
    client = Client(headers={"accept-language": language})
    assert f'lang="{language}"' in client.get("/api/v1/docs").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert 'lang="en"' in client.get("/api/v1/docs").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_page_works_in_a_browser_under_its_policy(live_server):
    from playwright.sync_api import sync_playwright

    from backoffice.testing import chromium_path

    user = UserFactory()
    token = tokens.issue(user).access
    seen, broken = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(locale="en")
        page.on("request", lambda request: seen.append(request.url))
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on(
            "console",
            lambda message: (
                broken.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        with override_settings(ALLOWED_HOSTS=["*"]):
            page.goto(f"{live_server.url}/api/v1/docs")
            page.wait_for_selector("#operations-shop-list_goods")
            page.click("#operations-shop-list_goods .opblock-summary-control")
            page.click(".execute")
            page.wait_for_selector(".live-responses-table")
            assert '"code": 0' in page.inner_text(".live-responses-table")
            # with a token, the calls of customers too
            page.click(".scheme-container button.authorize")
            page.fill(".dialog-ux input", token)
            page.click(".dialog-ux button.authorize")
            page.click(".dialog-ux .btn-done")
            page.click("#operations-account-get_me .opblock-summary-control")
            page.click("#operations-account-get_me .execute")
            page.wait_for_selector("#operations-account-get_me .live-responses-table")
            told = page.inner_text("#operations-account-get_me .live-responses-table")
            assert user.username in told
        browser.close()
    assert broken == []
    assert all(address.startswith(live_server.url) for address in seen)
