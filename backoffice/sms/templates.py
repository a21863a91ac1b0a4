"""Every text that is sent: its words, and its places in the order of the vendor.

A vendor sends approved texts only. Each text below is handed in there with {1}, {2} … for
its places, and the number that it is given stands in `SMS_TEMPLATES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from backoffice.base.text import half_width, one_line


@dataclass(frozen=True)
class Template:
    """One text. `places` names its values in the vendor's order."""

    name: str
    label: Any
    text: Any
    places: tuple[str, ...]

    def values(self, params: Mapping[str, Any]) -> list[str]:
        """The values in the vendor's order, each cut to what the vendor takes.

        Raises TypeError where `params` are not exactly the places.
        """
        if set(params) != set(self.places):
            raise TypeError(f"SMS {self.name} takes {self.places}, not {set(params)}")
        return [fit(params[place]) for place in self.places]

    def words(self, values: list[str]) -> str:
        """The whole text in the shop's language."""
        with override(settings.LANGUAGE_CODE):
            return str(self.text) % dict(zip(self.places, values, strict=True))

    def vendor_text(self) -> str:
        """The text as it is handed in: {1}, {2} … for the places."""
        return self.words([f"{{{n}}}" for n in range(1, len(self.places) + 1)])


def fit(value: Any) -> str:
    """One value in one line, without the brackets that mark the sender's name, and no
    longer than SMS_PARAM_LENGTH characters."""
    text = one_line(half_width(str(value))).replace("【", "").replace("】", "")
    return text[: settings.SMS_PARAM_LENGTH].strip()


TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        Template(
            "low_stock",
            _("Stock alert"),
            _("Stock is low: %(name)s, in all %(count)s goods."),
            ("name", "count"),
        ),
    )
}
