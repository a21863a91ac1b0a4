"""Pictures scaled on the way out; JPEG and PNG only, as the server does."""

import io
from typing import Any

try:
    from PIL import Image
except ImportError:  # the stand-in serves without Pillow, unscaled pictures empty
    Image = None  # type: ignore[assignment]


def scaled(
    content: bytes, size: tuple[int, int], most: tuple[int, int]
) -> tuple[bytes, str]:
    """The picture in this size and its type; nothing at all for other formats.

    A side of 0 follows the ratio; both distort; each is clipped by itself.
    """
    if Image is None:
        return b"", ""
    try:
        with Image.open(io.BytesIO(content)) as image:
            kind = image.format
            if kind not in ("PNG", "JPEG"):
                return b"", ""
            width, height = _sides(image, size)
            sides = (min(width, most[0]), min(height, most[1]))
            out = io.BytesIO()
            image.resize(sides).save(out, kind)
    except (OSError, ValueError, SyntaxError):
        return b"", ""
    return out.getvalue(), f"image/{kind.lower()}"


def _sides(image: Any, size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    if not width:
        width = max(round(image.width * height / image.height), 1)
    if not height:
        height = max(round(image.height * width / image.width), 1)
    return width, height
