"""Reading the shop's settings: `shop.MIN_ORDER`.

Three layers, the later wins: the default in code, `SHOP_<NAME>` of the environment,
the merchant's own value. All merchant values are read with one query and kept for
`TTL` seconds in each process, so that a change is effective everywhere within 5 s and
a quote that reads eight settings costs no query at all.
"""

import os
import time
from decimal import Decimal
from threading import Lock
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils import translation

from backoffice.shop.definitions import SETTINGS, Setting

TTL = 3.0


class UnreadableShopSetting(ValueError):
    """A SHOP_ variable of the environment cannot be read."""


def layer_of_environment(setting: Setting) -> Any | None:
    """What SHOP_<NAME> says, or None where it is not set.

    Raises UnreadableShopSetting; the system check of `backoffice.checks` finds it at
    the start.
    """
    text = os.environ.get(f"SHOP_{setting.name}")
    if text is None:
        return None
    try:
        return setting.parse(text)
    except ValidationError as error:
        # read by operators, in the language of all that stops a start
        with translation.override("en"):
            why = " ".join(error.messages)
        raise UnreadableShopSetting(f"SHOP_{setting.name} is {text!r}: {why}") from None


def text_below(setting: Setting) -> str:
    """What counts without a value of the merchant's: environment or default."""
    return setting.tidy(os.environ.get(f"SHOP_{setting.name}", setting.initial))


class Shop:
    """All settings as attributes, typed: int, Decimal, bool or str."""

    MIN_ORDER: Decimal
    FREE_FREIGHT_FROM: Decimal
    FREIGHT: Decimal
    UNPAID_MINUTES: int
    MAX_UNPAID_ORDERS: int
    AUTO_COMPLETE_DAYS: int
    REFUND_DAYS: int
    REFUND_LIMIT: Decimal
    REFUND_ROLE_LIMITS: str
    DAILY_MOVE_PERCENT: Decimal
    STUCK_MINUTES: int
    WEIGHING_MINUTES: int
    OVERWEIGHT_PERCENT: Decimal
    POINTS_PER_YUAN: int
    POINTS_SHARE: Decimal
    WEEKEND_FACTOR: Decimal
    MEMBER_DAY: int
    MEMBER_DAY_FACTOR: Decimal
    ADS_DAYS: int
    LOW_STOCK_PERCENT: Decimal
    RECEIVE_TOLERANCE_PERCENT: Decimal
    COVER_DAYS: Decimal
    LEAD_DAYS: Decimal
    ALERT_MINUTES: int
    ALERT_QUIET_HOURS: int
    ALERT_REPEAT_HOURS: int
    SMS_QUIET: str
    REVIEW_FOUR_EYES: bool
    MIN_MARGIN_PERCENT: Decimal
    MAX_CHANGE_PERCENT: Decimal
    ACCESS_TOKEN_MINUTES: int
    REFRESH_TOKEN_DAYS: int
    REGISTER_PER_HOUR: int
    LOGIN_PER_MINUTE: int
    PICTURE_MAX_MB: int
    PICTURE_ZIP_MAX_MB: int
    PICTURE_ZIP_MAX_FILES: int
    SHEET_MAX_MB: int
    SHEET_MAX_ROWS: int
    ORPHAN_FILE_DAYS: int

    def __init__(self) -> None:
        self._lock = Lock()
        self._merchant: dict[str, str] = {}
        self._read_at: float | None = None

    def __getattr__(self, name: str) -> Any:
        if name not in SETTINGS:
            raise AttributeError(name)
        return self.value(SETTINGS[name])[0]

    def value(self, setting: Setting) -> tuple[Any, str]:
        """The value and its layer: merchant, environment or default."""
        own = self._merchant_values().get(setting.name)
        if own is not None:
            try:
                return setting.parse(own), "merchant"
            except ValidationError:
                # written by an older version with wider bounds: the layer below counts
                pass
        given = layer_of_environment(setting)
        if given is not None:
            return given, "environment"
        return setting.default, "default"

    def text(self, setting: Setting) -> tuple[str, str]:
        """The value as it was written, for people, and its layer."""
        layer = self.value(setting)[1]
        if layer == "merchant":
            return setting.tidy(self._merchant_values()[setting.name]), layer
        return text_below(setting), layer

    def forget(self) -> None:
        """Read anew at the next use (after a change in this process, in tests)."""
        self._read_at = None

    def _merchant_values(self) -> dict[str, str]:
        now = time.monotonic()
        if self._read_at is not None and now - self._read_at < TTL:
            return self._merchant
        from backoffice.shop.models import ShopSetting  # noqa: PLC0415 - apps load first

        try:
            values = dict(ShopSetting.objects.values_list("name", "value"))
        except DatabaseError:
            # before the first migration there is no table; while the database is away
            # the last known values count
            return self._merchant
        with self._lock:
            self._merchant, self._read_at = values, now
        return values


shop = Shop()
