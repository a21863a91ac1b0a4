"""What is said between the shop and WeChat Pay, kept without secrets."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from backoffice.base.masking import MASK
from sales.enums import ExchangeKind
from sales.models import Exchange, Payment, Refund

#: names of fields whose values are nobody's business, in any spelling
_SECRET = (
    *("sign", "nonce", "key", "token", "openid", "unionid", "prepay", "serial"),
    *("signature", "ciphertext", "req_info", "recv_acc", "account", "_ip", "bank"),
)
_MOST = 200


def note(
    kind: ExchangeKind,
    number: str,
    *,
    api: str,
    outcome: str,
    facts: Mapping[str, Any] | None = None,
    payment: Payment | None = None,
    refund: Refund | None = None,
) -> Exchange:
    """Write down one message and how it ended."""
    return Exchange.objects.create(
        payment=payment,
        refund=refund,
        number=number[:64],
        kind=kind,
        api=api,
        at=timezone.now(),
        outcome=outcome[:_MOST],
        facts=masked(facts or {}),
    )


def masked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with everything replaced that identifies a payer or proves a message."""
    return {name: _masked(name, value) for name, value in fields.items()}


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list):
        return [_masked(name, one) for one in value]
    lowered = name.lower()
    if value and any(word in lowered for word in _SECRET):
        return MASK
    return value[:_MOST] if isinstance(value, str) else value
