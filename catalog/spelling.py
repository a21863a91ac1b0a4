"""How goods are written down to be searched, and how what a person types is looked for.

A goods' search text holds its code, barcode, name and brand, and the pinyin of the
latter two in full and as initials. Two tricks let an index of character triples serve
words of any length, by plain substring search and without false matches:

- every character that is not ASCII stands three times, so that one Chinese character is
  a triple (`梨` → `梨梨梨`) and two are four of them;
- ASCII letters and digits stand once, which serves words from three of them on; shorter
  ones (`pg` for 苹果) are found among the grams at the end, each between two blanks.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from backoffice.base.text import half_width

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_NOT_PLAIN = re.compile(r"[^0-9a-z]+")
_OTHERS = re.compile(r"[^\x00-\x7f]")
#: from so many ASCII characters on, a word is looked for as it stands
_LONG = 3


def text_of(code: str, barcode: str, name: str, brand: str = "") -> str:
    """The search text of a goods."""
    code, barcode, name = _plain(code), _plain(barcode), _plain(name)
    named, branded = _read(name), _brand(brand)
    short = f"{code} {named.short} {branded.short}"
    pieces = f"{code} {barcode} {_tripled(name)} {named.long} {branded.long}"
    return f" {' '.join(pieces.split())} {_grams(short)} "


def patterns(typed: str) -> list[str]:
    """What must all stand in the search text of a goods that is looked for by `typed`:
    one pattern for each word; nothing but signs finds nothing ([])."""
    words = dict.fromkeys(half_width(typed).lower().split())
    return [_pattern(word) for word in words if any(map(str.isalnum, word))]


def _pattern(word: str) -> str:
    if word.isascii() and len(word) < _LONG:
        return f" {''.join(filter(str.isalnum, word))} "
    return _tripled(word)


def _plain(value: str) -> str:
    """Half width, in small letters, without blanks: words are looked for one by one."""
    return "".join(half_width(value).lower().split())


def _tripled(text: str) -> str:
    return _OTHERS.sub(lambda match: match[0] * 3, text)


class _Reading(NamedTuple):
    """What is kept of a name beside itself: found by long words, and by short ones."""

    long: str
    short: str


@lru_cache(maxsize=1000)
def _brand(brand: str) -> _Reading:
    """The same for a brand, with its name: it stands on many goods."""
    name = _plain(brand)
    long, short = _read(name)
    return _Reading(f"{_tripled(name)} {long}", short)


def _read(text: str) -> _Reading:
    """Pinyin in full and initials; short words find initials, and syllables of one or
    two letters."""
    full, initials, short, end = "", "", "", 0
    for match in _CHINESE.finditer(text):
        syllables, firsts, brief = _syllables(match[0])
        between = text[end : match.start()]
        full += between + syllables
        initials += between + firsts
        short += brief
        end = match.end()
    if not end:
        return _Reading("", text)
    full, initials = full + text[end:], initials + text[end:]
    return _Reading(f"{_tripled(full)} {_tripled(initials)}", f"{initials}{short}")


@lru_cache(maxsize=20_000)
def _syllables(chinese: str) -> tuple[str, str, str]:
    """(pinyin, initials, syllables of one or two letters, each after a blank); what has
    no reading is left out."""
    # its dictionaries take 40 MB, which a process that only searches does without
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - see above

    read: list[str] = lazy_pinyin(chinese, errors="ignore")
    brief = "".join(f" {s}" for s in dict.fromkeys(read) if len(s) < _LONG)
    return "".join(read), "".join(s[0] for s in read), brief


def _grams(text: str) -> str:
    """Every letter or digit and every two neighbours, each between blanks."""
    plain = _NOT_PLAIN.sub(" ", text)
    pairs = {a + b for a, b in pairwise(plain) if a != " " != b}
    return " ".join(sorted((pairs | set(plain)) - {" "}))
