"""The reviewer's desk: what waits, one goods after the other, decided with a look."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from backoffice.base.admin import RowAction, VerbAdmin, thumb
from backoffice.base.admin.addresses import address_of
from backoffice.base.admin.paging import CappedPaginator
from backoffice.base.errors import DomainError
from backoffice.base.text import labelled
from catalog import changes, differences, pricing, review
from catalog.admin import cells
from catalog.admin.forms import moment
from catalog.enums import VERB_LABELS, VERB_PERMISSIONS, GoodsStatus
from catalog.models import Goods

PER_PAGE = 50
REVIEW = VERB_PERMISSIONS["approve"]


class ReviewPages(VerbAdmin):
    """`…/review/` lists what waits, `…/review/<id>/` shows one beside its last state."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("review/", view(self.queue_view), name="catalog_goods_review"),
            path(
                "review/<int:pk>/",
                view(self.review_view),
                name="catalog_goods_review_one",
            ),
            *super().get_urls(),
        ]

    def review_action(self, request: HttpRequest, obj: Goods) -> Sequence[RowAction]:
        """The button that leads from the list to the desk."""
        if not request.user.has_perm(REVIEW):
            return []
        url = address_of("admin:catalog_goods_review_one", obj.pk)
        return [RowAction(_("Review"), url, "primary", "fa-clipboard-check")]

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        """What waits, the longest waiting first."""
        _permit(request)
        waiting = review.queue().select_related("category", "unit", "case_unit")
        paginator = CappedPaginator(waiting, PER_PAGE)
        page = paginator.get_page(request.GET.get("p"))
        rows: list[Any] = list(page)
        submissions = _submissions(rows)
        for goods in rows:
            goods.submitted = submissions.get(goods.submission)
            goods.concerns = pricing.standing_hits(goods)
            goods.thumb = thumb(cells.thumb_url(goods.image), goods.name)
            goods.retail = cells.retail_cell(goods)
            goods.by_case = cells.case_cell(goods)
        return TemplateResponse(
            request,
            "admin/catalog/goods/review_queue.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Review queue"),
                "page_obj": page,
                "total": paginator.total,
                "rows": rows,
            },
        )

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One goods: looked at, then approved, rejected or passed over."""
        _permit(request)
        goods: Any = (
            self.get_queryset(request).select_related("unit").filter(pk=pk).first()
        )
        if goods is None or goods.status != GoodsStatus.PENDING:
            messages.info(request, _("This goods no longer waits for review."))
            return HttpResponseRedirect(reverse("admin:catalog_goods_review"))
        onward, error = _next_url(goods.pk), ""
        if request.method == "POST":
            error = self._decide(request, goods)
            if not error:
                return HttpResponseRedirect(onward)
            goods.refresh_from_db()
        return self._desk(request, goods, error, onward)

    def _decide(self, request: HttpRequest, goods: Goods) -> str:
        """Do what was pressed; gives the refusal in words, blank where it was done."""
        user: Any = request.user
        verb = request.POST.get("decision", "")
        if verb not in ("approve", "reject"):
            return _("Approve or reject it.")
        try:
            seen_at = moment(request.POST.get("seen_at", ""))
            getattr(review, verb)(
                goods, by=user, reason=request.POST.get("reason", ""), seen_at=seen_at
            )
        except DomainError as refusal:
            return str(refusal)
        except ValueError:
            return _("The page is too old; look at it anew.")
        messages.success(request, labelled(VERB_LABELS[verb], goods))
        return ""

    def _desk(
        self, request: HttpRequest, goods: Any, error: str, onward: str
    ) -> HttpResponse:
        user: Any = request.user
        approved = review.last_approval(goods)
        names = differences.Names([goods, *([approved] if approved else [])])
        with_cost = user.has_perm(cells.SEE_COST)
        waiting = list(review.queue().values_list("pk", flat=True)[:1000])
        return TemplateResponse(
            request,
            "admin/catalog/goods/review_one.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": goods.name,
                "goods": goods,
                "approved": approved,
                "rows": differences.side_by_side(
                    approved, goods, names, with_cost=with_cost
                ),
                "changes": [
                    d
                    for d in differences.between(
                        approved, goods, names, with_cost=with_cost
                    )
                    if d.field != "status"
                ]
                if approved
                else [],
                "concerns": pricing.standing_hits(goods, approved),
                "margin": cells.margin_cell(goods) if with_cost else "",
                "pictures": [
                    (cells.picture_url(str(p.image)), p.is_main)
                    for p in goods.pictures.all()
                ],
                "submitted": _submissions(list(review.queue().filter(pk=goods.pk))),
                "self_approval": _self_approval(goods, user),
                "seen_at": goods.updated_at.isoformat(),
                "reason": request.POST.get("reason", ""),
                "error": error,
                "left": len(waiting),
                "place": waiting.index(goods.pk) + 1 if goods.pk in waiting else 0,
                "next_url": onward,
                "edit_url": cells.goods_url(goods.pk),
            },
        )


def _permit(request: HttpRequest) -> None:
    if not request.user.has_perm(REVIEW):
        raise PermissionDenied(REVIEW)


def _submissions(rows: Sequence[Any]) -> dict[int, Any]:
    """{row of history: itself with its user} by which these goods were submitted."""
    return {
        row.history_id: row
        for row in changes.HISTORY.objects.filter(
            history_id__in=[goods.submission for goods in rows]
        ).select_related("history_user")
    }


def _self_approval(goods: Goods, user: Any) -> str:
    """What four eyes say to this person, in words; blank for nothing."""
    try:
        if review.is_self_approval(goods, user):
            return _("You are the only reviewer and changed it yourself: say why.")
    except DomainError as refusal:
        return str(refusal)
    return ""


def _next_url(pk: int) -> str:
    """The goods that waits behind this one; the queue where it is the last."""
    waiting = list(review.queue().values_list("pk", flat=True)[:1000])
    after = waiting[waiting.index(pk) + 1 :] if pk in waiting else []
    if not after:
        return reverse("admin:catalog_goods_review")
    return reverse("admin:catalog_goods_review_one", args=[after[0]])
