"""Reconciliation in the admin: the gateway's bill of a day beside our books."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.base.admin import (
    EmptyState,
    ReadOnlyAdmin,
    Tab,
    Tool,
    column,
    home,
    link,
    money,
    tag,
    when,
)
from backoffice.base.admin.cells import NOTHING
from backoffice.base.errors import DomainError
from backoffice.base.text import labelled
from sales import merchant, reconciliation
from sales.admin import money as shared
from sales.enums import Difference, FindingStatus
from sales.models import BillDay, Finding

VIEW = "sales.view_billday"
LIST = "admin:sales_billday_changelist"
#: bytes of a file that somebody hands in; a busy shop's day has a few
MOST_BYTES = 20 * 2**20
_TONES = {
    FindingStatus.OPEN: "red",
    FindingStatus.BOOKED: "green",
    FindingStatus.SETTLED: "slate",
    FindingStatus.GONE: "hollow",
}
#: what to do about each kind, for people
_PROPOSALS = {
    Difference.PAYMENT_HERE: gettext_lazy(
        "Nobody here asked for it. Look it up in the merchant's console and refund it "
        "there, then say so."
    ),
    Difference.PAYMENT_THERE: gettext_lazy(
        "Ask WeChat Pay. It may stand in the bill of the next day; if it is nowhere, "
        "talk to WeChat."
    ),
    Difference.PAYMENT_AMOUNT: gettext_lazy(
        "Nothing was booked. Refund it in the merchant's console, then say so."
    ),
    Difference.PAYMENT_STATUS: gettext_lazy(
        "Ask WeChat Pay: money that came in is booked, or goes back by itself."
    ),
    Difference.REFUND_HERE: gettext_lazy(
        "Somebody refunded in the merchant's console. Say who and why; where goods came "
        "back, book them in the stock."
    ),
    Difference.REFUND_THERE: gettext_lazy(
        "Ask WeChat Pay. It may stand in the bill of the next day."
    ),
    Difference.REFUND_AMOUNT: gettext_lazy(
        "Ask WeChat Pay, and compare with the merchant's console."
    ),
    Difference.REFUND_STATUS: gettext_lazy(
        "Ask WeChat Pay: the refund is booked when it has arrived."
    ),
}


class CompareForm(forms.Form):
    """Which day, and a file where the gateway is not to be asked."""

    day = forms.DateField(
        label=gettext_lazy("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    bill = forms.FileField(
        label=gettext_lazy("Bill (optional)"),
        required=False,
        help_text=gettext_lazy(
            "The file of all orders from the merchant's console, as CSV. Without a file "
            "WeChat Pay is asked."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def clean_bill(self) -> Any:
        """Not without end."""
        found = self.cleaned_data.get("bill")
        if found and found.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is too large."))
        return found


@admin.register(BillDay)
class BillDayAdmin(ReadOnlyAdmin):
    """Days, the newest first; each has a page with its differences."""

    list_display = ["on", "came", "went", "cost", "differ", "compared"]
    list_display_links = ["on"]
    ordering = ["-day"]
    sortable_by = ()
    tabs = [
        Tab(
            "open",
            gettext_lazy("With open differences"),
            Q(
                Exists(
                    Finding.objects.filter(
                        bill_day=OuterRef("pk"), status=FindingStatus.OPEN
                    )
                )
            ),
        ),
    ]

    class Media:
        css = {"all": ["backoffice/css/orders.css", "backoffice/css/money.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        open_ones = Count("findings", filter=Q(findings__status=FindingStatus.OPEN))
        return super().get_queryset(request).annotate(open_ones=open_ones)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("compare/", view(self.compare_view), name="sales_billday_compare"),
            path(
                "finding/<int:pk>/", view(self.settle_view), name="sales_finding_settle"
            ),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> Sequence[Tool]:
        if not request.user.has_perm(shared.RECONCILE):
            return ()
        url = reverse("admin:sales_billday_compare")
        return [Tool(_("Compare a day"), url, "fa-scale-balanced", "primary")]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        said = _(
            "No bill was compared yet. Each day's is fetched the morning after, once "
            "somebody has paid by WeChat."
        )
        if not request.user.has_perm(shared.RECONCILE):
            return EmptyState(said)
        return EmptyState(
            said, _("Compare a day"), reverse("admin:sales_billday_compare")
        )

    # --- cells

    @column(gettext_lazy("day"), phone="title")
    def on(self, obj: Any) -> Any:
        return obj.day.isoformat()

    @column(gettext_lazy("paid"), numeric=True)
    def came(self, obj: Any) -> Any:
        return money(obj.paid)

    @column(gettext_lazy("refunded"), numeric=True)
    def went(self, obj: Any) -> Any:
        return money(obj.refunded)

    @column(gettext_lazy("fees"), numeric=True)
    def cost(self, obj: Any) -> Any:
        return money(obj.fees)

    @column(gettext_lazy("open differences"), numeric=True)
    def differ(self, obj: Any) -> Any:
        if obj.open_ones:
            return tag("open", str(obj.open_ones), tone="red")
        return "0"

    @column(gettext_lazy("compared"))
    def compared(self, obj: Any) -> Any:
        return when(obj.compared_at)

    # --- pages

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Fetch a day's bill, or take the file of one, and compare it."""
        user: Any = request.user
        if not user.has_perm(shared.RECONCILE):
            raise PermissionDenied(shared.RECONCILE)
        today = timezone.localdate()
        wanted = request.GET.get("day") or (
            today if merchant.is_simulated() else today - timedelta(days=1)
        )
        form = CompareForm(
            request.POST or None, request.FILES or None, initial={"day": wanted}
        )
        if request.method == "POST" and form.is_valid():
            day, bill = form.cleaned_data["day"], form.cleaned_data["bill"]
            try:
                row = (
                    reconciliation.upload(day, bill.read(), by=user)
                    if bill
                    else reconciliation.fetch(day, by=user)
                )
            except DomainError as refusal:
                form.add_error("bill" if bill else "day", str(refusal))
            else:
                messages.success(request, labelled(_("Compared"), row))
                return HttpResponseRedirect(self.object_url(row))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Compare a day"),
            "form": form,
            "is_set_up": merchant.is_set_up(),
            "back_url": reverse(LIST),
        }
        return TemplateResponse(request, "admin/sales/money/compare.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The day: paid, refunded, fees, and each difference with what to do."""
        if not self.has_view_permission(request):
            raise PermissionDenied(VIEW)
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        may = request.user.has_perm(shared.RECONCILE)
        findings = list(row.findings.select_related("payment", "refund", "settled_by"))
        findings.sort(key=lambda one: (one.status != FindingStatus.OPEN, one.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": row.day.isoformat(),
            "figures": _figures(row),
            "findings": [_shown(request, one, may=may) for one in findings],
            "open_count": sum(one.status == FindingStatus.OPEN for one in findings),
            "day": row,
            "again_url": f"{reverse('admin:sales_billday_compare')}?day={row.day}"
            if may
            else "",
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/sales/money/day.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return self.change_view(request, object_id)

    def settle_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do what is proposed, or say what was found."""
        user: Any = request.user
        if not user.has_perm(shared.RECONCILE):
            raise PermissionDenied(shared.RECONCILE)
        finding = (
            Finding.objects.select_related("bill_day", "payment", "refund")
            .filter(pk=pk)
            .first()
        )
        if finding is None:
            raise Http404
        if request.method == "POST":
            try:
                if request.POST.get("verb") == "ask":
                    finding = reconciliation.act(finding, by=user)
                else:
                    note = request.POST.get("note", "")
                    finding = reconciliation.settle(finding, by=user, note=note)
            except DomainError as refusal:
                messages.error(request, labelled(finding, str(refusal)))
            else:
                _tell(request, finding)
        return HttpResponseRedirect(self.object_url(finding.bill_day))


def _tell(request: HttpRequest, finding: Finding) -> None:
    if finding.status == FindingStatus.OPEN:
        messages.warning(
            request, labelled(finding, _("WeChat Pay was asked; it still differs."))
        )
    else:
        messages.success(request, labelled(finding, finding.get_status_display()))


def _figures(row: BillDay) -> list[tuple[Any, Any, bool]]:
    """Word, yuan, whether it is wrong."""
    paid, back = row.paid - row.our_paid, row.refunded - row.our_refunded
    return [
        (_("Paid by the bill"), money(row.paid), False),
        (_("Paid by our books"), money(row.our_paid), False),
        (_("Refunded by the bill"), money(row.refunded), False),
        (_("Refunded by our books"), money(row.our_refunded), False),
        (_("Fees"), money(row.fees), False),
        (_("Settled to the shop"), money(row.paid - row.refunded - row.fees), False),
        (_("Difference"), money(paid - back), paid != 0 or back != 0),
    ]


def _shown(request: HttpRequest, finding: Finding, *, may: bool) -> dict[str, Any]:
    url = ""
    if finding.payment_id and request.user.has_perm("sales.view_payment"):
        url = reverse("admin:sales_payment_change", args=[finding.payment_id])
    if finding.refund_id and request.user.has_perm("sales.view_refund"):
        url = reverse("admin:sales_refund_change", args=[finding.refund_id])
    is_open = finding.status == FindingStatus.OPEN
    kind = Difference(finding.kind)
    return {
        "row": finding,
        "number": link(url, finding.number),
        "ours": _yuan(finding.ours),
        "theirs": _yuan(finding.theirs),
        "status": tag(
            finding.status,
            finding.get_status_display(),
            tone=_TONES[FindingStatus(finding.status)],
        ),
        "proposal": _PROPOSALS[kind] if is_open else "",
        "may_ask": may and is_open and (finding.payment_id or finding.refund_id),
        "may_settle": may and is_open,
    }


def _yuan(amount: Decimal | None) -> Any:
    return NOTHING if amount is None else money(amount)


@home.cards
def bill_cards(request: HttpRequest) -> Any:
    """Open differences with the gateway; one query."""
    if not request.user.has_perm(VIEW):
        return
    yield home.Card(
        _("Differences with WeChat Pay"),
        Finding.objects.filter(status=FindingStatus.OPEN).count(),
        f"{reverse(LIST)}?tab=open",
        "fa-scale-unbalanced",
        tone="danger",
        hint=_("the daily bill does not agree with our books"),
        hide_empty=True,
    )
