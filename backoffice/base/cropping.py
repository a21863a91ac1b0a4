"""The part of a picture that is kept, as a person chose it on the page."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image

from backoffice.base.errors import DomainError

_NUMBER = r"([01](?:\.[0-9]{1,6})?)"
_WRITTEN = re.compile(",".join([_NUMBER] * 4))
#: what rounding in a browser may add up to
_SLACK = 0.0001


class BadCrop(DomainError):
    """No part of the picture; pages do not send such a thing."""

    slug = "bad_crop"


@dataclass(frozen=True)
class Crop:
    """Left, top, width and height as shares of the upright picture."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def parse(cls, text: str) -> "Crop | None":
        """`0.1,0,0.5,1` as pages send it, None for nothing; raises BadCrop."""
        if not text.strip():
            return None
        found = _WRITTEN.fullmatch(text.strip())
        crop = cls(*map(float, found.groups())) if found else None
        if crop is None or not crop.is_inside:
            raise BadCrop(
                _("The part of the picture was not understood; choose it anew.")
            )
        return crop

    @property
    def is_inside(self) -> bool:
        """Whether it is a part of the picture that has a size."""
        return (
            min(self.width, self.height) > 0
            and self.left + self.width <= 1 + _SLACK
            and self.top + self.height <= 1 + _SLACK
        )

    @property
    def longest(self) -> float:
        """The larger share of the two."""
        return max(self.width, self.height)

    def box(
        self, size: tuple[int, int], turn: Image.Transpose | None
    ) -> tuple[int, int, int, int]:
        """In the pixels of a picture that is set upright by `turn` only afterwards."""
        left, top = self.left, self.top
        right, bottom = min(left + self.width, 1), min(top + self.height, 1)
        turned = {
            None: (left, top, right, bottom),
            Image.Transpose.FLIP_LEFT_RIGHT: (1 - right, top, 1 - left, bottom),
            Image.Transpose.ROTATE_180: (1 - right, 1 - bottom, 1 - left, 1 - top),
            Image.Transpose.FLIP_TOP_BOTTOM: (left, 1 - bottom, right, 1 - top),
            Image.Transpose.TRANSPOSE: (top, left, bottom, right),
            Image.Transpose.ROTATE_270: (top, 1 - right, bottom, 1 - left),
            Image.Transpose.TRANSVERSE: (1 - bottom, 1 - right, 1 - top, 1 - left),
            Image.Transpose.ROTATE_90: (1 - bottom, left, 1 - top, right),
        }[turn]
        width, height = size
        x = min(round(turned[0] * width), width - 1)
        y = min(round(turned[1] * height), height - 1)
        wide = min(max(round((turned[2] - turned[0]) * width), 1), width - x)
        high = min(max(round((turned[3] - turned[1]) * height), 1), height - y)
        if abs(wide - high) == 1:
            # a square, but for the rounding
            wide = high = min(wide, high)
        return x, y, x + wide, y + high
