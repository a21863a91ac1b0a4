"""What stands around every page: menu, search field, colours, who is signed in."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from backoffice import menus
from backoffice.accounts.roles import role_label
from backoffice.base.admin import appearance
from backoffice.base.admin.words import Text


@dataclass
class Shell:
    """Drawn by `admin/base.html`; without a menu the page stands alone."""

    theme: appearance.Theme
    size: str
    menu: list[menus.ShownGroup] = field(default_factory=list)
    is_folded: bool = False
    is_home: bool = False
    search_url: str = ""
    search_label: Text = ""
    roles: list[str] = field(default_factory=list)
    themes: list[appearance.Theme] = field(
        default_factory=lambda: list(appearance.THEMES.values())
    )
    sizes: list[tuple[str, Any]] = field(
        default_factory=lambda: list(appearance.SIZES.items())
    )


def shell_of(request: HttpRequest) -> Shell:
    """The shell for whoever asks; staff get the menu of their roles."""
    shell = Shell(appearance.theme_of(request), appearance.size_of(request))
    user = getattr(request, "user", None)
    if user is None or not (user.is_active and user.is_staff):
        return shell
    shell.menu = menus.menu_for(request)
    shell.is_folded = appearance.is_folded(request)
    shell.is_home = request.path == reverse("admin:index")
    shell.roles = [
        role_label(name) for name in user.groups.values_list("name", flat=True)
    ]
    if menus.may_see(request, menus.SEARCH):
        shell.search_url = menus.url_of(menus.SEARCH)
        shell.search_label = menus.SEARCH.label
    return shell
