"""Review of goods: submit, approve, reject, revise (DOMAIN 2)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from backoffice.accounts.holders import is_only_holder
from backoffice.base.errors import ReasonMissing
from backoffice.shop import shop
from catalog import changes
from catalog.enums import GoodsStatus, Means
from catalog.errors import SelfReview
from catalog.models import Goods
from catalog.moves import clean_reason, move
from catalog.readiness import require_ready

if TYPE_CHECKING:
    from backoffice.accounts.models import User


def submit(
    goods: Goods, *, by: "User", reason: str = "", means: Means = Means.HAND
) -> Goods:
    """Hand a draft or rejected goods to the reviewers.

    It needs a name, a category and a price above 0 for every enabled selling unit.
    """

    def check(goods: Goods) -> None:
        require_ready(goods)

    return move(goods, "submit", by=by, reason=reason, means=means, check=check)


def approve(
    goods: Goods,
    *,
    by: "User",
    reason: str = "",
    means: Means = Means.HAND,
    seen_at: datetime | None = None,
) -> Goods:
    """Accept a submitted goods; with four eyes on, not by who touched it.

    In a shop where only one active person may review, that person may approve alone
    after typing a reason; the log then says `self_approved`. With `seen_at` (the
    `updated_at` that the reviewer saw), what was changed meanwhile is not approved.
    """

    def check(goods: Goods) -> dict[str, Any] | None:
        require_ready(goods)
        if not shop.REVIEW_FOUR_EYES or by.pk not in touched_since_approval(goods):
            return None
        if not is_only_holder(by, "catalog.review_goods"):
            raise SelfReview(
                _("Four eyes: you entered or changed %(goods)s yourself.")
                % {"goods": goods}
            )
        if not clean_reason(reason):
            raise ReasonMissing(
                _("You are the only reviewer; to approve your own goods, say why.")
            )
        return {"self_approved": True}

    return move(
        goods,
        "approve",
        by=by,
        reason=reason,
        means=means,
        seen_at=seen_at,
        check=check,
    )


def reject(
    goods: Goods,
    *,
    by: "User",
    reason: str = "",
    means: Means = Means.HAND,
    seen_at: datetime | None = None,
) -> Goods:
    """Send a submitted goods back; the reason is what the buyer reads."""

    def check(goods: Goods) -> None:
        if not clean_reason(reason):
            raise ReasonMissing(_("Say why the goods is rejected."))

    return move(
        goods,
        "reject",
        by=by,
        reason=reason,
        means=means,
        seen_at=seen_at,
        check=check,
    )


def revise(
    goods: Goods, *, by: "User", reason: str = "", means: Means = Means.HAND
) -> Goods:
    """Take an approved, rejected or delisted goods back to draft, to change it."""
    return move(goods, "revise", by=by, reason=reason, means=means)


def touched_since_approval(goods: Goods) -> set[int]:
    """Who submitted the goods or changed its content since it was last approved.

    User ids, read from the history: all rows since the last approval that changed
    content or moved it to pending.
    """
    rows = changes.HISTORY.objects.filter(id=goods.pk)
    last_approval = (
        rows.filter(status_changed=True, status=GoodsStatus.APPROVED)
        .order_by("-history_id")
        .values_list("history_id", flat=True)
        .first()
    )
    if last_approval:
        rows = rows.filter(history_id__gt=last_approval)
    return {
        user_id
        for user_id, content, moved, status in rows.values_list(
            "history_user_id", "content_changed", "status_changed", "status"
        )
        if user_id and (content or (moved and status == GoodsStatus.PENDING))
    }
