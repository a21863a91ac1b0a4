"""What staff do for customers, and to them: switched off and on, signed out, unbound,
handed their data, forgotten.

Staff accounts are not touched here. The operation log says what was done, never what
stood in the account.
"""

from typing import Any

from axes.utils import reset
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.accounts import avatars, lockout, tokens
from backoffice.accounts.checking import check_password
from backoffice.accounts.models import Address, Upload, User, new_secret
from backoffice.base import ports
from backoffice.base.errors import NotPermitted, ReasonMissing, WrongStatus
from backoffice.base.text import one_line
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import record

CHANGE = "accounts.change_customer"
SEE = "accounts.view_personal_data"
ERASE = "accounts.erase_customer"


def _locked(customer: User, by: User, permission: str) -> User:
    """The customer, locked and read anew. Raises NotPermitted."""
    if not (by.is_active and by.is_staff and by.has_perm(permission)):
        raise NotPermitted(
            _("You may not do this to customers."), permission=permission
        )
    user = User.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if user.is_staff:
        raise NotPermitted(_("Staff accounts are looked after under Staff."))
    return user


def _said(reason: str, *, required: bool = False) -> dict[str, str]:
    text = one_line(reason)[:500]
    if required and not text:
        raise ReasonMissing(_("Say why: a reason is required."))
    return {"reason": text} if text else {}


@transaction.atomic
def disable(customer: User, *, by: User, reason: str) -> User:
    """Switch the account off: every token ends, and nobody signs in with it."""
    user = _locked(customer, by, CHANGE)
    words = _said(reason, required=True)
    if not user.is_active:
        raise WrongStatus(_("%(name)s is switched off already.") % {"name": user})
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(by=by, action="customer.disabled", target=user, **words)
    return user


def why_off(customer: User) -> OperationLog | None:
    """The entry of the log that says who switched the account off, when and why; None
    where it is on, or where nobody did it by hand."""
    if customer.is_active or customer.erased_at:
        return None
    entries = OperationLog.objects.filter(
        target_type="accounts.user", target_id=str(customer.pk)
    )
    return entries.filter(action="customer.disabled").select_related("by").first()


@transaction.atomic
def enable(customer: User, *, by: User, reason: str = "") -> User:
    """Switch the account on again; the customer signs in anew."""
    user = _locked(customer, by, CHANGE)
    if user.erased_at:
        raise WrongStatus(_("The data of this customer was erased; nobody is left."))
    if user.is_active:
        raise WrongStatus(_("%(name)s is switched on already.") % {"name": user})
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(by=by, action="customer.enabled", target=user, **_said(reason))
    return user


@transaction.atomic
def sign_out(customer: User, *, by: User, reason: str = "") -> User:
    """End every token of the customer; a lock after failed sign-ins is lifted."""
    user = _locked(customer, by, CHANGE)
    lockout.unlock(user)
    return tokens.sign_out_everywhere(user, by=by, **_said(reason))


@transaction.atomic
def set_password(customer: User, password: str, *, by: User) -> User:
    """A new password for who forgot theirs; every token ends, a lock is lifted.

    Whoever gives it could sign in with it, so it takes the right to see personal data.
    Raises FieldErrors.
    """
    user = _locked(customer, by, SEE)
    if not user.is_active:
        raise WrongStatus(_("%(name)s is switched off.") % {"name": user})
    check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    lockout.unlock(user)
    record(by=by, action="customer.password_set", target=user)
    return user


@transaction.atomic
def unbind(customer: User, *, by: User, reason: str = "") -> User:
    """Take the WeChat account away; whoever came by it is out, and binds anew."""
    user = _locked(customer, by, CHANGE)
    if user.openid is None:
        raise WrongStatus(_("%(name)s is not bound to WeChat.") % {"name": user})
    user.openid = None
    user.wechat_bound_at = None
    user.token_secret = new_secret()
    user.save(update_fields=["openid", "wechat_bound_at", "token_secret"])
    record(by=by, action="customer.unbound", target=user, **_said(reason))
    return user


@transaction.atomic
def export(customer: User, *, by: User) -> dict[str, Any]:
    """Everything that the shop keeps about the customer, for them to take away."""
    user = _locked(customer, by, ERASE)
    record(by=by, action="customer.exported", target=user)
    return {
        "exported_at": timezone.now(),
        "account": {
            "id": user.pk,
            "username": user.username,
            "mobile": user.mobile,
            "mobile_is_verified": user.mobile_is_verified,
            "email": user.email,
            "nickname": user.nickname,
            "avatar": user.avatar.name or None,
            "openid": user.openid,
            "wechat_bound_at": user.wechat_bound_at,
            "joined_at": user.date_joined,
            "last_sign_in_at": user.last_login,
            "is_active": user.is_active,
        },
        "addresses": list(
            Address.objects.filter(user=user).values(
                "receiver", "mobile", "province", "city", "district", "detail",
                "is_default", "created_at",
            )
        ),
        "acts": list(
            OperationLog.objects.filter(by=user).values("at", "action", "ip")
        ),
        **ports.personal_data(user.pk),
    }  # fmt: skip


@transaction.atomic
def erase(customer: User, *, by: User, reason: str) -> User:
    """Forget who the customer is, for good; what was bought and paid stays in the books.

    Names, mobile, e-mail, picture, WeChat, addresses and the addresses of orders go;
    the account stays under its number, switched off. Raises WrongStatus while an order
    is under way.
    """
    user = _locked(customer, by, ERASE)
    words = _said(reason, required=True)
    if user.erased_at:
        raise WrongStatus(_("The data of this customer was erased; nobody is left."))
    ports.erase_personal_data(user.pk)
    pictures = set(Upload.objects.filter(user=user).values_list("path", flat=True))
    if user.avatar:
        pictures.add(str(user.avatar.name))
    Address.objects.filter(user=user).delete()
    Upload.objects.filter(user=user).delete()
    reset(username=lockout.key_of(user))
    user.username = f"erased-{user.pk}"
    user.nickname = ""
    user.mobile = user.email = user.openid = user.wechat_bound_at = None
    user.mobile_is_verified = False
    user.avatar.name = ""
    user.is_active = False
    user.erased_at = timezone.now()
    user.last_login = None
    user.set_unusable_password()
    user.save()
    record(by=by, action="customer.erased", target=user, **words)
    for name in pictures:
        transaction.on_commit(lambda name=name: avatars.take_away(name))  # type: ignore[misc]
    return user
