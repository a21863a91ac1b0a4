"""Fruit by fruit; each draws itself onto a canvas in a colour of its own."""

import math

from backoffice.demo.pictures.canvas import (
    BLACK,
    WHITE,
    Canvas,
    Color,
    Point,
    arc,
    around,
    color,
    mixed,
)

_APPLE: list[Point] = [
    (50, 33),
    (62, 26),
    (77, 33),
    (81, 50),
    (75, 70),
    (62, 83),
    (50, 80),
    (38, 83),
    (25, 70),
    (19, 50),
    (23, 33),
    (38, 26),
]


def apple(c: Canvas, base: Color) -> None:
    c.shadow(50, 84, 28, 5)
    mask = c.outline(_APPLE)
    c.body(mask, base)
    c.dots(mask, 110, mixed(base, color("#fff2c0"), 0.7), 0.35, 0.5)
    c.flat(c.ellipse(50, 34.5, 8, 2.6), mixed(base, BLACK, 0.45), 0.7)
    c.stem(50, 35, 15, 4)
    c.leaf(52, 25, 20, -25)
    c.shine(35, 44, 4, 9)


def pear(c: Canvas, base: Color) -> None:
    c.shadow(50, 86, 26, 5)
    outline: list[Point] = [
        (50, 18),
        (58, 23),
        (61, 36),
        (70, 50),
        (76, 66),
        (69, 81),
        (50, 87),
        (31, 81),
        (24, 66),
        (30, 50),
        (39, 36),
        (42, 23),
    ]
    mask = c.outline(outline)
    c.body(mask, base)
    c.dots(mask, 160, color("#8a6a2a"), 0.3, 0.4)
    c.stem(50, 20, 12, 5)
    c.leaf(53, 12, 18, 12)
    c.shine(37, 58, 4, 10)


def banana(c: Canvas, base: Color) -> None:
    c.shadow(50, 80, 36, 5)
    for shift, tone in ((9, 0.12), (0, 0.0), (-9, -0.1)):
        shade = mixed(base, BLACK if tone > 0 else WHITE, abs(tone))
        outer: list[Point] = [
            (16, 30 + shift),
            (22, 52 + shift),
            (40, 70 + shift),
            (64, 72 + shift),
            (84, 58 + shift),
        ]
        inner: list[Point] = [
            (83, 53 + shift),
            (66, 58 + shift),
            (46, 55 + shift),
            (30, 42 + shift),
            (21, 28 + shift),
        ]
        c.body(c.outline([*outer, *inner]), shade)
        c.line(
            [(24, 46 + shift), (41, 62 + shift), (64, 65 + shift), (80, 57 + shift)],
            mixed(shade, color("#a07818"), 0.4),
            0.5,
        )
        c.line([(84, 58 + shift), (86, 54.5 + shift)], color("#5b4420"), 2.4)
    c.body(
        c.outline([(13, 20), (19, 16), (24, 30), (21, 40), (15, 38)]), color("#8a8a34")
    )


def grapes(c: Canvas, base: Color) -> None:
    c.shadow(50, 90, 22, 4)
    c.line([(50, 28), (50, 14), (57, 9)], color("#7a5a2a"), 2)
    c.leaf(50, 16, 24, 165)
    c.leaf(51, 15, 18, 20)
    for row, count in enumerate((5, 6, 5, 4, 3, 2, 1)):
        for place in range(count):
            x = 50 + (place - (count - 1) / 2) * 12.2 + c.random.uniform(-0.8, 0.8)
            y = 28 + row * 9.2 + c.random.uniform(-0.6, 0.6)
            tone = mixed(base, WHITE, c.random.uniform(0, 0.14))
            c.ball(x, y, 7.2, tone)


def strawberry(c: Canvas, base: Color) -> None:
    c.shadow(52, 85, 32, 5)
    for x, y, size in ((66, 52, 0.8), (38, 54, 1.0)):
        outline = [
            (x + dx * size, y + dy * size)
            for dx, dy in (
                (0, -22),
                (15, -24),
                (25, -12),
                (20, 10),
                (8, 27),
                (0, 32),
                (-8, 27),
                (-20, 10),
                (-25, -12),
                (-15, -24),
            )
        ]
        mask = c.outline(outline)
        c.body(mask, base)
        seeds = [
            (x + (place + (row % 2) / 2) * 7 * size, y + (-15 + row * 7) * size)
            for row in range(7)
            for place in range(-3, 4)
        ]
        c.spots(mask, seeds, 0.8 * size, 1.2 * size, color("#ffe08a"), 0.9)
        for turn in (-165, -125, -90, -55, -15, 30, 150):
            c.leaf(x, y - 22 * size, 13 * size, turn)
        c.shine(x - 11 * size, y - 8 * size, 2.6 * size, 6 * size)


def berries(c: Canvas, base: Color) -> None:
    c.shadow(50, 82, 38, 6)
    places = [
        (28, 70), (44, 74), (60, 73), (75, 69), (36, 58), (52, 60), (67, 57),
        (45, 46), (59, 45), (30, 45), (73, 45), (52, 33),
    ]  # fmt: skip
    for x, y in places:
        r = 9.4
        c.ball(x, y, r, mixed(base, WHITE, c.random.uniform(0, 0.1)), shine=False)
        crown = around(x + 1, y - 2, 3.2, 2.6, 10)
        star = [
            (px, py)
            if i % 2
            else (x + 1 + (px - x - 1) * 0.5, y - 2 + (py - y + 2) * 0.5)
            for i, (px, py) in enumerate(crown)
        ]
        c.flat(c.polygon(star), mixed(base, BLACK, 0.55))
        c.spot(x - 3.6, y - 4.2, 1.7, 1.1, WHITE, 0.45, 30)
    c.leaf(66, 30, 18, -20)


def cherries(c: Canvas, base: Color) -> None:
    c.shadow(50, 84, 32, 5)
    c.line([(34, 60), (42, 38), (56, 14)], color("#6f7f2f"), 1.4)
    c.line([(66, 64), (62, 40), (56, 14)], color("#6f7f2f"), 1.4)
    c.leaf(56, 15, 22, 12)
    for x, y in ((66, 68), (34, 65)):
        heart: list[Point] = [
            (x, y - 13), (x + 10, y - 16), (x + 17, y - 4), (x + 12, y + 12),
            (x, y + 17), (x - 12, y + 12), (x - 17, y - 4), (x - 10, y - 16),
        ]  # fmt: skip
        c.body(c.outline(heart), base)
        c.shine(x - 7, y - 5, 2.4, 5)


def citrus(c: Canvas, base: Color) -> None:
    c.shadow(50, 85, 34, 5)
    mask = c.ellipse(40, 54, 27, 25.5)
    c.body(mask, base)
    c.dots(mask, 260, mixed(base, BLACK, 0.3), 0.28, 0.35)
    c.stem(40, 30, 3, 1)
    c.leaf(41, 29, 20, -18)
    c.shine(28, 44, 4, 7)
    _cut_citrus(c, 66, 66, 19, base)


def _cut_citrus(c: Canvas, x: float, y: float, r: float, base: Color) -> None:
    c.body(c.ellipse(x, y, r, r), base)
    c.flat(c.ellipse(x, y, r * 0.92, r * 0.92), color("#fff6df"))
    flesh = mixed(base, WHITE, 0.18)
    for i in range(9):
        middle = 2 * math.pi * i / 9
        wedge = [
            (x + r * 0.1 * math.cos(middle), y + r * 0.1 * math.sin(middle)),
            *[
                (
                    x + r * 0.84 * math.cos(middle + turn),
                    y + r * 0.84 * math.sin(middle + turn),
                )
                for turn in (-0.29, -0.15, 0, 0.15, 0.29)
            ],
        ]
        c.body(c.polygon(wedge), flesh, 0.2)


def lemon(c: Canvas, base: Color) -> None:
    c.shadow(48, 82, 34, 5)
    outline: list[Point] = [
        (12, 50), (20, 43), (32, 33), (48, 29), (62, 35), (72, 44), (79, 51),
        (72, 58), (61, 68), (46, 73), (31, 68), (20, 57),
    ]  # fmt: skip
    mask = c.outline(outline)
    c.body(mask, base)
    c.dots(mask, 200, mixed(base, BLACK, 0.25), 0.3, 0.35)
    c.shine(32, 43, 6, 3, -20)
    _cut_citrus(c, 71, 69, 17, base)
    c.leaf(14, 48, 17, -65)


def pomelo(c: Canvas, base: Color) -> None:
    c.shadow(50, 87, 34, 5)
    outline: list[Point] = [
        (50, 18), (60, 26), (74, 40), (83, 60), (74, 80), (50, 87),
        (26, 80), (17, 60), (26, 40), (40, 26),
    ]  # fmt: skip
    mask = c.outline(outline)
    c.body(mask, base)
    c.dots(mask, 320, mixed(base, BLACK, 0.25), 0.32, 0.3)
    c.stem(50, 20, 6, 2)
    c.leaf(51, 16, 22, 5)
    c.shine(34, 50, 4, 9)


def kiwi(c: Canvas, base: Color) -> None:
    c.shadow(50, 82, 38, 6)
    skin = color("#8a6a3c")
    mask = c.ellipse(35, 52, 24, 20, 25)
    c.body(mask, skin)
    c.dots(mask, 320, color("#5a4020"), 0.25, 0.5)
    x, y, r = 66, 60, 22
    c.body(c.ellipse(x, y, r, r), skin)
    c.body(c.ellipse(x, y, r * 0.93, r * 0.93), base, 0.25)
    c.flat(c.ellipse(x, y, r * 0.3, r * 0.26), mixed(base, WHITE, 0.72))
    for i in range(26):
        angle = 2 * math.pi * i / 26
        far = r * (0.42 + 0.07 * (i % 2))
        c.spot(
            x + far * math.cos(angle),
            y + far * math.sin(angle),
            1.3,
            0.6,
            color("#221a12"),
            turn=-math.degrees(angle),
        )


def peach(c: Canvas, base: Color) -> None:
    c.shadow(50, 85, 30, 5)
    outline: list[Point] = [
        (50, 27), (66, 27), (80, 42), (80, 62), (67, 80), (50, 87),
        (33, 80), (20, 62), (20, 42), (34, 27),
    ]  # fmt: skip
    mask = c.outline(outline)
    c.body(mask, color("#ffc9a0"), 0.3)
    c.blush(c.ellipse(72, 54, 24, 34, 15), mask, base, 0.85)
    c.blush(c.ellipse(30, 74, 16, 12, -30), mask, base, 0.35)
    crease = [(51, 29), (47.5, 38), (46, 48), (46, 58), (47.5, 68), (50, 76)]
    c.line(crease, mixed(base, color("#a83a4a"), 0.35), 0.7)
    c.leaf(49, 27, 24, -28)
    c.leaf(49, 27, 20, 200)
    c.shine(33, 44, 3.5, 7)


def balls(c: Canvas, base: Color) -> None:
    """Plums, dates, longans: some round ones in a heap."""
    c.shadow(50, 82, 38, 6)
    for x, y, r in (
        (29, 66, 17),
        (69, 67, 17),
        (50, 71, 16),
        (40, 44, 17),
        (62, 46, 16),
    ):
        mask = c.ellipse(x, y, r, r * 0.96)
        c.body(mask, mixed(base, WHITE, c.random.uniform(0, 0.1)))
        c.dots(mask, 40, mixed(base, WHITE, 0.5), 0.3, 0.4)
        c.shine(x - r * 0.35, y - r * 0.35, 2, 4)
    c.stem(40, 29, 7, 3)
    c.leaf(42, 25, 18, -10)


def mango(c: Canvas, base: Color) -> None:
    c.shadow(50, 82, 36, 5)
    outline: list[Point] = [
        (24, 40), (36, 28), (54, 25), (72, 34), (82, 52), (78, 68), (64, 76),
        (46, 77), (28, 72), (17, 58),
    ]  # fmt: skip
    mask = c.outline(outline)
    c.body(mask, base)
    c.blush(c.ellipse(36, 36, 26, 14, 30), mask, color("#e2603c"), 0.55)
    c.dots(mask, 130, color("#a86a1a"), 0.3, 0.35)
    c.stem(26, 39, 7, -3)
    c.leaf(24, 33, 26, -12)
    c.shine(42, 42, 8, 3.4, 20)


def pineapple(c: Canvas, base: Color) -> None:
    c.shadow(50, 91, 22, 4)
    for turn in (-130, -50, -115, -65, -100, -80, -90):
        c.leaf(50, 36, 30, turn)
    mask = c.ellipse(50, 62, 22, 29)
    c.body(mask, base)
    lines: list[tuple[Point, Point]] = [
        ((50 + i * 7 - 40 * slope, 22), (50 + i * 7 + 40 * slope, 102))
        for i in range(-12, 14)
        for slope in (1, -1)
    ]
    c.strokes(mask, lines, 1.0, mixed(base, BLACK, 0.45), 0.75)
    c.shine(41, 50, 3, 9)


def watermelon(c: Canvas, base: Color) -> None:
    c.shadow(50, 84, 40, 6)
    mask = c.ellipse(42, 50, 32, 28)
    c.body(mask, color("#4f9a3c"))
    for place in (-24, -13, -3, 8, 19, 29):
        wave = [
            (42 + place + 1.6 * math.sin(t / 2) - bulge, 20 + t * 4)
            for bulge in (0,)
            for t in range(16)
        ]
        stripe = [(x - 2, y) for x, y in wave] + [(x + 2, y) for x, y in wave[::-1]]
        c.flat(c.within(c.outline(stripe), mask), color("#1f5a26"), 0.8)
    c.shine(30, 38, 4, 8)
    slice_mask = c.polygon([(48, 58), (94, 58), *arc(71, 58, 23, 0, 180)])
    c.body(slice_mask, color("#3f8a34"))
    c.flat(c.polygon(arc(71, 58, 21, 0, 180)), color("#f3f7dc"))
    c.body(c.polygon(arc(71, 58, 19, 0, 180)), base, 0.2)
    for x, y in ((62, 62), (70, 64), (79, 62), (65, 69), (76, 69), (71, 74)):
        c.spot(x, y, 0.9, 1.5, color("#2a1a14"))


def melon(c: Canvas, base: Color) -> None:
    c.shadow(50, 85, 34, 5)
    mask = c.ellipse(50, 54, 34, 29)
    c.body(mask, base)
    net: list[tuple[Point, Point]] = []
    for _ in range(110):
        x, y = c.random.uniform(14, 86), c.random.uniform(22, 86)
        dx, dy = c.random.uniform(-9, 9), c.random.uniform(-9, 9)
        net.append(((x, y), (x + dx, y + dy)))
    c.strokes(mask, net, 0.55, mixed(base, WHITE, 0.6), 0.55)
    c.stem(50, 27, 9, 4)
    c.shine(34, 42, 4, 8)


def papaya(c: Canvas, base: Color) -> None:
    c.shadow(50, 86, 24, 5)
    outline: list[Point] = [
        (50, 12), (60, 24), (70, 46), (74, 66), (66, 82), (50, 88),
        (34, 82), (26, 66), (30, 46), (40, 24),
    ]  # fmt: skip
    c.body(c.outline(outline), color("#e0a33a"))
    inner = [(50 + (x - 50) * 0.84, 52 + (y - 52) * 0.88) for x, y in outline]
    c.body(c.outline(inner), base, 0.2)
    hollow = c.outline([(50, 40), (58, 56), (56, 72), (50, 76), (44, 72), (42, 56)])
    c.flat(hollow, mixed(base, BLACK, 0.25), 0.8)
    for _ in range(34):
        x, y = c.random.uniform(43, 57), c.random.uniform(48, 74)
        if hollow.getpixel((int(x * 9.6), int(y * 9.6))):
            c.ball(x, y, 1.7, color("#2c2a26"))


def durian(c: Canvas, base: Color) -> None:
    c.shadow(50, 86, 30, 5)
    spiky = []
    for i, (x, y) in enumerate(around(50, 54, 33, 33, 56)):
        far = 1.0 if i % 2 else 0.88
        spiky.append((50 + (x - 50) * far, 54 + (y - 54) * far))
    c.body(c.polygon(spiky), base)
    for row in range(7):
        for place in range(7):
            x = 26 + place * 8 + (row % 2) * 4
            y = 31 + row * 8
            if (x - 50) ** 2 + (y - 54) ** 2 < 26**2:
                thorn: list[Point] = [(x - 3.6, y + 3), (x, y - 4.5), (x + 3.6, y + 3)]
                c.body(c.polygon(thorn), mixed(base, BLACK, 0.12), 0.5)
    c.stem(50, 24, 12, 3)


def dragonfruit(c: Canvas, base: Color) -> None:
    c.shadow(50, 84, 36, 5)
    c.body(c.ellipse(38, 50, 24, 29, 10), base)
    for x, y, turn in (
        (22, 34, -140), (36, 22, -95), (52, 30, -40), (20, 56, 170), (30, 44, -120),
        (44, 42, -70), (52, 56, -20), (34, 64, -110),
    ):  # fmt: skip
        c.leaf(x, y, 13, turn)
    x, y = 68, 62
    c.body(c.ellipse(x, y, 22, 21), base)
    half = c.ellipse(x, y, 19, 18)
    c.body(half, color("#fdf7f4"), 0.12)
    c.dots(half, 150, color("#2b2530"), 0.5, 0.95)


def lychee(c: Canvas, base: Color) -> None:
    c.shadow(50, 82, 38, 6)
    for x, y, r in ((30, 64, 18), (68, 66, 18), (48, 42, 18)):
        mask = c.ellipse(x, y, r, r)
        c.body(mask, base)
        bumps = [
            (x + place * 4.4 + (row % 2) * 2.2, y + row * 4)
            for row in range(-4, 5)
            for place in range(-4, 5)
        ]
        c.spots(mask, bumps, 1.3, 1.1, mixed(base, BLACK, 0.3), 0.6)
    c.stem(48, 25, 9, 3)
    c.leaf(50, 19, 22, -8)
    c.leaf(49, 20, 20, 190)


def coconut(c: Canvas, base: Color) -> None:
    c.shadow(50, 84, 36, 5)
    mask = c.ellipse(40, 50, 28, 28)
    c.body(mask, base)
    c.dots(mask, 420, mixed(base, BLACK, 0.5), 0.25, 0.5)
    for x, y in ((34, 36), (42, 34), (39, 42)):
        c.flat(c.ellipse(x, y, 2.4, 2.4), color("#3a2414"))
    c.body(c.ellipse(70, 64, 22, 20), base)
    c.flat(c.ellipse(70, 62, 20, 17), color("#fffdf6"))
    c.body(c.ellipse(70, 63, 15, 12), color("#eee7d8"), 0.3)


def avocado(c: Canvas, base: Color) -> None:
    c.shadow(50, 87, 26, 5)
    outline: list[Point] = [
        (50, 14), (60, 22), (67, 42), (77, 62), (70, 80), (50, 87),
        (30, 80), (23, 62), (33, 42), (40, 22),
    ]  # fmt: skip
    c.body(c.outline(outline), color("#3c5a2a"))
    inner = [(50 + (x - 50) * 0.88, 52 + (y - 52) * 0.91) for x, y in outline]
    c.body(c.outline(inner), base, 0.18)
    c.ball(50, 64, 13, color("#7a4a26"))


def pomegranate(c: Canvas, base: Color) -> None:
    c.shadow(50, 84, 34, 5)
    c.body(c.ellipse(42, 54, 29, 27), base)
    crown: list[Point] = [
        (34, 30),
        (32, 18),
        (38, 24),
        (42, 16),
        (46, 24),
        (52, 18),
        (50, 30),
    ]
    c.body(c.polygon(crown), mixed(base, BLACK, 0.15))
    c.shine(31, 44, 4, 8)
    x, y = 69, 66
    c.body(c.ellipse(x, y, 21, 18), base)
    inside = c.ellipse(x, y, 18.5, 15.5)
    c.flat(inside, color("#fbe9c8"))
    for row in range(-3, 4):
        for place in range(-4, 5):
            bx, by = x + place * 4 + (row % 2) * 2, y + row * 4
            if ((bx - x) / 16) ** 2 + ((by - y) / 13) ** 2 < 1:
                c.ball(bx, by, 2, color("#c81e3c"))


def persimmon(c: Canvas, base: Color) -> None:
    c.shadow(50, 84, 34, 5)
    mask = c.outline(
        [(50, 34), (66, 32), (82, 42), (84, 60), (72, 78), (50, 82), (28, 78), (16, 60),
         (18, 42), (34, 32)]
    )  # fmt: skip
    c.body(mask, base)
    for turn in (-150, -30, 160, 20):
        c.leaf(50, 36, 17, turn)
    c.ball(50, 35, 3, color("#7a6a2a"), shine=False)
    c.shine(32, 48, 5, 4)
