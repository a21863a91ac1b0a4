"""Forms of stock: what was typed, and what the verb said to it."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backoffice.base.errors import DomainError, FieldErrors, ReasonMissing
from catalog.costing import checked_cost
from catalog.models import Goods
from stock.enums import LossReason
from stock.errors import OutOfStock, WrongQuantity
from stock.quantities import in_steps
from stock.references import LENGTH

#: a number input of quantities: the keyboard of a phone shows its point
QUANTITY = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})


class StockForm(forms.Form):
    """Carries the number of its paper, so that what is sent twice is booked once."""

    #: where a refusal belongs that names no field
    quantity_field = "quantity"
    reason_field = "reason"

    reference = forms.CharField(max_length=LENGTH, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def refuse(self, refusal: DomainError) -> None:
        """Put what the verb said beside the field that it is about."""
        if isinstance(refusal, FieldErrors):
            for name, said in refusal.errors.items():
                for message in said:
                    self.add_error(name if name in self.fields else None, message)
        elif isinstance(refusal, WrongQuantity | OutOfStock):
            self.add_error(self.quantity_field, str(refusal))
        elif isinstance(refusal, ReasonMissing):
            self.add_error(self.reason_field, str(refusal))
        else:
            self.add_error(None, str(refusal))


class AdjustForm(StockForm):
    """By how much, and why."""

    quantity_field = "delta"

    delta = forms.DecimalField(
        label=_("Change of stock"),
        max_digits=12,
        decimal_places=3,
        widget=QUANTITY,
        help_text=_("3 adds three, -3 takes three away."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the ledger and in the operation log."),
    )


class WriteOffForm(StockForm):
    """How much was lost, and why; perhaps a picture of it."""

    reason_field = "note"

    quantity = forms.DecimalField(
        label=_("Quantity"), max_digits=12, decimal_places=3, widget=QUANTITY
    )
    cause = forms.ChoiceField(
        label=_("Why it was lost"),
        choices=LossReason.choices,
        widget=forms.RadioSelect,
        initial=LossReason.ROTTEN,
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        required=False,
        help_text=_("Needed for another reason."),
    )
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        widget=forms.ClearableFileInput(
            attrs={
                "accept": "image/jpeg,image/png,image/webp",
                "capture": "environment",
            }
        ),
    )


def typed_quantity(text: str, goods: Goods) -> Decimal | None:
    """A quantity of a goods as somebody typed it into one of many fields; None for a
    blank one.

    Raises ValidationError for all that the verb would refuse, so that it is said in its
    own row.
    """
    field: Any = forms.DecimalField(max_digits=12, decimal_places=3, required=False)
    found: Decimal | None = field.clean(text.strip())
    try:
        return None if found is None else in_steps(goods, found, or_zero=True)
    except WrongQuantity as refusal:
        raise ValidationError(str(refusal)) from None


def typed_cost(text: str) -> Decimal | None:
    """The same for a cost, 4 places."""
    field: Any = forms.DecimalField(max_digits=12, decimal_places=4, required=False)
    found: Decimal | None = field.clean(text.strip())
    try:
        return None if found is None else checked_cost(found)
    except FieldErrors as refusal:
        raise ValidationError(refusal.errors["unit_cost"]) from None
