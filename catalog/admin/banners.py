"""Banners: the list in the carousel's order, the form, the verbs."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    Outcome,
    Planned,
    Tab,
    Tool,
    Verb,
    column,
    two_lines,
)
from backoffice.base.admin.changelist import WorkbenchList
from backoffice.base.admin.cropping import Cropped, chosen_part
from backoffice.base.admin.options import without_transaction
from backoffice.base.errors import DomainError
from backoffice.shop import shop
from catalog import banners
from catalog.admin import cells
from catalog.admin.banner_pages import (
    PLACE,
    BannerPages,
    MomentInput,
    state_tag,
    window,
)
from catalog.admin.forms import Refused, VerbForm, refusals_of, shown_again
from catalog.admin.words import PictureInput
from catalog.enums import BannerState
from catalog.models import Banner
from catalog.models.banners import state_condition


class WidePictureInput(Cropped, PictureInput):
    """The present picture as wide as it will be seen; cut to the carousel's shape."""

    ratio = banners.ROOM

    def source(self, value: Any) -> str:
        kept = str(getattr(value, "name", "") or "")
        return cells.picture_url(kept) if kept.startswith("banners/") else ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        kept = str(getattr(value, "name", "") or "")
        if kept.startswith("banners/"):
            context["thumb"] = format_html(
                '<img class="banner-picture" src="{}" alt="">', cells.picture_url(kept)
            )
        return context


class BannerList(WorkbenchList):
    """Banners with their place in the carousel, whatever part of it is shown."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.order = list(Banner.objects.values_list("pk", flat=True))
        places = {pk: at for at, pk in enumerate(self.order, 1)}
        self.may_order = len(places) > 1 and self.model_admin.has_change_permission(
            request
        )
        self.result_list = list(self.result_list)
        for banner in self.result_list:
            banner.place, banner.places = places[banner.pk], len(places)
            banner.may_move = self.may_order


@admin.register(Banner)
class BannerAdmin(BannerPages):
    """Rows are written by the verbs of `catalog.banners` only."""

    form = VerbForm
    list_display = ["place", "picture", "name", "where", "when_shown"]
    list_display_links = ["name"]
    sortable_by = ()
    ordering = ["sequence", "id"]
    fields = [("title", "link"), "image", ("starts_at", "ends_at"), "is_enabled"]
    change_list_template = "admin/catalog/banner/change_list.html"
    verbs = [
        Verb(
            "enable",
            gettext_lazy("Switch on"),
            "catalog.change_banner",
            icon="fa-toggle-on",
            tone="success",
            undo="disable",
            confirm=False,
            help=gettext_lazy("The storefront shows it while its time lasts."),
        ),
        Verb(
            "disable",
            gettext_lazy("Switch off"),
            "catalog.change_banner",
            icon="fa-toggle-off",
            undo="enable",
            confirm=False,
            help=gettext_lazy("The storefront no longer shows it; it can come back."),
        ),
        Verb(
            "remove",
            gettext_lazy("Remove"),
            "catalog.delete_banner",
            icon="fa-trash",
            tone="danger",
            in_row=False,
            help=gettext_lazy("It is gone for good, with its picture."),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/banners.css"]}

    # --- the list

    def get_tabs(self, request: HttpRequest) -> Sequence[Tab]:
        """By what the storefront does with them at this moment."""
        now = timezone.now()
        return [
            Tab(state.value, state.label, state_condition(state, now))
            for state in BannerState
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return BannerList

    @column(gettext_lazy("place"))
    def place(self, obj: Any) -> Any:
        """An input for whoever may change it."""
        if not obj.may_move:
            return obj.place
        return format_html(
            '<input type="number" name="{}{}" value="{}" min="1" max="{}" '
            'aria-label="{}" data-place>',
            PLACE,
            obj.pk,
            obj.place,
            obj.places,
            _("Place of %(banner)s") % {"banner": obj},
        )

    @column(gettext_lazy("picture"), phone="picture")
    def picture(self, obj: Banner) -> Any:
        return format_html(
            '<img class="banner-thumb" src="{}" alt="" width="94" height="40" '
            'loading="lazy">',
            cells.thumb_url(str(obj.image)),
        )

    @column(gettext_lazy("banner"), phone="title")
    def name(self, obj: Banner) -> Any:
        return two_lines(obj.title, obj.link)

    @column(gettext_lazy("status"))
    def where(self, obj: Banner) -> Any:
        return state_tag(obj)

    @column(gettext_lazy("time"), phone="wide")
    def when_shown(self, obj: Banner) -> Any:
        return window(obj)

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        address = reverse("admin:catalog_banner_preview")
        return [Tool(_("Look on a phone"), address, "fa-mobile-screen")]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("No banner yet. The carousel is the first thing that customers see.")
        if not self.has_add_permission(request):
            return EmptyState(text)
        return EmptyState(text, _("Add a banner"), reverse("admin:catalog_banner_add"))

    # --- the form

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "image":
            accept = "image/jpeg,image/png,image/webp,image/gif"
            width, height = banners.ROOM
            # what is in the file is looked at by the verb
            return forms.FileField(
                label=capfirst(db_field.verbose_name),
                widget=WidePictureInput(attrs={"accept": accept}),
                help_text=_(
                    "Best %(width)s × %(height)s: of another shape you choose the part "
                    "that is shown. JPEG, PNG, WebP or GIF, up to %(most)s MB."
                )
                % {"width": width, "height": height, "most": shop.PICTURE_MAX_MB},
            )
        if isinstance(db_field, models.DateTimeField):
            return forms.DateTimeField(
                label=capfirst(db_field.verbose_name),
                required=False,
                help_text=db_field.help_text,
                widget=MomentInput,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusals = refusals_of(request)
        return form

    def object_status(self, request: HttpRequest, obj: Any) -> Any:
        return state_tag(Banner.objects.get(pk=obj.pk))

    def form_tools(self, request: HttpRequest, obj: Any) -> Sequence[Tool]:
        address = (
            f"{reverse('admin:catalog_banner_preview')}?banner={obj.pk}#slide-{obj.pk}"
        )
        return [Tool(_("Look on a phone"), address, "fa-mobile-screen")]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page; where the verb refuses, again with what was typed and why not.

        Without Django's transaction around it: the verb stores the picture before its
        own.
        """
        return shown_again(
            request, without_transaction(self), object_id, form_url, extra_context
        )

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        user: Any = request.user
        typed = form.cleaned_data
        # a browser's time has no microseconds: what was not touched stays
        names = form.changed_data if change else banners.SETTABLE
        values = {name: typed[name] for name in names if name != "image"}
        image = typed["image"] if "image" in form.changed_data else None
        try:
            crop = chosen_part(form, "image")
            if change:
                kept = banners.change_banner(
                    obj, values, image=image, crop=crop, by=user
                )
            else:
                kept = banners.create_banner(values, image=image, crop=crop, by=user)
        except DomainError as refusal:
            raise Refused(refusal, obj.pk if change else None) from None
        obj.pk, obj.image = kept.pk, str(kept.image)
        if (image is not None or crop is not None) and banners.misfit(kept):
            width, height = banners.ROOM
            messages.warning(
                request,
                _(
                    "The picture is %(width)s × %(height)s, so its edges are cut; "
                    "%(best)s would fit. Look at it on a phone."
                )
                % {
                    "width": kept.width,
                    "height": kept.height,
                    "best": f"{width} × {height}",
                },
            )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The operation log keeps it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The operation log keeps it."""

    # --- the verbs

    def _back(self, request: HttpRequest) -> str:
        """Not to the page of what is gone."""
        if getattr(request, "is_removed", False):
            return self._list_url(request)
        return super()._back(request)

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        return {"enable": not obj.is_enabled, "disable": obj.is_enabled}.get(
            verb.name, True
        )

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        refusal = {"enable": _("It is on already."), "disable": _("It is off already.")}
        return [
            Planned(
                banner.pk,
                banner.title,
                refusal=""
                if self.verb_allowed(request, verb, banner)
                else refusal[verb.name],
            )
            for banner in objects
        ]

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        return [self._outcome(request, verb, banner) for banner in objects]

    def _outcome(self, request: HttpRequest, verb: Verb, banner: Banner) -> Outcome:
        user: Any = request.user
        pk, title = banner.pk, banner.title
        try:
            if verb.name == "remove":
                banners.remove_banner(banner, by=user)
                request.is_removed = True  # type: ignore[attr-defined]
                return Outcome(pk, title)
            on = verb.name == "enable"
            after = banners.switch_banner(banner, on=on, by=user)
        except DomainError as refusal:
            return Outcome(pk, title, error=str(refusal))
        return Outcome(pk, title, status=state_tag(after), url=self.object_url(after))
