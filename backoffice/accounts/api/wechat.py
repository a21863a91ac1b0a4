"""POST /auth/wechat…: sign-in by the mini-program's codes."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _
from ninja import Body, Router
from ninja.errors import Throttled

from backoffice.accounts import customers, joining, tokens
from backoffice.accounts.api import limits, passwords, people
from backoffice.accounts.api.auth import caller, customer
from backoffice.accounts.api.schemas import (
    MeAnswer,
    SignedInAnswer,
    WechatAnswer,
    WechatBind,
    WechatCode,
)
from backoffice.accounts.names import clean_mobile
from backoffice.accounts.wechat.errors import CodeRefused, PersonRefused, TooOften
from backoffice.base.api import throttling
from backoffice.base.api.envelope import success
from backoffice.base.api.errors import Refused, invalid
from backoffice.base.api.factory import refusals

router = Router(tags=["sign-in"])


@router.post(
    "/auth/wechat",
    operation_id="wechat_login",
    summary=_("Sign in with WeChat"),
    description=_(
        "With the code of `wx.login`: as login where the WeChat account is bound, else "
        "`{bind_token}` for `/auth/wechat/bind`. A code that is refused "
        "(`bad_credentials`) is not tried again: ask WeChat for a new one."
    ),
    response={200: WechatAnswer, **refusals(400, 401, 403)},
)
def wechat_login(request: HttpRequest, body: Body[WechatCode]) -> HttpResponse:
    limits.wechat_by_address(request)
    try:
        openid = _openid(body.code)
    except CodeRefused as error:
        raise Refused("bad_credentials", str(error)) from None
    throttling.hit(limits.WECHAT_ONE, openid)
    user = joining.known_by(openid)
    if user is None:
        return success({"bind_token": joining.bind_token(openid)})
    customers.note_sign_in(user)
    passwords.came_in(request, user)
    return success(people.signed_in(user, tokens.issue(user)))


@router.post(
    "/auth/wechat/bind",
    operation_id="wechat_bind",
    summary=_("Bind WeChat to a mobile"),
    description=_(
        "With the bind token (10 minutes, one use) and the code of `getPhoneNumber`. "
        "Joins the customer account that has this mobile, or makes one. An account whose "
        "mobile was only typed is taken over: its password, tokens and e-mail end."
    ),
    response={200: SignedInAnswer, **refusals(400, 403)},
)
def wechat_bind(request: HttpRequest, body: Body[WechatBind]) -> HttpResponse:
    limits.wechat_by_address(request)
    bind = joining.read_bind_token(body.bind_token)
    throttling.hit(limits.WECHAT_ONE, bind.openid)
    try:
        mobile = clean_mobile(_mobile(body.phone_code))
    except CodeRefused as error:
        raise invalid([("phone_code", str(error))]) from None
    except ValidationError:
        raise PersonRefused(
            _t("Only mobile numbers of the mainland can be bound.")
        ) from None
    user = joining.join(bind, mobile, nickname=body.nickname)
    customers.note_sign_in(user)
    passwords.came_in(request, user)
    return success(people.signed_in(user, tokens.issue(user)))


@router.post(
    "/auth/wechat/link",
    operation_id="wechat_link",
    summary=_("Link WeChat to my account"),
    description=_(
        "From now on this WeChat account signs in here; it replaces another."
    ),
    auth=customer,
    response={200: MeAnswer, **refusals(400, 401, 403)},
)
def wechat_link(request: HttpRequest, body: Body[WechatCode]) -> HttpResponse:
    limits.wechat_by_address(request)
    principal = caller(request)
    try:
        openid = _openid(body.code)
    except CodeRefused as error:
        raise invalid([("code", str(error))]) from None
    joining.link(principal.user, openid)
    return success(people.me(principal.user))


def _openid(code: str) -> str:
    # the library takes a while to load, and many shops have no mini-program
    from backoffice.accounts.wechat import client  # noqa: PLC0415 - see above

    return _asked(client.openid_of, code)


def _mobile(code: str) -> str:
    from backoffice.accounts.wechat import client  # noqa: PLC0415 - see `_openid`

    return _asked(client.mobile_of, code)


def _asked(call: Callable[..., str], code: str) -> str:
    from backoffice.accounts.wechat.client import Account  # noqa: PLC0415 - see `_openid`

    account = Account(
        settings.WECHAT_APPID, settings.WECHAT_SECRET, settings.WECHAT_API_BASE
    )
    try:
        return call(account, code)
    except TooOften as error:
        raise Throttled(wait=error.wait) from None
