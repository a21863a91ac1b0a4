"""Who holds a permission: for rules that ask for a second person."""

from django.contrib.auth.models import Permission
from django.db.models import Q

from backoffice.accounts.models import User


def holders(permission: str) -> "set[int]":
    """Ids of all active staff who hold `app.codename`, superusers included."""
    app_label, codename = permission.split(".", 1)
    wanted = Permission.objects.filter(
        content_type__app_label=app_label, codename=codename
    )
    return set(
        User.objects.active()
        .staff()
        .filter(
            Q(is_superuser=True)
            | Q(user_permissions__in=wanted)
            | Q(groups__permissions__in=wanted)
        )
        .values_list("pk", flat=True)
    )


def is_only_holder(user: User, permission: str) -> bool:
    """Whether nobody else could decide in this person's place."""
    return holders(permission) <= {user.pk}
