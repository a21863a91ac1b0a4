"""The page on which a person plays payer and gateway.

Plain forms on this machine; only the page's own forms may press anything.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.utils.translation.trans_real import (
    get_supported_language_variant,
    parse_accept_lang_header,
)

from sales.simulator.faults import FaultKind, Target, fits
from sales.simulator.messages import Reply, Request
from sales.simulator.refusals import Refusal
from sales.simulator.rows import Notice, Order, Refund, clock_time

if TYPE_CHECKING:
    from sales.simulator.server import Simulator

#: seconds that a late notice is late
DELAY = 60
_STYLES = ("base.css", "simulator.css")
_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_MOST = 50

ORDER_STATES = {
    "NOTPAY": gettext_lazy("waits for the payer"),
    "USERPAYING": gettext_lazy("the payer types the password"),
    "PAYERROR": pgettext_lazy("payment", "failed"),
    "SUCCESS": pgettext_lazy("payment", "paid"),
    "REFUND": gettext_lazy("paid, with refunds"),
    "CLOSED": pgettext_lazy("payment", "closed"),
}
REFUND_STATES = {
    "PROCESSING": gettext_lazy("under way"),
    "SUCCESS": pgettext_lazy("refund", "succeeded"),
    "CLOSED": pgettext_lazy("refund", "closed"),
    "ABNORMAL": gettext_lazy("stuck: the card is void"),
}
NOTICE_STATES = {
    "waiting": gettext_lazy("to be sent"),
    "held": gettext_lazy("held back until the next one"),
    "delivered": gettext_lazy("taken by the shop"),
    "given up": gettext_lazy("given up"),
    "lost": pgettext_lazy("notice", "lost"),
}
TARGETS = {
    Target.CREATE: gettext_lazy("create a payment"),
    Target.QUERY: gettext_lazy("query a payment"),
    Target.CLOSE: gettext_lazy("close a payment"),
    Target.REFUND: gettext_lazy("ask for a refund"),
    Target.QUERY_REFUND: gettext_lazy("query a refund"),
    Target.BILL: gettext_lazy("daily bill"),
    Target.PAYMENT_NOTICE: gettext_lazy("notice of a payment"),
    Target.REFUND_NOTICE: gettext_lazy("notice of a refund"),
}
KINDS = {
    FaultKind.TIMEOUT_BEFORE: gettext_lazy("no answer, nothing done"),
    FaultKind.TIMEOUT_AFTER: gettext_lazy("no answer, but done"),
    FaultKind.SERVER_ERROR: gettext_lazy("HTTP 500"),
    FaultKind.SYSTEM_ERROR: gettext_lazy("SYSTEMERROR"),
    FaultKind.REFUSE: gettext_lazy("refuse with the code"),
    FaultKind.WRONG_SIGNATURE: gettext_lazy("wrong signature"),
    FaultKind.WRONG_AMOUNT: gettext_lazy("wrong amount, well signed"),
    FaultKind.FOREIGN_APPID: gettext_lazy("another appid, well signed"),
    FaultKind.HOSTILE: gettext_lazy("hostile XML or JSON"),
    FaultKind.ORDER_PAID: gettext_lazy("close: paid at that moment"),
    FaultKind.NOT_ENOUGH: gettext_lazy("not enough money"),
    FaultKind.REFUND_CLOSED: gettext_lazy("refund: accepted, then closed"),
    FaultKind.REFUND_ABNORMAL: gettext_lazy("refund: accepted, then stuck"),
    FaultKind.DUPLICATE: gettext_lazy("notice: twice at once"),
    FaultKind.REORDER: gettext_lazy("notice: after the next one"),
    FaultKind.LOST: gettext_lazy("notice: never sent"),
}


def answer(simulator: "Simulator", request: Request) -> Reply:
    """The page, its styles, the bill, or what a button does."""
    if not _is_local(request, simulator.base_url):
        return Reply(403, b"this page is for this machine only")
    if request.method == "POST":
        return _press(simulator, request)
    if request.path == "/":
        return _page(simulator, request)
    if request.path == "/bill":
        return _bill(simulator, request)
    return _style(request.path)


def _is_local(request: Request, base_url: str) -> bool:
    """Whether the browser shows our own page: no other site's name, no other's form."""
    port = urlsplit(base_url).port
    ours = {f"{host}:{port}" for host in ("127.0.0.1", "localhost")}
    origin = request.headers.get("origin")
    return request.headers.get("host") in ours and (
        origin is None or urlsplit(origin).netloc in ours
    )


# --- buttons -----------------------------------------------------------------------

Act = Callable[["Simulator", str, Mapping[str, str]], Any]


def _number(form: Mapping[str, str], name: str) -> int:
    text = form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _add_fault(simulator: "Simulator", name: str, form: Mapping[str, str]) -> None:
    target, _colon, kind = form.get("what", "").partition(":")
    simulator.add_fault(
        FaultKind(kind),
        Target(target),
        times=_number(form, "times"),
        code=form.get("code", "").strip(),
    )


_ACTS: Mapping[tuple[str, str], Act] = {
    ("orders", "pay"): lambda simulator, name, form: simulator.pay(name),
    ("orders", "twice"): lambda simulator, name, form: simulator.pay(name, twice=True),
    ("orders", "late"): lambda simulator, name, form: simulator.pay(name, delay=DELAY),
    ("orders", "fail"): lambda simulator, name, form: simulator.fail(name),
    ("orders", "typing"): lambda simulator, name, form: simulator.begin_paying(name),
    ("refunds", "succeed"): lambda simulator, name, form: simulator.finish_refund(
        name, "SUCCESS"
    ),
    ("refunds", "close"): lambda simulator, name, form: simulator.finish_refund(
        name, "CLOSED"
    ),
    ("refunds", "abnormal"): lambda simulator, name, form: simulator.finish_refund(
        name, "ABNORMAL"
    ),
    ("notices", "now"): lambda simulator, name, form: simulator.outbox.hurry(int(name)),
    ("notices", "again"): lambda simulator, name, form: simulator.repeat_notice(
        name, Target(form.get("kind", ""))
    ),
    ("faults", "add"): _add_fault,
    ("faults", "clear"): lambda simulator, name, form: simulator.clear_faults(),
}


def _press(simulator: "Simulator", request: Request) -> Reply:
    found = re.fullmatch(r"/([a-z]+)/([^/]+)/([a-z]+)", request.path)
    act = _ACTS.get((found[1], found[3])) if found else None
    if found is None or act is None:
        return Reply(404, b"nothing here")
    fields = parse_qs(request.body.decode(errors="replace"))
    form = {name: texts[0] for name, texts in fields.items()}
    said = ""
    try:
        act(simulator, unquote(found[2]), form)
    except Refusal as refusal:
        said = refusal.sentence
    except ValueError as error:
        said = str(error)
    where = f"/?said={quote(said)}" if said else f"/#{found[1]}"
    return Reply(303, headers={"Location": where, "Cache-Control": "no-store"})


# --- pages ---------------------------------------------------------------------------


def _page(simulator: "Simulator", request: Request) -> Reply:
    with translation.override(_language(request)):
        html = render_to_string("simulator/page.html", _context(simulator, request))
    return Reply(
        200,
        html.encode(),
        "text/html; charset=utf-8",
        {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
    )


def _language(request: Request) -> str:
    """The first that the browser asks for and we have."""
    header = request.headers.get("accept-language", "")
    for code, _weight in parse_accept_lang_header(header):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return get_supported_language_variant("zh-hans")


def _context(simulator: "Simulator", request: Request) -> dict[str, Any]:
    books = simulator.books
    now = books.now()
    return {
        "language": translation.get_language(),
        "said": request.query.get("said", ""),
        "identity": simulator.identity,
        "today": f"{clock_time(now):%Y%m%d}",
        "orders": [_order(order) for order in books.orders(_MOST)],
        "refunds": [_refund(refund) for refund in books.refunds(_MOST)],
        "notices": [_notice(one, now) for one in simulator.outbox.latest(_MOST)],
        "faults": [
            {
                "kind": KINDS[fault.kind],
                "target": TARGETS[fault.target],
                "times": fault.times,
                "code": fault.code,
            }
            for fault in simulator.fault_book.waiting()
        ],
        "calls": [
            {
                "at": clock_time(call["at"]),
                "api": call["api"],
                "target": TARGETS[Target(call["target"])],
                "number": call["number"],
                "answer": call["answer"],
            }
            for call in simulator.calls()[:_MOST]
        ],
        "choices": [
            (
                words,
                [
                    (f"{target}:{kind}", KINDS[kind])
                    for kind in KINDS
                    if fits(kind, target)
                ],
            )
            for target, words in TARGETS.items()
        ],
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.out_trade_no,
        "path": quote(order.out_trade_no, safe=""),
        "description": order.description,
        "amount": _yuan(order.amount),
        "at": clock_time(order.created_at),
        "expires": clock_time(order.expire_at),
        "state": ORDER_STATES[order.state],
        "code": order.state.lower(),
        "api": order.api,
        "can_be_paid": order.state in ("NOTPAY", "PAYERROR", "USERPAYING"),
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "number": refund.out_refund_no,
        "path": quote(refund.out_refund_no, safe=""),
        "order": refund.out_trade_no,
        "amount": _yuan(refund.amount),
        "total": _yuan(refund.total),
        "at": clock_time(refund.created_at),
        "reason": refund.reason,
        "state": REFUND_STATES[refund.state],
        "code": refund.state.lower(),
        "is_under_way": refund.state == "PROCESSING",
    }


def _notice(notice: Notice, now: float) -> dict[str, Any]:
    waits = None if notice.due_at is None else max(0, round(notice.due_at - now))
    return {
        "id": notice.id,
        "kind": notice.kind,
        "words": TARGETS[notice.target],
        "number": notice.number,
        "path": quote(notice.number, safe=""),
        "tries": notice.tries,
        "answer": notice.answer,
        "waits": waits,
        "state": NOTICE_STATES[notice.state],
        "code": notice.state.replace(" ", "-"),
        "is_waiting": notice.state in ("waiting", "held"),
    }


def _bill(simulator: "Simulator", request: Request) -> Reply:
    day = request.query.get("day", "")
    try:
        bill = simulator.write_bill(day)
    except ValueError:
        return Reply(404, b"no such day")
    if bill is None:
        with translation.override(_language(request)):
            return Reply(404, _("Nothing was paid or refunded on that day.").encode())
    name = f"bill-{day}.csv"
    return Reply(
        200, bill, "text/csv", {"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _style(path: str) -> Reply:
    name = path.removeprefix("/")
    found = finders.find(f"backoffice/css/{name}") if name in _STYLES else None
    if not isinstance(found, str):
        return Reply(404, b"nothing here")
    with open(found, "rb") as file:
        return Reply(200, file.read(), "text/css; charset=utf-8")


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
