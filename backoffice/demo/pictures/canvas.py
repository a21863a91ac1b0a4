"""A small drawing kit: soft light from the upper left, on a pale ground.

Everything is drawn at twice its size and scaled down, which smooths the edges.
Coordinates run from 0 to 100 in both directions, whatever the size in pixels.
"""

import math
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageOps

SIDE = 480
_WORK = SIDE * 2
_UNIT = _WORK / 100

# dark at the centre, bright outside; the part of it that lies on a body
_GLOW = Image.radial_gradient("L")
_GLOW_PART = (73, 83, 224, 234)

Color = tuple[int, int, int]
Point = tuple[float, float]


def color(text: str) -> Color:
    """`#rrggbb` as numbers."""
    return ImageColor.getrgb(text)[:3]


def mixed(one: Color, other: Color, share: float) -> Color:
    """Between two colours: 0 gives the first, 1 the second."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)


class Canvas:
    """One picture in the making."""

    def __init__(self, ground: str, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - the same picture every time
        middle = color(ground)
        ramp = Image.linear_gradient("L").resize((_WORK, _WORK))
        self.image = ImageOps.colorize(
            ramp, mixed(middle, WHITE, 0.75), mixed(middle, WHITE, 0.2)
        )

    # --- masks: white where something is

    def blank(self) -> Image.Image:
        """A mask of nothing."""
        return Image.new("L", (_WORK, _WORK), 0)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, turn: float = 0
    ) -> Image.Image:
        """An ellipse around a point, turned by degrees."""
        mask = self.blank()
        _draw_ellipse(mask, x * _UNIT, y * _UNIT, rx * _UNIT, ry * _UNIT, turn)
        return mask

    def outline(self, points: Sequence[Point]) -> Image.Image:
        """A closed smooth curve through the points (Catmull-Rom)."""
        mask = self.blank()
        pixels = [(x * _UNIT, y * _UNIT) for x, y in smooth(points)]
        ImageDraw.Draw(mask).polygon(pixels, fill=255)
        return mask

    def polygon(self, points: Sequence[Point]) -> Image.Image:
        """With straight sides."""
        mask = self.blank()
        pixels = [(x * _UNIT, y * _UNIT) for x, y in points]
        ImageDraw.Draw(mask).polygon(pixels, fill=255)
        return mask

    def box(
        self, x: float, y: float, width: float, height: float, radius: float
    ) -> Image.Image:
        """With round corners."""
        mask = self.blank()
        ImageDraw.Draw(mask).rounded_rectangle(
            [x * _UNIT, y * _UNIT, (x + width) * _UNIT, (y + height) * _UNIT],
            radius=radius * _UNIT,
            fill=255,
        )
        return mask

    # --- filling

    def body(self, mask: Image.Image, base: Color, depth: float = 0.42) -> None:
        """Fill a mask as something round: bright at the upper left, dark at the rim."""
        box = mask.getbbox()
        if box is not None:
            self._shade(mask.crop(box), box[0], box[1], base, depth)

    def _shade(
        self, mask: Image.Image, left: int, top: int, base: Color, depth: float
    ) -> None:
        """Fill a mask that stands at a place of the picture, in pixels."""
        width, height = mask.size
        # the centre of the glow stands at 36 % and 30 % of the body
        light = _GLOW.resize((width, height), box=_GLOW_PART)
        shaded = ImageOps.colorize(
            light,
            black=mixed(base, WHITE, 0.38),
            mid=base,
            white=mixed(base, BLACK, depth),
            midpoint=105,
        )
        self.image.paste(shaded, (left, top), mask)

    def flat(self, mask: Image.Image, tone: Color, strength: float = 1.0) -> None:
        """Fill a mask with one colour."""
        if strength < 1:
            mask = mask.point(lambda value: int(value * strength))
        self.image.paste(tone, (0, 0), mask)

    def within(self, mask: Image.Image, other: Image.Image) -> Image.Image:
        """Where both are."""
        return Image.composite(mask, self.blank(), other)

    # --- details

    def shadow(self, x: float, y: float, rx: float, ry: float) -> None:
        """What the thing throws on the ground."""
        mask = self.ellipse(x, y, rx, ry)
        small = mask.resize((240, 240)).filter(ImageFilter.GaussianBlur(6))
        self.flat(small.resize((_WORK, _WORK)), (60, 50, 40), 0.35)

    def shine(self, x: float, y: float, rx: float, ry: float, turn: float = 30) -> None:
        """A soft reflection of the window."""
        mask = self.ellipse(x, y, rx, ry, turn).resize((320, 320))
        soft = mask.filter(ImageFilter.GaussianBlur(3)).resize((_WORK, _WORK))
        self.flat(soft, WHITE, 0.55)

    def ball(
        self, x: float, y: float, r: float, base: Color, *, shine: bool = True
    ) -> None:
        """A small sphere, for grapes and berries."""
        self.grain(x, y, r, r, 0, base)
        if shine:
            self.spot(x - r * 0.36, y - r * 0.42, r * 0.2, r * 0.14, WHITE, 0.7)

    def grain(
        self, x: float, y: float, rx: float, ry: float, turn: float, base: Color
    ) -> None:
        """A small ellipsoid, turned by degrees."""
        mask, left, top = self._small(x, y, rx, ry, turn)
        self._shade(mask, left, top, base, 0.42)

    def spot(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        tone: Color,
        strength: float = 1.0,
        turn: float = 0,
    ) -> None:
        """A small flat ellipse."""
        mask, left, top = self._small(x, y, rx, ry, turn)
        self.image.paste(
            tone, (left, top), mask.point(lambda value: int(value * strength))
        )

    def _small(
        self, x: float, y: float, rx: float, ry: float, turn: float
    ) -> tuple[Image.Image, int, int]:
        """The mask of an ellipse, no larger than it must be, and where it stands."""
        reach = math.ceil(max(rx, ry) * _UNIT) + 2
        mask = Image.new("L", (reach * 2, reach * 2), 0)
        _draw_ellipse(mask, reach, reach, rx * _UNIT, ry * _UNIT, turn)
        box = mask.getbbox() or (0, 0, 1, 1)
        left, top = round(x * _UNIT) - reach, round(y * _UNIT) - reach
        return mask.crop(box), left + box[0], top + box[1]

    def spots(
        self,
        mask: Image.Image,
        places: Sequence[tuple[float, float]],
        rx: float,
        ry: float,
        tone: Color,
        strength: float = 1.0,
    ) -> None:
        """Many small flat ellipses, only where the mask is."""
        dotted = self.blank()
        pen = ImageDraw.Draw(dotted)
        for x, y in places:
            pen.ellipse(
                [
                    (x - rx) * _UNIT,
                    (y - ry) * _UNIT,
                    (x + rx) * _UNIT,
                    (y + ry) * _UNIT,
                ],
                fill=255,
            )
        self.flat(self.within(dotted, mask), tone, strength)

    def strokes(
        self,
        mask: Image.Image,
        lines: Sequence[tuple[Point, Point]],
        width: float,
        tone: Color,
        strength: float = 1.0,
    ) -> None:
        """Many straight strokes, only where the mask is."""
        drawn = self.blank()
        pen = ImageDraw.Draw(drawn)
        for (x1, y1), (x2, y2) in lines:
            pen.line(
                [x1 * _UNIT, y1 * _UNIT, x2 * _UNIT, y2 * _UNIT],
                fill=255,
                width=max(1, round(width * _UNIT)),
            )
        self.flat(self.within(drawn, mask), tone, strength)

    def blush(
        self, mask: Image.Image, within: Image.Image, tone: Color, strength: float
    ) -> None:
        """A colour that fades out at its rim, only inside another mask."""
        soft = mask.resize((160, 160)).filter(ImageFilter.GaussianBlur(9))
        self.flat(self.within(soft.resize((_WORK, _WORK)), within), tone, strength)

    def line(self, points: Sequence[Point], tone: Color, width: float) -> None:
        """A stroke with round ends."""
        pen = ImageDraw.Draw(self.image)
        pixels = [(x * _UNIT, y * _UNIT) for x, y in points]
        stroke = max(1, int(width * _UNIT))
        pen.line(pixels, fill=tone, width=stroke, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            r = stroke / 2
            pen.ellipse([x - r, y - r, x + r, y + r], fill=tone)

    def stem(self, x: float, y: float, height: float, lean: float = 2) -> None:
        """A short brown stalk."""
        self.line(
            [(x, y), (x + lean * 0.3, y - height * 0.5), (x + lean, y - height)],
            color("#6b4423"),
            1.8,
        )

    def leaf(self, x: float, y: float, length: float, turn: float) -> None:
        """A leaf that grows from a point, turned by degrees (0 to the right)."""
        angle = math.radians(turn)

        def at(along: float, across: float) -> Point:
            return (
                x + along * math.cos(angle) - across * math.sin(angle),
                y + along * math.sin(angle) + across * math.cos(angle),
            )

        half = length * 0.24
        upper = [at(length * t, -half * math.sin(math.pi * t)) for t in _STEPS]
        lower = [at(length * t, half * math.sin(math.pi * t)) for t in _STEPS[::-1]]
        self.body(self.polygon([*upper, *lower]), color("#5a9e3c"))
        self.line([at(0, 0), at(length * 0.8, 0)], color("#3f7a2a"), 0.6)

    def dots(
        self,
        mask: Image.Image,
        count: int,
        tone: Color,
        size: float,
        strength: float = 0.5,
    ) -> None:
        """Pores and freckles, only where the mask is."""
        left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
        dotted = self.blank()
        pen = ImageDraw.Draw(dotted)
        for _ in range(count):
            x = self.random.uniform(left, right)
            y = self.random.uniform(top, bottom)
            r = size * _UNIT * self.random.uniform(0.6, 1.2)
            pen.ellipse([x - r, y - r, x + r, y + r], fill=255)
        self.flat(self.within(dotted, mask), tone, strength)

    def finished(self) -> Image.Image:
        """At its real size."""
        return self.image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _draw_ellipse(
    mask: Image.Image, x: float, y: float, rx: float, ry: float, turn: float
) -> None:
    """Onto a mask, in pixels; turned counter-clockwise by degrees."""
    pen = ImageDraw.Draw(mask)
    if not turn:
        pen.ellipse([x - rx, y - ry, x + rx, y + ry], fill=255)
        return
    cos, sin = math.cos(math.radians(-turn)), math.sin(math.radians(-turn))
    pen.polygon(
        [
            (x + px * cos - py * sin, y + px * sin + py * cos)
            for px, py in around(0, 0, rx, ry, 72)
        ],
        fill=255,
    )


_STEPS = [i / 16 for i in range(17)]


def smooth(points: Sequence[Point]) -> list[Point]:
    """A closed Catmull-Rom curve through the points, 12 pieces between two."""
    curve = []
    count = len(points)
    for i in range(count):
        p0, p1, p2, p3 = (points[(i + k - 1) % count] for k in range(4))
        for step in range(12):
            t = step / 12
            curve.append(
                (
                    _spline(p0[0], p1[0], p2[0], p3[0], t),
                    _spline(p0[1], p1[1], p2[1], p3[1], t),
                )
            )
    return curve


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b
        + (c - a) * t
        + (2 * a - 5 * b + 4 * c - d) * t**2
        + (3 * b - a - 3 * c + d) * t**3
    )


def around(
    x: float, y: float, rx: float, ry: float, count: int, start: float = 0
) -> list[Point]:
    """Points evenly on an ellipse."""
    return [
        (
            x + rx * math.cos(start + 2 * math.pi * i / count),
            y + ry * math.sin(start + 2 * math.pi * i / count),
        )
        for i in range(count)
    ]


def arc(x: float, y: float, r: float, start: int, end: int) -> list[Point]:
    """Points along a circle, from one angle to another in degrees (0 to the right)."""
    return [
        (x + r * math.cos(math.radians(a)), y + r * math.sin(math.radians(a)))
        for a in range(start, end + 1, 6)
    ]
