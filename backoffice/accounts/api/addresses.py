"""/me/addresses and GET /areas."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Body, Path, Query, Router

from backoffice.accounts import addresses, areas
from backoffice.accounts.api.auth import caller, customer
from backoffice.accounts.api.schemas import (
    AddressAnswer,
    AddressChange,
    AddressesAnswer,
    AreaQuery,
    AreasAnswer,
    NewAddress,
    NothingAnswer,
)
from backoffice.accounts.models import Address
from backoffice.base.api.envelope import success
from backoffice.base.api.factory import refusals
from backoffice.base.api.paging import Page, Paged, numbered
from backoffice.base.api.schemas import Id

router = Router(tags=["account"])

_FIELDS = (
    *("id", "receiver", "mobile", "province", "city", "district"),
    *("detail", "is_default"),
)


def _shown(address: Address) -> dict[str, Any]:
    return {name: getattr(address, name) for name in _FIELDS}


@router.get(
    "/me/addresses",
    operation_id="list_addresses",
    summary=_("My addresses"),
    description=_("The default address first, then the newest."),
    auth=customer,
    response={200: AddressesAnswer, **refusals(400, 401)},
)
def list_addresses(request: HttpRequest, query: Query[Paged]) -> HttpResponse:
    rows = list(Address.objects.filter(user=caller(request).user_id))
    pagination, shown = numbered(rows, Page(query.page_index, query.page_size))
    return success({"pagination": pagination, "items": [_shown(a) for a in shown]})


@router.post(
    "/me/addresses",
    operation_id="add_address",
    summary=_("Add an address"),
    description=_("Province, city and district are those of `GET /areas`."),
    auth=customer,
    response={201: AddressAnswer, **refusals(400, 401)},
)
def add_address(request: HttpRequest, body: Body[NewAddress]) -> HttpResponse:
    address = addresses.add(caller(request).user, body.model_dump())
    return success(_shown(address), 201)


@router.patch(
    "/me/addresses/{id}",
    operation_id="change_address",
    summary=_("Change an address"),
    description=_("What is left out stays."),
    auth=customer,
    response={200: AddressAnswer, **refusals(400, 401, 404)},
)
def change_address(
    request: HttpRequest, id: Path[Id], body: Body[AddressChange]
) -> HttpResponse:
    given = body.model_dump(exclude_unset=True)
    try:
        address = addresses.change(caller(request).user, id, given)
    except Address.DoesNotExist:
        raise Http404 from None
    return success(_shown(address))


@router.delete(
    "/me/addresses/{id}",
    operation_id="remove_address",
    summary=_("Remove an address"),
    description=_("Orders that were placed with it keep theirs."),
    auth=customer,
    response={200: NothingAnswer, **refusals(401, 404)},
)
def remove_address(request: HttpRequest, id: Path[Id]) -> HttpResponse:
    if not addresses.remove(caller(request).user, id):
        raise Http404
    return success(None)


@router.get(
    "/areas",
    operation_id="list_areas",
    summary=_("Provinces, cities, districts"),
    description=_(
        "What belongs to `parent`, or what is called `q`. A province has up to 21 cities "
        "and a city up to 38 districts: ask with `page_size=100`."
    ),
    response={200: AreasAnswer, **refusals(400)},
)
def list_areas(request: HttpRequest, query: Query[AreaQuery]) -> HttpResponse:
    found = areas.search(query.q) if query.q else areas.below(query.parent)
    if query.q and query.parent:
        inside = areas.area_of(query.parent)
        found = [a for a in found if inside and a.code.startswith(inside.code)]
    pagination, shown = numbered(found, Page(query.page_index, query.page_size))
    items = [{"code": a.code, "name": a.name, "full_name": a.full_name} for a in shown]
    response = success({"pagination": pagination, "items": items})
    response["Cache-Control"] = "public, max-age=3600"
    return response
