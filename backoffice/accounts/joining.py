"""Customers who come from WeChat: signed in, bound to a mobile, joined to an account.

WeChat vouches for an openid (by the code of `wx.login`) and for a mobile (by the code of
`getPhoneNumber`). A mobile that somebody only typed proves nothing: whoever WeChat
vouches for takes such an account over, and the one who made it is out. Staff accounts
are never joined.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.accounts.checking import field_errors
from backoffice.accounts.customers import made_username
from backoffice.accounts.models import RevokedToken, User, new_secret
from backoffice.base.errors import DomainError, FieldErrors, NotPermitted
from backoffice.base.text import one_line
from backoffice.oplog.record import record

_SALT = "backoffice.accounts.joining"
BIND_LIFE = timedelta(minutes=10)


class AccountDisabled(DomainError):
    """WeChat says who it is; the shop has switched the account off."""

    slug = "account_disabled"
    http_status = 403


@dataclass(frozen=True)
class Bind:
    """What a bind token says: whose openid waits for a mobile; good once."""

    openid: str
    key: str
    expires_at: datetime


def bind_token(openid: str) -> str:
    """For an openid that nobody has: the way to `join`, for ten minutes."""
    return signing.dumps({"openid": openid, "key": uuid4().hex}, salt=_SALT)


def read_bind_token(text: str) -> Bind:
    """What it says. Raises FieldErrors where it is none of ours, too old or used."""
    try:
        said = signing.loads(text, salt=_SALT, max_age=BIND_LIFE)
        bind = Bind(said["openid"], said["key"], timezone.now() + BIND_LIFE)
    except (signing.BadSignature, ValueError, TypeError, KeyError):
        raise _worn_out() from None
    if RevokedToken.objects.filter(key=bind.key).exists():
        raise _worn_out()
    return bind


def _worn_out() -> FieldErrors:
    return FieldErrors(
        {"bind_token": [_("It is too old or used; sign in with WeChat anew.")]}
    )


def known_by(openid: str) -> User | None:
    """The customer who is bound to it. Raises AccountDisabled, NotPermitted."""
    user = User.objects.filter(openid=openid).first()
    if user is not None:
        _require_customer(user)
    return user


def _require_customer(user: User) -> None:
    if user.is_staff:
        raise NotPermitted(
            _("This account belongs to staff and is not opened by WeChat.")
        )
    if not user.is_active:
        raise AccountDisabled(_("This account is switched off. Please ask the shop."))


def join(bind: Bind, mobile: str, *, nickname: str = "") -> User:
    """The customer with this mobile, which WeChat vouches for, bound to the openid.

    Where nobody has it, a new one. An account whose mobile was only typed is taken over
    clean: its password does not count any more, its tokens end, its e-mail is removed, and
    none of its addresses is the default.
    One that is bound to another openid is bound to this one from now on. Raises
    FieldErrors, NotPermitted, AccountDisabled.
    """
    try:
        return _join(bind, mobile, nickname)
    except IntegrityError:
        # two at once: the other one is there now
        return _join(bind, mobile, nickname)


@transaction.atomic
def _join(bind: Bind, mobile: str, nickname: str) -> User:
    if User.objects.filter(openid=bind.openid).exists():
        raise _worn_out()
    user = User.objects.select_for_update(no_key=True).filter(mobile=mobile).first()
    if user is None:
        user = _new(bind.openid, mobile, nickname)
    else:
        _require_customer(user)
        _bind(user, bind.openid, nickname)
    _row, is_new = RevokedToken.objects.get_or_create(
        key=bind.key, defaults={"user": user, "expires_at": bind.expires_at}
    )
    if not is_new:
        raise _worn_out()
    return user


def _new(openid: str, mobile: str, nickname: str) -> User:
    user = User(
        username=made_username(),
        mobile=mobile,
        mobile_is_verified=True,
        nickname=nickname,
        openid=openid,
        wechat_bound_at=timezone.now(),
    )
    user.set_unusable_password()
    _clean(user)
    user.save(force_insert=True)
    record(by=user, action="customer.registered", target=user)
    return user


def _bind(user: User, openid: str, nickname: str) -> None:
    action = "customer.joined"
    if not user.mobile_is_verified:
        action = "customer.taken_over"
        user.set_unusable_password()
        user.email = None
        user.mobile_is_verified = True
        # what somebody else may have planted is not used by itself
        user.addresses.update(is_default=False)
    if user.openid or action == "customer.taken_over":
        # whoever had it before is out
        user.token_secret = new_secret()
    user.nickname = user.nickname or nickname
    user.openid = openid
    user.wechat_bound_at = timezone.now()
    _clean(user)
    user.save()
    record(by=user, action=action, target=user)


def _clean(user: User) -> None:
    user.nickname = one_line(user.nickname)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise field_errors(error) from None


@transaction.atomic
def link(user: User, openid: str) -> User:
    """Bind an openid to the account of a customer who is signed in. Raises FieldErrors,
    NotPermitted."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _require_customer(user)
    if user.openid == openid:
        return user
    taken = FieldErrors({"code": [_("This WeChat belongs to another account.")]})
    if User.objects.filter(openid=openid).exists():
        raise taken
    user.openid = openid
    user.wechat_bound_at = timezone.now()
    try:
        with transaction.atomic():
            user.save(update_fields=["openid", "wechat_bound_at"])
    except IntegrityError:
        raise taken from None
    record(by=user, action="customer.linked", target=user)
    return user
