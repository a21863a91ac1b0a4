"""Refunds in the admin: decide, watch them leave, help where they stand still."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    Change,
    DayRangeFilter,
    EmptyState,
    Outcome,
    Planned,
    RowAction,
    Tab,
    Verb,
    VerbAdmin,
    column,
    link,
    money,
    quantity,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError
from backoffice.base.text import half_width, labelled
from sales import limits, paying_back, refunds, stuck
from sales.admin import cells
from sales.admin import money as shared
from sales.enums import (
    BY_HAND,
    HANDED_OVER,
    Channel,
    RefundStatus,
    Restock,
)
from sales.models import Refund, RefundLine

VIEW = "sales.view_refund"


@admin.register(Refund)
class RefundAdmin(VerbAdmin):
    """The newest first; what waits for somebody stands in the first tabs."""

    list_display = ["number", "of_order", "yuan", "why", "stands"]
    list_display_links = ["number"]
    list_select_related = ["order", "payment", "requested_by"]
    list_filter = [("created_at", DayRangeFilter)]
    ordering = ["-id"]
    sortable_by = ()
    indexed_columns = ()
    search_fields = ["refund_no"]
    search_help_text = gettext_lazy("Number of the refund, the order, or WeChat's")
    verbs = [
        Verb(
            "approve",
            gettext_lazy("Approve"),
            shared.APPROVE,
            icon="fa-check",
            tone="success",
            reason="optional",
            in_row=False,
            help=gettext_lazy(
                "Money that came by WeChat goes back by itself; other money is handed "
                "back by staff. Goods that the customers have stay with them; to take "
                "them back, decide the refund on its page."
            ),
        ),
        Verb(
            "reject",
            gettext_lazy("Reject"),
            shared.APPROVE,
            icon="fa-xmark",
            tone="danger",
            reason="required",
            in_row=False,
            help=gettext_lazy("No money goes back; the customers read the reason."),
        ),
        Verb(
            "hand_back",
            gettext_lazy("Handed back"),
            cells.TAKE,
            icon="fa-hand-holding-dollar",
            tone="primary",
            reason="optional",
            help=gettext_lazy(
                "You gave the money back yourself, in cash or by transfer: it is booked "
                "under your name. Where WeChat Pay refused, say how."
            ),
        ),
        Verb(
            "retry",
            gettext_lazy("Send again"),
            shared.APPROVE,
            icon="fa-rotate-right",
            help=gettext_lazy(
                "WeChat Pay is asked first and never refunds twice: the number stays the "
                "same, unless WeChat closed it."
            ),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/orders.css", "backoffice/css/money.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/decide/",
                view(self.decide_view),
                name="sales_refund_decide",
            ),
            *super().get_urls(),
        ]

    def get_tabs(self, request: HttpRequest) -> Sequence[Tab]:
        """What waits for whom, then by status."""
        status = RefundStatus
        under_way = Q(status__in=(status.APPROVED, status.PROCESSING))
        return [
            Tab("decide", gettext_lazy("To decide"), stuck.to_decide()),
            Tab("hand_back", gettext_lazy("To hand back"), stuck.to_hand_back()),
            Tab("stuck", gettext_lazy("Needs a look"), stuck.refunds(timezone.now())),
            Tab("under_way", gettext_lazy("Under way"), under_way),
            Tab("succeeded", status.SUCCEEDED.label, Q(status=status.SUCCEEDED)),
            Tab("rejected", status.REJECTED.label, Q(status=status.REJECTED)),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: they are asked for at the order."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: verbs alone."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        typed = half_width(search_term).strip()
        if not typed:
            return queryset, False
        found = Q(refund_no__startswith=typed) | Q(refund_id=typed)
        return queryset.filter(found), False

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _(
                "No refund yet. Customers ask for them in the storefront, staff on the "
                "page of an order."
            )
        )

    # --- cells

    @column(gettext_lazy("refund"), phone="title")
    def number(self, obj: Any) -> Any:
        return two_lines(obj.refund_no, when(obj.created_at))

    @column(gettext_lazy("kind"))
    def of_order(self, obj: Any) -> Any:
        """How it was paid decides how it goes back."""
        channel = obj.payment.get_channel_display() if obj.payment else ""
        return two_lines(obj.get_kind_display(), channel)

    @column(gettext_lazy("amount"), numeric=True)
    def yuan(self, obj: Any) -> Any:
        return money(obj.amount)

    @column(gettext_lazy("reason"), phone="wide")
    def why(self, obj: Any) -> Any:
        return two_lines(obj.reason or NOTHING, obj.requested_by or _("By itself"))

    @column(gettext_lazy("status"))
    def stands(self, obj: Any) -> Any:
        return shared.stands(obj, cells.refund_tag(obj.status))

    def row_actions(self, request: HttpRequest, obj: Any) -> Sequence[RowAction]:
        """Decide it on its page, where it says what happens; else the first verb."""
        if self._may_decide(request, obj):
            url = self.object_url(obj)
            return [RowAction(_("Decide"), url, "primary", "fa-gavel")]
        return super().row_actions(request, obj)

    def _may_decide(self, request: HttpRequest, obj: Any) -> bool:
        return obj.status == RefundStatus.REQUESTED and request.user.has_perm(
            shared.APPROVE
        )

    # --- its page

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What goes back, who wants and decides it, how far it has come."""
        if not self.has_view_permission(request):
            raise PermissionDenied(VIEW)
        refund = self.get_object(request, object_id)
        if refund is None:
            raise Http404
        may_decide = self._may_decide(request, refund)
        verbs = [
            verb
            for verb in self.verbs_for(request, refund)
            if not (may_decide and verb.name in ("approve", "reject"))
        ]
        parts = list(refund.lines.select_related("line").order_by("line__sequence"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": refund.refund_no,
            "refund": refund,
            "status": cells.refund_tag(refund.status),
            "facts": list(self._facts(request, refund)),
            "lines": [_shown(part) for part in parts],
            "freight": money(refund.freight) if refund.freight else "",
            "total": money(refund.amount),
            "will": _will(request, refund) if may_decide else [],
            "may_decide": may_decide,
            "may_restock": refund.order.status in HANDED_OVER
            and refund.kind == "quantity",
            "restocks": Restock.choices,
            "buttons": [self.verb_button(verb, refund) for verb in verbs],
            "exchanges": shared.exchanges(refund.exchanges),
            "is_wechat": _is_wechat(refund),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/sales/money/refund.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Its history is the order's timeline."""
        return self.change_view(request, object_id)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve with what becomes of the goods, or reject with a reason."""
        if not (
            self.has_view_permission(request) and request.user.has_perm(shared.APPROVE)
        ):
            raise PermissionDenied(shared.APPROVE)
        refund = Refund.objects.filter(pk=pk).first()
        if refund is None:
            raise Http404
        url = self.object_url(refund)
        if request.method != "POST":
            return HttpResponseRedirect(url)
        note = request.POST.get("note", "")
        user: Any = request.user
        try:
            if request.POST.get("verb") == "reject":
                refunds.reject(refund, by=user, reason=note)
                said = _("Rejected")
            else:
                refund = refunds.approve(
                    refund, by=user, note=note, restock=restock_from(request)
                )
                said = (
                    _("Approved; a second person has to approve it as well")
                    if refund.status == RefundStatus.REQUESTED
                    else _("Approved")
                )
        except DomainError as refusal:
            extra = {"error": str(refusal), "note": note}
            return self.change_view(request, str(pk), extra_context=extra)
        messages.success(request, labelled(said, refund))
        return HttpResponseRedirect(url)

    def _facts(self, request: HttpRequest, refund: Any) -> Any:
        yield _("Order"), shared.order_link(request, refund.order)
        yield _("Kind"), refund.get_kind_display()
        if refund.payment:
            url = ""
            if request.user.has_perm("sales.view_payment"):
                url = reverse("admin:sales_payment_change", args=[refund.payment_id])
            yield _("Paid by"), refund.payment.get_channel_display()
            yield _("Payment"), link(url, refund.payment.out_trade_no)
        yield _("Asked for"), when(refund.created_at)
        yield _("By"), refund.requested_by or _("By itself")
        decided = refund.decided_by or _("By itself")
        known = (
            (_("Reason"), refund.reason),
            (_("First approved by"), refund.first_approver),
            (_("Decided"), refund.decided_at and when(refund.decided_at)),
            (_("Decided by"), refund.decided_at and decided),
            (_("Decision"), refund.decision),
            (_("Sent"), refund.sent_at and when(refund.sent_at)),
            (_("WeChat's number"), refund.refund_id),
            (_("Taken up again"), refund.next_at and when(refund.next_at)),
            (_("Went to"), refund.recipient),
            (_("Handed back by"), refund.handed_back_by),
            (_("Finished"), refund.finished_at and when(refund.finished_at)),
            (_("Trouble"), refund.trouble and shared.trouble_of(refund)),
        )
        yield from ((word, value) for word, value in known if value)

    # --- verbs

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        match verb.name:
            case "hand_back":
                return refunds.can_be_handed_back(obj)
            case "retry":
                return _is_wechat(obj) and obj.status == RefundStatus.FAILED
        return obj.status == RefundStatus.REQUESTED

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        """How much goes back of which order."""
        return [self._planned(request, verb, one) for one in objects]

    def _planned(self, request: HttpRequest, verb: Verb, refund: Any) -> Planned:
        if not self.verb_allowed(request, verb, refund):
            refusal = _("It is “%(status)s”.") % {"status": refund.get_status_display()}
            return Planned(refund.pk, refund.refund_no, refusal=refusal)
        user: Any = request.user
        warning = ""
        if verb.name == "approve" and refund.amount > limits.limit_of(user):
            warning = _("Above your limit: a second person has to approve it too.")
        return Planned(
            refund.pk,
            refund.refund_no,
            refund.reason,
            changes=[Change(_("yuan"), "", str(refund.amount))],
            warning=warning,
        )

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        """Each in a transaction of its own."""
        return [_done(verb.name, one, request.user, reason) for one in objects]


def restock_from(request: HttpRequest) -> dict[int, Restock]:
    """What becomes of goods, as it was chosen: by line id."""
    found = {}
    for name, value in request.POST.items():
        if name.startswith("restock_") and value in Restock.values:
            found[int(name.removeprefix("restock_"))] = Restock(value)
    return found


def _is_wechat(refund: Any) -> bool:
    return refund.payment is not None and refund.payment.channel == Channel.WECHAT


def _shown(part: RefundLine) -> dict[str, Any]:
    line = part.line
    return {
        "pk": line.pk,
        "name": line.name,
        "code": line.code,
        "quantity": quantity(part.base_quantity, line.base_unit_name)
        if part.base_quantity
        else NOTHING,
        "amount": money(part.amount),
        "points": part.points or NOTHING,
        "restock": part.get_restock_display(),
        "chosen": part.restock,
    }


def _will(request: HttpRequest, refund: Any) -> list[str]:
    """What approving does, in sentences."""
    user: Any = request.user
    channel = refund.payment.channel if refund.payment else ""
    found = []
    if refund.amount > limits.limit_of(user):
        found.append(
            _("It is above your limit of %(limit)s yuan: two of staff stand behind it.")
            % {"limit": limits.limit_of(user)}
        )
    if not refund.amount:
        found.append(_("No money goes back; it is done at once."))
    elif channel in BY_HAND:
        found.append(
            _("%(amount)s yuan are to be handed back by staff, who then say so here.")
            % {"amount": refund.amount}
        )
    else:
        found.append(
            _("%(amount)s yuan go back to the customer's WeChat by themselves.")
            % {"amount": refund.amount}
        )
    if refund.points:
        found.append(
            _("%(points)s points go back to the customer.") % {"points": refund.points}
        )
    if refund.is_full:
        found.append(_("It is the last of the order, which is closed then."))
    return found


def _done(name: str, refund: Refund, by: Any, reason: str) -> Outcome:
    warning = ""
    try:
        if name == "approve":
            refund = refunds.approve(refund, by=by, note=reason)
            if refund.status == RefundStatus.REQUESTED:
                warning = _("A second person has to approve it as well.")
        elif name == "reject":
            refund = refunds.reject(refund, by=by, reason=reason)
        elif name == "hand_back":
            refund = refunds.hand_back(refund, by=by, note=reason)
        else:
            refund = paying_back.retry(refund, by=by)
    except DomainError as refusal:
        return Outcome(refund.pk, refund.refund_no, error=str(refusal))
    return Outcome(
        refund.pk,
        refund.refund_no,
        status=cells.refund_tag(refund.status),
        warning=warning,
    )
