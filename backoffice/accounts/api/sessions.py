"""POST /auth/…: in, out, and new tokens for old ones."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from django.views.decorators.debug import sensitive_variables
from ninja import Body, Router

from backoffice.accounts import customers, staff, tokens
from backoffice.accounts.api import limits, passwords, people
from backoffice.accounts.api.auth import caller, customer
from backoffice.accounts.api.schemas import (
    Credentials,
    NothingAnswer,
    PasswordChange,
    RefreshToken,
    Registration,
    SignedInAnswer,
    TokenPairAnswer,
)
from backoffice.base.api import throttling
from backoffice.base.api.envelope import success
from backoffice.base.api.factory import refusals

router = Router(tags=["sign-in"])


@router.post(
    "/auth/register",
    operation_id="register",
    summary=_("Register"),
    description=_("A new customer account, signed in at once."),
    response={201: SignedInAnswer, **refusals(400)},
)
@sensitive_variables()
def register(request: HttpRequest, body: Body[Registration]) -> HttpResponse:
    limits.register_by_address(request)
    throttling.hit(limits.REGISTER_ONE, body.mobile)
    user = customers.register(
        mobile=body.mobile,
        password=body.password,
        username=body.username or "",
        email=body.email or "",
        nickname=body.nickname,
    )
    customers.note_sign_in(user)
    passwords.came_in(request, user)
    return success(people.signed_in(user, tokens.issue(user)), 201)


@router.post(
    "/auth/login",
    operation_id="login",
    summary=_("Sign in with a password"),
    description=_(
        "By user name, mobile or e-mail. `bad_credentials` does not tell which of the two "
        "is wrong; `account_disabled` comes only after the right password."
    ),
    response={200: SignedInAnswer, **refusals(400, 401, 403)},
)
@sensitive_variables()
def login(request: HttpRequest, body: Body[Credentials]) -> HttpResponse:
    user = passwords.sign_in(request, body.account, body.password)
    return success(people.signed_in(user, tokens.issue(user)))


@router.post(
    "/auth/refresh",
    operation_id="refresh",
    summary=_("New tokens"),
    description=_(
        "For a refresh token, which is used up. When one comes a second time, every "
        "token of that sign-in ends."
    ),
    response={200: TokenPairAnswer, **refusals(400, 401)},
)
def refresh(request: HttpRequest, body: Body[RefreshToken]) -> HttpResponse:
    limits.by_address(request, limits.REFRESH)
    renewal = tokens.renewable(body.refresh_token)
    throttling.hit(limits.REFRESH_ONE, renewal.user.pk)
    renewed = tokens.renew(renewal)
    passwords.came_in(request, renewal.user)
    return success(people.pair(renewed))


@router.post(
    "/auth/logout",
    operation_id="logout",
    summary=_("Sign out"),
    description=_("Every access and refresh token of this sign-in ends."),
    auth=customer,
    response={200: NothingAnswer, **refusals(401)},
)
def logout(request: HttpRequest) -> HttpResponse:
    tokens.sign_out(caller(request))
    return success(None)


@router.post(
    "/auth/logout-all",
    operation_id="logout_all",
    summary=_("Sign out everywhere"),
    description=_("Every token of this person ends."),
    auth=customer,
    response={200: NothingAnswer, **refusals(401)},
)
def logout_all(request: HttpRequest) -> HttpResponse:
    user = caller(request).user
    tokens.sign_out_everywhere(user, by=user)
    return success(None)


@router.post(
    "/auth/password",
    operation_id="change_password",
    summary=_("Change the password"),
    description=_("Every token of this person ends; the answer has new ones."),
    auth=customer,
    response={200: TokenPairAnswer, **refusals(400, 401)},
)
@sensitive_variables()
def change_password(request: HttpRequest, body: Body[PasswordChange]) -> HttpResponse:
    principal = caller(request)
    throttling.hit(limits.OLD_PASSWORD, principal.user_id)
    user = staff.change_own_password(
        principal.user, body.old_password, body.new_password, field="new_password"
    )
    return success(people.pair(tokens.issue(user)))
