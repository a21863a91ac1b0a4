"""One picture by its name: a fruit, its colour, its ground."""

import io
import zlib
from collections.abc import Callable

from backoffice.demo.pictures import counter, fruits
from backoffice.demo.pictures.canvas import Canvas, Color, color

Draw = Callable[[Canvas, Color], None]

#: name → (who draws it, its colour, the ground it stands on)
KINDS: dict[str, tuple[Draw, str, str]] = {
    "apple-red": (fruits.apple, "#cf2e2e", "#f3d9c8"),
    "apple-pink": (fruits.apple, "#e0605a", "#d9e8d2"),
    "apple-green": (fruits.apple, "#8fbf3f", "#e6efd0"),
    "apple-gold": (fruits.apple, "#e3b93f", "#e9dcc0"),
    "pear-gold": (fruits.pear, "#d8b24a", "#e4e8cf"),
    "pear-green": (fruits.pear, "#a9c24c", "#f0e2cc"),
    "banana": (fruits.banana, "#f2ca3c", "#d7e6ee"),
    "grapes-green": (fruits.grapes, "#a4c850", "#e9e2f2"),
    "grapes-purple": (fruits.grapes, "#5f3a86", "#eee6d2"),
    "grapes-red": (fruits.grapes, "#a83252", "#e2ecdc"),
    "strawberry": (fruits.strawberry, "#e0313c", "#f6dfe2"),
    "blueberries": (fruits.berries, "#46548f", "#e3e9f4"),
    "mulberries": (fruits.berries, "#4a2240", "#ecdfe9"),
    "cherries": (fruits.cherries, "#a8182c", "#f4e3d6"),
    "orange": (fruits.citrus, "#f08a1e", "#f7e6cb"),
    "tangerine": (fruits.citrus, "#ef6f1a", "#dfeadb"),
    "blood-orange": (fruits.citrus, "#d8452c", "#f3e0d4"),
    "grapefruit": (fruits.citrus, "#ee7f5a", "#f6ead8"),
    "lemon": (fruits.lemon, "#f2d338", "#dfeeea"),
    "lime": (fruits.lemon, "#7fb83a", "#eef0d6"),
    "pomelo": (fruits.pomelo, "#c9cf5a", "#e9e4cc"),
    "kiwi-green": (fruits.kiwi, "#8cbf3a", "#ebe6d6"),
    "kiwi-gold": (fruits.kiwi, "#e6c13f", "#e0ebdc"),
    "peach": (fruits.peach, "#e4566e", "#f6e4e0"),
    "plums": (fruits.balls, "#6a2a58", "#eae2ec"),
    "jujubes": (fruits.balls, "#94452a", "#e8ecd6"),
    "longans": (fruits.balls, "#b58a4e", "#e4ebe4"),
    "apricots": (fruits.balls, "#f0a03c", "#e6ecdc"),
    "mango": (fruits.mango, "#f0a92e", "#dcebdd"),
    "mango-green": (fruits.mango, "#9fb84a", "#f3e6cc"),
    "pineapple": (fruits.pineapple, "#d99a2b", "#dfeee8"),
    "watermelon": (fruits.watermelon, "#e8404c", "#e3efdc"),
    "watermelon-yellow": (fruits.watermelon, "#f4c63a", "#dde9ee"),
    "melon-net": (fruits.melon, "#c9b066", "#e0ebd8"),
    "melon-green": (fruits.melon, "#9cb86a", "#f0e8d4"),
    "melon-gold": (fruits.melon, "#efc53a", "#dde8ec"),
    "papaya": (fruits.papaya, "#f2803c", "#e3eedd"),
    "durian": (fruits.durian, "#a8a044", "#ede4cd"),
    "dragonfruit": (fruits.dragonfruit, "#d8357a", "#e2efe4"),
    "lychee": (fruits.lychee, "#c8364a", "#e6efdf"),
    "coconut": (fruits.coconut, "#8a5a34", "#dcebee"),
    "avocado": (fruits.avocado, "#c9d36a", "#ece6d4"),
    "pomegranate": (fruits.pomegranate, "#c73a3a", "#f1e6d3"),
    "persimmon": (fruits.persimmon, "#ec7320", "#e5ebd8"),
    "walnuts": (counter.nuts, "#b08452", "#e6ebe0"),
    "raisins": (counter.nuts, "#5f3550", "#efe6d8"),
    "pistachios": (counter.nuts, "#b9b070", "#e9e2da"),
    "dates-dried": (counter.nuts, "#8f2f24", "#ebe8d8"),
    "mango-dried": (counter.nuts, "#eea43a", "#e2ebe6"),
    "juice-orange": (counter.bottle, "#f3942a", "#e4eeea"),
    "juice-green": (counter.bottle, "#8cb848", "#f1ead9"),
    "juice-coconut": (counter.bottle, "#e9e4d6", "#cfe3ea"),
    "tea-peach": (counter.cup, "#f0a088", "#e4eee6"),
    "tea-lemon": (counter.cup, "#ecc94a", "#dfeaf0"),
    "tea-grape": (counter.cup, "#8a5aa0", "#eee8da"),
    "cut-melon": (counter.cutbox, "#f2b04a", "#e2ecdf"),
    "cut-watermelon": (counter.cutbox, "#e8404a", "#e0ebef"),
    "cut-mixed": (counter.cutbox, "#8cc63e", "#f3e8d4"),
    "cut-mango": (counter.cutbox, "#f6b53a", "#e6e9f0"),
    "giftbox-red": (counter.giftbox, "#b8282e", "#f3e6cf"),
    "giftbox-green": (counter.giftbox, "#2f7a4a", "#efe9d6"),
    "giftbox-gold": (counter.giftbox, "#c08a2e", "#ecdfdc"),
    "basket": (counter.basket, "#b9824a", "#e6eddc"),
    "basket-large": (counter.basket, "#8f5a2e", "#f1e4d2"),
}


def render(kind: str) -> bytes:
    """The picture as a JPEG of 480 × 480, at most 30 KB; the same bytes every time."""
    draw, base, ground = KINDS[kind]
    canvas = Canvas(ground, seed=zlib.crc32(kind.encode()))
    draw(canvas, color(base))
    file = io.BytesIO()
    canvas.finished().save(file, "JPEG", quality=84, optimize=True)
    return file.getvalue()
