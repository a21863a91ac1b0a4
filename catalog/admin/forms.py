"""Forms whose rows are written by verbs, and the way back when a verb refuses."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from backoffice.base.errors import DomainError, FieldErrors


class Refused(Exception):
    """A verb refused what was saved; carries the object's id, None for a new one.

    Raised in `save_model`, so that the transaction of the page is rolled back.
    """

    def __init__(self, refusal: DomainError, pk: Any) -> None:
        super().__init__(str(refusal))
        self.refusal, self.pk = refusal, pk


class VerbForm(forms.ModelForm):
    """Reads what was typed, field by field; how fields fit together is the verb's.

    `refusals` holds what the verb said to the same input a moment ago, by the object's
    id. `aliases` names the form's fields for the verb's where they differ.
    """

    refusals: dict[Any, DomainError] = {}
    aliases: dict[str, str] = {}

    def clean(self) -> dict[str, Any]:
        """Puts what the verb said beside the fields."""
        for field, message in self._refused():
            self.add_error(field if field in self.fields else None, message)
        return self.cleaned_data

    def _refused(self) -> Iterator[tuple[str | None, str]]:
        refusal = self.refusals.get(self.instance.pk)
        if isinstance(refusal, FieldErrors):
            for field, said in refusal.errors.items():
                for message in said:
                    yield self.aliases.get(field, field), message
        elif refusal is not None:
            yield None, str(refusal)

    def _post_clean(self) -> None:
        """As Django's, without uniqueness and constraints of the table."""
        options: Any = self._meta  # type: ignore[attr-defined]
        self.instance = forms.models.construct_instance(
            self, self.instance, options.fields, options.exclude
        )
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())  # type: ignore[attr-defined]
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]


def shown_again(
    request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
) -> HttpResponse:
    """The page of a `save_model` that may raise Refused: where it does, the page is
    made anew, with what was typed and why it was refused."""
    try:
        return view(request, *args, **kwargs)
    except Refused as refused:
        request.refusals = {refused.pk: refused.refusal}  # type: ignore[attr-defined]
        for _name, files in request.FILES.lists():
            for file in files:
                file.seek(0)
        return view(request, *args, **kwargs)


def refusals_of(request: HttpRequest) -> dict[Any, DomainError]:
    """What a verb said a moment ago, for the form's class."""
    found: dict[Any, DomainError] = getattr(request, "refusals", {})
    return found


def moment(text: str) -> datetime:
    """The `updated_at` that a page carries; ValueError where it is none."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found
