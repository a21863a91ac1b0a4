"""WeChat's answers, good and strange ones, and what never leaves the client."""

import json
import logging
import socket
from typing import Any

import pytest
from django.test import override_settings

from backoffice.accounts.checks import check_wechat
from backoffice.accounts.tests.standin import wechat
from backoffice.accounts.wechat import client, errors
from backoffice.accounts.wechat.client import Account, mobile_of, openid_of
from backoffice.demo.wechat import APPID, SECRET, Answers
from backoffice.demo.wechat import mobile_of as demo_mobile
from backoffice.demo.wechat import openid_of as demo_openid


def account(server: Any) -> Account:
    return Account(APPID, SECRET, server.base)


@pytest.fixture
def server():
    with wechat() as server:
        yield server


def test_a_code_gives_its_openid(server):
    assert openid_of(account(server), "demo-li") == demo_openid("demo-li")
    assert demo_openid("demo-li") != demo_openid("demo-wang")


def test_the_access_token_is_not_sent_with_a_login_code(server):
    openid_of(account(server), "demo-li")
    assert len(server.asked) == 1
    assert "access_token" not in server.asked[0]


def test_a_phone_code_gives_its_mobile(server):
    assert mobile_of(account(server), "demo-li") == demo_mobile("demo-li")
    mobile_of(account(server), "demo-wang")
    # one access token for both
    assert [line.split("?")[0] for line in server.asked] == [
        "POST /cgi-bin/stable_token",
        "POST /wxa/business/getuserphonenumber",
        "POST /wxa/business/getuserphonenumber",
    ]


FAULTS = [
    ("fail-40029", errors.CodeRefused),
    ("fail-40163", errors.CodeRefused),
    ("wrong", errors.CodeRefused),
    ("fail-40226", errors.PersonRefused),
    ("fail-45011", errors.TooOften),
    ("fail-45009", errors.TooOften),
    ("fail--1", errors.WechatError),
    ("fail-40013", errors.WechatError),
    ("fail-http", errors.WechatError),
]


@pytest.mark.parametrize("ask", [openid_of, mobile_of])
@pytest.mark.parametrize(("code", "error"), FAULTS)
def test_every_errcode_has_its_meaning(server, ask, code, error):
    with pytest.raises(errors.WechatError) as refusal:
        ask(account(server), code)
    assert type(refusal.value) is error


def test_a_busy_wechat_is_asked_once_more(server):
    with pytest.raises(errors.WechatError):
        openid_of(account(server), "fail--1")
    assert len(server.asked) == 2


def test_a_token_that_stays_invalid_is_renewed_once(server):
    for code in ("fail-40001", "fail-42001"):
        server.asked.clear()
        with pytest.raises(errors.WechatError):
            mobile_of(account(server), code)
        asked = [line.split("?")[0] for line in server.asked]
        assert asked.count("POST /wxa/business/getuserphonenumber") == 2
        assert 1 <= asked.count("POST /cgi-bin/stable_token") <= 2


def test_a_token_that_has_become_invalid_is_renewed(server):
    client._memory.set(f"{server.base}/cgi-bin/{APPID}", "an old one", 100)
    assert mobile_of(account(server), "demo-li") == demo_mobile("demo-li")


@pytest.mark.parametrize(
    "content",
    ["", "<html>", "[]", "null", '"x"', "7", "{", '{"openid": 7}', '{"openid": ""}',
     '{"openid": "a b"}', '{"openid": "' + "x" * 99 + '"}', "[" * 50_000],
)  # fmt: skip
def test_what_is_no_answer_is_none(content):
    class Strange(Answers):
        def do_GET(self):  # noqa: N802 - its name in http.server
            self._raw(content)

        def do_POST(self):  # noqa: N802 - its name in http.server
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if "stable_token" in self.path:
                self._answer({"access_token": "x", "expires_in": 7200})
            else:
                self._raw(content)

        def _raw(self, text):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    with wechat(Strange) as server:
        for ask in (openid_of, mobile_of):
            with pytest.raises(errors.WechatError):
                ask(account(server), "demo-li")


def _phone(**changes: Any) -> type[Answers]:
    mark = {"appid": changes.pop("appid", APPID), "timestamp": 0}
    phone = {"purePhoneNumber": "13800138000", "countryCode": "86", "watermark": mark}

    class Phone(Answers):
        def _by_code(self, code, success):
            self._answer({"errcode": 0, "phone_info": phone | changes})

    return Phone


def test_a_mobile_of_another_mini_program_does_not_count():
    strange = _phone(appid="wx-of-a-stranger")
    with wechat(strange) as server, pytest.raises(errors.WechatError):
        mobile_of(account(server), "demo-li")


def test_a_mobile_of_another_country_is_refused():
    abroad = _phone(countryCode="852")
    with wechat(abroad) as server, pytest.raises(errors.PersonRefused):
        mobile_of(account(server), "demo-li")


def test_a_redirect_is_not_followed():
    class Elsewhere(Answers):
        def do_GET(self):  # noqa: N802 - its name in http.server
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/steal")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with wechat(Elsewhere) as server, pytest.raises(errors.WechatError):
        openid_of(account(server), "demo-li")


def test_nothing_of_the_secret_is_logged_or_told(caplog):
    caplog.set_level(logging.INFO)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    for ask in (openid_of, mobile_of):
        with pytest.raises(errors.WechatError) as refusal:
            ask(Account(APPID, "the-secret", base), "the-code")
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__
        assert "secret" not in str(refusal.value)
    assert "the-secret" not in caplog.text
    assert "the-code" not in caplog.text


def test_a_slow_wechat_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(client, "TIMEOUT", (0.2, 0.2))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for ask in (openid_of, mobile_of):
            with pytest.raises(errors.WechatError):
                ask(Account(APPID, SECRET, base), "demo-li")


def test_without_an_account_it_is_not_set_up():
    with pytest.raises(errors.NotSetUp):
        openid_of(Account("", "", "http://127.0.0.1:1"), "demo-li")


def test_the_libraries_logs_are_kept_quiet(settings):
    for name in ("urllib3", "wechatpy"):
        assert settings.LOGGING["loggers"][name]["level"] == "INFO"


# --- the start --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, []),
        ({"WECHAT_API_BASE": "http://127.0.0.1:8601"}, ["accounts.E001"]),
        ({"WECHAT_API_BASE": "https://localhost:8601"}, ["accounts.E001"]),
        ({"WECHAT_API_BASE": "https://127.0.0.2"}, ["accounts.E001"]),
        ({"WECHAT_API_BASE": "https://[::1]:8601"}, ["accounts.E001"]),
        ({"WECHAT_API_BASE": "http://api.weixin.qq.com"}, ["accounts.E001"]),
        ({"WECHAT_API_BASE": "http://127.0.0.1:8601", "DEMO": True}, []),
        ({"WECHAT_APPID": "wx1"}, ["accounts.E002"]),
        ({"WECHAT_SECRET": "x"}, ["accounts.E002"]),
        ({"WECHAT_APPID": "wx1", "WECHAT_SECRET": "x"}, []),
    ],
)
def test_a_stand_in_is_never_taken_into_production(changes, ids):
    with override_settings(**{"DEMO": False, "DEBUG": False, **changes}):
        assert [error.id for error in check_wechat()] == ids


def test_the_stand_in_listens_on_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"


def test_the_stand_in_checks_the_secret(server):
    with pytest.raises(errors.WechatError):
        openid_of(Account(APPID, "wrong", server.base), "demo-li")


def test_the_stand_in_never_gives_a_session_key_away(server):
    assert "session" not in json.dumps(openid_of(account(server), "demo-li"))
