"""Balances that turn out to be wrong: adjustments by hand, differences of a count."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.base.errors import ReasonMissing
from backoffice.base.money import plain
from backoffice.oplog.record import record
from catalog.lookup import locked
from catalog.models import Goods
from catalog.moves import clean_reason, permit
from stock import ledger
from stock.enums import MovementKind
from stock.ledger import Posted, Posting
from stock.quantities import checked, in_steps
from stock.references import new_reference

if TYPE_CHECKING:
    from backoffice.accounts.models import User


@transaction.atomic
def adjust(
    goods: Goods,
    *,
    by: "User",
    delta: Decimal,
    reason: str,
    reference: str = "",
) -> Posted:
    """Add or take away by hand, with a reason; what orders hold is not touched.

    Raises NotPermitted, ReasonMissing, WrongQuantity, OutOfStock.
    """
    permit(by, "stock.adjust_stock", _("Adjust stock"))
    reason = clean_reason(reason)
    if not reason:
        raise ReasonMissing(_("Say why the stock is adjusted."))
    goods = locked(goods)
    in_steps(goods, abs(delta))
    posting = Posting(
        goods.pk,
        MovementKind.ADJUSTMENT,
        reference or new_reference("AD"),
        on_hand=delta,
        unit_cost=goods.cost,
        reason=reason,
    )
    [posted] = ledger.post([posting], by=by)
    if not posted.is_repeat:
        record(
            by=by,
            action="stock.adjusted",
            target=goods,
            quantity=plain(delta),
            reason=reason,
            reference=posting.reference,
        )
    return posted


def post_differences(
    differences: Iterable[tuple[int, Decimal]],
    *,
    reference: str,
    by: "User",
    reason: str = "",
    reasons: Mapping[int, str] | None = None,
) -> list[Posted]:
    """Post what a stocktake found: (goods id, counted − expected), those at 0 left out.

    `reasons` are those of single goods. What was expected is `on_hand − short` at the moment of counting. A difference that
    would go below what orders hold is posted down to it; the rest stays as a shortage.
    The stocktake's verb asks for the permission, is inside a transaction, and writes the
    log. Raises OutOfStock where less than nothing would be left.
    """
    wanted = {pk: delta for pk, delta in sorted(differences) if delta}
    costs = dict(Goods.objects.filter(pk__in=list(wanted)).values_list("pk", "cost"))
    postings = [
        Posting(
            pk,
            MovementKind.STOCKTAKE,
            reference,
            on_hand=checked(abs(delta)).copy_sign(delta),
            unit_cost=costs[pk],
            reason=(reasons or {}).get(pk) or reason,
        )
        for pk, delta in wanted.items()
    ]
    return ledger.post(postings, by=by)
