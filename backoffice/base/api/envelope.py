"""The one shape of every answer, and how values are written in it.

Success: `{"code": 0, "msg": "success.", "data": …}`. Failure: `{"code", "error", "msg",
"data"}`, where `code` stands for the slug in `error` and never changes.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from backoffice.base.money import fixed

#: slug → code; the first three digits are the HTTP status that fits it
CODES: dict[str, int] = {
    "invalid": 40000,
    "idempotency_key_reused": 40001,
    "not_authenticated": 40100,
    "token_expired": 40101,
    "token_revoked": 40102,
    "bad_credentials": 40103,
    "forbidden": 40300,
    "account_disabled": 40301,
    "not_found": 40400,
    "method_not_allowed": 40500,
    "out_of_stock": 40900,
    "price_changed": 40901,
    "not_on_sale": 40902,
    "below_minimum": 40903,
    "minimum_order": 40904,
    "wrong_status": 40905,
    "not_enough_points": 40906,
    "too_many_unpaid": 40907,
    "no_openid": 40908,
    "refund_limit": 40909,
    "too_large": 41300,
    "unsupported_media": 41500,
    "throttled": 42900,
    "gateway_error": 50200,
    "unavailable": 50300,
}


def code_of(slug: str, status: int) -> int:
    """The number of a slug; one that the contract does not list gets its status's."""
    return CODES.get(slug, status * 100 + 99)


def _written(content: dict[str, Any]) -> bytes:
    # a lone surrogate in a message must not turn an answer into a crash
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return body.encode("utf-8", "replace")


def written(data: Any) -> bytes:
    """A success as it is sent, for answers that are kept; `data` holds only what JSON
    knows (see money, quantity, moment)."""
    return _written({"code": 0, "msg": "success.", "data": data})


def sent(body: bytes, status: int = 200) -> HttpResponse:
    """The answer with this body."""
    return HttpResponse(body, status=status, content_type="application/json")


def success(data: Any, status: int = 200) -> HttpResponse:
    """An answer whose `data` holds only what JSON knows."""
    return sent(written(data), status)


def failure(
    slug: str,
    message: str,
    *,
    status: int | None = None,
    data: Any = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A refusal; its status follows from the slug unless another fits better."""
    if status is None:
        status = CODES[slug] // 100
    body = _written(
        {"code": code_of(slug, status), "error": slug, "msg": message, "data": data}
    )
    response = sent(body, status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def money(value: Decimal) -> str:
    """Yuan with two places: "12.50"."""
    return fixed(value, 2) or ""


def quantity(value: Decimal) -> str:
    """With three places: "3.000"."""
    return fixed(value, 3) or ""


def moment(value: datetime) -> str:
    """ISO 8601 with the offset of the shop: "2026-11-23T14:03:00+08:00"."""
    return timezone.localtime(value).isoformat(timespec="seconds")
