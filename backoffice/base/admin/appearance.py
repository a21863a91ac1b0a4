"""How the back office looks to one person: colours, light or dark, size of text.

Kept in two cookies that hold no secret. `theme` is the one that simpleui uses; here it
holds the name of one of its colour files, or `light`, `dark`, `auto` for the usual
colours in that light.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin.words import Text

THEME_COOKIE = "theme"
SIZE_COOKIE = "text_size"
MENU_COOKIE = "menu_closed"
FOLDED_COOKIE = "menu_folded"
YEAR = 365 * 86400


@dataclass(frozen=True)
class Theme:
    """A choice of colours. `file` is simpleui's; `scheme` light, dark or auto."""

    key: str
    label: Text
    file: str
    scheme: str = "light"
    bar: str = "#333333"
    menu: str = "#ffffff"
    accent: str = "#36b24a"


USUAL = "black.css"
#: those of simpleui's files whose bar and menu can be read by everybody (contrast AA)
THEMES: dict[str, Theme] = {
    theme.key: theme
    for theme in (
        Theme("auto", _("Automatic"), USUAL, "auto"),
        Theme("light", _("Light"), USUAL),
        Theme("dark", _("Dark"), USUAL, "dark", bar="#15191e", menu="#1b2026"),
        Theme(
            "dark.green.css",
            _("Deep green"),
            "dark.green.css",
            bar="#f3f3f4",
            menu="#283846",
            accent="#1db393",
        ),
        Theme(
            "ant.design.css",
            _("Ink blue"),
            "ant.design.css",
            bar="#ffffff",
            menu="#000b16",
            accent="#409eff",
        ),
        Theme(
            "e-black.css",
            _("Night blue"),
            "e-black.css",
            bar="#1f2c39",
            accent="#1f2c39",
        ),
        Theme(
            "simpleui.css",
            _("Slate"),
            "simpleui.css",
            bar="#ffffff",
            menu="#2c2e39",
            accent="#409eff",
        ),
    )
}
DEFAULT = THEMES["auto"]
#: pixels of the text; everything else follows
SIZES = {"13": _("Small"), "14": _("Normal"), "16": _("Large"), "18": _("Very large")}


def theme_of(request: HttpRequest) -> Theme:
    """The colours that this person chose; unknown ones are the usual."""
    wanted = request.COOKIES.get(THEME_COOKIE, "")
    # simpleui wrote the whole address of the file
    return THEMES.get(wanted.rsplit("/", 1)[-1], DEFAULT)


def size_of(request: HttpRequest) -> str:
    """The size of text that this person chose."""
    wanted = request.COOKIES.get(SIZE_COOKIE, "")
    return wanted if wanted in SIZES else "14"


def closed_groups(request: HttpRequest) -> set[str]:
    """The groups of the menu that this person folded."""
    return set(request.COOKIES.get(MENU_COOKIE, "").split("."))


def is_folded(request: HttpRequest) -> bool:
    """Whether this person folded the menu away (on wide screens)."""
    return request.COOKIES.get(FOLDED_COOKIE, "") == "1"


def keep(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Write what was posted as `theme` and `text_size` into the cookies."""
    options: dict[str, Any] = {
        "max_age": YEAR,
        "samesite": "Lax",
        "secure": request.is_secure(),
        "httponly": True,
    }
    if (theme := request.POST.get(THEME_COOKIE, "")) in THEMES:
        response.set_cookie(THEME_COOKIE, theme, **options)
    if (size := request.POST.get(SIZE_COOKIE, "")) in SIZES:
        response.set_cookie(SIZE_COOKIE, size, **options)
    return response
