"""One verb over a selection: each goods succeeds or fails by itself (DOMAIN 2)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from backoffice.base import ports
from backoffice.base.errors import DomainError
from backoffice.base.status import require
from catalog import archiving, listing, pricing, review
from catalog.enums import MOVES, VERB_LABELS, Means
from catalog.models import Goods
from catalog.readiness import require_ready

if TYPE_CHECKING:
    from backoffice.accounts.models import User

VERBS: dict[str, Callable[..., Goods]] = {
    "submit": review.submit,
    "approve": review.approve,
    "reject": review.reject,
    "list": listing.list_goods,
    "delist": listing.delist,
    "revise": review.revise,
    "archive": archiving.archive,
    "restore": archiving.restore,
}


@dataclass
class Outcome:
    """What became of one goods: `error` is None where the verb succeeded; `warning`
    is for people (for example: on the shelf, but sold out)."""

    id: int
    code: str
    name: str
    status: str
    error: DomainError | None = None
    warning: str = ""


@dataclass
class BulkResult:
    """The outcomes in the order asked for."""

    verb: str
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def done(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.error is None]

    @property
    def failed(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.error is not None]


def run(
    verb: str,
    many: Iterable[Goods],
    *,
    by: "User",
    reason: str = "",
    means: Means = Means.HAND,
) -> BulkResult:
    """Apply a verb of `VERBS` to each goods, each in a transaction of its own."""
    act = VERBS[verb]
    result = BulkResult(verb)
    for goods in many:
        outcome = Outcome(goods.pk, goods.code, goods.name, goods.status)
        try:
            after = act(goods, by=by, reason=reason, means=means)
        except DomainError as error:
            outcome.error = error
        else:
            outcome.status = after.status
            if verb == "list" and listing.is_sold_out(after):
                outcome.warning = _sold_out()
        result.outcomes.append(outcome)
    return result


def foresee(verb: str, many: Sequence[Goods], *, by: "User") -> list[Outcome]:
    """What `run` would say to each goods as it stands, for the page before it.

    Writes nothing; a reason that is still to be typed counts as given.
    """
    ids = [goods.pk for goods in many]
    held = ports.reserved(ids) if verb == "archive" else {}
    available = ports.available(ids) if verb == "list" else {}
    outcomes = []
    for goods in many:
        outcome = Outcome(goods.pk, goods.code, goods.name, goods.status)
        try:
            require(goods, *MOVES[verb][0], verb=VERB_LABELS[verb])
            if verb in ("submit", "approve", "list"):
                require_ready(goods)
            archiving.refuse_reserved(goods, held.get(goods.pk))
            outcome.warning = _warning(verb, goods, by, available.get(goods.pk))
        except DomainError as refusal:
            outcome.error = refusal
        outcomes.append(outcome)
    return outcomes


def _warning(verb: str, goods: Goods, by: "User", available: Decimal | None) -> str:
    """What the person should know before the verb is done."""
    if verb == "list" and available is not None and available <= 0:
        return _sold_out()
    if verb != "approve":
        return ""
    said = [hit.message for hit in pricing.standing_hits(goods)]
    if review.is_self_approval(goods, by):
        said.append(_("You are the only reviewer and changed it yourself: say why."))
    return _("; ").join(said)


def _sold_out() -> str:
    return _("Nothing is available: shown as sold out.")
