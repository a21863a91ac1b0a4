"""The pictures of a goods in its form: new files with their order and the part of each
that is kept; order, main picture, parts and removal of those that are there.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin.cropping import crop_words
from backoffice.base.cropping import BadCrop, Crop
from backoffice.shop import shop
from catalog import editing, pictures
from catalog.admin import cells
from catalog.models import Goods, GoodsPicture

PICTURES = "pictures"


class SeveralFiles(forms.FileInput):
    """An input that takes many files at once."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        return list(files.getlist(name)) if hasattr(files, "getlist") else []


class PicturesField(forms.Field):
    """The files handed in; what is in them is looked at by the verb."""

    widget = SeveralFiles(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class CropField(forms.CharField):
    """The part of a picture that is there, as the page sends it."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def clean(self, value: Any) -> Crop | None:
        try:
            return Crop.parse(str(value or ""))
        except BadCrop as refusal:
            raise ValidationError(str(refusal)) from None


def picture_words() -> str:
    """What `catalog-pictures.js` says, as JSON for an attribute."""
    return json.dumps(
        {
            "crop": json.loads(crop_words()),
            "earlier": _("Move to the front"),
            "later": _("Move to the back"),
            "drop": _("Leave out"),
            "cut": _("Cut to a square"),
            "sent": _("{done} of {total} MB are sent."),
            "kept": _("All is sent; the pictures are being checked."),
            "lost": _(
                "The pictures did not arrive, and nothing was saved. Look at your "
                "connection and save again."
            ),
            "many": _("A goods has at most %(most)s pictures.")
            % {"most": pictures.MOST},
            "large": _("larger than %(most)s MB") % {"most": shop.PICTURE_MAX_MB},
        },
        ensure_ascii=False,
    )


class PictureFields(forms.Form):
    """Mixed into the form of a goods."""

    instance: Goods
    new_pictures = PicturesField(required=False, label=gettext_lazy("add pictures"))
    #: the part of each new picture, by its place
    new_crops = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.present: list[GoodsPicture] = []

    def show_pictures(self) -> None:
        """Add the inputs of the pictures that are there."""
        self.present = list(self.instance.pictures.all())
        for place, picture in enumerate(self.present, 1):
            self.fields[f"place_{picture.pk}"] = forms.IntegerField(
                required=False, min_value=1, max_value=99, initial=place
            )
            self.fields[f"remove_{picture.pk}"] = forms.BooleanField(required=False)
            self.fields[f"crop_{picture.pk}"] = CropField()
        if self.present:
            self.fields["main_picture"] = forms.CharField(
                required=False,
                initial=str(next((p.pk for p in self.present if p.is_main), "")),
            )

    def picture_rows(self) -> Iterator[dict[str, Any]]:
        """The pictures that are there, with their inputs, for the template."""
        chosen = self["main_picture"].value() if self.present else ""
        for picture in self.present:
            path = str(picture.image)
            yield {
                "picture": picture,
                "url": cells.picture_url(path),
                "thumb": cells.thumb_url(path, 480),
                "place": self[f"place_{picture.pk}"],
                "remove": self[f"remove_{picture.pk}"],
                "crop": self[f"crop_{picture.pk}"],
                "is_main": str(picture.pk) == str(chosen),
            }

    def clean_new_crops(self) -> list[Crop | None]:
        """One for each new picture; those without a part are whole."""
        text = self.cleaned_data["new_crops"]
        try:
            return [Crop.parse(one) for one in text.split(";")] if text else []
        except BadCrop as refusal:
            raise ValidationError(str(refusal)) from None

    def crops(self) -> dict[int, Crop]:
        """{picture's id: the part that is kept} of pictures that are there and stay."""
        typed = self.cleaned_data
        return {
            p.pk: typed[f"crop_{p.pk}"]
            for p in self.present
            if typed.get(f"crop_{p.pk}") and not typed.get(f"remove_{p.pk}")
        }


@dataclass
class Prepared:
    """What was stored before the transaction: new pictures, and parts of those that
    are there by their ids."""

    added: list[pictures.Stored] = field(default_factory=list)
    parts: dict[int, pictures.Stored] = field(default_factory=dict)


@contextmanager
def prepared(
    goods: Goods | None, form: PictureFields, *, by: Any
) -> Iterator[Prepared]:
    """Store what the form hands in; it goes again where the verbs refuse."""
    typed = form.cleaned_data
    files, crops = typed["new_pictures"], form.crops()
    if goods is not None and (files or crops):
        editing.permit_content(by, goods, ["image"])
    ready = Prepared()
    try:
        ready.added = pictures.store_all(files, typed["new_crops"])
        for picture in form.present:
            if picture.pk in crops:
                part = pictures.store_part(picture, crops[picture.pk])
                ready.parts[picture.pk] = part
        with transaction.atomic():
            yield ready
    except BaseException:
        names = [one.name for one in (*ready.added, *ready.parts.values())]
        pictures.discard(names)
        raise


def save_pictures(
    goods: Goods, form: PictureFields, ready: Prepared, *, by: Any
) -> bool:
    """Main picture, order, what goes and what comes, as the form says; whether any."""
    typed = form.cleaned_data
    # whoever may not touch the pictures gets no inputs for them: what was not sent says
    # nothing, it does not clear a place
    changed = {name for name in form.changed_data if name in form.data}
    gone = [p for p in form.present if typed.get(f"remove_{p.pk}")]
    left = [p for p in form.present if p not in gone]
    main = next((p for p in left if str(p.pk) == typed.get("main_picture")), None)
    is_main_new = "main_picture" in changed and main is not None
    is_moved = any(f"place_{p.pk}" in changed for p in left)
    if is_main_new and main is not None:
        pictures.set_main(main, by=by)
    for picture in gone:
        pictures.remove_picture(picture, by=by)
    if is_moved:
        ordered = sorted(left, key=lambda p: typed.get(f"place_{p.pk}") or 99)
        pictures.order_pictures(goods, [p.pk for p in ordered], by=by)
    for picture in left:
        if picture.pk in ready.parts:
            pictures.replace_picture(picture, ready.parts[picture.pk], by=by)
    if ready.added:
        pictures.add_stored(goods, ready.added, by=by)
    return bool(is_main_new or gone or is_moved or ready.parts or ready.added)
