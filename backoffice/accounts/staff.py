"""Staff accounts: made, changed, switched off and on by who may manage staff.

Nobody reaches above themselves: who is no superuser neither touches a superuser nor an
account that may do more, nor gives a role that does. Nobody takes their own account
away, so that one who may manage staff always remains. The operation log says which
fields changed, never what stood in them.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from backoffice.accounts import lockout
from backoffice.accounts.checking import check_password, field_errors, taken
from backoffice.accounts.models import User
from backoffice.accounts.roles import permission_name, role_label
from backoffice.base.errors import DomainError, FieldErrors, NotPermitted, WrongStatus
from backoffice.base.text import one_line
from backoffice.oplog.record import record

MANAGE = "accounts.manage_staff"
#: what may be set beside roles; all of it is personal
PERSONAL = ("username", "nickname", "mobile", "email")


class OwnAccount(DomainError):
    """Nobody does this to their own account."""

    slug = "own_account"
    http_status = 409


class ReachesAbove(NotPermitted):
    """The account, or the role given, may do more than the actor."""


def locked_actors(by: User, user: User | None = None) -> tuple[User, User]:
    """The actor and the account, locked and read anew, in the order of their ids.

    Two managers who switch each other off at the same moment meet here: the second is
    no longer active when it is its turn. Raises NotPermitted.
    """
    ids = {by.pk, user.pk if user else by.pk}
    rows = {
        row.pk: row
        for row in User.objects.select_for_update(no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
    }
    actor = rows[by.pk]
    if not (actor.is_active and actor.is_staff and actor.has_perm(MANAGE)):
        raise NotPermitted(_("You may not manage staff accounts."), permission=MANAGE)
    return actor, rows[user.pk] if user else actor


def permissions_held(user: User) -> set[str]:
    """What the account may do, switched off or not; a superuser's are not listed."""
    return {
        permission_name(p)
        for p in Permission.objects.filter(Q(user=user) | Q(group__user=user))
        .select_related("content_type")
        .distinct()
    }


def permissions_given(roles: Iterable[Group]) -> set[str]:
    """What these roles allow together."""
    return {
        permission_name(p)
        for p in Permission.objects.filter(group__in=list(roles))
        .select_related("content_type")
        .distinct()
    }


def may_give(by: User, permissions: set[str]) -> bool:
    """Whether the actor may do all of it, and so may let others do it."""
    return by.is_superuser or permissions <= by.get_all_permissions()


def is_above(by: User, user: User) -> bool:
    """Whether the account may do what the actor may not."""
    if by.is_superuser:
        return False
    return user.is_superuser or not may_give(by, permissions_held(user))


def refuse_above(by: User, user: User) -> None:
    """Raises ReachesAbove where the account may do more than the actor."""
    if is_above(by, user):
        raise ReachesAbove(
            _("%(name)s may do more than you; ask a superuser.") % {"name": user}
        )


def _refuse_roles(by: User, roles: Iterable[Group]) -> None:
    for role in roles:
        if not may_give(by, permissions_given([role])):
            raise ReachesAbove(
                _('The role "%(role)s" may do more than you; you cannot give it.')
                % {"role": role_label(role.name)}
            )


def _refuse_superuser(by: User) -> None:
    if not by.is_superuser:
        raise ReachesAbove(_("Only a superuser makes or unmakes superusers."))


@transaction.atomic
def create_staff(
    *,
    by: User,
    username: str,
    password: str,
    nickname: str = "",
    mobile: str | None = None,
    email: str | None = None,
    roles: Iterable[Group] = (),
    is_superuser: bool = False,
) -> User:
    """A new member of staff, who may sign in at once. Raises FieldErrors."""
    by, _same = locked_actors(by)
    roles = list(roles)
    _refuse_roles(by, roles)
    if is_superuser:
        _refuse_superuser(by)
    user = User(username=username, nickname=nickname, mobile=mobile, email=email)
    check_password(password, user)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username,
                password,
                nickname=nickname,
                mobile=mobile,
                email=email,
                is_staff=True,
                is_superuser=is_superuser,
            )
    except ValidationError as error:
        raise field_errors(error) from None
    except IntegrityError:
        raise taken() from None
    user.groups.set(roles)
    record(
        by=by,
        action="staff.created",
        target=user,
        roles=_names(roles),
        **({"superuser": True} if is_superuser else {}),
    )
    return user


@transaction.atomic
def change_staff(
    user: User,
    values: dict[str, Any],
    *,
    by: User,
    roles: Iterable[Group] | None = None,
    is_superuser: bool | None = None,
) -> list[str]:
    """Set some of `PERSONAL`, the roles, or whether it is a superuser.

    What is left out stays as it is. Gives the names of what changed. Raises
    FieldErrors, OwnAccount, ReachesAbove.
    """
    by, user = locked_actors(by, user)
    refuse_above(by, user)
    changed = _set_personal(user, {k: v for k, v in values.items() if k in PERSONAL})
    moves: dict[str, list[Any]] = {}
    if is_superuser is not None and is_superuser != user.is_superuser:
        _refuse_superuser(by)
        _refuse_own(by, user, _("Only another superuser can change this for you."))
        moves["is_superuser"] = [user.is_superuser, is_superuser]
        user.is_superuser = is_superuser
        user.save(update_fields=["is_superuser"])
    if roles is not None:
        moves |= _set_roles(user, list(roles), by)
    if changed or moves:
        record(
            by=by,
            action="staff.changed",
            target=user,
            **({"fields": changed} if changed else {}),
            **({"changes": moves} if moves else {}),
        )
    return [*changed, *moves]


def _set_personal(user: User, values: dict[str, Any]) -> list[str]:
    before = {name: getattr(user, name) for name in PERSONAL}
    for name, value in values.items():
        setattr(user, name, value)
    try:
        user.tidy()
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise field_errors(error) from None
    changed = [name for name, old in before.items() if getattr(user, name) != old]
    if changed:
        # somebody typed it; nobody vouches for it
        user.mobile_is_verified &= "mobile" not in changed
        try:
            with transaction.atomic():
                user.save(update_fields=[*changed, "mobile_is_verified"])
        except IntegrityError:
            raise taken() from None
    return changed


def _set_roles(user: User, roles: list[Group], by: User) -> dict[str, list[Any]]:
    before = list(user.groups.all())
    if {role.pk for role in before} == {role.pk for role in roles}:
        return {}
    _refuse_own(by, user, _("Only another manager can change your roles."))
    _refuse_roles(by, [role for role in roles if role not in before])
    user.groups.set(roles)
    return {"roles": [_names(before), _names(roles)]}


def _refuse_own(by: User, user: User, message: str) -> None:
    if user.pk == by.pk:
        raise OwnAccount(message)


def _names(roles: Iterable[Group]) -> list[str]:
    return sorted(role.name for role in roles)


@transaction.atomic
def set_password(user: User, password: str, *, by: User) -> None:
    """A new password for a colleague, whose sessions end and whose lock-out is lifted.

    One's own password is changed with the old one, see `change_own_password`.
    """
    by, user = locked_actors(by, user)
    _refuse_own(by, user, _("Change your own password on the page of your account."))
    refuse_above(by, user)
    check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    lockout.unlock(user)
    record(by=by, action="staff.password_set", target=user)


@transaction.atomic
def disable(user: User, *, by: User, reason: str = "") -> User:
    """Switch an account off: it is signed out everywhere and cannot sign in."""
    by, user = locked_actors(by, user)
    _refuse_own(by, user, _("You cannot switch off your own account."))
    refuse_above(by, user)
    if not user.is_active:
        raise WrongStatus(_("%(name)s is switched off already.") % {"name": user})
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(by=by, action="staff.disabled", target=user, **_reason(reason))
    return user


@transaction.atomic
def enable(user: User, *, by: User, reason: str = "") -> User:
    """Switch an account on again, with the roles and the password that it had."""
    by, user = locked_actors(by, user)
    refuse_above(by, user)
    if user.is_active:
        raise WrongStatus(_("%(name)s is switched on already.") % {"name": user})
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(by=by, action="staff.enabled", target=user, **_reason(reason))
    return user


def _reason(reason: str) -> dict[str, str]:
    text = one_line(reason)[:500]
    return {"reason": text} if text else {}


@transaction.atomic
def change_own_name(user: User, nickname: str) -> bool:
    """The name that colleagues and logs show; gives whether it changed."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    changed = _set_personal(user, {"nickname": nickname})
    if changed:
        record(by=user, action="account.changed", target=user, fields=changed)
    return bool(changed)


@transaction.atomic
def change_own_password(
    user: User, old: str, new: str, *, field: str = "password"
) -> User:
    """One's own password, with the old one; all other sessions and all tokens end.

    Gives the user as it is afterwards, for `update_session_auth_hash` and new tokens.
    Raises FieldErrors; what is wrong with the new one stands at `field`.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.check_password(old):
        raise FieldErrors({"old_password": [_("The old password is wrong.")]})
    check_password(new, user, field)
    user.set_password(new)
    user.save(update_fields=["password"])
    record(by=user, action="account.password_changed", target=user)
    return user
