"""Review of goods: submit, approve, reject, revise (DOMAIN 2)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, QuerySet, Subquery
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
        if not is_self_approval(goods, by):
            return None
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


def is_self_approval(goods: Goods, by: "User") -> bool:
    """Whether four eyes are asked for and this person's are two of them.

    Raises SelfReview where somebody else could approve instead.
    """
    if not shop.REVIEW_FOUR_EYES or by.pk not in touched_since_approval(goods):
        return False
    if not is_only_holder(by, "catalog.review_goods"):
        raise SelfReview(
            _("Four eyes: you entered or changed %(goods)s yourself.")
            % {"goods": goods}
        )
    return True


def touched_since_approval(goods: Goods) -> set[int]:
    """Who submitted the goods or changed its content since it was last approved.

    User ids, read from the history: all rows since the last approval that changed
    content or moved it to pending.
    """
    rows = changes.HISTORY.objects.filter(id=goods.pk)
    last = last_approval(goods)
    if last:
        rows = rows.filter(history_id__gt=last.history_id)
    return {
        user_id
        for user_id, content, moved, status in rows.values_list(
            "history_user_id", "content_changed", "status_changed", "status"
        )
        if user_id and (content or (moved and status == GoodsStatus.PENDING))
    }


def last_approval(goods: Goods) -> Any:
    """The row of history as it was last approved; None before the first time."""
    return (
        changes.HISTORY.objects.filter(
            id=goods.pk, status_changed=True, status=GoodsStatus.APPROVED
        )
        .order_by("-history_id")
        .first()
    )


def last_rejection(goods: Goods) -> Any:
    """The row of history by which a rejected goods was rejected, with who did it."""
    if goods.status != GoodsStatus.REJECTED:
        return None
    return (
        changes.HISTORY.objects.filter(
            id=goods.pk, status_changed=True, status=GoodsStatus.REJECTED
        )
        .select_related("history_user")
        .order_by("-history_id")
        .first()
    )


def queue() -> "QuerySet[Goods]":
    """What waits for review, the longest waiting first.

    Each with `submission`: the number of the row of history by which it was submitted.
    """
    submissions = changes.HISTORY.objects.filter(
        id=OuterRef("pk"), status_changed=True, status=GoodsStatus.PENDING
    ).order_by("-history_id")
    return (
        Goods.objects.filter(status=GoodsStatus.PENDING)
        .annotate(submission=Subquery(submissions.values("history_id")[:1]))
        .order_by("submitted_at", "pk")
    )
