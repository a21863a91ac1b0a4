"""What of the catalog waits for whom, on the home page."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.base.admin import home
from backoffice.base.counting import count_each
from catalog import repricing
from catalog.enums import GoodsStatus, RunStatus
from catalog.models import Goods, RepricingRun

LIST = "admin:catalog_goods_changelist"


@home.cards
def goods_cards(request: HttpRequest) -> Iterator[home.Card]:
    """Goods that wait for this person's next step; two queries at most."""
    user: Any = request.user
    wanted = [
        ("catalog.review_goods", GoodsStatus.PENDING, _("Goods to review"), "fa-clipboard-check"),
        ("catalog.change_goods", GoodsStatus.REJECTED, _("Rejected goods to mend"), "fa-pen"),
        ("catalog.change_goods", GoodsStatus.DRAFT, _("Drafts to submit"), "fa-file-lines"),
        ("catalog.list_goods", GoodsStatus.APPROVED, _("Goods to put on the shelf"), "fa-arrow-up"),
    ]  # fmt: skip
    mine = [entry for entry in wanted if user.has_perm(entry[0])]
    if not mine:
        return
    counts = count_each(Goods.objects.all(), {e[1].value: Q(status=e[1]) for e in mine})
    for _permission, status, label, icon in mine:
        url = f"{reverse(LIST)}?tab={status.value}"
        if status == GoodsStatus.PENDING:
            url = reverse("admin:catalog_goods_review")
        yield home.Card(label, counts[status.value].plain, url, icon)


@home.cards
def run_cards(request: HttpRequest) -> Iterator[home.Card]:
    """Price changes that wait: for a second person, for a look, for somebody to mend
    them; one query."""
    user: Any = request.user
    may_approve = user.has_perm(repricing.APPROVE)
    may_propose = user.has_perm(repricing.PROPOSE)
    if not (may_approve or may_propose):
        return
    counts = RepricingRun.objects.filter(
        status__in=[RunStatus.AWAITING, RunStatus.STALE, RunStatus.DRAFT]
    ).aggregate(
        awaiting=Count("pk", filter=Q(status=RunStatus.AWAITING)),
        stale=Count("pk", filter=Q(status=RunStatus.STALE)),
        proposed=Count("pk", filter=Q(status=RunStatus.DRAFT, created_by=None)),
    )
    runs = reverse("admin:catalog_repricingrun_changelist")
    if may_approve:
        label = _("Price changes to approve")
        yield home.Card(label, counts["awaiting"], f"{runs}?tab=awaiting", "fa-tags")
    if may_propose:
        url = reverse("admin:catalog_repricingrun_proposals")
        label = _("Proposed prices to look at")
        yield home.Card(label, counts["proposed"], url, "fa-lightbulb")
    if may_propose and counts["stale"]:
        label = _("Repricing that went stale")
        yield home.Card(
            label, counts["stale"], f"{runs}?tab=stale", "fa-triangle-exclamation"
        )


@home.steps
def first_steps(request: HttpRequest) -> Iterator[home.Step]:
    """How a shop is started: reviewed goods, goods on the shelf."""
    user: Any = request.user
    if not user.has_perm("catalog.view_goods"):
        return
    there = Goods.objects.all()
    early = (GoodsStatus.DRAFT, GoodsStatus.PENDING, GoodsStatus.REJECTED)
    # by what it is, not by what it is not: the index finds one
    reached = there.filter(status__in=[s for s in GoodsStatus if s not in early])
    yield home.Step(
        _("Have goods reviewed"),
        _("Submit drafts; a reviewer looks at each and approves it."),
        reverse(LIST) + "?tab=draft",
        done=reached.exists(),
        sequence=200,
    )
    yield home.Step(
        _("Put goods on the shelf"),
        _("Approved goods are listed; the storefront shows them at once."),
        reverse(LIST) + "?tab=approved",
        done=there.on_sale().exists(),
        sequence=300,
    )
