"""Who delivers, and from whom each goods is ordered."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors
from backoffice.base.text import one_line, refuse_unseen
from backoffice.oplog.record import record
from catalog.lookup import locked
from catalog.moves import permit
from stock.models import GoodsSupply, Supplier

if TYPE_CHECKING:
    from backoffice.accounts.models import User
    from catalog.models import Goods

ORDER = "stock.order_goods"


@transaction.atomic
def add(*, by: "User", name: str, mobile: str = "", note: str = "") -> Supplier:
    """Enter a supplier. Raises NotPermitted, FieldErrors (also a name that is taken)."""
    permit(by, ORDER, _("Add a supplier"))
    supplier = _filled(Supplier(), name=name, mobile=mobile, note=note)
    _save(supplier)
    record(by=by, action="supplier.added", target=supplier)
    return supplier


@transaction.atomic
def change(
    supplier: Supplier,
    *,
    by: "User",
    name: str,
    mobile: str = "",
    note: str = "",
    is_active: bool = True,
) -> Supplier:
    """Write all of a supplier's fields; open orders of an inactive one stay as they are.

    Raises NotPermitted, FieldErrors.
    """
    permit(by, ORDER, _("Change a supplier"))
    supplier = Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
    _filled(supplier, name=name, mobile=mobile, note=note).is_active = is_active
    _save(supplier)
    record(by=by, action="supplier.changed", target=supplier)
    return supplier


@transaction.atomic
def assign(goods: "Goods", *, by: "User", supplier: Supplier) -> GoodsSupply:
    """Order this goods from that supplier from now on. Raises NotPermitted."""
    permit(by, ORDER, _("Choose the supplier of a goods"))
    goods = locked(goods)
    supply, _is_new = GoodsSupply.objects.update_or_create(
        goods=goods, defaults={"supplier": supplier}
    )
    record(by=by, action="supplier.assigned", target=goods, supplier=supplier.name)
    return supply


def _filled(supplier: Supplier, **texts: str) -> Supplier:
    for field, text in texts.items():
        setattr(supplier, field, one_line(text))
    return supplier


def _save(supplier: Supplier) -> None:
    try:
        for text in (supplier.name, supplier.mobile, supplier.note):
            refuse_unseen(text)
        supplier.clean_fields()
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            raise FieldErrors(error.message_dict) from None
        raise FieldErrors({"name": error.messages}) from None
    try:
        with transaction.atomic():
            supplier.save()
    except IntegrityError:
        raise FieldErrors({"name": [_("There is a supplier of this name.")]}) from None
