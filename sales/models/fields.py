"""Columns that many tables of sales share: money in yuan, quantities, goods' units."""

from typing import Any

from django.db import models

from backoffice.base.money import ZERO


def money_field(label: Any, **options: Any) -> models.DecimalField:
    """Yuan with 2 places."""
    options.setdefault("default", ZERO)
    return models.DecimalField(label, max_digits=12, decimal_places=2, **options)


def quantity_field(label: Any, **options: Any) -> models.DecimalField:
    """With 3 places."""
    return models.DecimalField(label, max_digits=12, decimal_places=3, **options)
