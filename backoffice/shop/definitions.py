"""Every shop setting: name, type, default, bounds, what it is for (DOMAIN 10)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backoffice.base.text import half_width


@dataclass(frozen=True)
class Setting:
    """One setting. `parse` reads what a person or the environment wrote; `initial` is
    the default, written like that."""

    name: str
    initial: str
    section: Any
    label: Any
    unit: Any
    parse: Callable[[str], Any]

    @cached_property
    def default(self) -> Any:
        """The value of `initial`."""
        return self.parse(self.initial)

    @property
    def is_flag(self) -> bool:
        """Whether it is on or off."""
        return self.parse is _flag

    def tidy(self, text: str) -> str:
        """The text as it is kept and shown: 08 → 8, ８.50 → 8.50, Yes → on.

        Raises ValidationError like `parse`.
        """
        value = self.parse(text)
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, Decimal):
            return format(Decimal(half_width(text)), "f")
        return str(value)


def _digits(text: str) -> str:
    """As typed, without the underscores that only programmers write in numbers."""
    word = half_width(text)
    return "" if "_" in word else word


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(_digits(text))
        except ValueError:
            raise ValidationError(_("Not a whole number.")) from None
        if not least <= value <= most:
            raise ValidationError(
                _("Must be from %(least)s to %(most)s."),
                params={"least": least, "most": most},
            )
        return value

    return parse


def _decimal(least: str, most: str, places: int) -> Callable[[str], Decimal]:
    def parse(text: str) -> Decimal:
        try:
            value = Decimal(_digits(text))
        except InvalidOperation:
            raise ValidationError(_("Not a number.")) from None
        if not value.is_finite() or not Decimal(least) <= value <= Decimal(most):
            raise ValidationError(
                _("Must be from %(least)s to %(most)s."),
                params={"least": least, "most": most},
            )
        rounded = value.quantize(Decimal(1).scaleb(-places))
        if rounded != value:
            raise ValidationError(
                _("At most %(places)s decimal places."), params={"places": places}
            )
        return rounded

    return parse


def _flag(text: str) -> bool:
    word = half_width(text).lower()
    if word in {"on", "true", "yes", "1"}:
        return True
    if word in {"off", "false", "no", "0"}:
        return False
    raise ValidationError(_("Must be on or off."))


def _clock_range(text: str) -> str:
    word = half_width(text).replace(" ", "")
    if not word:
        return ""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", word):
        raise ValidationError(_("Must look like 22:00-07:00, or be empty."))
    return word


_yuan = _decimal("0", "100000", 2)


def _role_amounts(text: str) -> str:
    """manager=1000, finance=500"""
    pairs = []
    for word in half_width(text).replace(" ", "").split(","):
        role, sign, amount = word.partition("=")
        if not word:
            continue
        if not (sign and re.fullmatch(r"[\w-]+", role)):
            raise ValidationError(_("Must look like manager=1000, finance=500."))
        pairs.append(f"{role}={_yuan(amount)}")
    return ",".join(pairs)


_factor = _decimal("0", "100", 2)
_percent = _decimal("0", "1000", 2)

ORDERS = _("Orders")
POINTS = _("Points")
STOCK = _("Stock and alerts")
GOODS = _("Goods and prices")
SAFETY = _("Sign-in and limits")
FILES = _("Files and sheets")

SETTINGS: dict[str, Setting] = {
    s.name: s
    for s in [
        Setting("MIN_ORDER", "68", ORDERS, _("Minimum order"), _("yuan"), _yuan),
        Setting("FREE_FREIGHT_FROM", "68", ORDERS, _("Free delivery from"), _("yuan"), _yuan),
        Setting("FREIGHT", "6", ORDERS, _("Delivery fee"), _("yuan"), _yuan),
        Setting("UNPAID_MINUTES", "30", ORDERS, _("Time to pay"), _("minutes"), _number(1, 1440)),
        Setting("MAX_UNPAID_ORDERS", "5", ORDERS, _("Unpaid orders for a customer, at most"), _("orders each"), _number(1, 100)),
        Setting("AUTO_COMPLETE_DAYS", "7", ORDERS, _("Completed by itself after shipping"), _("days"), _number(1, 90)),
        Setting("REFUND_DAYS", "7", ORDERS, _("Customers may ask for a refund after completion"), _("days"), _number(0, 365)),
        Setting("REFUND_LIMIT", "200", ORDERS, _("Refunds above this need a second person"), _("yuan"), _yuan),
        Setting("REFUND_ROLE_LIMITS", "", ORDERS, _("Other limits for roles, as manager=1000"), _("yuan"), _role_amounts),
        Setting("STUCK_MINUTES", "60", ORDERS, _("Payments and refunds that stand still are shown after"), _("minutes"), _number(5, 10_080)),
        Setting("WEIGHING_MINUTES", "5", ORDERS, _("A weight can be corrected before its difference is refunded, for"), _("minutes"), _number(0, 1440)),
        Setting("OVERWEIGHT_PERCENT", "10", ORDERS, _("Over-weight given away up to"), "%", _percent),
        Setting("POINTS_PER_YUAN", "100", POINTS, _("Points worth one yuan"), _("points"), _number(1, 100_000)),
        Setting("POINTS_SHARE", "1.00", POINTS, _("Share of the goods total that points may pay"), _("0 to 1"), _decimal("0", "1", 2)),
        Setting("WEEKEND_FACTOR", "2", POINTS, _("Points factor on Saturday and Sunday"), "×", _factor),
        Setting("MEMBER_DAY", "8", POINTS, _("Member day of the month"), _("day"), _number(1, 31)),
        Setting("MEMBER_DAY_FACTOR", "3", POINTS, _("Points factor on the member day"), "×", _factor),
        Setting("ADS_DAYS", "30", STOCK, _("Days in the average of daily sales"), _("days"), _number(1, 365)),
        Setting("LOW_STOCK_PERCENT", "20", STOCK, _("Low stock: below this share of average daily sales"), "%", _percent),
        Setting("COVER_DAYS", "7", STOCK, _("Days a replenishment should cover"), _("days"), _decimal("0", "365", 2)),
        Setting("LEAD_DAYS", "1", STOCK, _("Days until a supplier delivers"), _("days"), _decimal("0", "90", 2)),
        Setting("RECEIVE_TOLERANCE_PERCENT", "10", STOCK, _("More than ordered is received up to"), "%", _percent),
        Setting("ALERT_MINUTES", "10", STOCK, _("Alerts are checked every"), _("minutes"), _number(1, 1440)),
        Setting("ALERT_QUIET_HOURS", "6", STOCK, _("An alert that opens again is silent for"), _("hours"), _number(0, 168)),
        Setting("ALERT_REPEAT_HOURS", "24", STOCK, _("An open alert is sent again after"), _("hours"), _number(1, 720)),
        Setting("SMS_QUIET", "22:00-07:00", STOCK, _("No SMS between"), _("from-to"), _clock_range),
        Setting("REVIEW_FOUR_EYES", "off", GOODS, _("Four eyes: nobody approves what they entered"), _("on or off"), _flag),
        Setting("MIN_MARGIN_PERCENT", "0", GOODS, _("Smallest margin without a second person"), "%", _decimal("-100", "99.99", 2)),
        Setting("MAX_CHANGE_PERCENT", "30", GOODS, _("Largest price change without a second person"), "%", _percent),
        Setting("DAILY_MOVE_PERCENT", "15", GOODS, _("Largest move that costs may propose without a second person"), "%", _percent),
        Setting("ACCESS_TOKEN_MINUTES", "120", SAFETY, _("An access token lives"), _("minutes"), _number(1, 1440)),
        Setting("REFRESH_TOKEN_DAYS", "30", SAFETY, _("A refresh token lives"), _("days"), _number(1, 365)),
        Setting("REGISTER_PER_HOUR", "60", SAFETY, _("Registrations from one address in an hour"), _("times"), _number(1, 100_000)),
        Setting("LOGIN_PER_MINUTE", "30", SAFETY, _("Sign-ins from one address in a minute"), _("times"), _number(1, 100_000)),
        Setting("PICTURE_MAX_MB", "5", FILES, _("Largest picture"), "MB", _number(1, 50)),
        Setting("PICTURE_ZIP_MAX_MB", "200", FILES, _("Largest zip of pictures"), "MB", _number(1, 2000)),
        Setting("PICTURE_ZIP_MAX_FILES", "2000", FILES, _("Most pictures in a zip"), _("pictures"), _number(1, 5000)),
        Setting("SHEET_MAX_MB", "20", FILES, _("Largest sheet"), "MB", _number(1, 200)),
        Setting("SHEET_MAX_ROWS", "200000", FILES, _("Most rows in a sheet"), _("rows"), _number(1, 2_000_000)),
        Setting("ORPHAN_FILE_DAYS", "7", FILES, _("Files that nothing uses are kept"), _("days"), _number(1, 365)),
    ]
}  # fmt: skip
