"""The admin site: who may enter, and what may be registered on it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from simpleui.admin import AjaxAdmin

from backoffice.base.admin import appearance


class BackofficeAdminSite(admin.AdminSite):
    """The merchant's admin.

    It refuses simpleui's `AjaxAdmin`: that class runs any method named in a request
    without a permission check, filters by lookups that the client chooses (a password
    oracle) and fails on prefixed searches.
    """

    site_title = _("Fruit shop back office")
    site_header = _("Fruit shop")
    index_title = _("Home")
    enable_nav_sidebar = False

    @property
    def login_form(self) -> type:  # type: ignore[override]
        """Sign-in by any of three names; imported late, as models load after the site."""
        from backoffice.accounts.forms import StaffSignInForm  # noqa: PLC0415 - see above

        return StaffSignInForm

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """One's own password, by the verb of `accounts.staff`."""
        from django.contrib.auth.views import PasswordChangeView  # noqa: PLC0415 - see above

        from backoffice.accounts.forms import OwnPasswordForm  # noqa: PLC0415 - see above

        request.current_app = self.name  # type: ignore[attr-defined]
        return PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            template_name="registration/password_change_form.html",
            extra_context={**self.each_context(request), **(extra_context or {})},
        )(request)

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        """Adds one's own account and the choice of colours and text size."""
        return [
            path(
                "appearance/", self.admin_view(self.appearance_view), name="appearance"
            ),
            path("account/", self.admin_view(self.account_view), name="my_account"),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Adds what stands around every page."""
        from backoffice.shell import shell_of  # noqa: PLC0415 - models load after the site

        # Django's own, but for the list of all models: our menu needs none, and to
        # make it asks every admin for its permissions and addresses
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": request.META["SCRIPT_NAME"] or self.site_url,
            "has_permission": self.has_permission(request),
            "available_apps": SimpleLazyObject(lambda: self.get_app_list(request)),
            "is_popup": False,
            "is_nav_sidebar_enabled": self.enable_nav_sidebar,
            "log_entries": self.get_log_entries(request),
            "shell": shell_of(request),
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The home page."""
        from backoffice import home  # noqa: PLC0415 - models load after the site

        return super().index(
            request, {**home.context(request), **(extra_context or {})}
        )

    def account_view(self, request: HttpRequest) -> HttpResponse:
        """One's own account."""
        from backoffice.accounts.admin.account import account_page  # noqa: PLC0415 - see above

        return account_page(self, request)

    def appearance_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the colours or the text size that were posted; then back."""
        wanted = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(
            wanted,
            allowed_hosts={request.get_host()},
            require_https=request.is_secure(),
        )
        back = wanted if is_ours else reverse("admin:index", current_app=self.name)
        return appearance.keep(request, HttpResponseRedirect(back))

    def register(
        self,
        model_or_iterable: type[models.Model] | Iterable[type[models.Model]],
        admin_class: type[admin.ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        if admin_class is not None and issubclass(admin_class, AjaxAdmin):
            raise ImproperlyConfigured(
                f"{admin_class.__name__} is an AjaxAdmin of simpleui, which runs actions "
                "without checking permissions; use the verbs of backoffice.base.admin."
            )
        super().register(model_or_iterable, admin_class, **options)
