"""The mainland's provinces, cities and districts, by the codes of the statistics bureau.

`areas.txt` has a line for each (as of 2023-06-30): 2 digits for a province, 4 for a city,
6 for a district. It is read once in each process; a newer edition is a newer file.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from backoffice.base.errors import FieldErrors
from backoffice.base.text import half_width, one_line

#: what stands between a municipality and its districts; nobody writes that
_UNSPOKEN = ("市辖区", "县")


@dataclass(frozen=True)
class Area:
    """One of them; `above` is the one that it belongs to."""

    code: str
    name: str
    above: "Area | None" = field(default=None, repr=False)

    @property
    def full_name(self) -> str:
        """With what it belongs to: 浙江省 杭州市 西湖区."""
        return f"{self.above.full_name} {self.name}" if self.above else self.name


@lru_cache(maxsize=1)
def _tree() -> tuple[dict[str, Area], dict[str, list[Area]]]:
    """{code: area}, {code: those below, in the order of their codes}."""
    known: dict[str, Area] = {}
    below: dict[str, list[Area]] = {"": []}
    text = Path(__file__).with_name("areas.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        code, _blank, name = line.partition(" ")
        area = known[code] = Area(code, name, known.get(code[:-2]))
        below[code] = []
        below[code[:-2]].append(area)
    return known, below


def area_of(code: str) -> Area | None:
    """The area of a code. Six digits that end in zeros are a province or a city, as
    other tables write them."""
    known, _below = _tree()
    if len(code) == 6:
        for length, zeros in ((2, "0000"), (4, "00")):
            if code.endswith(zeros) and code[:length] in known:
                return known[code[:length]]
    return known.get(code)


def below(code: str) -> list[Area]:
    """What belongs to an area; provinces for ""; nothing where there is no such area."""
    area = area_of(code) if code else None
    if code and area is None:
        return []
    return _tree()[1][area.code if area else ""]


def search(words: str) -> list[Area]:
    """Every area in whose full name all words stand; those named so themselves first."""
    wanted = half_width(words).split()
    if not wanted:
        return []
    found = [
        area
        for area in _tree()[0].values()
        if wanted[-1] in area.name and all(word in area.full_name for word in wanted)
    ]
    return sorted(found, key=lambda a: (not a.name.startswith(wanted[-1]), len(a.code)))


def district(province: str, city: str, name: str) -> Area:
    """The district of an address, given as names or codes. Raises FieldErrors.

    For a municipality the city may be written as the municipality itself.
    """
    above = [a for a in _tree()[1][""] if _is(a, province)]
    if not above:
        raise FieldErrors({"province": [_("There is no such province.")]})
    cities = [a for one in above for a in _tree()[1][one.code]]
    named = [a for a in cities if _is(a, city)]
    if not named and any(_is(one, city) for one in above):
        named = [a for a in cities if a.name in _UNSPOKEN]
    if not named:
        raise FieldErrors({"city": [_("There is no such city in this province.")]})
    for one in named:
        for area in _tree()[1][one.code]:
            if _is(area, name):
                return area
    raise FieldErrors({"district": [_("There is no such district in this city.")]})


def _is(area: Area, written: str) -> bool:
    text = one_line(written)
    return text == area.name or text in (area.code, area.code.ljust(6, "0"))
