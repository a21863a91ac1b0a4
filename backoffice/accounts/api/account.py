"""GET /me: the person's own account."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import Router

from backoffice.accounts.api import people
from backoffice.accounts.api.auth import caller, customer
from backoffice.accounts.api.schemas import MeAnswer
from backoffice.base.api.envelope import success
from backoffice.base.api.factory import refusals

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
