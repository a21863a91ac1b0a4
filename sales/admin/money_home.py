"""What of the money waits for whom, on the home page."""

from collections.abc import Iterator

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import home
from sales import stuck
from sales.admin import cells
from sales.admin import money as shared
from sales.models import Payment, Refund


@home.cards
def refund_cards(request: HttpRequest) -> Iterator[home.Card]:
    """Refunds to decide, to hand back, and those that stand still; one query."""
    user = request.user
    if not user.has_perm("sales.view_refund"):
        return
    counts = Refund.objects.filter(status__in=stuck.OPEN).aggregate(
        decide=Count("pk", filter=stuck.to_decide()),
        hand_back=Count("pk", filter=stuck.to_hand_back()),
        stuck=Count("pk", filter=stuck.refunds(timezone.now())),
    )
    url = reverse("admin:sales_refund_changelist")
    if user.has_perm(shared.APPROVE):
        yield home.Card(
            _("Refunds to decide"),
            counts["decide"],
            f"{url}?tab=decide",
            "fa-gavel",
        )
    if user.has_perm(cells.TAKE):
        yield home.Card(
            _("Refunds to hand back"),
            counts["hand_back"],
            f"{url}?tab=hand_back",
            "fa-hand-holding-dollar",
            hint=_("money that came in cash or by transfer"),
            hide_empty=True,
        )
    yield home.Card(
        _("Refunds that stand still"),
        counts["stuck"],
        f"{url}?tab=stuck",
        "fa-triangle-exclamation",
        tone="danger",
        hint=_("refused by WeChat Pay, or without an answer for long"),
        hide_empty=True,
    )


@home.cards
def payment_cards(request: HttpRequest) -> Iterator[home.Card]:
    """Payments that do not fit or do not end; one query."""
    if not request.user.has_perm("sales.view_payment"):
        return
    yield home.Card(
        _("Payments that need a look"),
        Payment.objects.filter(stuck.payments(timezone.now())).count(),
        f"{reverse('admin:sales_payment_changelist')}?tab=stuck",
        "fa-triangle-exclamation",
        tone="danger",
        hint=_("what arrived does not fit, or WeChat Pay does not answer"),
        hide_empty=True,
    )
