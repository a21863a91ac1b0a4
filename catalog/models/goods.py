"""Goods, and the words they are sorted by."""

import secrets
from decimal import Decimal
from typing import Any

from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from backoffice.base.money import MAX_PRICE, MAX_QUANTITY
from backoffice.base.text import refuse_tags, refuse_unseen
from catalog.enums import GoodsStatus
from catalog.models.history import GoodsRecords, HistoryBase
from catalog.models.steps import cost_state, price_step

PLAIN = [refuse_unseen, refuse_tags]
# blanks inside are allowed, as merchants' own codes have them; a formula's first sign,
# and what separates cells, lists and stored paths, is not
CODE_PATTERN = r"^[^\s'\"<>|,;=+@\-][^\t\r\n'\"<>|,;]*$"


class NamedQuerySet(models.QuerySet):
    """Rows that sheets name by their name."""

    def by_name(self) -> dict[str, Any]:
        """{name in lower case: row}."""
        rows: list[Any] = list(self)
        return {row.name.lower(): row for row in rows}


class Unit(models.Model):
    """What a quantity is counted in: 斤, kg, 个, 箱."""

    name = models.CharField(_("name"), max_length=20, unique=True, validators=PLAIN)
    step = models.DecimalField(
        _("step"),
        max_digits=6,
        decimal_places=3,
        default=Decimal("1.000"),
        validators=[MinValueValidator(Decimal("0.001"))],
        help_text=_("Quantities are multiples of it: 0.001 weighed, 1 counted."),
    )
    sequence = models.PositiveIntegerField(_("position"), default=100)

    objects = NamedQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["sequence", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(step__gt=0), name="unit_step_positive")
        ]

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    """Whose name the fruit carries."""

    name = models.CharField(_("name"), max_length=60, unique=True, validators=PLAIN)

    objects = NamedQuerySet.as_manager()

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A shelf of the storefront."""

    name = models.CharField(_("name"), max_length=40, unique=True, validators=PLAIN)
    image = models.ImageField(_("picture"), upload_to="categories", blank=True)
    sequence = models.PositiveIntegerField(
        _("position"), default=100, help_text=_("The smaller, the further up.")
    )
    target_margin = models.DecimalField(
        _("target margin"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal("99.99"))],
        help_text=_(
            "In percent of the price. New prices are proposed when costs move; empty: none."
        ),
    )
    rounding = models.CharField(
        _("rounding"),
        max_length=12,
        blank=True,
        help_text=_(
            "Of proposed prices: 0.01, 0.1, 0.5, 1, or an ending .8, .9, .99; "
            "with :up or :down behind it."
        ),
    )

    objects = NamedQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["sequence", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(target_margin__isnull=True)
                | Q(target_margin__gte=0, target_margin__lt=100),
                name="category_target_margin",
            )
        ]

    def __str__(self) -> str:
        return self.name


class GoodsQuerySet(models.QuerySet["Goods"]):
    def on_sale(self) -> "GoodsQuerySet":
        """What the storefront shows."""
        return self.filter(status=GoodsStatus.ON_SALE)

    def coded(self, code: str) -> "GoodsQuerySet":
        """By its code, in any case, served by the unique index on UPPER(code).

        Not `code__iexact`: SQLite makes a LIKE of it, which reads every row.
        """
        return self.alias(code_key=Upper("code")).filter(code_key=Upper(Value(code)))

    def with_words(self) -> "GoodsQuerySet":
        """With category, brand and units in the same query."""
        return self.select_related("category", "brand", "unit", "case_unit")


def _price(label: Any, **options: Any) -> models.DecimalField:
    return models.DecimalField(
        label,
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(MAX_PRICE)],
        **options,
    )


def _quantity(label: Any, **options: Any) -> models.DecimalField:
    return models.DecimalField(
        label,
        max_digits=12,
        decimal_places=3,
        validators=[
            MinValueValidator(Decimal("0.001")),
            MaxValueValidator(MAX_QUANTITY),
        ],
        **options,
    )


class Goods(models.Model):
    """What is sold and stocked; `code` is the key of every sheet.

    Money is yuan with 2 places (cost 4), quantities are base units with 3 places.
    A goods is never deleted, it is archived. Its rows are written only by the verbs of
    the catalog, through `catalog.changes`, which also writes the history.
    """

    code = models.CharField(
        _("code"),
        max_length=40,
        validators=[
            RegexValidator(
                CODE_PATTERN,
                _(
                    "A code has no quotes, commas, semicolons, angle brackets or bars, "
                    "and does not begin with = + - @."
                ),
            ),
            refuse_unseen,
        ],
        help_text=_(
            "The key of every sheet; unique, whatever the case of its letters."
        ),
    )
    name = models.CharField(_("name"), max_length=100, validators=PLAIN)
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        on_delete=models.PROTECT,
        db_index=False,
    )
    brand = models.ForeignKey(
        Brand,
        verbose_name=_("brand"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
    )
    spec = models.CharField(_("spec"), max_length=100, blank=True, validators=PLAIN)
    origin = models.CharField(_("origin"), max_length=60, blank=True, validators=PLAIN)
    barcode = models.CharField(
        _("barcode"),
        max_length=40,
        blank=True,
        validators=[
            RegexValidator(r"^[0-9A-Za-z-]*$", _("Digits, letters and hyphens only."))
        ],
    )
    description = models.TextField(
        _("description"),
        max_length=5000,
        blank=True,
        # Django keeps a TextField's max_length for forms only
        validators=[MaxLengthValidator(5000), *PLAIN],
    )

    unit = models.ForeignKey(
        Unit,
        verbose_name=_("unit"),
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The base unit: stock and statistics count in it."),
    )
    price = _price(_("price"), default=Decimal("0.00"))
    retail_enabled = models.BooleanField(_("sold by the unit"), default=True)
    min_quantity = _quantity(_("least quantity"), default=Decimal("1.000"))
    is_weighed = models.BooleanField(
        _("weighed"),
        default=False,
        help_text=_("The real weight is entered at packing."),
    )
    case_unit = models.ForeignKey(
        Unit,
        verbose_name=_("case unit"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    case_size = _quantity(
        _("case size"),
        null=True,
        blank=True,
        help_text=_("How many base units a case holds."),
    )
    case_price = _price(_("case price"), null=True, blank=True)
    case_enabled = models.BooleanField(_("sold by the case"), default=False)
    case_min_quantity = models.PositiveIntegerField(
        _("least cases"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
    )
    cost = models.DecimalField(
        _("cost"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(MAX_PRICE)],
        help_text=_("For one base unit; empty while unknown."),
    )
    points_factor = models.DecimalField(
        _("points factor"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("1.00"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )

    status = models.CharField(
        _("status"), max_length=10, choices=GoodsStatus, default=GoodsStatus.DRAFT
    )
    image = models.CharField(
        _("main picture"), max_length=200, blank=True, editable=False
    )
    listed_at = models.DateTimeField(_("listed since"), null=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    updated_at = models.DateTimeField(_("changed"), editable=False)
    # kept by the database, for the lists
    price_step = models.GeneratedField(
        expression=price_step(),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    cost_state = models.GeneratedField(
        expression=cost_state(),
        output_field=models.CharField(max_length=10, null=True),
        db_persist=True,
    )

    objects = GoodsQuerySet.as_manager()
    history = GoodsRecords(
        bases=[HistoryBase],
        excluded_fields=["updated_at", "submitted_at", "price_step", "cost_state"],
    )

    class Meta:
        verbose_name = _("goods")
        verbose_name_plural = _("goods")
        ordering = ["-id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("review_goods", _("Can approve and reject goods")),
            ("list_goods", _("Can put goods on and off the shelf")),
            ("archive_goods", _("Can archive and restore goods")),
            ("price_goods", _("Can change the prices of reviewed goods")),
            ("view_cost", _("Can see and change costs and margins")),
            (
                "create_missing",
                _("Can create missing categories, brands and units from a sheet"),
            ),
        ]
        # each is the way to a filter or an order of a list, see docs/queries.md; none is
        # on a price or a cost, which change every morning. A status that is the same all
        # through an index leads it for SQLite, which would prefer another one else
        indexes = [
            models.Index(fields=["status", "id"], name="goods_by_status"),
            models.Index(fields=["category", "id"], name="goods_by_category"),
            models.Index(fields=["brand", "id"], name="goods_by_brand"),
            models.Index(fields=["barcode"], name="goods_by_barcode"),
            models.Index(fields=["price_step", "id"], name="goods_by_price"),
            models.Index(
                fields=["status", "-listed_at", "-id"],
                condition=Q(status=GoodsStatus.ON_SALE),
                name="goods_on_sale",
            ),
            models.Index(
                fields=["status", "submitted_at", "id"],
                condition=Q(status=GoodsStatus.PENDING),
                name="goods_to_review",
            ),
            models.Index(
                fields=["cost_state", "id"],
                condition=Q(cost_state__isnull=False),
                name="goods_by_cost_state",
            ),
            models.Index(
                fields=["id"], condition=Q(image=""), name="goods_without_picture"
            ),
            models.Index(
                fields=["id"], condition=Q(case_enabled=True), name="goods_by_case"
            ),
            models.Index(
                fields=["id"], condition=Q(is_weighed=True), name="goods_weighed"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                Upper("code"),
                name="goods_code_unique",
                violation_error_message=_("Another goods has this code."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=GoodsStatus.values), name="goods_status_known"
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0, price__lte=MAX_PRICE),
                name="goods_price_range",
            ),
            models.CheckConstraint(
                condition=Q(case_price__isnull=True)
                | Q(case_price__gte=0, case_price__lte=MAX_PRICE),
                name="goods_case_price_range",
            ),
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost__gte=0), name="goods_cost_range"
            ),
            models.CheckConstraint(
                condition=Q(min_quantity__gt=0, case_min_quantity__gte=1),
                name="goods_minimum_positive",
            ),
            models.CheckConstraint(
                condition=Q(case_size__isnull=True) | Q(case_size__gt=0),
                name="goods_case_size_positive",
            ),
            models.CheckConstraint(
                condition=Q(case_enabled=False)
                | Q(case_unit__isnull=False, case_size__isnull=False),
                name="goods_case_complete",
                violation_error_message=_(
                    "Selling by the case needs a case unit and a case size."
                ),
            ),
            # what is on sale can be bought by something, at a price
            models.CheckConstraint(
                condition=~Q(status=GoodsStatus.ON_SALE)
                | (
                    (Q(retail_enabled=True) | Q(case_enabled=True))
                    & (Q(retail_enabled=False) | Q(price__gt=0))
                    & (Q(case_enabled=False) | Q(case_price__gt=0))
                ),
                name="goods_on_sale_priced",
                violation_error_message=_(
                    "Goods on sale need a price above 0 for every selling unit."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


def picture_path(picture: "GoodsPicture | None", filename: str) -> str:
    """A random ASCII name: nothing of the uploaded file's name is kept."""
    return f"goods/{secrets.token_hex(2)}/{secrets.token_hex(12)}.jpg"


class GoodsPicture(models.Model):
    """A picture of a goods, re-encoded by us; in order, one of them the main one.

    Written only by `catalog.pictures`.
    """

    goods = models.ForeignKey(
        Goods,
        verbose_name=_("goods"),
        on_delete=models.PROTECT,
        related_name="pictures",
    )
    # no `width_field`: it would read the file anew, from a file server perhaps
    image = models.ImageField(_("picture"), upload_to=picture_path)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    sequence = models.PositiveIntegerField(_("position"), default=0)
    is_main = models.BooleanField(_("main picture"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("goods picture")
        verbose_name_plural = _("goods pictures")
        ordering = ["sequence", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                F("goods"),
                condition=Q(is_main=True),
                name="goodspicture_one_main",
            )
        ]

    def __str__(self) -> str:
        return str(self.image.name)
