"""Wide pictures for the carousel: several fruits on one ground."""

import io
import zlib
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from backoffice.demo.pictures.canvas import WHITE, Canvas, color, mixed
from backoffice.demo.pictures.render import KINDS

SIZE = (1500, 640)

#: name → (ground, light of the rays, [(kind, x, y, side)] from behind to the front;
#: x and y are the middle of a fruit in pixels)
SCENES: dict[str, tuple[str, str, Sequence[tuple[str, int, int, int]]]] = {
    "citrus": (
        "#cfe6bf",
        "#eef7e4",
        [
            ("pomelo", 1130, 260, 460),
            ("lemon", 420, 250, 320),
            ("grapefruit", 760, 290, 420),
            ("tangerine", 1330, 420, 330),
            ("orange", 200, 400, 400),
            ("lime", 560, 470, 260),
            ("blood-orange", 960, 450, 330),
        ],
    ),
    "berries": (
        "#e6d5ea",
        "#f6ecf8",
        [
            ("grapes-purple", 1190, 270, 500),
            ("grapes-green", 330, 270, 500),
            ("cherries", 760, 260, 430),
            ("strawberry", 1010, 440, 330),
            ("blueberries", 560, 460, 340),
            ("strawberry", 130, 470, 270),
            ("mulberries", 1390, 470, 280),
        ],
    ),
    "gifts": (
        "#f0cdb0",
        "#fae8d8",
        [
            ("basket-large", 760, 280, 560),
            ("giftbox-red", 330, 330, 470),
            ("giftbox-gold", 1190, 330, 470),
            ("giftbox-green", 560, 470, 270),
            ("apple-red", 980, 500, 220),
            ("persimmon", 130, 500, 230),
            ("pear-gold", 1400, 490, 250),
        ],
    ),
}


def render_wide(name: str) -> bytes:
    """The picture as a JPEG of 1500 × 640, some 60 KB; the same bytes every time."""
    ground, light, fruits = SCENES[name]
    picture = _ground(ground, light)
    for kind, x, y, side in fruits:
        fruit, mask = _cut_out(kind, ground, side)
        picture.paste(fruit, (x - side // 2, y - side // 2), mask)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82, optimize=True)
    return file.getvalue()


def _ground(ground: str, light: str) -> Image.Image:
    """A soft ramp with rays that come from the upper middle."""
    width, height = SIZE
    base = color(ground)
    ramp = Image.linear_gradient("L").resize(SIZE)
    picture = ImageOps.colorize(ramp, mixed(base, WHITE, 0.55), base)
    rays = Image.new("L", SIZE, 0)
    pen = ImageDraw.Draw(rays)
    for left in range(-width, 2 * width, 240):
        pen.polygon(
            [(width // 2, -height // 2), (left, height), (left + 110, height)], fill=150
        )
    picture.paste(color(light), (0, 0), rays.filter(ImageFilter.GaussianBlur(7)))
    return picture


def _cut_out(kind: str, ground: str, side: int) -> tuple[Image.Image, Image.Image]:
    """A fruit and where it is: whatever differs from the bare ground."""
    draw, base, _own_ground = KINDS[kind]
    canvas = Canvas(ground, zlib.crc32(kind.encode()))
    bare = canvas.image.resize((side, side))
    draw(canvas, color(base))
    fruit = canvas.image.resize((side, side), Image.Resampling.LANCZOS)
    difference = ImageChops.difference(fruit, bare).convert("L")
    mask = difference.point(lambda value: min(255, value * 9))
    # what is of the colour of the ground inside a fruit belongs to it
    return fruit, mask.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.MinFilter(3))
