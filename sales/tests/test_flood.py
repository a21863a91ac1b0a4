"""Many notices at once, several of each, by threads of their own: each counts once."""

import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from backoffice.books import proofs
from sales.enums import PaymentStatus
from sales.models import Order, OrderEvent, Payment
from sales.tests.factories import ask, place, shelf
from sales.tests.paying import begun, payer, post

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
logger = logging.getLogger("sales.tests")
ORDERS = 40
TIMES = 5
WORKERS = 4


@pytest.mark.usefixtures("merchant_api")
def test_two_hundred_notices_with_duplicates(wechat):
    goods = shelf(price="70.00", on_hand="1000")
    told = []
    for _number in range(ORDERS):
        payment = begun(place(ask(goods), user=payer()))
        wechat.pay(payment.out_trade_no)
        told += wechat.take_notices()
    told *= TIMES
    random.Random(7).shuffle(told)

    def tell(notices):
        # as a server's thread does: one connection for many requests
        client = Client()
        try:
            return [post(client, notice).status_code for notice in notices]
        finally:
            connections.close_all()

    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        shares = [told[n::WORKERS] for n in range(WORKERS)]
        answers = [status for share in pool.map(tell, shares) for status in share]
    seconds = time.monotonic() - began
    assert len(answers) == ORDERS * TIMES
    assert set(answers) <= {200, 204}
    assert Payment.objects.filter(status=PaymentStatus.PAID).count() == ORDERS
    assert Order.objects.filter(status="paid").count() == ORDERS
    assert OrderEvent.objects.filter(kind="paid").count() == ORDERS
    assert proofs.run().differences == []
    logger.info("%.0f notices a second", len(told) / seconds)
