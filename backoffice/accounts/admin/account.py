"""One's own account: everybody who may enter the admin."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.accounts.admin.base import roles_of
from backoffice.accounts.admin.forms import AccountForm
from backoffice.accounts.models import User
from backoffice.base.errors import FieldErrors


def account_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Name and picture to change, the rest to look at."""
    user: Any = request.user
    initial = {"nickname": user.nickname, "avatar": user.avatar or None}
    form = AccountForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _applied(request, form):
        return HttpResponseRedirect(reverse("admin:my_account"))
    context = {
        **site.each_context(request),
        "title": _("My account"),
        "form": form,
        "person": user,
        "roles": roles_of(user) or "—",
    }
    request.current_app = site.name  # type: ignore[attr-defined]
    return TemplateResponse(request, "admin/my_account.html", context)


def _applied(request: HttpRequest, form: AccountForm) -> bool:
    """Whether the verbs took it; what they refuse stands in the form."""
    try:
        changed = form.apply(User.objects.get(pk=request.user.pk))
    except FieldErrors as error:
        for name, found in error.errors.items():
            for message in found:
                form.add_error(name if name in form.fields else None, message)
        return False
    if changed:
        messages.success(request, _("Your account was changed."))
    return True
