"""Pages for what goes wrong: in the shell where somebody of the staff is signed in.

The storefront's own addresses answer in JSON and never come here.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from backoffice.accounts.permissions import sections
from backoffice.accounts.roles import role_names_with
from backoffice.shell import shell_of


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what was sent cannot be read."""
    return _page(
        request,
        400,
        _("This cannot be read"),
        _("What was sent is incomplete or damaged. Go back and try again."),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: says which permission is missing and which roles hold it."""
    permission = _missing(request, exception)
    context: dict[str, Any] = {}
    if permission:
        words = dict(p for section in sections() for p in section.permissions)
        context = {
            "permission": words.get(permission, permission),
            "roles": role_names_with(permission),
        }
    return _page(
        request,
        403,
        _("You may not do this"),
        _("Your role lacks the permission for this page."),
        **context,
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _page(
        request,
        404,
        _("There is nothing here"),
        _("The address is wrong, or what stood here is gone."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was open too long, or came from elsewhere."""
    return _page(
        request,
        403,
        _("The page was open too long"),
        _("Nothing was saved. Go back, load the page again and repeat it."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: asks neither the database nor the session for anything."""
    return render(
        request, "500.html", {"request_id": getattr(request, "id", "")}, status=500
    )


def _page(
    request: HttpRequest, status: int, title: str, text: str, **context: Any
) -> HttpResponse:
    user = getattr(request, "user", None)
    is_staff = bool(user and user.is_active and user.is_staff)
    around = {"shell": shell_of(request), "has_permission": True} if is_staff else {}
    return render(
        request,
        "admin/error.html",
        {
            **around,
            "site_title": admin.site.site_title,
            "site_header": admin.site.site_header,
            "title": title,
            "text": text,
            "status": status,
            **context,
        },
        status=status,
    )


_ACTIONS = {"changelist": "view", "history": "view", "add": "add", "delete": "delete"}


def _missing(request: HttpRequest, exception: Exception) -> str:
    """The permission that was asked for: named by the view, or told by the address."""
    named = str(exception.args[0]) if exception.args else ""
    if named.count(".") == 1 and named.replace(".", "").replace("_", "").isalnum():
        return named
    match = request.resolver_match
    # set by ModelAdmin.get_urls() on each of its views
    model_admin = getattr(match.func, "model_admin", None) if match else None
    if match is None or model_admin is None:
        return ""
    opts = model_admin.opts
    action = _ACTIONS.get(str(match.url_name).rpartition("_")[2], "change")
    return f"{opts.app_label}.{get_permission_codename(action, opts)}"
