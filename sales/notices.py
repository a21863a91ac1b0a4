"""What WeChat Pay tells by itself: proven, settled, and only then answered.

Who sends it is known by its signature alone; which interface it speaks, by how it begins.
A payment's notice settles; a refund's is a hint, after which the gateway is asked.
"""

import logging
from collections.abc import Mapping

from sales import attempts, exchanges, merchant, paying_back, payments
from sales.enums import ExchangeKind
from sales.gateway import Gateway, GatewayError, NoticeAnswer
from sales.models import Payment
from sales.payments import Settled

logger = logging.getLogger("sales.notices")

#: what is answered to what no interface of ours could have sent
NOT_A_NOTICE = NoticeAnswer(400, "text/plain", b"not a notice")


def payment_told(body: bytes, headers: Mapping[str, str]) -> NoticeAnswer:
    """Settle what a payment notice says; gives the answer to it."""
    api = _api_of(body)
    gateway = _gateway(api)
    if gateway is None:
        return NOT_A_NOTICE
    try:
        facts = gateway.read_payment_notice(body, headers)
    except GatewayError as error:
        logger.warning("a payment notice is not believed: %s", error.reason)
        return gateway.refuse_notice("refused")
    if not facts.state.is_paid:
        return gateway.accept_notice()
    try:
        settled = payments.settle(facts.out_trade_no, attempts.receipt_of(facts))
    except Payment.DoesNotExist:
        logger.error("payment %s was paid and is not ours", facts.out_trade_no)
        exchanges.note(
            ExchangeKind.PAYMENT_NOTICE,
            facts.out_trade_no,
            api=api,
            outcome="unknown number",
            facts=facts.raw,
        )
        return gateway.refuse_notice("unknown")
    if settled != Settled.REPEAT:
        exchanges.note(
            ExchangeKind.PAYMENT_NOTICE,
            facts.out_trade_no,
            api=api,
            outcome=settled.value,
            facts=facts.raw,
            payment=Payment.objects.get(out_trade_no=facts.out_trade_no),
        )
    if settled == Settled.MISMATCH:
        return gateway.refuse_notice("mismatch")
    return gateway.accept_notice()


def refund_told(body: bytes, headers: Mapping[str, str]) -> NoticeAnswer:
    """Ask for the refund that a notice hints at; gives the answer to it."""
    api = _api_of(body)
    gateway = _gateway(api)
    if gateway is None:
        return NOT_A_NOTICE
    try:
        facts = gateway.read_refund_notice(body, headers)
    except GatewayError as error:
        logger.warning("a refund notice is not believed: %s", error.reason)
        return gateway.refuse_notice("refused")
    if not paying_back.hear(facts.out_refund_no):
        # somebody refunded in the merchant's console; the daily bill will show it
        logger.error("refund %s is not ours", facts.out_refund_no)
        exchanges.note(
            ExchangeKind.REFUND_NOTICE,
            facts.out_refund_no,
            api=api,
            outcome="unknown number",
            facts=facts.raw,
        )
    return gateway.accept_notice()


def _api_of(body: bytes) -> str:
    begin = body.lstrip()[:1]
    return {b"<": "v2", b"{": "v3"}.get(begin, "")


def _gateway(api: str) -> Gateway | None:
    if not api or not merchant.has_keys(api):
        return None
    try:
        return merchant.gateway(api)
    except GatewayError:
        logger.exception("WeChat Pay %s is set up wrongly", api)
        return None
