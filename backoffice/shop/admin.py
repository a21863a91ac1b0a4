"""The page of the shop's settings: sections, units, where a value comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.base.admin import BaseModelAdmin, tag
from backoffice.base.errors import DomainError, FieldErrors
from backoffice.shop import verbs
from backoffice.shop.definitions import SETTINGS, Setting
from backoffice.shop.models import ShopSetting
from backoffice.shop.values import shop, text_below

SEEN = "seen"
RESET = "_reset"


class SettingsForm(forms.Form):
    """One field for each setting, and beside it what the page showed."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        for setting in SETTINGS.values():
            self.fields[setting.name] = _field(setting)
            self.initial[setting.name] = shop.text(setting)[0]

    def changes(self) -> tuple[dict[str, str], dict[str, str]]:
        """What differs from what the page showed, and what that was."""
        seen = {name: self.data.get(f"{SEEN}-{name}") for name in SETTINGS}
        texts = {
            name: str(self.cleaned_data[name])
            for name, before in seen.items()
            if before is not None and self.cleaned_data[name] != before
        }
        return texts, {name: str(seen[name]) for name in texts}


def _field(setting: Setting) -> forms.Field:
    label: Any = setting.label
    if setting.is_flag:
        return forms.ChoiceField(
            label=label,
            choices=[("on", gettext_lazy("on")), ("off", gettext_lazy("off"))],
        )
    return forms.CharField(
        label=label,
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@dataclass(frozen=True)
class Row:
    """One setting as the page draws it."""

    setting: Setting
    field: Any
    text: str
    layer: str
    layer_tag: Any
    below: str

    @property
    def shown(self) -> str:
        """The value in words, for who may only look."""
        if self.setting.is_flag:
            return _("on") if self.text == "on" else _("off")
        return self.text or "—"


LAYERS: dict[str, tuple[Any, Any]] = {
    "default": (gettext_lazy("Default"), "hollow"),
    "environment": (gettext_lazy("Environment"), "amber"),
    "merchant": (gettext_lazy("Own"), "blue"),
}


def _sections(form: SettingsForm) -> Iterator[tuple[Any, list[Row]]]:
    found: dict[str, tuple[Any, list[Row]]] = {}
    for setting in SETTINGS.values():
        text, layer = shop.text(setting)
        label, tone = LAYERS[layer]
        row = Row(
            setting,
            form[setting.name],
            text,
            layer,
            tag(layer, label, tone=tone),
            text_below(setting),
        )
        found.setdefault(str(setting.section), (setting.section, []))[1].append(row)
    yield from found.values()


@admin.register(ShopSetting)
class ShopSettingAdmin(BaseModelAdmin):
    """One page instead of a list: every setting there is, set or not."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Settings are there already."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The page alone: rows are not looked at one by one."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="shop_shopsetting_changelist")]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show, check and save the settings."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied("shop.view_shopsetting")
        form = SettingsForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied("shop.change_shopsetting")
            if self._act(request, form):
                return HttpResponseRedirect(
                    reverse("admin:shop_shopsetting_changelist")
                )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Shop settings"),
            "form": form,
            "sections": list(_sections(form)),
            "may_change": self.has_change_permission(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(
            request, "admin/shop/shopsetting/settings.html", context
        )

    def _act(self, request: HttpRequest, form: SettingsForm) -> bool:
        """Reset one setting or save those that differ; False where something is wrong."""
        by: Any = request.user
        if name := request.POST.get(RESET):
            try:
                verbs.reset(name, by=by)
            except DomainError as error:
                messages.error(request, str(error))
            else:
                messages.success(
                    request, _("The setting is back to what stands below.")
                )
            return True
        if not form.is_valid():
            return False
        texts, seen = form.changes()
        try:
            changed = verbs.set_many(texts, by=by, seen=seen)
        except FieldErrors as error:
            for field, found in error.errors.items():
                for message in found:
                    form.add_error(field, message)
            return False
        if changed:
            messages.success(
                request,
                ngettext(
                    "%(count)s setting was changed.",
                    "%(count)s settings were changed.",
                    len(changed),
                )
                % {"count": len(changed)},
            )
        else:
            messages.info(request, _("Nothing differed, so nothing was changed."))
        return True
