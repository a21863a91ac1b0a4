"""/cart and /quote: what a customer has picked and what it comes to."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Body, Path, Query, Router

from backoffice.accounts.api.auth import caller, customer
from backoffice.base.api.envelope import success
from backoffice.base.api.factory import refusals
from backoffice.base.api.schemas import Id
from catalog.enums import SellingUnit
from sales import cart, showing
from sales.api.schemas import (
    CartAddition,
    CartAnswer,
    CartChange,
    QuoteAnswer,
    QuoteQuery,
    QuoteRequest,
    Ticks,
)
from sales.quoting import Points, Wish

router = Router(tags=["cart"], auth=customer)


@router.get(
    "/cart",
    operation_id="get_cart",
    summary=_("The cart"),
    description=_(
        "Every line with today's price; `problem` says why one does not count."
    ),
    response={200: CartAnswer, **refusals(401)},
)
def get_cart(request: HttpRequest) -> HttpResponse:
    return _shown(request)


@router.post(
    "/cart/lines",
    operation_id="add_to_cart",
    summary=_("Put into the cart"),
    description=_("Adds to what is there of the goods by this unit, and ticks it."),
    response={201: CartAnswer, **refusals(400, 401, 409)},
)
def add_to_cart(request: HttpRequest, body: Body[CartAddition]) -> HttpResponse:
    cart.add(
        caller(request).user,
        goods_id=body.goods_id,
        unit=SellingUnit(body.unit),
        quantity=body.quantity,
    )
    return _shown(request, 201)


@router.patch(
    "/cart/lines/{id}",
    operation_id="change_cart_line",
    summary=_("Change a line of the cart"),
    description=_("Its quantity, its tick, or both."),
    response={200: CartAnswer, **refusals(400, 401, 404)},
)
def change_cart_line(
    request: HttpRequest, id: Path[Id], body: Body[CartChange]
) -> HttpResponse:
    cart.change(caller(request).user, id, quantity=body.quantity, ticked=body.ticked)
    return _shown(request)


@router.delete(
    "/cart/lines/{id}",
    operation_id="remove_cart_line",
    summary=_("Take a line out of the cart"),
    description=_("The answer is the cart without it."),
    response={200: CartAnswer, **refusals(401, 404)},
)
def remove_cart_line(request: HttpRequest, id: Path[Id]) -> HttpResponse:
    cart.remove(caller(request).user, id)
    return _shown(request)


@router.put(
    "/cart/ticked",
    operation_id="tick_cart_lines",
    summary=_("Tick exactly these lines"),
    description=_("All others are no longer ticked."),
    response={200: CartAnswer, **refusals(400, 401, 404)},
)
def tick_cart_lines(request: HttpRequest, body: Body[Ticks]) -> HttpResponse:
    cart.tick(caller(request).user, body.line_ids)
    return _shown(request)


def _shown(request: HttpRequest, status: int = 200) -> HttpResponse:
    rows = cart.lines(caller(request).user)
    quoted = cart.quoted(rows)
    ticks = [row.ticked for row in rows]
    return success(showing.cart(zip(quoted, ticks, strict=True)), status)


@router.get(
    "/cart/quote",
    operation_id="quote_cart",
    summary=_("What the ticked lines come to"),
    description=_(
        "Lines with a problem are named and not counted in. Minimum and freight look at "
        "the goods total before points."
    ),
    response={200: QuoteAnswer, **refusals(400, 401)},
)
def quote_cart(request: HttpRequest, query: Query[QuoteQuery]) -> HttpResponse:
    spend: Points = "best" if query.points == "best" else int(query.points)
    quoted = cart.quote_cart(caller(request).user, spend=spend, delivery=query.delivery)
    return success(showing.quote(quoted))


@router.post(
    "/quote",
    operation_id="quote_lines",
    summary=_("What a buy-now comes to"),
    description=_("As the quote of the cart, for lines that are not in it."),
    response={200: QuoteAnswer, **refusals(400, 401)},
)
def quote_lines(request: HttpRequest, body: Body[QuoteRequest]) -> HttpResponse:
    wishes = [Wish(line.goods_id, line.unit, line.quantity) for line in body.lines]
    quoted = cart.quote_wishes(
        caller(request).user, wishes, spend=body.points, delivery=body.delivery
    )
    return success(showing.quote(quoted))
