"""Categories, brands and units: short lists that a manager keeps in order."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    BaseModelAdmin,
    EmptyState,
    column,
    link,
    percent,
    thumb,
)
from backoffice.base.admin.cells import number
from backoffice.base.admin.options import without_transaction
from backoffice.base.errors import DomainError
from catalog import proposing, vocabulary
from catalog.admin import cells
from catalog.admin.forms import Refused, VerbForm, refusals_of, shown_again
from catalog.models import Brand, Category, Goods, MarkdownRule, Unit

#: uses of a word are counted no further
MANY = 1000


class PictureInput(forms.ClearableFileInput):
    """The present picture as a picture, a file to choose, a box to take it away."""

    template_name = "admin/catalog/picture_input.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        path = str(getattr(value, "name", "") or "")
        context["thumb"] = thumb(cells.thumb_url(path)) if path else ""
        return context


class CountOf(Subquery):
    """How many rows a subquery has; it may be limited."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


class WordAdmin(BaseModelAdmin):
    """One kind of word; deleted only while no goods uses it."""

    form = VerbForm
    deletable = True
    search_fields = ["name"]
    actions = None  # type: ignore[assignment]

    class Media:
        css = {"all": ["backoffice/css/catalog.css"]}

    #: the filter of the goods list that shows what uses the word
    goods_filter = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With the number of goods that use each, counted by index, as far as `MANY`."""
        counted = super().get_queryset(request)
        total: Any = None
        for field in vocabulary.USES[self.model]:
            uses = Goods.objects.filter(**{field: OuterRef("pk")}).order_by()
            part = CountOf(uses.values("pk")[: MANY + 1])
            counted = counted.annotate(**{f"by_{field}": part})
            total = F(f"by_{field}") if total is None else total + F(f"by_{field}")
        return counted.annotate(goods_count=total)

    @column(gettext_lazy("goods"), numeric=True, ordering="goods_count")
    def used(self, obj: Any) -> Any:
        url = ""
        if obj.goods_count and self.goods_filter:
            path = reverse("admin:catalog_goods_changelist")
            url = f"{path}?{self.goods_filter}={obj.pk}"
        if obj.goods_count > MANY:
            return link(url, f"{number(MANY)}+")
        return link(url, number(obj.goods_count))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusals = refusals_of(request)
        return form

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        form: Any = super().get_changelist_form(request, **{"form": VerbForm, **kwargs})
        form.refusals = refusals_of(request)
        return form

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Nothing here yet: %(objects)s.") % {
            "objects": self.opts.verbose_name_plural
        }
        if not self.has_add_permission(request):
            return EmptyState(text)
        url = reverse(f"admin:catalog_{self.opts.model_name}_add")
        return EmptyState(text, _("Add the first"), url)

    # --- saving and deleting by the verbs

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

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The list, whose order numbers are saved row by row, all or none."""
        return shown_again(request, super().changelist_view, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        user: Any = request.user
        image = form.cleaned_data.get("image")
        # a new file is read by the verb; False says that the present one goes
        is_new_image = "image" in form.changed_data and bool(image)
        if "image" in form.changed_data:
            obj.image = form.initial.get("image", "") if is_new_image else ""
        try:
            vocabulary.save(obj, by=user, image=image if is_new_image else None)
        except DomainError as refusal:
            raise Refused(refusal, obj.pk if change else None) from None

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        user: Any = request.user
        vocabulary.delete(obj, by=user)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Asks first; what is in use says so at once."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return super().delete_view(request, object_id, extra_context)
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied(f"catalog.delete_{self.opts.model_name}")
        try:
            vocabulary.refuse_used(obj)
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            name = f"admin:catalog_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[obj.pk]))


@admin.register(Category)
class CategoryAdmin(WordAdmin):
    """The shelves of the storefront, in their order."""

    list_display = ["picture", "name", "sequence", "target", "used"]
    list_display_links = ["name"]
    list_editable = ["sequence"]
    fields = ["name", "image", "sequence", "target_margin", "rounding"]
    field_units = {"target_margin": "%"}
    goods_filter = "category__id__exact"

    @column(gettext_lazy("target margin"), numeric=True)
    def target(self, obj: Category) -> Any:
        return percent(obj.target_margin)

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "image":
            accept = "image/jpeg,image/png,image/webp,image/gif"
            # what is in the file is looked at by the verb
            return forms.FileField(
                label=capfirst(db_field.verbose_name),
                required=False,
                widget=PictureInput(attrs={"accept": accept}),
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @column(gettext_lazy("picture"), phone="picture")
    def picture(self, obj: Category) -> Any:
        return thumb(cells.thumb_url(str(obj.image or "")), obj.name)


@admin.register(Brand)
class BrandAdmin(WordAdmin):
    """Brands, by name."""

    list_display = ["name", "used"]
    fields = ["name"]
    goods_filter = "brand__id__exact"


@admin.register(Unit)
class UnitAdmin(WordAdmin):
    """Units, with the step in which they are sold."""

    list_display = ["name", "step_shown", "sequence", "used"]
    list_editable = ["sequence"]
    fields = ["name", "step", "sequence"]

    @column(gettext_lazy("step"), numeric=True, ordering="step")
    def step_shown(self, obj: Unit) -> Any:
        return obj.step.normalize()


@admin.register(MarkdownRule)
class MarkdownRuleAdmin(BaseModelAdmin):
    """The rungs of the markdown ladder; shown with the proposals they make."""

    form = VerbForm
    list_display = ["title", "days", "percent", "is_active", "note"]
    list_display_links = ["title"]
    fields = ["category", "days", "percent", "is_active", "note"]
    field_units = {"days": gettext_lazy("days"), "percent": "%"}
    actions = None  # type: ignore[assignment]
    deletable = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(proposing.CHANGE_RULES))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(proposing.CHANGE_RULES))

    @column(gettext_lazy("category"), phone="title")
    def title(self, obj: MarkdownRule) -> Any:
        return obj.category or _("All others")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("category")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusals = refusals_of(request)
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page; where the verb refuses, again with what was typed and why not."""
        return shown_again(request, super().changeform_view, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        user: Any = request.user
        try:
            proposing.save_rule(obj, by=user)
        except DomainError as refusal:
            raise Refused(refusal, obj.pk if change else None) from None

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        user: Any = request.user
        proposing.delete_rule(obj, by=user)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _(
            "No rung yet; for example 10 percent off after 2 days, 30 percent after 4."
        )
        if not self.has_add_permission(request):
            return EmptyState(text)
        return EmptyState(
            text, _("Add a rung"), reverse("admin:catalog_markdownrule_add")
        )
