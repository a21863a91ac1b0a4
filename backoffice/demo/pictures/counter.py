"""What is not a whole fruit: bowls, drinks, trays, gifts."""

from backoffice.demo.pictures.canvas import (
    BLACK,
    WHITE,
    Canvas,
    Color,
    Point,
    arc,
    color,
    mixed,
)


def nuts(c: Canvas, base: Color) -> None:
    """Dried fruit and kernels: a heap of small ones in a bowl."""
    c.shadow(50, 86, 36, 5)
    c.body(
        c.outline([(14, 52), (50, 50), (86, 52), (74, 78), (50, 86), (26, 78)]),
        color("#b98a5a"),
    )
    c.flat(c.ellipse(50, 52, 36, 9), color("#7d5836"))
    for _ in range(90):
        x = min(max(c.random.gauss(50, 15), 20), 80)
        y = 53 - c.random.uniform(0, 1) * (20 - abs(x - 50) * 0.62)
        tone = mixed(base, BLACK, c.random.uniform(0, 0.22))
        c.grain(x, y, 5, 3.7, c.random.uniform(0, 180), tone)


def bottle(c: Canvas, base: Color) -> None:
    c.shadow(50, 91, 18, 4)
    c.body(c.box(43, 10, 14, 9, 2), color("#f4f4f0"))
    outline: list[Point] = [
        (44, 19),
        (56, 19),
        (57, 26),
        (67, 40),
        (67, 86),
        (60, 91),
        (40, 91),
        (33, 86),
        (33, 40),
        (43, 26),
    ]
    c.body(c.polygon(outline), base, 0.3)
    c.body(c.box(33, 50, 34, 24, 1), color("#fffdf4"), 0.08)
    c.body(c.ellipse(50, 62, 8, 8), mixed(base, BLACK, 0.08))
    c.leaf(50, 54, 9, -25)
    c.flat(c.box(37, 42, 3, 44, 1.5), WHITE, 0.35)


def cup(c: Canvas, base: Color) -> None:
    c.shadow(50, 90, 22, 4)
    c.line([(60, 36), (66, 8)], color("#f2f2ec"), 3)
    c.body(
        c.polygon([(29, 32), (71, 32), (64, 90), (36, 90)]),
        mixed(base, WHITE, 0.12),
        0.25,
    )
    for _ in range(12):
        c.ball(
            c.random.uniform(38, 62),
            c.random.uniform(70, 86),
            3,
            mixed(base, BLACK, 0.3),
        )
    for x, y, turn in ((40, 46, 20), (54, 52, -15), (46, 60, 35)):
        c.flat(c.box(x, y, 9, 9, 2).rotate(turn, center=(x * 9.6, y * 9.6)), WHITE, 0.4)
    c.body(c.box(26, 27, 48, 7, 3), color("#fbfbf8"), 0.15)
    c.flat(c.box(33, 38, 3, 46, 1.5), WHITE, 0.4)


_PIECES = ("#e8404a", "#f6b53a", "#8cc63e", "#fff3c4", "#f07a2a", "#7a3a8a")


def cutbox(c: Canvas, base: Color) -> None:
    """Fruit cut into pieces, in a tray."""
    c.shadow(50, 84, 40, 5)
    c.body(c.box(12, 30, 76, 52, 7), color("#e9eef0"), 0.18)
    c.flat(c.box(16, 34, 68, 44, 5), color("#c9d3d6"))
    for row in range(4):
        for place in range(6):
            x, y = 18 + place * 11, 36 + row * 10.4
            tone = base if (row + place) % 2 == 0 else color(c.random.choice(_PIECES))
            turn = c.random.uniform(-18, 18)
            mask = c.box(x, y, 10.5, 9.6, 2.4).rotate(
                turn, center=((x + 5) * 9.6, (y + 5) * 9.6)
            )
            c.body(mask, tone, 0.25)
    c.flat(c.polygon([(16, 40), (40, 34), (48, 34), (16, 58)]), WHITE, 0.25)


def giftbox(c: Canvas, base: Color) -> None:
    c.shadow(50, 88, 38, 5)
    c.body(c.box(16, 44, 68, 42, 2), base, 0.3)
    c.body(c.box(12, 34, 76, 13, 2), mixed(base, WHITE, 0.1), 0.2)
    ribbon = color("#f2d27a")
    c.body(c.box(45, 34, 10, 52, 0.5), ribbon, 0.25)
    c.body(c.box(16, 60, 68, 7, 0.5), ribbon, 0.25)
    for turn in (28, -28):
        c.body(
            c.ellipse(50 + (14 if turn < 0 else -14), 26, 14, 7.5, turn), ribbon, 0.35
        )
        c.flat(
            c.ellipse(50 + (13 if turn < 0 else -13), 26, 7, 3, turn),
            mixed(ribbon, BLACK, 0.3),
            0.8,
        )
    c.ball(50, 31, 5, ribbon)


def basket(c: Canvas, base: Color) -> None:
    c.shadow(50, 90, 34, 5)
    c.line(arc(50, 52, 33, 180, 360), color("#9a6a34"), 3.4)
    heap = (
        (30, 50, 11, "#d8352e"), (70, 50, 11, "#f08a1c"), (50, 40, 13, "#f3b52c"),
        (40, 54, 11, "#7ab83a"), (60, 54, 11, "#b02a4a"), (50, 56, 9, "#5a2a6a"),
    )  # fmt: skip
    for x, y, r, tone in heap:
        c.ball(x, y, r, color(tone))
    c.leaf(52, 30, 15, -25)
    mask = c.polygon([(14, 56), (86, 56), (76, 89), (24, 89)])
    c.body(mask, base)
    weave: list[tuple[Point, Point]] = [
        ((12 + place * 5.6, 60 + row * 5.6), (17 + place * 5.6, 60 + row * 5.6))
        for row in range(6)
        for place in range(14)
        if (row + place) % 2
    ]
    c.strokes(mask, weave, 4.6, mixed(base, BLACK, 0.28), 0.75)
    c.body(c.box(11, 53, 78, 6, 3), mixed(base, WHITE, 0.12))
