"""Pictures that people hand in, made fit to be kept and shown.

Nothing of the file itself survives: it is decoded and written anew as a plain JPEG, so
neither metadata (places, cameras) nor anything hidden in it reaches a customer. What a
file is, is told by its content, never by its name or by what the browser says.
"""

import io
import math
import re
import struct
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms, ImageFile

from backoffice.base.cropping import Crop
from backoffice.base.errors import DomainError

MEGABYTE = 2**20
#: the longest side that is kept
LONGEST = 1600
#: more pixels than this are not decoded at all
MAX_PIXELS = 40_000_000
#: the longest sides of thumbnails: in lists, and in forms and on the storefront's tiles
THUMBNAILS = (160, 480)
#: what thumbnails are written as; the first for browsers that say they know it
KINDS = ("webp", "jpg")
#: a JPEG draws itself in a dozen scans; thousands of them keep a decoder busy for hours
MAX_SCANS = 200
WHITE = (255, 255, 255)

_FORMATS = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("WEBP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)
_SVG = re.compile(
    rb"^(\xef\xbb\xbf)?\s*(<\?xml.*)?<svg[\s>]", re.DOTALL | re.IGNORECASE
)
_HTML = re.compile(rb"<(!doctype|html|head|body|script|\?php)[\s>]", re.IGNORECASE)
_HEIC = re.compile(rb"^....ftyp(heic|heix|hevc|mif1|msf1|avif)", re.DOTALL)
# what a browser or a server would run, were the file ever taken for something else
_RUNNABLE = re.compile(
    rb"<script[\s>]|<html[\s>]|<!doctype|<iframe[\s>]|<svg[\s>]|<\?php|<%@|javascript:",
    re.IGNORECASE,
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


class BadPicture(DomainError):
    """The file is not a picture that we take; the message says why and what helps."""

    slug = "unsupported_media"
    http_status = 415


class PictureTooLarge(BadPicture):
    """More megabytes or megapixels than allowed."""

    slug = "too_large"
    http_status = 413


@dataclass(frozen=True)
class Picture:
    """A checked picture: a JPEG of at most LONGEST pixels."""

    content: bytes
    width: int
    height: int


def read_picture(
    file: IO[bytes],
    *,
    max_mb: int,
    longest: int = LONGEST,
    crop: Crop | None = None,
) -> Picture:
    """Check a file and write it anew, or the part of it that was chosen; raises
    BadPicture.

    JPEG, PNG, WebP and GIF (its first frame) are taken. Size and pixels are decided
    before anything is decoded.
    """
    content = _content(file, max_mb)
    name = _format_of(content)
    _refuse_traps(content)
    try:
        with Image.open(io.BytesIO(content), formats=[name]) as image:
            _refuse_too_many_pixels(*image.size)
            flat = _flat(image, longest, crop)
    except DomainError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception as error:  # decoders raise almost anything on damaged files
        raise BadPicture(
            _("The picture is damaged and cannot be read; save it anew and try again.")
        ) from error
    return Picture(_jpeg(flat, 85), flat.width, flat.height)


def thumbnail(file: IO[bytes], side: int, kind: str) -> bytes:
    """A small copy of one of our own pictures; raises BadPicture where it is none."""
    try:
        with Image.open(file) as image:
            _refuse_too_many_pixels(*image.size)
            image.draft("RGB", (side, side))
            small = image.convert("RGB")
    except DomainError:
        raise
    except Exception as error:  # as above
        raise BadPicture(_("The picture is damaged and cannot be read.")) from error
    small.thumbnail((side, side), reducing_gap=3.0)
    if kind == "jpg":
        return _jpeg(small, 75)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=75, method=4)
    return out.getvalue()


def thumbnail_name(path: str, side: int, kind: str) -> str:
    """Where the thumbnail of a picture on the local disk lies: beside it."""
    place = PurePosixPath(path)
    return str(place.with_name(f"{place.stem}_{side}.{kind}"))


def thumbnail_names(path: str) -> list[str]:
    """All that may lie beside a picture on the local disk."""
    return [thumbnail_name(path, side, kind) for side in THUMBNAILS for kind in KINDS]


def thumbnail_url(path: str, side: int = THUMBNAILS[0]) -> str:
    """The address of a picture's thumbnail, by its path alone; "" for no picture.

    The shop answers it: with the small picture, the way to it, or a placeholder.
    """
    return f"{settings.MEDIA_URL}thumb/{side}/{quote(path)}" if path else ""


@cache
def placeholder(side: int) -> bytes:
    """What is shown until a thumbnail is made: quiet, and of its size."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), (236, 240, 236)).save(out, "PNG", optimize=True)
    return out.getvalue()


def _content(file: IO[bytes], max_mb: int) -> bytes:
    most = max_mb * MEGABYTE
    size = getattr(file, "size", None)
    content = b"" if size is not None and size > most else file.read(most + 1)
    if (size is not None and size > most) or len(content) > most:
        raise PictureTooLarge(
            _("The picture is larger than %(most)s MB.") % {"most": max_mb}
        )
    if not content:
        raise BadPicture(_("The file is empty."))
    return content


def _format_of(content: bytes) -> str:
    for name, magic in _FORMATS:
        if magic.match(content):
            return name
    head = content[:1024]
    if _SVG.search(head):
        raise BadPicture(_("SVG drawings are not accepted; save it as PNG or JPEG."))
    if _HEIC.match(head):
        raise BadPicture(_("HEIC and AVIF pictures are not accepted; save it as JPEG."))
    if _HTML.search(head):
        raise BadPicture(_("This is a web page, not a picture."))
    raise BadPicture(_("This is not a JPEG, PNG, WebP or GIF picture."))


def _refuse_traps(content: bytes) -> None:
    """Files that are a picture and something else at once have no honest maker."""
    if (
        _RUNNABLE.search(content)
        or b"%PDF-" in content[:1024]
        or zipfile.is_zipfile(io.BytesIO(content))
    ):
        raise BadPicture(
            _("The file holds something else beside the picture; save it anew.")
        )
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MAX_SCANS:
        raise BadPicture(_("The picture is made to waste time; save it anew."))
    if content.startswith(b"RIFF"):
        # the decoder sets memory aside for the whole canvas when it opens a WebP
        _refuse_too_many_pixels(*_webp_size(content))


def _webp_size(content: bytes) -> tuple[int, int]:
    """Width and height as the header says; (0, 0) where it says nothing."""
    kind = content[12:16]
    if kind == b"VP8X" and len(content) >= 30:
        width = int.from_bytes(content[24:27], "little") + 1
        return width, int.from_bytes(content[27:30], "little") + 1
    if kind == b"VP8L" and len(content) >= 25:
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(content) >= 30:
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _refuse_too_many_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> PictureTooLarge:
    return PictureTooLarge(
        _("The picture has more than %(most)s megapixels; make it smaller.")
        % {"most": MAX_PIXELS // 1_000_000}
    )


def _flat(image: ImageFile.ImageFile, longest: int, crop: Crop | None) -> Image.Image:
    """Upright, in plain RGB on white, not larger than wanted, without anything else."""
    profile = image.info.get("icc_profile")
    turn = _turn(image)
    # a JPEG is decoded at a half, a quarter or an eighth where that is enough
    enough = longest if crop is None else math.ceil(longest / crop.longest)
    image.draft("RGB", (enough, enough))
    image.load()
    seen = _simple(image if crop is None else image.crop(crop.box(image.size, turn)))
    # made smaller first: what follows keeps several copies in memory
    seen.thumbnail((longest, longest), reducing_gap=3.0)
    if seen.mode == "RGBA":
        paper = Image.new("RGBA", seen.size, (*WHITE, 255))
        seen = Image.alpha_composite(paper, seen)
    elif profile and seen.mode in ("RGB", "CMYK"):
        seen = _in_srgb(seen, profile)
    # a new image takes no comment, profile or text along
    clean = Image.new("RGB", seen.size, WHITE)
    clean.paste(seen.convert("RGB"))
    return clean if turn is None else clean.transpose(turn)


def _simple(image: Image.Image) -> Image.Image:
    """Grey, RGB, CMYK or RGBA, whatever it was."""
    if image.mode in _DEEP_MODES:
        return _eight_bit(image)
    if "A" in image.mode.upper() or "transparency" in image.info:
        return image.convert("RGBA") if image.mode != "LAB" else image.convert("RGB")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits as grey of 8; Pillow's own way cuts it off at 255."""
    wide = image.convert("F")
    return wide.point(lambda value: value * (1 / 257) + 0.0).convert("L")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The same colours without the profile; a profile that is damaged is left out."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        seen = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        seen = None
    return seen if seen is not None else image


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What sets the picture upright, as the camera noted it; None for nothing."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a damaged note in the margin does not spoil the picture
        return None


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
