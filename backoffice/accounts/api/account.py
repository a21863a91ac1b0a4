"""GET and PATCH /me, GET /me/points: the person's own account."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from django.views.decorators.debug import sensitive_variables
from ninja import Body, Query, Router

from backoffice.accounts import customers
from backoffice.accounts.api import limits, people
from backoffice.accounts.api.auth import caller, customer
from backoffice.accounts.api.schemas import MeAnswer, MeChange, PointsLogAnswer
from backoffice.accounts.tokens import whole
from backoffice.base import ports
from backoffice.base.api import throttling
from backoffice.base.api.envelope import moment, success
from backoffice.base.api.factory import refusals
from backoffice.base.api.paging import Page, Paged, pagination

router = Router(tags=["account"], auth=customer)


@router.get(
    "/me",
    operation_id="get_me",
    summary=_("My account"),
    description=_("The person whose token it is."),
    response={200: MeAnswer, **refusals(401)},
)
def get_me(request: HttpRequest) -> HttpResponse:
    return success(people.me(caller(request).user))


@router.patch(
    "/me",
    operation_id="change_me",
    summary=_("Change my account"),
    description=_("Nickname, avatar, or e-mail (with the password)."),
    response={200: MeAnswer, **refusals(400, 401)},
)
@sensitive_variables()
def change_me(request: HttpRequest, body: Body[MeChange]) -> HttpResponse:
    principal = caller(request)
    given = body.model_dump(exclude_unset=True)
    password = given.pop("password", "")
    if "email" in given:
        throttling.hit(limits.OLD_PASSWORD, principal.user_id)
    customers.change_account(principal.user, given, password=password)
    return success(people.me(whole().get(pk=principal.user_id)))


@router.get(
    "/me/points",
    operation_id="list_points",
    summary=_("My points"),
    description=_("What came to the points account and what went, newest first."),
    response={200: PointsLogAnswer, **refusals(400, 401)},
)
def list_points(request: HttpRequest, query: Query[Paged]) -> HttpResponse:
    page = Page(query.page_index, query.page_size)
    total, entries = ports.points_log(caller(request).user_id, page.start, page.stop)
    items = [{**entry, "created_at": moment(entry["created_at"])} for entry in entries]
    return success({"pagination": pagination(total, page), "items": items})
