"""The simulator itself: what it keeps, whom it believes, where it starts."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from sales.gateway import GatewayError, PaymentState, Reason, open_gateway
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.simulator import FaultKind, Simulator, Target
from sales.simulator.faults import fits
from sales.simulator.identity import Identity
from sales.simulator.signing import v2_sign, xml
from sales.simulator.tests.test_notices import copy_identity
from sales.simulator.wiring import config_for

ROOT = Path(__file__).resolve().parents[3]
NUMBER = "P20261124-0001"


def fetch(
    url: str, body: bytes | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *about: Any) -> None:
            return None

    opener = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
    asked = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310
    try:
        with opener.open(asked, timeout=5) as reply:
            return reply.status, reply.read().decode(), dict(reply.headers)
    except urllib.error.HTTPError as reply:
        with reply:
            return reply.code, reply.read().decode(), dict(reply.headers)


# --- what it keeps ---------------------------------------------------------------


def test_a_restart_forgets_nothing(wechat, tmp_path):
    copy_identity(wechat.identity, tmp_path)
    with Simulator(tmp_path, delivers=False) as first:
        gateway = open_gateway(first.config("v3"))
        prepay = gateway.create(new_payment())
        first.pay(NUMBER)
        gateway.refund(new_refund())
        first.add_fault(FaultKind.LOST, Target.REFUND_NOTICE)
        identity = first.identity
    with Simulator(tmp_path, delivers=False) as second:
        assert second.identity == identity
        gateway = open_gateway(second.config("v3"))
        assert gateway.query(NUMBER).state is PaymentState.REFUNDED
        assert second.order(NUMBER).prepay_id == prepay.prepay_id
        assert gateway.query_refund("P20261124r1").refund_fen == 800
        [notice] = second.take_notices()
        assert gateway.read_payment_notice(notice.body, notice.headers)
        assert len(second.fault_book.waiting()) == 1


def test_two_processes_make_one_identity(tmp_path):
    program = (
        "import sys, pathlib; from sales.simulator.identity import Identity\n"
        "print(Identity.load_or_make(pathlib.Path(sys.argv[1])).mch_id)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "new")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = {process.communicate(timeout=60)[0] for process in started}
    assert len(told) == 1
    for file in (tmp_path / "new").glob("*.pem"):
        assert file.stat().st_mode & 0o077 == 0
    assert "api_key" not in repr(Identity.load_or_make(tmp_path / "new"))


def test_reset_keeps_the_merchant(wechat, gateway):
    gateway.create(new_payment())
    wechat.reset()
    assert wechat.orders() == []
    gateway.create(new_payment())


def test_a_prepay_id_lives_two_hours(wechat, gateway):
    from datetime import timedelta

    order = new_payment()
    order = new_payment(expire_at=order.start_at + timedelta(days=1))
    first = gateway.create(order)
    wechat.advance(2 * 3600 + 1)
    try:
        assert gateway.create(order) != first
    finally:
        wechat.advance(-2 * 3600 - 1)


# --- whom it believes ------------------------------------------------------------


def test_v2_requests_must_be_signed_and_ours(wechat):
    fields = {
        "appid": wechat.identity.appid,
        "mch_id": wechat.identity.mch_id,
        "nonce_str": "n",
        "out_trade_no": NUMBER,
    }
    url = f"{wechat.base_url}/pay/orderquery"
    key = wechat.identity.api_key

    def said(told: dict[str, str], key: str = key) -> str:
        return fetch(url, xml({**told, "sign": v2_sign(told, key)}))[1]

    assert "ORDERNOTEXIST" in said(fields)
    assert "签名错误" in said(fields, "0" * 32)
    assert "appid不存在" in said({**fields, "appid": "wx1"})
    assert "mch_id不存在" in said({**fields, "mch_id": "1"})
    assert "XML格式错误" in fetch(url, b"x")[1]
    assert "post方法" in fetch(url)[1]


@pytest.mark.parametrize(
    "header",
    ["", "Basic abc", 'WECHATPAY2-SHA256-RSA2048 mchid="1",signature="x"'],
)
def test_v3_requests_must_be_signed(wechat, header):
    url = f"{wechat.base_url}/v3/pay/transactions/out-trade-no/x?mchid=1"
    status, body, headers = fetch(url, Authorization=header)
    assert status == 401
    assert json.loads(body)["code"] == "SIGN_ERROR"
    assert headers["Wechatpay-Serial"] == wechat.identity.public_key_id


def test_another_merchants_key_is_refused(wechat, tmp_path):
    other = Identity.load_or_make(tmp_path)
    for api in ("v2", "v3"):
        config = config_for(other, wechat.base_url, api)
        with pytest.raises(GatewayError):
            open_gateway(config).query(NUMBER)
    assert wechat.orders() == []


def test_faults_must_be_able_to_happen(wechat):
    with pytest.raises(ValueError, match="cannot happen"):
        wechat.add_fault(FaultKind.LOST, Target.QUERY)
    with pytest.raises(ValueError, match="REFUSE its code"):
        wechat.add_fault(FaultKind.REFUSE, Target.QUERY)
    with pytest.raises(ValueError, match="times"):
        wechat.add_fault(FaultKind.SERVER_ERROR, Target.QUERY, times=0)
    for kind in FaultKind:
        assert any(fits(kind, target) for target in Target)


def test_a_fault_happens_as_often_as_was_asked_for(wechat, gateway):
    wechat.add_fault(FaultKind.SERVER_ERROR, Target.CREATE, times=2)
    wechat.add_fault(FaultKind.SYSTEM_ERROR, Target.CREATE)
    order = new_payment()
    reasons = []
    for _ in range(3):
        with pytest.raises(GatewayError) as caught:
            gateway.create(order)
        reasons.append((caught.value.reason, caught.value.code))
    gateway.create(order)
    assert [reason for reason, _ in reasons] == [Reason.FAULT] * 3
    assert [bool(code) for _, code in reasons] == [False, False, True]
    assert len(wechat.calls(Target.CREATE)) == 4
    assert wechat.calls()[0]["number"] == NUMBER


# --- the page ----------------------------------------------------------------------


def page(wechat: Simulator, language: str = "en") -> str:
    status, html, headers = fetch(
        f"{wechat.base_url}/", **{"Accept-Language": language}
    )
    assert status == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    return html


def press(wechat: Simulator, path: str, body: bytes = b"", **headers: str) -> int:
    return fetch(f"{wechat.base_url}{path}", body, **headers)[0]


def test_the_page_speaks_both_languages_and_escapes(wechat, gateway):
    assert "No payment was asked for yet" in page(wechat)
    gateway.create(new_payment(description="<script>alert(1)</script>"))
    english, chinese = page(wechat), page(wechat, "zh-CN,zh;q=0.9")
    assert "waits for the payer" in english
    assert "<script>" not in english
    assert "68.00" in english
    assert 'lang="zh-hans"' in chinese
    assert "等待付款" in chinese
    assert page(wechat, "fr, *") == page(wechat, "zh-CN")
    assert "http://" not in english.replace(wechat.base_url, "")
    assert wechat.identity.api_key not in english


@pytest.mark.parametrize(
    ("act", "state"),
    [
        ("pay", "SUCCESS"),
        ("twice", "SUCCESS"),
        ("late", "SUCCESS"),
        ("fail", "PAYERROR"),
        ("typing", "USERPAYING"),
    ],
)
def test_a_press_on_a_payment(wechat, gateway, act, state):
    gateway.create(new_payment())
    assert press(wechat, f"/orders/{NUMBER}/{act}") == 303
    assert wechat.order(NUMBER).state == state
    page(wechat)
    notices = len(wechat.take_notices())
    assert notices == {"pay": 1, "twice": 2}.get(act, 0)


@pytest.mark.parametrize(
    ("act", "state"),
    [("succeed", "SUCCESS"), ("close", "CLOSED"), ("abnormal", "ABNORMAL")],
)
def test_a_press_on_a_refund(wechat, gateway, act, state):
    gateway.create(new_payment("P|*123456"))
    wechat.pay("P|*123456")
    gateway.refund(new_refund("r|*@1", out_trade_no="P|*123456"))
    assert press(wechat, f"/refunds/r%7C%2A%401/{act}") == 303
    assert wechat.refund("r|*@1").state == state
    page(wechat)


def test_notices_and_faults_are_pressed_too(wechat, gateway):
    gateway.create(new_payment())
    wechat.pay(NUMBER, delay=60)
    assert wechat.take_notices() == []
    press(wechat, f"/notices/{wechat.notices()[0].id}/now")
    assert len(wechat.take_notices()) == 1
    press(wechat, f"/notices/{NUMBER}/again", b"kind=payment_notice")
    assert len(wechat.take_notices()) == 1
    press(wechat, "/faults/new/add", b"what=refund:refuse&times=3&code=NOT_ENOUGH")
    [fault] = wechat.fault_book.waiting()
    assert (fault.kind, fault.target, fault.times) == (
        FaultKind.REFUSE,
        Target.REFUND,
        3,
    )
    assert "NOT_ENOUGH" in page(wechat)
    press(wechat, "/faults/all/clear")
    assert wechat.fault_book.waiting() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/orders/nobody/pay", b""),
        ("/faults/new/add", b"what=bill:lost"),
        ("/faults/new/add", b"what=x"),
        ("/notices/x/now", b""),
        ("/notices/x/again", b"kind=x"),
    ],
)
def test_a_press_that_cannot_be_says_so(wechat, path, body):
    status, _, headers = fetch(f"{wechat.base_url}{path}", body)
    assert status == 303
    assert headers["Location"].startswith("/?said=")


def test_other_sites_press_nothing(wechat, gateway):
    gateway.create(new_payment())
    path = f"/orders/{NUMBER}/pay"
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
    ):
        assert press(wechat, path, **headers) == 403
    assert wechat.order(NUMBER).state == "NOTPAY"
    assert press(wechat, path, Origin=wechat.base_url) == 303
    assert press(wechat, "/orders/x/steal") == 404
    assert fetch(f"{wechat.base_url}/nothing")[0] == 404
    assert fetch(f"{wechat.base_url}/../settings.py")[0] == 404


def test_the_page_brings_its_styles_and_the_bill(wechat, gateway):
    for name in ("base.css", "simulator.css"):
        status, css, headers = fetch(f"{wechat.base_url}/{name}")
        assert status == 200
        assert css
        assert headers["Content-Type"].startswith("text/css")
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    from sales.simulator.rows import clock_time

    day = f"{clock_time(wechat.books.now()):%Y%m%d}"
    status, text, _ = fetch(f"{wechat.base_url}/bill?day={day}")
    assert status == 200
    assert NUMBER in text
    assert fetch(f"{wechat.base_url}/bill?day=20000101")[0] == 404
    assert fetch(f"{wechat.base_url}/bill?day=x")[0] == 404


# --- where it starts ---------------------------------------------------------------


def test_it_does_not_start_in_a_real_shop(settings):
    settings.DEBUG = settings.DEMO = False
    with pytest.raises(CommandError, match="This shop is real"):
        call_command("wechat_simulator", "--port", "0")


def test_it_says_when_its_port_is_taken(settings, wechat):
    settings.DEMO = True
    port = wechat.base_url.rsplit(":", 1)[1]
    with pytest.raises(CommandError, match="cannot listen"):
        call_command(
            "wechat_simulator",
            f"--port={port}",
            f"--directory={wechat.identity.directory}",
        )
    with pytest.raises(CommandError, match="above 0"):
        call_command("wechat_simulator", "--speed=0")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_command_runs_until_it_is_stopped(wechat, tmp_path, end):
    copy_identity(wechat.identity, tmp_path)
    command = [
        *(sys.executable, "manage.py", "wechat_simulator", "--port=0"),
        *(f"--directory={tmp_path}", "--refund-seconds=-1"),
    ]
    environment = {"SECRET_KEY": "x", "DEMO": "on", "PATH": "/usr/bin"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            base_url = line.split()[-1].rstrip("/")
            gateway = open_gateway(config_for(wechat.identity, base_url, "v2"))
            gateway.create(new_payment())
            process.send_signal(end)
            rest = process.communicate(timeout=20)[0]
        finally:
            process.kill()
    assert ("Stopped." in rest) == (end is not signal.SIGKILL)
    with Simulator(tmp_path, delivers=False) as again:
        assert again.order(NUMBER).amount == 6800
