"""/orders: place, look, cancel, confirm, ask for a refund."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Body, Header, Path, Query, Router

from backoffice.accounts.api.auth import caller, customer
from backoffice.accounts.models import Address as StoredAddress
from backoffice.base.api.envelope import success
from backoffice.base.api.factory import refusals
from backoffice.base.api.paging import Page, Paged, paginate
from backoffice.base.compiled import Compiled
from backoffice.base.errors import FieldErrors
from backoffice.base.http import client_ip
from sales import (
    attempts,
    cancelling,
    checkout,
    fulfilment,
    idempotency,
    lookup,
    refunds,
    showing,
)
from sales.api.schemas import (
    CancelAnswer,
    OrderAnswer,
    OrderRequest,
    OrdersAnswer,
    OrdersQuery,
    PayAnswer,
    PlacedAnswer,
    RefundAnswer,
    RefundRequest,
    RefundsAnswer,
)
from sales.checkout import Address, Ask, Basket
from sales.enums import Delivery
from sales.errors import NoSuchAddress
from sales.models import Order, OrderLine, RefundLine
from sales.refunds import Wanted

router = Router(tags=["orders"], auth=customer)

Json = dict[str, Any]
#: the header that makes a call count once
IdempotencyKey = Header(
    None,
    alias="Idempotency-Key",
    description=gettext_noop(
        "1 to 64 ASCII characters of the client's choice; the same again within a day "
        "gives the same answer."
    ),
)


@router.post(
    "/orders",
    operation_id="place_order",
    summary=gettext_noop("Place an order"),
    description=gettext_noop(
        "Takes the header `Idempotency-Key`. A price that fell is passed on; one that "
        "rose, or more to pay than expected, answers 409 `price_changed` with the new "
        "quote. Points above what is usable are lowered."
    ),
    response={201: PlacedAnswer, **refusals(400, 401, 404, 409)},
)
def place_order(
    request: HttpRequest,
    body: Body[OrderRequest],
    idempotency_key: str | None = IdempotencyKey,
) -> HttpResponse:
    user = caller(request).known

    def act() -> Json:
        placed = checkout.place_within(_basket(user.pk, body), user=user)
        return {"order": showing.order(placed.order, placed.lines)}

    if idempotency_key is None:
        raise FieldErrors({"Idempotency-Key": [_("Is required.")]})
    return success(_once(request, idempotency_key, act), 201)


def _once(request: HttpRequest, key: str, act: Any) -> Json:
    return idempotency.once(
        caller(request).user_id, request.path, key, json.loads(request.body), act
    )


def _basket(user_id: int, body: OrderRequest) -> Basket:
    return Basket(
        asks=[
            Ask(line.goods_id, line.unit, line.quantity, line.price)
            for line in body.lines
        ],
        delivery=Delivery(body.delivery),
        address=_address(user_id, body.address_id),
        message=body.message,
        points=body.points,
        expected_payable=body.expected_payable,
        from_cart=body.from_cart,
    )


_addresses = Compiled(
    lambda user_id, pk: (
        StoredAddress.objects.filter(user_id=user_id, pk=pk)
        .order_by()
        .values_list("receiver", "mobile", "province", "city", "district", "detail")
    )
)


def _address(user_id: int, address_id: int | None) -> Address | None:
    if address_id is None:
        return None
    rows = _addresses(user_id, address_id)
    if not rows:
        raise NoSuchAddress(_("There is no such address."), address_id=address_id)
    return Address(*rows[0])


@router.get(
    "/orders",
    operation_id="list_orders",
    summary=gettext_noop("My orders"),
    description=gettext_noop("The newest first."),
    response={200: OrdersAnswer, **refusals(400, 401)},
)
def list_orders(request: HttpRequest, query: Query[OrdersQuery]) -> HttpResponse:
    found = Order.objects.of(caller(request).user_id)
    if query.status is not None:
        found = found.filter(status=query.status)
    page = Page(query.page_index, query.page_size)
    pagination, rows = paginate(found, found.order_by("-id"), page)
    lines: dict[int, list[OrderLine]] = {row.pk: [] for row in rows}
    for line in OrderLine.objects.filter(order_id__in=lines).order_by("sequence"):
        lines[line.order_id].append(line)
    items = [showing.order(row, lines[row.pk]) for row in rows]
    return success({"pagination": pagination, "items": items})


OrderNo = Path(
    max_length=24,
    pattern=r"^[0-9]{1,24}$",
    description=gettext_noop("The number of the order, 24 digits."),
)


def _own(request: HttpRequest, order_no: str) -> Order:
    return lookup.by_number(order_no, user_id=caller(request).user_id)


@router.get(
    "/orders/{order_no}",
    operation_id="get_order",
    summary=gettext_noop("One order"),
    description=gettext_noop("Only the customer's own; any other is not found."),
    response={200: OrderAnswer, **refusals(401, 404)},
)
def get_order(request: HttpRequest, order_no: str = OrderNo) -> HttpResponse:
    order = _own(request, order_no)
    return success(showing.order(order, lookup.lines_of(order)))


@router.post(
    "/orders/{order_no}/cancel",
    operation_id="cancel_order",
    summary=gettext_noop("Cancel an unpaid order"),
    description=gettext_noop(
        "While a payment is under way the order stays pending and `cancelling` is true; "
        "the shop closes the payment first."
    ),
    response={200: CancelAnswer, **refusals(401, 404, 409)},
)
def cancel_order(request: HttpRequest, order_no: str = OrderNo) -> HttpResponse:
    order = cancelling.cancel(_own(request, order_no), by=caller(request).user)
    is_waiting = order.cancel_requested_at is not None and order.status == "pending"
    return success({"status": str(order.status), "cancelling": is_waiting})


@router.post(
    "/orders/{order_no}/pay",
    operation_id="pay_order",
    summary=gettext_noop("Pay by WeChat"),
    description=gettext_noop(
        "Gives the arguments of `wx.requestPayment`; again and again the same attempt "
        "while it can be paid. What the mini-program is told afterwards proves nothing: "
        "ask for the order. 409 `no_openid` where the account is not bound to WeChat."
    ),
    response={200: PayAnswer, **refusals(401, 404, 409, 502, 503)},
)
def pay_order(request: HttpRequest, order_no: str = OrderNo) -> HttpResponse:
    found = attempts.start(
        _own(request, order_no),
        user=caller(request).user,
        client_ip=client_ip(request),
    )
    return success(found)


@router.post(
    "/orders/{order_no}/confirm",
    operation_id="confirm_order",
    summary=gettext_noop("The goods have arrived"),
    description=gettext_noop("Completes a shipped order; points are earned."),
    response={200: OrderAnswer, **refusals(401, 404, 409)},
)
def confirm_order(request: HttpRequest, order_no: str = OrderNo) -> HttpResponse:
    order = fulfilment.complete(_own(request, order_no), by=caller(request).user)
    return success(showing.order(order, lookup.lines_of(order)))


@router.post(
    "/orders/{order_no}/refunds",
    operation_id="ask_for_refund",
    summary=gettext_noop("Ask for a refund"),
    description=gettext_noop(
        "Of some lines in the units in which they were bought, or of the whole order. "
        "May take the header `Idempotency-Key`."
    ),
    response={201: RefundAnswer, **refusals(400, 401, 404, 409)},
)
def ask_for_refund(
    request: HttpRequest,
    body: Body[RefundRequest],
    order_no: str = OrderNo,
    idempotency_key: str | None = IdempotencyKey,
) -> HttpResponse:
    order = _own(request, order_no)

    def act() -> Json:
        refund = refunds.request(
            order, by=caller(request).user, reason=body.reason, wanted=_wanted(body)
        )
        parts = refund.lines.select_related("line")
        return {"refund": showing.refund(refund, parts)}

    if idempotency_key is None:
        return success(act(), 201)
    return success(_once(request, idempotency_key, act), 201)


def _wanted(body: RefundRequest) -> Wanted:
    if body.lines is None:
        return Wanted()
    quantities = {part.line_id: part.quantity for part in body.lines}
    if len(quantities) < len(body.lines):
        raise FieldErrors({"lines": [_("A line stands here twice.")]})
    return Wanted(quantities=quantities)


@router.get(
    "/orders/{order_no}/refunds",
    operation_id="list_refunds",
    summary=gettext_noop("The refunds of an order"),
    description=gettext_noop("The newest first."),
    response={200: RefundsAnswer, **refusals(400, 401, 404)},
)
def list_refunds(
    request: HttpRequest, query: Query[Paged], order_no: str = OrderNo
) -> HttpResponse:
    found = _own(request, order_no).refunds.all()
    page = Page(query.page_index, query.page_size)
    pagination, rows = paginate(found, found.order_by("-id"), page)
    parts: dict[int, list[RefundLine]] = {row.pk: [] for row in rows}
    for part in RefundLine.objects.filter(refund_id__in=parts).select_related("line"):
        parts[part.refund_id].append(part)
    items = [showing.refund(row, parts[row.pk]) for row in rows]
    return success({"pagination": pagination, "items": items})
