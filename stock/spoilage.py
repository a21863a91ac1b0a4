"""Goods that are lost: rotten, bruised, tasted, stolen (DOMAIN 4)."""

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors, ReasonMissing
from backoffice.base.money import plain
from backoffice.base.pictures import BadPicture, read_picture
from backoffice.files import thumbnails
from backoffice.oplog.record import record
from backoffice.shop import shop
from catalog.lookup import locked
from catalog.moves import clean_reason, permit
from catalog.pictures import discard
from stock import ledger
from stock.enums import LossReason, MovementKind
from stock.errors import PostedOtherwise
from stock.ledger import Posting
from stock.models import StockShortage, WriteOff
from stock.models.losses import evidence_path
from stock.quantities import in_steps
from stock.references import new_reference

if TYPE_CHECKING:
    from decimal import Decimal

    from backoffice.accounts.models import User
    from catalog.models import Goods


@dataclass(frozen=True)
class Loss:
    """What was written off, and the part of it that orders still hold."""

    row: WriteOff
    shortage: StockShortage | None


def write_off(
    goods: "Goods",
    *,
    by: "User",
    quantity: "Decimal",
    cause: LossReason,
    note: str = "",
    picture: IO[bytes] | None = None,
    reference: str = "",
) -> Loss:
    """Take what was lost off the shelf, valued at its cost of now.

    What orders hold stays booked and is left as a shortage. The same `reference` again
    with the same goods and quantity gives back the first. Raises NotPermitted,
    WrongQuantity, ReasonMissing (another reason without a note), OutOfStock (more than
    there is), FieldErrors (not a picture), PostedOtherwise.
    """
    permit(by, "stock.write_off", _("Write off"))
    note = clean_reason(note)
    if cause == LossReason.OTHER and not note:
        raise ReasonMissing(_("Say in a few words what happened."))
    # files are read and written before the transaction, see catalog.pictures
    path = _stored(picture) if picture is not None else ""
    try:
        loss = _write_off(
            goods, quantity, cause, note, path, reference or new_reference("SP"), by
        )
    except BaseException:
        discard([path] if path else [])
        raise
    if path and loss.row.picture.name != path:
        discard([path])
    return loss


@transaction.atomic
def _write_off(
    goods: "Goods",
    quantity: "Decimal",
    cause: LossReason,
    note: str,
    path: str,
    reference: str,
    by: "User",
) -> Loss:
    goods = locked(goods)
    quantity = in_steps(goods, quantity)
    _refuse_other(goods, quantity, reference)
    posting = Posting(
        goods.pk,
        MovementKind.SPOILAGE,
        reference,
        on_hand=-quantity,
        unit_cost=goods.cost,
        reason=note,
    )
    [posted] = ledger.post([posting], by=by)
    if posted.is_repeat:
        return Loss(WriteOff.objects.get(reference=reference), posted.shortage)
    row = WriteOff(
        at=timezone.now(),
        goods=goods,
        reference=reference,
        quantity=quantity,
        cause=cause,
        note=note,
        picture=path,
        unit_cost=goods.cost,
        by=by,
    )
    row.save(force_insert=True)
    if path:
        thumbnails.request(path)
    short = posted.shortage
    record(
        by=by,
        action="stock.written_off",
        target=goods,
        quantity=plain(quantity),
        cause=str(cause),
        reference=reference,
        **({"reason": note} if note else {}),
        **({"short": plain(short.quantity)} if short else {}),
    )
    return Loss(row, short)


def _refuse_other(goods: "Goods", quantity: "Decimal", reference: str) -> None:
    """One reference is one write-off."""
    first = WriteOff.objects.filter(reference=reference).first()
    if first and (first.goods_id, first.quantity) != (goods.pk, quantity):
        raise PostedOtherwise(
            _("%(reference)s was written off before with something else.")
            % {"reference": reference},
            reference=reference,
        )


def _stored(picture: IO[bytes]) -> str:
    """The picture's path in the file store."""
    try:
        read = read_picture(picture, max_mb=shop.PICTURE_MAX_MB)
    except BadPicture as refusal:
        raise FieldErrors({"picture": [str(refusal)]}) from None
    return default_storage.save(evidence_path(None, ""), ContentFile(read.content))
