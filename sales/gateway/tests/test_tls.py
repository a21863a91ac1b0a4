"""The same contract over https: certificates are checked on both sides."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sales.gateway import (
    Gateway,
    GatewayError,
    Misconfigured,
    PaymentState,
    Reason,
    Timeouts,
    open_gateway,
)
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.simulator import Simulator

NUMBER = "P20261124-0001"
SOON = Timeouts(connect=2, read=2, total=3)


@pytest.fixture
def secure(wechat, tmp_path) -> Iterator[Simulator]:
    # the keys of the other one: making new ones takes its time
    for file in wechat.identity.directory.glob("*.[pj][es]*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with Simulator(tmp_path, delivers=False, tls=True) as simulator:
        yield simulator


def open_over(secure: Simulator, api: str, **changes: object) -> Gateway:
    return open_gateway(replace(secure.config(api, timeouts=SOON), **changes))


@pytest.mark.parametrize("api", ["v2", "v3"])
def test_money_comes_and_goes(secure, api):
    gateway = open_over(secure, api)
    gateway.create(new_payment())
    secure.pay(NUMBER)
    assert gateway.query(NUMBER).state is PaymentState.PAID
    assert gateway.refund(new_refund()).refund_fen == 800


@pytest.mark.parametrize("api", ["v2", "v3"])
def test_a_gateway_that_nobody_vouches_for_is_not_told_anything(secure, api):
    gateway = open_over(secure, api, ca_file=None)
    with pytest.raises(GatewayError) as caught:
        gateway.create(new_payment())
    assert caught.value.reason is Reason.UNREACHABLE
    assert secure.calls() == []


def test_v2_refunds_need_the_merchants_certificate(secure):
    gateway = open_over(secure, "v2")
    gateway.create(new_payment())
    secure.pay(NUMBER)
    gateway._client.mch_cert = None
    assert gateway.query(NUMBER).state is PaymentState.PAID
    with pytest.raises(GatewayError) as caught:
        gateway.refund(new_refund())
    assert caught.value.reason is Reason.FAULT
    assert secure.refunds() == []


def test_v2_does_not_open_without_one(secure):
    with pytest.raises(Misconfigured, match="certificate"):
        open_over(secure, "v2", cert_file=None)
