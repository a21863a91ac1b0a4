"""The page of one goods: a form whose only writers are the catalog's verbs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base import ports
from backoffice.base.admin import VerbAdmin, link, quantity
from backoffice.base.admin.options import without_transaction
from backoffice.base.errors import ChangedMeanwhile, DomainError
from backoffice.base.money import plain
from backoffice.shop import shop
from catalog import (
    changes,
    differences,
    editing,
    pictures,
    pricing,
    repricing,
    review,
)
from catalog.admin import cells
from catalog.admin.forms import Refused, VerbForm, moment, refusals_of, shown_again
from catalog.admin.goods_pictures import (
    PICTURES,
    PictureFields,
    Prepared,
    picture_words,
    prepared,
    save_pictures,
)
from catalog.admin.references import may_open_runs
from catalog.editing import SETTABLE
from catalog.enums import GoodsStatus
from catalog.models import Goods

#: the header of a form that is sent by script, to show how far its pictures are
PROGRESS = "X-Shows-Progress"
IDENTITY = ["code", "name", "category", "brand", "spec", "origin", "barcode"]
RETAIL = ["retail_enabled", "is_weighed", "unit", "price", "min_quantity"]
CASE = ["case_enabled", "case_unit", "case_size", "case_price", "case_min_quantity"]
PRICES = ["price", "case_price"]


class GoodsForm(PictureFields, VerbForm):
    """The fields of a goods, its pictures, and `seen_at`, the `updated_at` that the
    person saw."""

    aliases = {PICTURES: "new_pictures"}
    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Why it changes; kept in the history and the logs."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["seen_at"].initial = self.instance.updated_at.isoformat()
            for name in ("cost", "min_quantity", "case_size"):
                value = self.initial.get(name)
                self.initial[name] = plain(value) if value is not None else None
            self.show_pictures()

    def clean_seen_at(self) -> datetime | None:
        """The moment of the page; without it a concurrent edit would go unseen."""
        if not self.instance.pk:
            return None
        try:
            return moment(self.cleaned_data["seen_at"])
        except ValueError:
            raise ValidationError(_("The page is too old; open it anew.")) from None

    def typed(self) -> dict[str, Any]:
        """What the verb is to set: all of a new goods, else what differs."""
        names = self.changed_data if self.instance.pk else self.cleaned_data
        return {n: self.cleaned_data[n] for n in names if n in SETTABLE}


class GoodsFormPages(VerbAdmin):
    """Adding and changing goods; which fields are open follows status and permission."""

    form = GoodsForm
    add_form_template = "admin/catalog/goods/change_form.html"
    change_form_template = "admin/catalog/goods/change_form.html"
    field_units = {
        "price": gettext_lazy("yuan"),
        "case_price": gettext_lazy("yuan"),
        "cost": gettext_lazy("yuan"),
    }

    def get_fieldsets(self, request: HttpRequest, obj: Goods | None = None) -> Any:
        """In the order in which a person fills them."""
        sees_cost = request.user.has_perm(cells.SEE_COST)
        last = ["cost", "margin_shown"] if sees_cost and obj else ["cost"] * sees_cost
        sections: list[tuple[Any, dict[str, Any]]] = [
            (_("What it is"), {"fields": IDENTITY}),
            (_("Selling by the unit"), {"fields": RETAIL}),
            (_("Selling by the case"), {"fields": CASE}),
            (
                _("Cost and points") if sees_cost else _("Points"),
                {"fields": [*last, "points_factor"]},
            ),
            (_("Pictures"), {"fields": [], "classes": [PICTURES]}),
            (_("Description"), {"fields": ["description"]}),
        ]
        if obj and self.has_change_permission(request, obj):
            sections.append((_("Reason"), {"fields": ["reason"]}))
        return sections

    def get_readonly_fields(
        self, request: HttpRequest, obj: Goods | None = None
    ) -> list[str]:
        """What this person may not change of it as it stands."""
        if obj is None:
            return []
        user: Any = request.user
        closed = ["margin_shown"]
        if not editing.may_edit_content(user, obj):
            closed += [name for name in SETTABLE if name not in (*PRICES, "cost")]
        if not pricing.may_price(user, obj):
            closed += PRICES
        if not editing.may_edit_cost(user, obj):
            closed.append("cost")
        return closed

    def margin_shown(self, obj: Goods) -> Any:
        """What is left of the price, with its formula."""
        return cells.margin_cell(obj)

    margin_shown.short_description = gettext_lazy("margin")  # type: ignore[attr-defined]

    def get_form(
        self,
        request: HttpRequest,
        obj: Goods | None = None,
        change: bool = False,
        **kw: Any,
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kw)
        form.refusals = refusals_of(request)
        return form

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("case_unit", "brand") and formfield is not None:
            formfield.empty_label = "—"
        return formfield

    # --- saving

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page; where a verb refuses, again with what was typed and why not.

        Without Django's transaction around it: pictures are stored before that of the
        verbs. A page that shows how far its pictures are is told where to go next.
        """
        response = shown_again(
            request, without_transaction(self), object_id, form_url, extra_context
        )
        if PROGRESS in request.headers and isinstance(response, HttpResponseRedirect):
            return JsonResponse({"next": response.url})
        return response

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Hand what was typed to the verbs, all of it or nothing; raises Refused."""
        user: Any = request.user
        try:
            with prepared(obj if change else None, form, by=user) as ready:
                if change:
                    self._edit(request, obj, form, ready)
                else:
                    self._create(request, obj, form, ready)
        except DomainError as refusal:
            raise Refused(refusal, obj.pk if change else None) from None

    def _create(
        self, request: HttpRequest, obj: Goods, form: GoodsForm, ready: Prepared
    ) -> None:
        user: Any = request.user
        goods = editing.create_goods(form.typed(), by=user)
        if ready.added:
            pictures.add_stored(goods, ready.added, by=user)
        obj.pk, obj.updated_at = goods.pk, goods.updated_at

    def _edit(
        self, request: HttpRequest, obj: Goods, form: GoodsForm, ready: Prepared
    ) -> None:
        user: Any = request.user
        result = editing.edit_goods(
            obj,
            form.typed(),
            by=user,
            seen_at=form.cleaned_data["seen_at"],
            reason=form.cleaned_data["reason"],
        )
        touched = save_pictures(obj, form, ready, by=user) or bool(result.changed)
        # what Django says of every save would be untrue
        request.is_unchanged = not touched  # type: ignore[attr-defined]
        run = result.price.run
        if not touched and run is None:
            messages.info(request, _("Nothing was changed."))
        if run is not None:
            messages.warning(
                request,
                format_html(
                    '{} <a href="{}">{}</a>',
                    _("The new price runs into a guard and waits for approval:"),
                    cells.run_url(run.pk),
                    run.number,
                ),
            )

    def message_user(
        self,
        request: HttpRequest,
        message: Any,
        level: Any = messages.INFO,
        *a: Any,
        **k: Any,
    ) -> None:
        """Not "was changed successfully" where nothing was."""
        if level == messages.SUCCESS and getattr(request, "is_unchanged", False):
            return
        super().message_user(request, message, level, *a, **k)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Nothing: there are no inlines, and the verbs wrote all there is."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The operation log keeps it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The operation log keeps it."""

    # --- what the page shows beside the form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        goods = context.get("original")
        if goods is not None:
            user: Any = request.user
            refusal = refusals_of(request).get(goods.pk)
            # the form writes what was typed into the object; this is what is there
            kept = Goods.objects.with_words().get(pk=goods.pk)
            context.update(
                {
                    "kept": kept,
                    "status_tag": cells.status_tag(kept.status),
                    "is_on_sale": kept.status == GoodsStatus.ON_SALE,
                    "available": _available(request, kept),
                    "waiting": _waiting(kept, user),
                    "rejection": review.last_rejection(kept),
                    "may_edit_pictures": editing.may_edit_content(user, kept),
                    "meanwhile": _meanwhile(
                        kept,
                        context["adminform"].form.cleaned_data["seen_at"],
                        with_cost=user.has_perm(cells.SEE_COST),
                    )
                    if isinstance(refusal, ChangedMeanwhile)
                    else [],
                }
            )
        else:
            context["may_edit_pictures"] = True
        context["picture_max_mb"] = shop.PICTURE_MAX_MB
        context["picture_most"] = pictures.MOST
        context["picture_words"] = picture_words()
        return super().render_change_form(request, context, *args, **kwargs)


def _available(request: HttpRequest, goods: Goods) -> Any:
    """The quantity that can be sold, blank while stock is not kept of it."""
    found = ports.available([goods.pk]).get(goods.pk)
    if found is None:
        return ""
    return link(ports.stock_url(request, goods.pk), quantity(found, goods.unit))


def _waiting(goods: Goods, user: Any) -> Sequence[dict[str, Any]]:
    """Runs that would change its price, with their lines."""
    may_open = may_open_runs(user)
    return [
        {
            "run": run,
            "line": run.lines.get(goods=goods),
            "url": cells.run_url(run.pk) if may_open else "",
        }
        for run in repricing.waiting_for(goods)
    ]


def _meanwhile(
    goods: Goods, seen_at: datetime, *, with_cost: bool
) -> Sequence[differences.Difference]:
    """What others changed since the person opened the page."""
    seen = (
        changes.HISTORY.objects.filter(id=goods.pk, history_date__lte=seen_at)
        .order_by("-history_id")
        .first()
    )
    if seen is None:
        return []
    names = differences.Names([seen, goods])
    return differences.between(seen, goods, names, with_cost=with_cost)
