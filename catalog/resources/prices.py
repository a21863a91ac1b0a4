"""The prices sheet: nothing but prices, each with its reason."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.sheets.cells import shown
from backoffice.sheets.definitions import Checker, Options, Planned, Row
from backoffice.sheets.enums import Outcome
from catalog.resources.checker import GoodsChecker
from catalog.resources.columns import PRICES_COLUMNS
from catalog.resources.goods import ABILITIES, GoodsSheet
from catalog.resources.merging import Base
from catalog.resources.planning import PRICES

if TYPE_CHECKING:
    from backoffice.accounts.models import User


class PricesChecker(GoodsChecker):
    """Plans prices of goods that are there; a new code is a slip of the pen."""

    def _change(self, row: Row, goods: Any, base: Base | None) -> Planned:
        reason = row.values.get("reason", "")
        row.values = {
            name: value
            for name, value in row.values.items()
            if name in (*PRICES, "code", "updated_at")
        }
        planned = super()._change(row, goods, base)
        planned.reason = reason
        return planned

    def _create(self, row: Row, plain: Mapping[str, str], again: Any) -> Planned:
        code = row.values.get("code", "")
        if code:
            row.refuse("code", _("There is no goods %(code)s.") % {"code": shown(code)})
        return Planned(row, Outcome.ERROR, key=code)


class PricesSheet(GoodsSheet):
    """What a merchandiser sends round: code, prices, why."""

    id = "prices"
    label = gettext_lazy("prices")
    summary = gettext_lazy(
        "New prices for goods that are there; those that hit a guard wait for approval."
    )
    columns = PRICES_COLUMNS
    import_permissions = ("catalog.price_goods", "catalog.change_goods")
    required_for_new = ()

    def checker(self, by: "User", options: Options) -> Checker:
        return PricesChecker(by, options)

    def may_create_missing(self, by: "User") -> bool:
        """Nothing is created by prices."""
        return False

    def permit_options(self, by: "User", options: Options) -> None:
        """To create what is missing asks for nothing where nothing is."""

    def abilities(self, by: "User") -> list[str]:
        return [name for name in ABILITIES[1:4] if by.has_perm(name)]
