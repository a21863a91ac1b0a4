"""Money in and money back."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.base.appendonly import AppendOnlyModel
from sales.enums import (
    REFUND_OPEN,
    Channel,
    ExchangeKind,
    PaymentStatus,
    RefundKind,
    RefundStatus,
    Restock,
    Trouble,
)
from sales.models.fields import money_field, quantity_field
from sales.models.orders import Order, OrderLine


class Payment(models.Model):
    """One attempt to pay an order. Its status is changed only by `sales.payments`.

    What was asked of the gateway (`request`) is written before it is sent, so that it
    can be sent again unchanged. `next_at` is when the gateway is asked next.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    out_trade_no = models.CharField(_("payment number"), max_length=32, unique=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    status = models.CharField(
        _("status"), max_length=7, choices=PaymentStatus, default=PaymentStatus.CREATED
    )
    amount = money_field(_("amount"))
    transaction_id = models.CharField(_("transaction"), max_length=64, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("begun"))
    paid_at = models.DateTimeField(_("paid at"), null=True)
    ended_at = models.DateTimeField(_("closed or failed at"), null=True)
    api = models.CharField(_("interface"), max_length=2, blank=True)
    request = models.JSONField(_("request"), null=True)
    expires_at = models.DateTimeField(_("to pay until"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    prepay_id = models.CharField(_("prepay session"), max_length=64, blank=True)
    prepaid_at = models.DateTimeField(_("prepay session since"), null=True)
    next_at = models.DateTimeField(_("asked again at"), null=True)
    tries = models.PositiveSmallIntegerField(_("times asked"), default=0)
    trouble = models.CharField(
        _("trouble"), max_length=13, choices=Trouble, blank=True, default=""
    )
    detail = models.CharField(_("details"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("reconcile", _("Can ask WeChat Pay and settle differences with it")),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="payment_status"),
            models.Index(
                fields=["next_at"],
                name="payment_due",
                condition=Q(next_at__isnull=False),
            ),
            models.Index(
                fields=["trouble", "-id"],
                name="payment_trouble",
                condition=~Q(trouble=""),
            ),
            models.Index(fields=["channel", "-id"], name="payment_channel"),
            models.Index(
                fields=["paid_at"],
                name="payment_paid",
                condition=Q(paid_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="payment_amount_positive"
            ),
            models.CheckConstraint(
                condition=~Q(status=PaymentStatus.PAID) | Q(paid_at__isnull=False),
                name="payment_paid_has_time",
            ),
            models.UniqueConstraint(
                fields=["channel", "transaction_id"],
                condition=~Q(transaction_id=""),
                name="payment_transaction_once",
            ),
        ]

    def __str__(self) -> str:
        return self.out_trade_no


class Refund(models.Model):
    """Money on its way back. Its status is changed only by the verbs of refunds.

    `amount` yuan = Σ of its lines + freight; `points` go back to the customer with it.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(
        Payment,
        verbose_name=_("payment"),
        on_delete=models.PROTECT,
        related_name="refunds",
        null=True,
        blank=True,
    )
    refund_no = models.CharField(_("refund number"), max_length=32, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=RefundKind)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=RefundStatus,
        default=RefundStatus.REQUESTED,
    )
    is_full = models.BooleanField(_("whole order"), default=False)
    amount = money_field(_("amount"))
    freight = money_field(_("freight"))
    points = models.PositiveIntegerField(_("points"), default=0)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decision = models.CharField(_("decision"), max_length=500, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("asked by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
    )
    first_approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("first approved by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    created_at = models.DateTimeField(_("asked for"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    out_refund_no = models.CharField(
        _("number at the gateway"), max_length=32, blank=True
    )
    rounds = models.PositiveSmallIntegerField(_("numbers used"), default=0)
    request = models.JSONField(_("request"), null=True)
    refund_id = models.CharField(_("WeChat's number"), max_length=64, blank=True)
    recipient = models.CharField(_("went to"), max_length=64, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    next_at = models.DateTimeField(_("tried again at"), null=True)
    tries = models.PositiveSmallIntegerField(_("times tried"), default=0)
    trouble = models.CharField(
        _("trouble"), max_length=13, choices=Trouble, blank=True, default=""
    )
    detail = models.CharField(_("details"), max_length=200, blank=True)
    handed_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("handed back by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("approve_refund", _("Can approve and reject refunds"))]
        indexes = [
            models.Index(fields=["status", "-id"], name="refund_status"),
            models.Index(fields=["created_at"], name="refund_created"),
            models.Index(
                fields=["next_at"],
                name="refund_due",
                condition=Q(next_at__isnull=False),
            ),
            models.Index(
                fields=["trouble", "-id"],
                name="refund_trouble",
                condition=~Q(trouble=""),
            ),
            models.Index(
                fields=["finished_at"],
                name="refund_finished",
                condition=Q(finished_at__isnull=False),
            ),
            models.Index(
                fields=["order"],
                name="refund_open",
                condition=Q(status__in=REFUND_OPEN),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, freight__gte=0, freight__lte=F("amount")),
                name="refund_amount_positive",
            ),
            models.CheckConstraint(
                condition=~Q(status=RefundStatus.SUCCEEDED)
                | Q(finished_at__isnull=False),
                name="refund_succeeded_has_time",
            ),
            models.UniqueConstraint(
                fields=["out_refund_no"],
                condition=~Q(out_refund_no=""),
                name="refund_number_once",
            ),
            models.UniqueConstraint(
                fields=["refund_id"],
                condition=~Q(refund_id=""),
                name="refund_id_once",
            ),
            # money that came too late goes back once
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind=RefundKind.PAYMENT),
                name="refund_late_once",
            ),
        ]

    def __str__(self) -> str:
        return self.refund_no


class RefundLine(models.Model):
    """What a refund gives back for one line: base units, yuan, points."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="refund_lines"
    )
    base_quantity = quantity_field(_("base quantity"), default=Decimal("0.000"))
    amount = money_field(_("amount"))
    points = models.PositiveIntegerField(_("points"), default=0)
    restock = models.CharField(
        _("what becomes of it"), max_length=9, choices=Restock, default=Restock.NOTHING
    )

    class Meta:
        verbose_name = _("refund line")
        verbose_name_plural = _("refund lines")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="refundline_once"),
            models.CheckConstraint(
                condition=Q(base_quantity__gte=0, amount__gte=0),
                name="refundline_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id} {self.amount}"


class Exchange(AppendOnlyModel):
    """What was said between the shop and WeChat Pay, without secrets; added, never
    changed."""

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="exchanges", null=True
    )
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, related_name="exchanges", null=True
    )
    number = models.CharField(_("number"), max_length=64)
    kind = models.CharField(_("what"), max_length=14, choices=ExchangeKind)
    api = models.CharField(_("interface"), max_length=2)
    at = models.DateTimeField(_("time"))
    outcome = models.CharField(_("outcome"), max_length=200)
    facts = models.JSONField(_("told"), default=dict)

    class Meta:
        verbose_name = _("exchange with WeChat Pay")
        verbose_name_plural = _("exchanges with WeChat Pay")
        ordering = ["id"]
        default_permissions = ()
        indexes = [models.Index(fields=["number", "-id"], name="exchange_number")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
