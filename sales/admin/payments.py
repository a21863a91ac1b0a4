"""Payments in the admin: every attempt to pay, looked at and never changed."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    Change,
    DayRangeFilter,
    EmptyState,
    Outcome,
    Planned,
    Tab,
    Verb,
    VerbAdmin,
    column,
    money,
    two_lines,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError
from backoffice.base.text import half_width
from sales import attempts, payments, stuck
from sales.admin import cells
from sales.admin import money as shared
from sales.enums import Channel, PaymentStatus, Trouble
from sales.models import Payment

VIEW = "sales.view_payment"


@admin.register(Payment)
class PaymentAdmin(VerbAdmin):
    """The newest first. WeChat can be asked; everything else happens by itself."""

    list_display = ["number", "how", "yuan", "came", "stands"]
    list_display_links = ["number"]
    list_select_related = ["order", "by"]
    list_filter = ["channel", ("paid_at", DayRangeFilter)]
    ordering = ["-id"]
    sortable_by = ()
    indexed_columns = ()
    search_fields = ["out_trade_no"]
    search_help_text = gettext_lazy("Number of the payment, the order, or WeChat's")
    verbs = [
        Verb(
            "ask",
            gettext_lazy("Ask WeChat Pay"),
            shared.RECONCILE,
            icon="fa-rotate",
            confirm=False,
            help=gettext_lazy(
                "A worker asks how the payment stands; money that came in is booked."
            ),
        ),
        Verb(
            "let_go",
            gettext_lazy("End the attempt"),
            shared.RECONCILE,
            icon="fa-ban",
            tone="danger",
            reason="required",
            in_bulk=False,
            help=gettext_lazy(
                "What arrived is not taken for this order. Ask WeChat Pay first, and "
                "give the money back in the merchant's console; then say what was done."
            ),
        ),
        Verb(
            "settle",
            gettext_lazy("Looked at"),
            shared.RECONCILE,
            icon="fa-check",
            reason="required",
            in_bulk=False,
            help=gettext_lazy(
                "The mark goes away; nothing else changes. Say what was found."
            ),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/orders.css", "backoffice/css/money.css"]}

    def get_tabs(self, request: HttpRequest) -> Sequence[Tab]:
        """By status; first what needs a look."""
        ended = Q(status__in=(PaymentStatus.CLOSED, PaymentStatus.FAILED))
        return [
            Tab("stuck", gettext_lazy("Needs a look"), stuck.payments(timezone.now())),
            Tab("created", gettext_lazy("Open"), Q(status=PaymentStatus.CREATED)),
            Tab("paid", PaymentStatus.PAID.label, Q(status=PaymentStatus.PAID)),
            Tab("ended", gettext_lazy("Closed or failed"), ended),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: they begin at the order."""
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
        found = Q(out_trade_no__startswith=typed) | Q(
            channel=Channel.WECHAT, transaction_id=typed
        )
        return queryset.filter(found), False

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No payment yet. It appears here when a customer begins to pay.")
        )

    # --- cells

    @column(gettext_lazy("payment"), phone="title")
    def number(self, obj: Any) -> Any:
        return two_lines(obj.out_trade_no, when(obj.created_at))

    @column(gettext_lazy("channel"))
    def how(self, obj: Any) -> Any:
        """With who took it, or WeChat's number."""
        return two_lines(obj.get_channel_display(), obj.by or obj.transaction_id or "")

    @column(gettext_lazy("amount"), numeric=True)
    def yuan(self, obj: Any) -> Any:
        return money(obj.amount)

    @column(gettext_lazy("paid at"))
    def came(self, obj: Any) -> Any:
        return shared.moment(obj.paid_at)

    @column(gettext_lazy("status"))
    def stands(self, obj: Any) -> Any:
        return shared.stands(obj, cells.payment_tag(obj.status))

    # --- its page

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What it is, what was said with WeChat, what goes back of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied(VIEW)
        payment = self.get_object(request, object_id)
        if payment is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": payment.out_trade_no,
            "status": cells.payment_tag(payment.status),
            "facts": list(self._facts(request, payment)),
            "buttons": [
                self.verb_button(verb, payment)
                for verb in self.verbs_for(request, payment)
            ],
            "refunds": [
                (row, cells.refund_tag(row.status))
                for row in payment.refunds.order_by("id")
            ]
            if request.user.has_perm("sales.view_refund")
            else [],
            "exchanges": shared.exchanges(payment.exchanges),
            "is_wechat": payment.channel == Channel.WECHAT,
        }
        return TemplateResponse(request, "admin/sales/money/payment.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Its history is on its page."""
        return self.change_view(request, object_id)

    def _facts(self, request: HttpRequest, payment: Any) -> Any:
        yield _("Order"), shared.order_link(request, payment.order)
        yield _("Amount"), money(payment.amount)
        yield _("Channel"), payment.get_channel_display()
        if payment.by:
            yield _("Taken by"), payment.by
        if payment.note:
            yield _("Note"), payment.note
        yield _("Begun"), when(payment.created_at)
        for word, at in (
            (_("To pay until"), payment.expires_at),
            (_("Paid at"), payment.paid_at),
            (_("Closed or failed at"), payment.ended_at),
            (_("Asked again at"), payment.next_at),
        ):
            if at:
                yield word, when(at)
        if payment.transaction_id:
            yield _("WeChat's number"), payment.transaction_id
        if payment.api:
            yield _("Interface"), shared.api_of(payment)
        if payment.trouble:
            yield _("Trouble"), shared.trouble_of(payment)

    # --- verbs

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        if verb.name in ("settle", "let_go"):
            is_open = obj.status == PaymentStatus.CREATED
            return obj.trouble == Trouble.MISMATCH and is_open == (
                verb.name == "let_go"
            )
        return (
            obj.channel == Channel.WECHAT
            and obj.status != PaymentStatus.PAID
            and obj.request is not None
        )

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        return [
            Planned(
                one.pk,
                one.out_trade_no,
                changes=_changes(verb, one),
                warning=_warning(verb, one),
                refusal=""
                if self.verb_allowed(request, verb, one)
                else _("It is “%(status)s”.") % {"status": one.get_status_display()},
            )
            for one in objects
        ]

    def run_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], reason: str
    ) -> Sequence[Outcome]:
        """Each by itself."""
        return [_done(verb.name, one, request.user, reason) for one in objects]


def _changes(verb: Verb, payment: Payment) -> Sequence[Change]:
    if verb.name != "let_go":
        return ()
    return [
        Change(
            _("Status"), payment.get_status_display(), str(PaymentStatus.FAILED.label)
        )
    ]


def _warning(verb: Verb, payment: Payment) -> str:
    """What follows for the order, and what arrived."""
    if verb.name != "let_go":
        return ""
    ends = payment.order.cancel_requested_at or payment.order.expires_at
    follows = (
        _("The order ends at once, and its goods are free again.")
        if ends <= timezone.now()
        else _("The order can be paid anew until its time is over.")
    )
    return f"{payment.detail}. {follows}" if payment.detail else follows


def _done(name: str, payment: Payment, by: Any, reason: str) -> Outcome:
    try:
        if name == "ask":
            attempts.ask_now(payment, by=by)
        elif name == "let_go":
            payments.let_go(payment, by=by, reason=reason)
        else:
            payments.look_at(payment, by=by, reason=reason)
    except DomainError as refusal:
        return Outcome(payment.pk, payment.out_trade_no, error=str(refusal))
    return Outcome(payment.pk, payment.out_trade_no, status=NOTHING)
