"""Threads that share one gateway, and libraries that stumble."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from sales.gateway import GatewayError, PaymentState, Reason, Timeouts, open_gateway
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.gateway.tests.stub import answering
from sales.gateway.tests.test_v2 import signed
from sales.gateway.tests.test_v3 import JSON, config_at
from sales.simulator import Simulator
from sales.simulator.wiring import config_for

NUMBER = "P20261124-0001"
DAY = date(2026, 11, 1)


def outcome(call: Any, *args: Any) -> str:
    try:
        call(*args)
    except GatewayError as error:
        return error.reason
    return "ok"


def test_threads_share_one_gateway(gateway, wechat):
    numbers = [f"P20261124-{place:04d}" for place in range(40)]

    def pay(number: str) -> PaymentState:
        gateway.create(new_payment(number, description=number))
        wechat.pay(number)
        return gateway.query(number).state

    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(pay, numbers))
    assert states == [PaymentState.PAID] * 40
    assert {order.description for order in wechat.orders()} == set(numbers)


def test_refunds_at_once_give_back_no_more_than_was_paid(gateway, wechat):
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    refunds = [new_refund(f"r{place}", refund_fen=1000) for place in range(12)]
    with ThreadPoolExecutor(6) as threads:
        ends = list(threads.map(lambda one: outcome(gateway.refund, one), refunds))
    assert ends.count("ok") == 6
    assert ends.count(Reason.IMPOSSIBLE) == 6
    assert sum(refund.amount for refund in wechat.refunds()) == 6000


def test_one_refund_sent_twice_at_once_is_done_once(gateway, wechat):
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    with ThreadPoolExecutor(6) as threads:
        told = list(threads.map(gateway.refund, [new_refund()] * 6))
    assert len({one.refund_id for one in told}) == len(wechat.refunds()) == 1


def test_whatever_a_library_stumbles_over_is_unknown(gateway, wechat, monkeypatch):
    def stumble(*args: Any, **more: Any) -> None:
        raise KeyError("result_code")

    client = gateway._client
    monkeypatch.setattr(client, "order" if hasattr(client, "order") else "query", None)
    assert outcome(gateway.query, NUMBER) == Reason.UNREADABLE
    monkeypatch.setattr(client, "refund", stumble)
    assert outcome(gateway.refund, new_refund()) == Reason.UNREADABLE


# --- v2 -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fee_type": "USD"}, Reason.FOREIGN),
        ({"refund_status_0": "DONE"}, Reason.UNREADABLE),
    ],
    ids=str,
)
def test_v2_refunds_that_are_not_ours_are_unknown(wechat, changes, reason):
    told = {
        "out_trade_no": NUMBER,
        "total_fee": "6800",
        "out_refund_no_0": "r1",
        "refund_id_0": "1",
        "refund_fee_0": "800",
        "refund_status_0": "SUCCESS",
        **changes,
    }
    with answering(body=signed(wechat, **told)) as stub:
        gateway = open_gateway(v2_at(wechat, stub.base_url))
        assert outcome(gateway.query_refund, "r1") == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<xml><return_code>FAIL</return_code></xml>", Reason.UNCLEAR),
        (b"<html/>", Reason.UNREADABLE),
        (b"text", Reason.UNREADABLE),
        (b"", Reason.UNREADABLE),
    ],
)
def test_v2_bills_that_are_none_are_unknown(wechat, body, reason):
    with answering(body=body) as stub:
        gateway = open_gateway(v2_at(wechat, stub.base_url))
        assert outcome(gateway.download_bill, DAY) == reason


def v2_at(wechat: Simulator, base_url: str) -> Any:
    return config_for(
        wechat.identity, base_url, "v2", timeouts=Timeouts(connect=1, read=1)
    )


# --- v3 -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, Reason.UNREADABLE),
        ({"download_url": "{base}/v3/billdownload/file"}, Reason.UNREADABLE),
        (
            {
                "download_url": "{base}/v3/billdownload/file",
                "hash_value": "0",
                "hash_type": "MD5",
            },
            Reason.UNREADABLE,
        ),
    ],
)
def test_v3_bills_that_are_not_named_are_unknown(wechat, told, reason):
    with answering(headers=JSON) as stub:
        told = {
            name: text.replace("{base}", stub.base_url) for name, text in told.items()
        }
        stub.body = json.dumps(told).encode()
        stub.headers = {**JSON, **wechat.signed_headers(stub.body)}
        gateway = open_gateway(config_at(wechat, stub.base_url))
        assert outcome(gateway.download_bill, DAY) == reason


def telling(wechat: Simulator, told: dict[str, Any]) -> Any:
    body = json.dumps(told).encode()
    return answering(body=body, headers={**JSON, **wechat.signed_headers(body)})


def test_a_v3_bill_whose_file_does_not_come_is_unknown(wechat):
    told = {
        "download_url": "",
        "hash_type": "SHA1",
        "hash_value": "0" * 40,
    }
    with answering() as stub:
        told["download_url"] = f"{stub.base_url}/v3/billdownload/file"
        stub.body = json.dumps(told).encode()
        stub.headers = {**JSON, **wechat.signed_headers(stub.body)}
        stub.status_of = {"/v3/billdownload/file": 404}
        gateway = open_gateway(config_at(wechat, stub.base_url))
        assert outcome(gateway.download_bill, DAY) == Reason.FAULT


def test_a_v3_refund_in_a_state_that_nobody_knows_is_unknown(wechat):
    told = {"out_refund_no": "r1", "status": "DONE"}
    with telling(wechat, told) as stub:
        gateway = open_gateway(config_at(wechat, stub.base_url))
        assert outcome(gateway.query_refund, "r1") == Reason.UNREADABLE
