"""One verb over a selection: each goods succeeds or fails by itself (DOMAIN 2)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from backoffice.base.errors import DomainError
from catalog import archiving, listing, review
from catalog.enums import Means
from catalog.models import Goods

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
                outcome.warning = _("Nothing is available: shown as sold out.")
        result.outcomes.append(outcome)
    return result
