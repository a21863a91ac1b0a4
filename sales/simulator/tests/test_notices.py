"""Notices on their way: sent, repeated, doubled, reordered, lost."""

import time
from collections.abc import Callable, Iterator

import pytest

from sales.gateway import Gateway, open_gateway
from sales.gateway.tests.helpers import new_payment, new_refund
from sales.gateway.tests.stub import Stub, answering
from sales.simulator import FaultKind, Simulator, Target
from sales.simulator.courier import REPEATS
from sales.simulator.identity import Identity

NUMBER = "P20261124-0001"
REFUND = "P20261124r1"
PAID = (
    b"<xml><return_code><![CDATA[SUCCESS]]></return_code>"
    b"<return_msg><![CDATA[OK]]></return_msg></xml>"
)


def copy_identity(identity: Identity, directory) -> None:
    for file in identity.directory.glob("*.pem"):
        (directory / file.name).write_bytes(file.read_bytes())
    told = identity.directory / "identity.json"
    (directory / "identity.json").write_bytes(told.read_bytes())


@pytest.fixture
def shop() -> Iterator[Stub]:
    with answering(body=PAID) as stub:
        yield stub


@pytest.fixture
def eager(wechat, tmp_path) -> Iterator[Simulator]:
    """One that sends, a thousand times as fast as the gateway."""
    copy_identity(wechat.identity, tmp_path)
    with Simulator(tmp_path, speed=1000, refund_seconds=1) as simulator:
        yield simulator


def until(is_so: Callable[[], object], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def create(simulator: Simulator, shop: Stub, api: str = "v2") -> Gateway:
    gateway = open_gateway(simulator.config(api))
    gateway.create(new_payment(notify_url=f"{shop.base_url}/pay"))
    return gateway


def is_done(simulator: Simulator) -> bool:
    return all(one.state == "delivered" for one in simulator.notices())


def test_the_schedule_is_the_gateways():
    assert len(REPEATS) == 15
    assert sum(REPEATS) == 24 * 3600 + 4 * 60


@pytest.mark.parametrize("api", ["v2", "v3"])
def test_notices_of_payment_and_refund_reach_the_shop(eager, shop, api):
    gateway = create(eager, shop, api)
    eager.pay(NUMBER)
    until(lambda: eager.notices() and is_done(eager))
    gateway.refund(new_refund(notify_url=f"{shop.base_url}/refund"))
    until(lambda: len(eager.notices()) == 2 and is_done(eager))
    (_, pay, pay_headers, paid), (_, back, back_headers, refunded) = shop.asked
    assert (pay, back) == ("/pay", "/refund")
    assert gateway.read_payment_notice(paid, pay_headers).amount_fen == 6800
    assert gateway.read_refund_notice(refunded, back_headers).refund_fen == 800


@pytest.mark.parametrize(
    ("api", "status", "body"),
    [
        ("v2", 500, PAID),
        ("v2", 200, b"ok"),
        ("v2", 200, b"<xml><return_code>FAIL</return_code></xml>"),
        ("v3", 400, b'{"code":"FAIL","message":""}'),
        ("v3", 302, b""),
    ],
)
def test_a_notice_is_repeated_until_it_is_taken(eager, shop, api, status, body):
    shop.status, shop.body = status, body
    create(eager, shop, api)
    eager.pay(NUMBER)
    until(lambda: len(shop.asked) >= 3)
    assert eager.notices()[0].state == "waiting"
    shop.status, shop.body = 200, PAID
    until(lambda: is_done(eager))
    assert eager.notices()[0].tries == len(shop.asked)
    if api == "v3":
        nonces = {headers["wechatpay-nonce"] for _, _, headers, _ in shop.asked}
        assert len(nonces) == len(shop.asked)


def test_after_all_repeats_it_is_given_up(eager, shop):
    shop.status = 500
    create(eager, shop)
    eager.pay(NUMBER)

    def is_given_up() -> bool:
        eager.advance(30)
        return eager.notices()[0].state == "given up"

    until(is_given_up, seconds=20)
    assert len(shop.asked) == len(REPEATS) + 1
    assert eager.notices()[0].answer == "HTTP 500"


def test_a_shop_that_is_away_is_tried_again(eager, shop):
    create(eager, shop)
    gone = shop.base_url
    eager._store.write("UPDATE orders SET notify_url = 'http://127.0.0.1:9/pay'")
    eager.pay(NUMBER)
    until(lambda: eager.notices()[0].tries >= 1)
    assert eager.notices()[0].answer == "ConnectionError"
    eager._store.write("UPDATE notices SET url = ?", f"{gone}/pay")
    until(lambda: is_done(eager))


def test_a_notice_may_come_twice_at_once(eager, shop):
    create(eager, shop)
    eager.pay(NUMBER, twice=True)
    until(lambda: len(shop.asked) == 2)
    assert shop.asked[0][3] == shop.asked[1][3]
    assert len(eager.notices()) == 1


def test_a_notice_may_be_late_or_hurried(eager, shop):
    create(eager, shop)
    eager.pay(NUMBER, delay=3600)
    time.sleep(0.3)
    assert shop.asked == []
    eager.outbox.hurry(eager.notices()[0].id)
    until(lambda: is_done(eager))
    eager.repeat_notice(NUMBER, Target.PAYMENT_NOTICE)
    until(lambda: len(shop.asked) == 2)


# --- taken by the test itself ------------------------------------------------------


def test_taken_notices_are_as_sent(wechat, gateway):
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    [taken] = wechat.take_notices()
    assert (taken.target, taken.number) == (Target.PAYMENT_NOTICE, NUMBER)
    assert wechat.take_notices() == []


def test_doubled_reordered_and_lost_notices(wechat, gateway):
    gateway.create(new_payment())
    gateway.create(new_payment("P20261124-0002"))
    wechat.add_fault(FaultKind.DUPLICATE, Target.PAYMENT_NOTICE)
    wechat.pay(NUMBER)
    assert [one.number for one in wechat.take_notices()] == [NUMBER, NUMBER]
    wechat.add_fault(FaultKind.REORDER, Target.PAYMENT_NOTICE)
    wechat.pay("P20261124-0002")
    assert wechat.take_notices() == []
    gateway.refund(new_refund())
    wechat.finish_refund(REFUND)
    taken = wechat.take_notices()
    assert [one.number for one in taken] == [REFUND, "P20261124-0002"]
    wechat.add_fault(FaultKind.LOST, Target.REFUND_NOTICE)
    gateway.refund(new_refund("P20261124r2"))
    wechat.finish_refund("P20261124r2")
    assert wechat.take_notices() == []
    assert wechat.notices()[0].state == "lost"
    assert wechat.fault_book.waiting() == []


def test_a_held_notice_comes_after_five_minutes_at_the_latest(wechat, gateway):
    gateway.create(new_payment())
    wechat.add_fault(FaultKind.REORDER, Target.PAYMENT_NOTICE)
    wechat.pay(NUMBER)
    assert wechat.take_notices() == []
    wechat.advance(301)
    try:
        assert len(wechat.take_notices()) == 1
    finally:
        wechat.advance(-301)


def test_a_refund_without_an_address_is_not_told(wechat, gateway):
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    wechat.take_notices()
    gateway.refund(new_refund(notify_url=""))
    wechat.finish_refund(REFUND)
    assert wechat.take_notices() == []


def test_refunds_end_as_their_fault_says(wechat, gateway):
    gateway.create(new_payment())
    wechat.pay(NUMBER)
    for place, kind in enumerate([FaultKind.REFUND_CLOSED, FaultKind.REFUND_ABNORMAL]):
        wechat.add_fault(kind, Target.REFUND)
        gateway.refund(new_refund(f"r{place}"))
        wechat.finish_refund(f"r{place}")
    assert gateway.query_refund("r0").state == "closed"
    assert gateway.query_refund("r1").state == "abnormal"
    # what is closed counts no more
    gateway.refund(new_refund("r2", refund_fen=6000))
