"""/wechat/notify/…: what WeChat Pay tells by itself, answered as it wants to be."""

from collections.abc import Callable, Mapping

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.http import require_POST

from sales import notices
from sales.gateway import NoticeAnswer

#: bytes; the gateway's are a few thousand
MOST_BYTES = 64 * 1024
#: what a notice may call itself: its signature says whether it is one
TYPES = {
    *("", "text/xml", "application/xml", "application/json", "text/json"),
    *("text/plain", "application/octet-stream"),
}
_TOO_LARGE = NoticeAnswer(413, "text/plain", b"too large")
_WRONG_TYPE = NoticeAnswer(415, "text/plain", b"not a notice")
_UNREADABLE = NoticeAnswer(400, "text/plain", b"not a notice")


@require_POST
def pay(request: HttpRequest) -> HttpResponse:
    """A payment has come in."""
    return _answered(request, notices.payment_told)


@require_POST
def refund(request: HttpRequest) -> HttpResponse:
    """A refund has come to its end."""
    return _answered(request, notices.refund_told)


def _answered(
    request: HttpRequest, tell: Callable[[bytes, Mapping[str, str]], NoticeAnswer]
) -> HttpResponse:
    body = _body(request)
    answer = tell(body, request.headers) if isinstance(body, bytes) else body
    return HttpResponse(
        answer.body, status=answer.status, content_type=answer.content_type
    )


def _body(request: HttpRequest) -> bytes | NoticeAnswer:
    if request.content_type not in TYPES:
        return _WRONG_TYPE
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return _TOO_LARGE
        body = request.read(MOST_BYTES + 1)
    except (RequestDataTooBig, UnreadablePostError, OSError, ValueError):
        return _UNREADABLE
    return _TOO_LARGE if len(body) > MOST_BYTES else body
