"""Repricing runs: price changes that are seen, agreed to and applied together."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.base.text import refuse_tags, refuse_unseen
from catalog.enums import LineProblem, Means, RunKind, RunStatus
from catalog.models.goods import Category, Goods

#: of a percentage: a rule's, a guard's, a margin's
_PERCENT: dict[str, Any] = {"max_digits": 6, "decimal_places": 2}


class RepricingRun(models.Model):
    """A set of price changes with one fate.

    Made in the studio, by schedules that propose, and by guarded changes of a hand or a
    sheet, which wait for a second person instead of being applied. `rule`, `rounding`
    and `units` say how the prices of its lines were found, `min_margin` and
    `max_change` its own guards in percent beside the shop's. It starts at `starts_at`
    (at once without one), and prices return at `ends_at` where that is given. Written
    only by `catalog.repricing`, `catalog.studio` and `catalog.proposing`.
    """

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=12, choices=RunStatus, default=RunStatus.DRAFT
    )
    origin = models.CharField(
        _("made by"), max_length=10, choices=Means, default=Means.HAND
    )
    kind = models.CharField(
        _("kind"), max_length=8, choices=RunKind, default=RunKind.CHANGE
    )
    rule = models.JSONField(_("rule"), default=dict, blank=True)
    rounding = models.CharField(_("rounding"), max_length=12, blank=True)
    units = models.JSONField(_("selling units"), default=list, blank=True)
    selection = models.CharField(_("selection"), max_length=500, blank=True)
    min_margin = models.DecimalField(_("smallest margin"), null=True, **_PERCENT)
    max_change = models.DecimalField(_("largest change"), null=True, **_PERCENT)
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("proposed by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    created_at = models.DateTimeField(_("proposed"), default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision = models.CharField(_("decision's reason"), max_length=500, blank=True)
    is_self_approved = models.BooleanField(_("self-approved"), default=False)
    starts_at = models.DateTimeField(_("starts"), null=True)
    ends_at = models.DateTimeField(_("ends"), null=True)
    applied_at = models.DateTimeField(_("applied"), null=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken back by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    returned_at = models.DateTimeField(_("prices returned"), null=True)

    class Meta:
        verbose_name = _("repricing run")
        verbose_name_plural = _("repricing runs")
        ordering = ["-id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("approve_repricingrun", _("Can approve and reject repricing runs"))
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="repricingrun_status"),
            # what the worker looks for every minute
            models.Index(
                fields=["starts_at"],
                condition=Q(status=RunStatus.SCHEDULED),
                name="repricingrun_due",
            ),
            models.Index(
                fields=["ends_at"],
                condition=Q(status=RunStatus.APPLIED, ends_at__isnull=False),
                name="repricingrun_ending",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=RunStatus.SCHEDULED) | Q(starts_at__isnull=False),
                name="repricingrun_scheduled_starts",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=models.F("starts_at")),
                name="repricingrun_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(
                    status__in=[
                        RunStatus.APPLIED,
                        RunStatus.ENDED,
                        RunStatus.ROLLED_BACK,
                    ]
                )
                | Q(applied_at__isnull=False),
                name="repricingrun_applied_when",
            ),
            models.CheckConstraint(
                condition=Q(status__in=RunStatus.values),
                name="repricingrun_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class RepricingLine(models.Model):
    """One goods of a run: what it cost when the run was made and what it shall cost.

    `new_*` is null where that price stays. `guards` lists the guards it runs into. A
    line that somebody left out, or that has a `problem`, is not applied; one that
    somebody typed keeps its prices when the run is computed again. `sold` is what was
    sold of it in the last 7 days (base units), `carts` and `unpaid` in how many open
    carts and unpaid orders it lay, all of the moment when it was computed. `conflicts`
    names the prices that did not return.
    """

    run = models.ForeignKey(
        RepricingRun, on_delete=models.CASCADE, related_name="lines"
    )
    goods = models.ForeignKey(Goods, on_delete=models.PROTECT, related_name="+")
    cost = models.DecimalField(_("cost"), max_digits=12, decimal_places=4, null=True)
    old_price = models.DecimalField(_("price before"), max_digits=12, decimal_places=2)
    old_case_price = models.DecimalField(
        _("case price before"), max_digits=12, decimal_places=2, null=True
    )
    new_price = models.DecimalField(
        _("new price"), max_digits=12, decimal_places=2, null=True
    )
    new_case_price = models.DecimalField(
        _("new case price"), max_digits=12, decimal_places=2, null=True
    )
    guards = models.JSONField(_("guards"), default=list)
    has_hits = models.BooleanField(_("runs into a guard"), default=False)
    problem = models.CharField(
        _("problem"), max_length=8, choices=LineProblem, blank=True
    )
    is_left_out = models.BooleanField(_("left out"), default=False)
    is_typed = models.BooleanField(_("typed"), default=False)
    sold = models.DecimalField(
        _("sold in 7 days"), max_digits=14, decimal_places=3, default=Decimal(0)
    )
    carts = models.PositiveIntegerField(_("open carts"), default=0)
    unpaid = models.PositiveIntegerField(_("unpaid orders"), default=0)
    conflicts = models.JSONField(_("conflicts"), default=list)

    class Meta:
        verbose_name = _("repricing line")
        verbose_name_plural = _("repricing lines")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["run", "goods"], name="repricingline_once_per_goods"
            ),
            models.CheckConstraint(
                condition=Q(new_price__isnull=True) | Q(new_price__gte=0),
                name="repricingline_price",
            ),
            models.CheckConstraint(
                condition=Q(new_case_price__isnull=True) | Q(new_case_price__gte=0),
                name="repricingline_case_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.goods_id}"


class MarkdownRule(models.Model):
    """One rung of the markdown ladder: so many days after a goods was last received,
    its price falls by so many percent. For one category, or for all without one; a
    category that has rungs of its own has no others."""

    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        on_delete=models.CASCADE,
        related_name="+",
        null=True,
        blank=True,
        help_text=_("Empty: for every category without rungs of its own."),
    )
    days = models.PositiveIntegerField(
        _("days since received"),
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    percent = models.DecimalField(
        _("percent off"),
        validators=[
            MinValueValidator(Decimal("0.01")),
            MaxValueValidator(Decimal("99.99")),
        ],
        **_PERCENT,
    )
    is_active = models.BooleanField(_("in use"), default=True)
    note = models.CharField(
        _("note"), max_length=100, blank=True, validators=[refuse_unseen, refuse_tags]
    )

    class Meta:
        verbose_name = _("markdown rule")
        verbose_name_plural = _("markdown rules")
        ordering = ["category", "days"]
        default_permissions = ("change", "view")
        constraints = [
            models.UniqueConstraint(
                fields=["category", "days"],
                name="markdownrule_once",
                violation_error_message=_("There is a rule for this day already."),
            ),
            models.UniqueConstraint(
                fields=["days"],
                condition=Q(category__isnull=True),
                name="markdownrule_once_for_all",
                violation_error_message=_("There is a rule for this day already."),
            ),
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lt=100, days__gte=1),
                name="markdownrule_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.days} d: -{self.percent}%"
