"""The step that all verbs of a goods' life share: permit, lock, guard, move, log."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.errors import NotPermitted, ReasonMissing
from backoffice.base.status import require
from backoffice.base.text import one_line, refuse_unseen
from backoffice.oplog.record import record
from catalog import changes
from catalog.enums import (
    MOVES,
    SELF_APPROVED,
    VERB_LABELS,
    VERB_PERMISSIONS,
    GoodsStatus,
    Means,
)
from catalog.lookup import locked
from catalog.models import Goods

if TYPE_CHECKING:
    from backoffice.accounts.models import User

#: past tense for the operation log
PAST = {
    "submit": "goods.submitted",
    "approve": "goods.approved",
    "reject": "goods.rejected",
    "list": "goods.listed",
    "delist": "goods.delisted",
    "revise": "goods.revised",
    "archive": "goods.archived",
    "restore": "goods.restored",
}
REASON_LENGTH = 500


def permit(by: "User", permission: str, what: Any) -> None:
    """Refuse unless the actor is active and holds the permission."""
    if not (by.is_active and by.has_perm(permission)):
        raise NotPermitted(
            _('You may not do this: "%(what)s".') % {"what": what},
            permission=permission,
        )


def clean_reason(reason: str) -> str:
    """One line, at most REASON_LENGTH characters, all of them visible."""
    text = one_line(reason)
    try:
        refuse_unseen(text)
    except ValidationError as error:
        raise ReasonMissing(error.messages[0]) from None
    if len(text) > REASON_LENGTH:
        raise ReasonMissing(
            _("The reason is longer than %(most)s characters.")
            % {"most": REASON_LENGTH}
        )
    return text


@transaction.atomic
def move(
    goods: Goods,
    verb: str,
    *,
    by: "User",
    reason: str = "",
    means: Means = Means.HAND,
    seen_at: datetime | None = None,
    check: Callable[[Goods], dict[str, Any] | None] = lambda goods: None,
) -> Goods:
    """Move a goods by `verb` of the table `MOVES`; gives the row as it is afterwards.

    `check` looks at the locked row and raises a DomainError to refuse; what it returns
    goes into the operation log. History and log are written in the same transaction.
    With `seen_at`, the row must still be the one that the person looked at.
    """
    permit(by, VERB_PERMISSIONS[verb], VERB_LABELS[verb])
    reason = clean_reason(reason)
    start, end = MOVES[verb]
    goods = locked(goods)
    require(goods, *start, verb=VERB_LABELS[verb])
    changes.require_unmoved(goods, seen_at)
    details = check(goods) or {}
    before = changes.snapshot(goods, (*changes.TRACKED, "submitted_at"))
    goods.status = end
    if end == GoodsStatus.ON_SALE:
        goods.listed_at = timezone.now()
    if end == GoodsStatus.PENDING:
        goods.submitted_at = timezone.now()
    changes.save(
        goods,
        before,
        changes.Origin(
            by=by,
            means=means,
            reason=reason,
            reference=SELF_APPROVED if details.get("self_approved") else "",
        ),
    )
    if reason:
        details["reason"] = reason
    record(
        by=by,
        action=PAST[verb],
        target=goods,
        changes={"status": [before["status"], str(end)]},
        **details,
    )
    return goods
