"""Roles that the merchant makes beside the seven built-in ones."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from backoffice.accounts.models import Role, User
from backoffice.accounts.roles import OWN_APPS, ROLES, permission_name, role_label
from backoffice.accounts.staff import (
    MANAGE,
    OwnAccount,
    ReachesAbove,
    locked_actors,
    may_give,
    permissions_given,
)
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.base.text import one_line, refuse_tags, refuse_unseen
from backoffice.oplog.record import record


class BuiltInRole(DomainError):
    """The seven roles of the shop come from their table and stay as they are."""

    slug = "built_in_role"
    http_status = 409


class RoleInUse(DomainError):
    """People still have the role."""

    slug = "role_in_use"
    http_status = 409


def is_built_in(role: Group) -> bool:
    """Whether it is one of the seven."""
    return role.name in ROLES


def grantable() -> "models.QuerySet[Permission]":
    """The permissions that a role can be made of: those of our own apps."""
    return (
        Permission.objects.filter(content_type__app_label__in=OWN_APPS)
        .select_related("content_type")
        .order_by("content_type__app_label", "content_type__model", "pk")
    )


@transaction.atomic
def create_role(name: str, permissions: Iterable[str], *, by: User) -> Group:
    """A role of the merchant's own. Raises FieldErrors, ReachesAbove."""
    by, _same = locked_actors(by)
    chosen = _chosen(permissions, by)
    name = _clean_name(name)
    try:
        with transaction.atomic():
            role = Role.objects.create(name=name)
    except IntegrityError:
        raise _name_taken() from None
    role.permissions.set(chosen)
    record(by=by, action="role.created", target=role, permissions=_names(chosen))
    return role


@transaction.atomic
def change_role(
    role: Group,
    *,
    by: User,
    name: str | None = None,
    permissions: Iterable[str] | None = None,
) -> None:
    """Another name or other permissions; what is None stays.

    It holds for all who have the role, at once. Raises BuiltInRole, FieldErrors,
    ReachesAbove, and OwnAccount where the actor would lose the right to manage staff.
    """
    by, role = _locked(role, by)
    details: dict[str, list[object]] = {}
    new_name = role.name if name is None else _clean_name(name, role)
    if new_name != role.name:
        details["name"] = [role.name, new_name]
        role.name = new_name
        try:
            with transaction.atomic():
                role.save(update_fields=["name"])
        except IntegrityError:
            raise _name_taken() from None
    if permissions is not None:
        chosen = _chosen(permissions, by)
        before = _names(role.permissions.select_related("content_type"))
        if before != _names(chosen):
            details["permissions"] = [before, _names(chosen)]
            role.permissions.set(chosen)
            _require_still_manager(by)
    if details:
        record(by=by, action="role.changed", target=role, changes=details)


@transaction.atomic
def delete_role(role: Group, *, by: User) -> None:
    """Take away a role that nobody has."""
    by, role = _locked(role, by)
    count = role.user_set.count()
    if count:
        raise RoleInUse(
            _('%(count)s people have the role "%(role)s"; take it from them first.')
            % {"count": count, "role": role.name}
        )
    record(by=by, action="role.deleted", target=role)
    role.delete()


def _locked(role: Group, by: User) -> tuple[User, Group]:
    by, _same = locked_actors(by)
    # all of them: two managers must not take the right from each other's role at once
    roles = {r.pk: r for r in Role.objects.select_for_update().order_by("pk")}
    role = roles[role.pk]
    if is_built_in(role):
        raise BuiltInRole(
            _('"%(role)s" is a built-in role and cannot be changed.')
            % {"role": role_label(role.name)}
        )
    if not may_give(by, permissions_given([role])):
        raise ReachesAbove(
            _('The role "%(role)s" may do more than you; you cannot change it.')
            % {"role": role.name}
        )
    return by, role


def _chosen(permissions: Iterable[str], by: User) -> list[Permission]:
    wanted = set(permissions)
    known = {permission_name(p): p for p in grantable()}
    if wanted - known.keys():
        raise FieldErrors({"permissions": [_("There is no such permission.")]})
    if not may_give(by, wanted):
        raise ReachesAbove(_("A role that you make may do no more than you."))
    return [p for name, p in known.items() if name in wanted]


def _names(permissions: Iterable[Permission]) -> list[str]:
    return sorted(permission_name(p) for p in permissions)


def _clean_name(name: str, role: Group | None = None) -> str:
    text = one_line(name)
    try:
        refuse_unseen(text)
        refuse_tags(text)
    except ValidationError as error:
        raise FieldErrors({"name": list(error.messages)}) from None
    if not 2 <= len(text) <= 40:
        raise FieldErrors({"name": [_("A name has 2 to 40 characters.")]})
    others = Role.objects.filter(name__iexact=text)
    if role is not None:
        others = others.exclude(pk=role.pk)
    if text.lower() in _built_in_words() or others.exists():
        raise _name_taken()
    return text


def _built_in_words() -> set[str]:
    """Names and labels of the seven, in every language."""
    words = set(ROLES)
    for code, _language in settings.LANGUAGES:
        with override(code):
            words |= {str(role.label).lower() for role in ROLES.values()}
    return words


def _require_still_manager(by: User) -> None:
    if not User.objects.get(pk=by.pk).has_perm(MANAGE):
        raise OwnAccount(_("You would no longer be allowed to manage staff."))


def _name_taken() -> FieldErrors:
    return FieldErrors({"name": [_("Another role has this name.")]})
