"""Inputs for pictures that can be cut to a shape before they are sent.

The page sends the file as it is and, beside it, which part of it is kept
(`<name>_crop`); the verb cuts, so that nothing is written twice by a browser. Without
scripts the whole picture is taken.
"""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from backoffice.base.cropping import Crop

ENDING = "_crop"


def crop_words() -> str:
    """What `crop.js` says, as JSON for an attribute."""
    return json.dumps(
        {
            "open": _("Cut to size"),
            "title": _("Cut to size"),
            "move": _("Drag the picture or move it with the arrow keys."),
            "size": _("Size"),
            "apply": _("Use this part"),
            "whole": _("Use the whole picture"),
            "cancel": _("Cancel"),
            "broken": _(
                "The picture cannot be shown here; it is checked when you save."
            ),
            "preview": _("As it will look"),
        },
        ensure_ascii=False,
    )


class Cropped(forms.FileInput):
    """Mixed into a file input: `ratio` is the shape, width by height."""

    ratio: tuple[int, int] = (1, 1)
    is_round = False

    class Media:
        js = ["backoffice/js/crop.js"]
        css = {"all": ["backoffice/css/crop.css"]}

    def source(self, value: Any) -> str:
        """The address of the present picture where that can be cut again."""
        return ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        width, height = self.ratio
        context["widget"]["attrs"] |= {
            "data-crop": f"{width}/{height}",
            "data-crop-words": crop_words(),
        }
        if self.is_round:
            context["widget"]["attrs"]["data-crop-round"] = "1"
        if source := self.source(value):
            context["widget"]["attrs"]["data-crop-source"] = source
        return context


def chosen_part(form: forms.BaseForm, name: str) -> Crop | None:
    """The part that was chosen for this input; raises BadCrop."""
    return Crop.parse(str(form.data.get(f"{form.add_prefix(name)}{ENDING}", "")))
