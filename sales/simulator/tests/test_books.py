"""What the gateway's side of the books allows, and what not."""

import http.client
import json

import pytest

from sales.gateway import PaymentState
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.simulator.refusals import Refusal, named
from sales.simulator.signing import v2_sign, xml
from sales.simulator.tests.test_simulator import fetch

NUMBER = "P20261124-0001"


def refused(call, *args: object, **more: object) -> str:
    with pytest.raises(Refusal) as caught:
        call(*args, **more)
    return caught.value.words.v2


def test_what_cannot_be_paid(wechat, gateway):
    assert refused(wechat.pay, NUMBER) == "ORDERNOTEXIST"
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    for press in (wechat.pay, wechat.fail, wechat.begin_paying):
        assert refused(press, NUMBER) == "ORDERPAID"
    gateway.create(new_payment("P20261124-0002"))
    gateway.close("P20261124-0002")
    for press in (wechat.pay, wechat.fail):
        assert refused(press, "P20261124-0002") == "ORDERCLOSED"


def test_a_closed_order_may_be_paid_late_as_in_a_race(wechat, gateway):
    gateway.create(new_payment())
    gateway.close(NUMBER)
    wechat.pay(NUMBER, is_late=True)
    assert gateway.query(NUMBER).state is PaymentState.PAID
    [notice] = wechat.take_notices()
    assert gateway.read_payment_notice(notice.body, notice.headers).amount_fen == 6800


def test_a_prepay_id_that_is_too_old_is_not_paid(wechat, gateway):
    order = new_payment()
    order = new_payment(expire_at=order.start_at.replace(year=order.start_at.year + 1))
    gateway.create(order)
    wechat.advance(2 * 3600 + 1)
    try:
        assert refused(wechat.pay, NUMBER) == "ORDERCLOSED"
    finally:
        wechat.advance(-2 * 3600 - 1)


def test_refunds_that_are_not_there(wechat):
    assert refused(wechat.finish_refund, "nobody") == "REFUNDNOTEXIST"
    assert refused(wechat.refund, "nobody") == "REFUNDNOTEXIST"


def test_a_refund_ends_once(wechat, gateway):
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    gateway.refund(new_refund())
    assert wechat.finish_refund("P20261124r1").state == "SUCCESS"
    assert wechat.finish_refund("P20261124r1", "CLOSED").state == "SUCCESS"


def test_codes_of_faults_keep_their_status():
    assert named("FREQUENCY_LIMITED").words.status == 429
    assert named("ORDER_NOT_EXIST").words.status == 404
    assert named("NEW").words.status == 400


# --- by hand, as other clients would ask -------------------------------------------


def ask_v2(wechat, path: str, **fields: str) -> str:
    told = {
        "appid": wechat.identity.appid,
        "mch_id": wechat.identity.mch_id,
        "nonce_str": "n",
        **fields,
    }
    body = xml({**told, "sign": v2_sign(told, wechat.identity.api_key)})
    return fetch(f"{wechat.base_url}{path}", body)[1]


def test_v2_asks_by_the_gateways_own_number_too(wechat, gateway):
    gateway.create(new_payment())
    transaction_id = wechat.pay(NUMBER).transaction_id
    told = ask_v2(wechat, "/pay/orderquery", transaction_id=transaction_id)
    assert NUMBER in told
    nobody = ask_v2(wechat, "/pay/orderquery", transaction_id="4200")
    assert "ORDERNOTEXIST" in nobody
    by_order = {"out_trade_no": NUMBER}
    assert "REFUNDNOTEXIST" in ask_v2(wechat, "/pay/refundquery", **by_order)
    gateway.refund(new_refund())
    gateway.refund(new_refund("P20261124r2"))
    both = ask_v2(wechat, "/pay/refundquery", **by_order)
    assert "<refund_count>2</refund_count>" in both
    assert "out_refund_no_1" in both


@pytest.mark.parametrize(
    "changes",
    [
        {"openid": ""},
        {"total_fee": "68.00"},
        {"total_fee": "0"},
        {"body": "果" * 43},
        {"time_expire": "soon"},
        {"time_expire": "20200101000000"},
    ],
)
def test_v2_refuses_fields_that_are_wrong(wechat, changes):
    fields = {
        "body": "苹果",
        "out_trade_no": NUMBER,
        "total_fee": "1",
        "spbill_create_ip": "127.0.0.1",
        "notify_url": "http://127.0.0.1:9/pay",
        "trade_type": "JSAPI",
        "openid": "o",
        **changes,
    }
    assert "PARAM_ERROR" in ask_v2(wechat, "/pay/unifiedorder", **fields)
    assert wechat.orders() == []


def test_an_order_without_an_end_lives_a_week(wechat):
    fields = {
        "body": "苹果",
        "out_trade_no": NUMBER,
        "total_fee": "1",
        "spbill_create_ip": "127.0.0.1",
        "notify_url": "http://127.0.0.1:9/pay",
        "trade_type": "JSAPI",
        "openid": "o",
    }
    assert "prepay_id" in ask_v2(wechat, "/pay/unifiedorder", **fields)
    order = wechat.order(NUMBER)
    assert round(order.expire_at - order.created_at) == 7 * 86400


def ask_v3(gateway, method: str, path: str, told: object = None) -> tuple[int, dict]:
    from wechatpayv3.type import RequestType

    status, body = gateway._core.request(path, RequestType[method], told)
    return status, json.loads(body)


@pytest.fixture
def v3(wechat):
    from sales.gateway import open_gateway

    return open_gateway(wechat.config("v3"))


def test_v3_refuses_fields_that_are_wrong(wechat, v3):
    whole = {
        "appid": wechat.identity.appid,
        "mchid": wechat.identity.mch_id,
        "description": "苹果",
        "out_trade_no": NUMBER,
        "notify_url": "http://127.0.0.1:9/pay",
        "time_expire": "2099-01-01T00:00:00+08:00",
        "amount": {"total": 1, "currency": "CNY"},
        "payer": {"openid": "o"},
    }
    path = "/v3/pay/transactions/jsapi"
    for changes in (
        {"appid": "wx1"},
        {"payer": {}},
        {"amount": {"total": 1.5}},
        {"amount": {"total": 1, "currency": "USD"}},
        {"out_trade_no": "short"},
        {"time_expire": "soon"},
    ):
        status, told = ask_v3(v3, "POST", path, {**whole, **changes})
        assert (status, "code" in told) == (400, True)
    assert wechat.orders() == []
    assert ask_v3(v3, "POST", path, whole)[0] == 200
    close = f"/v3/pay/transactions/out-trade-no/{NUMBER}/close"
    assert ask_v3(v3, "POST", close, {"mchid": "1"})[0] == 400
    status, told = ask_v3(v3, "POST", "/v3/refund/domestic/refunds", {"amount": 5})
    assert (status, told["code"]) == (400, "PARAM_ERROR")


def test_v3_asks_by_the_gateways_own_number_too(wechat, v3):
    v3.create(new_payment())
    transaction_id = wechat.pay(NUMBER).transaction_id
    path = f"/v3/pay/transactions/id/{transaction_id}"
    mch_id = wechat.identity.mch_id
    status, told = ask_v3(v3, "GET", f"{path}?mchid={mch_id}")
    assert (status, told["out_trade_no"]) == (200, NUMBER)
    assert ask_v3(v3, "GET", f"{path}?mchid=1")[0] == 400
    refund = {
        "transaction_id": transaction_id,
        "out_refund_no": "r1",
        "amount": {"refund": 1, "total": 6800, "currency": "CNY"},
    }
    assert ask_v3(v3, "POST", "/v3/refund/domestic/refunds", refund)[0] == 200
    bill = "/v3/bill/tradebill?bill_date=someday"
    assert ask_v3(v3, "GET", bill)[1]["code"] == "PARAM_ERROR"


def test_bodies_that_are_too_long_are_refused(wechat):
    host = wechat.base_url.removeprefix("http://")
    for length in ("9999999", "x"):
        connection = http.client.HTTPConnection(host, timeout=5)
        connection.putrequest("POST", "/pay/orderquery")
        connection.putheader("Content-Length", length)
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
