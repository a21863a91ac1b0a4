"""Forms of orders: what was typed, and what the verb said to it."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.base.errors import DomainError, FieldErrors, ReasonMissing
from sales.enums import BY_HAND
from sales.errors import NotEnoughPoints, WrongCode


def posted(request: HttpRequest) -> Any:
    """What was sent; an empty form is sent, too."""
    return request.POST if request.method == "POST" else None


class OrderForm(forms.Form):
    """Puts what a verb refuses beside the field that it is about."""

    #: refusals that name no field → the field that they are about
    about: dict[type[DomainError], str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def refuse(self, refusal: DomainError) -> None:
        """Show what the verb said."""
        if isinstance(refusal, FieldErrors):
            for name, said in refusal.errors.items():
                for message in said:
                    self.add_error(name if name in self.fields else None, message)
            return
        fitting = (n for kind, n in self.about.items() if isinstance(refusal, kind))
        self.add_error(next(fitting, None), str(refusal))


class PayForm(OrderForm):
    """How the money came in."""

    channel = forms.ChoiceField(
        label=_("How it was paid"),
        choices=[(str(one), one.label) for one in BY_HAND],
        widget=forms.RadioSelect,
        initial=str(BY_HAND[0]),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_(
            "For a transfer, the number of its receipt. Kept with the payment."
        ),
    )


class ShipForm(OrderForm):
    """Who takes it, and under which number."""

    carrier = forms.CharField(label=_("Carrier"), max_length=40)
    tracking_no = forms.CharField(
        label=_("Tracking number"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, is_express: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = is_express
        if not is_express:
            self.fields["carrier"].label = _("Who brings it (optional)")
            self.fields["tracking_no"].label = _("Number of the trip (optional)")


class HandOverForm(OrderForm):
    """The code that the customer says."""

    about = {WrongCode: "code"}

    code = forms.CharField(
        label=_("Pick-up code"),
        max_length=10,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "off",
                "autofocus": True,
                "class": "code-input",
                "placeholder": "0000",
            }
        ),
        help_text=_("The customer says it, or shows it on the telephone."),
    )


class NoteForm(OrderForm):
    """A note for colleagues."""

    text = forms.CharField(label=_("Note"), max_length=500)


class PointsForm(OrderForm):
    """How many points, and why; the reference makes a form that is sent twice count
    once."""

    about = {ReasonMissing: "reason", NotEnoughPoints: "points"}

    points = forms.IntegerField(
        label=_("Points"),
        widget=forms.NumberInput(attrs={"step": "1"}),
        help_text=_("100 gives a hundred, -100 takes a hundred away."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the points log and in the operation log."),
    )
    reference = forms.CharField(max_length=60, widget=forms.HiddenInput)


def typed_weight(text: str) -> Decimal | None:
    """A weight as somebody typed it; None for a blank one. Raises ValidationError."""
    field: Any = forms.DecimalField(max_digits=12, decimal_places=3, required=False)
    found: Decimal | None = field.clean(text.strip())
    return found
