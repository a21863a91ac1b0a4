"""Up to which amount who may approve a refund alone (DOMAIN 8)."""

from decimal import Decimal
from typing import TYPE_CHECKING

from backoffice.shop import shop

if TYPE_CHECKING:
    from backoffice.accounts.models import User

MANAGER = "manager"


def limit_of(user: "User") -> Decimal:
    """REFUND_LIMIT yuan, or more where REFUND_ROLE_LIMITS gives it to a role of theirs.

    A superuser counts as manager.
    """
    by_role = parsed(shop.REFUND_ROLE_LIMITS)
    roles = set(user.groups.values_list("name", flat=True)) if by_role else set()
    if user.is_superuser:
        roles.add(MANAGER)
    limits: list[Decimal] = [by_role[role] for role in roles & by_role.keys()]
    return max([shop.REFUND_LIMIT, *limits])


def parsed(text: str) -> dict[str, Decimal]:
    """{role: yuan} of the setting, which was checked when it was entered."""
    pairs = (word.split("=") for word in text.split(",") if word)
    return {role: Decimal(amount) for role, amount in pairs}
