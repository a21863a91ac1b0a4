"""Reading and writing single values strictly: numbers, fen, times, texts."""

import re
import unicodedata
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sales.gateway.errors import GatewayError, Reason

#: the gateway's clock, whatever the shop's
BEIJING = ZoneInfo("Asia/Shanghai")
#: fen; what a 32-bit integer holds, 21 million yuan
MAX_FEN = 2**31 - 1
CURRENCY = "CNY"

_PAYMENT_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
_OPENID = re.compile(r"[0-9A-Za-z_\-]{1,128}")
_FEN = re.compile(r"[0-9]{1,10}")


class Unreadable(ValueError):
    """A value from outside that is not what was agreed."""


# --- what we send --------------------------------------------------------------


def invalid(sentence: str) -> GatewayError:
    """The refusal of something that must not be sent."""
    return GatewayError(Reason.INVALID, sentence)


def check_payment_number(number: str) -> None:
    """6 to 32 of `0-9 A-Z a-z _ - | *`, which both versions of the gateway accept."""
    if not isinstance(number, str) or not _PAYMENT_NUMBER.fullmatch(number):
        raise invalid("out_trade_no must be 6 to 32 letters, digits or _-|*")


def check_refund_number(number: str) -> None:
    """1 to 64 of `0-9 A-Z a-z _ - | * @`."""
    if not isinstance(number, str) or not _REFUND_NUMBER.fullmatch(number):
        raise invalid("out_refund_no must be 1 to 64 letters, digits or _-|*@")


def check_fen(amount: int, name: str) -> None:
    """A whole number of fen, 1 or more; neither float nor Decimal nor bool."""
    if type(amount) is not int:
        raise invalid(f"{name} must be a whole number of fen")
    if not 1 <= amount <= MAX_FEN:
        raise invalid(f"{name} must be from 1 to {MAX_FEN} fen")


def check_openid(openid: str) -> None:
    """What the mini-program knows its user by."""
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        raise invalid("openid is missing or malformed")


def check_address(address: str) -> None:
    """An IPv4 or IPv6 address."""
    try:
        ip_address(address)
    except ValueError:
        raise invalid("client_ip is no address") from None


def check_notify_url(url: str) -> None:
    """An address of ours that the gateway can call: no query, no fragment."""
    try:
        parts = urlsplit(url)
        is_good = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not {"?", "#"} & set(url)
            and url.isascii()
            and url.isprintable()
            and len(url) <= 255
        )
    except ValueError:
        is_good = False
    if not is_good:
        raise invalid("notify_url must be http(s), without a query, 255 at most")


def check_time(at: datetime, name: str) -> None:
    """Only times that say their zone: a naive one would be hours off."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise invalid(f"{name} needs a time zone")


def fitted(text: str, octets: int) -> str:
    """`text` on one line, without what breaks XML or the daily bill (whose cells begin
    with back-ticks), cut to `octets` of UTF-8.

    The same text gives the same result: a repeated request must not differ.
    """
    kept = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    while "]]>" in kept:
        kept = kept.replace("]]>", "")
    kept = " ".join(kept.replace("`", "'").split())
    return kept.encode()[:octets].decode(errors="ignore").strip()


# --- what we are sent ----------------------------------------------------------


def fen_from_text(text: str | None) -> int:
    """Fen as v2 writes them: ASCII digits, 1 or more."""
    if text is None or not _FEN.fullmatch(text):
        raise Unreadable("an amount is not a number of fen")
    return _within(int(text))


def fen_from_json(number: Any) -> int:
    """Fen as v3 writes them: a JSON integer, 1 or more."""
    if type(number) is not int:
        raise Unreadable("an amount is not a number of fen")
    return _within(number)


def _within(amount: int) -> int:
    if not 1 <= amount <= MAX_FEN:
        raise Unreadable("an amount is out of bounds")
    return amount


def payment_number(text: Any) -> str:
    """`out_trade_no` as it came; what could be none of ours is unreadable."""
    if not isinstance(text, str) or not _PAYMENT_NUMBER.fullmatch(text):
        raise Unreadable("out_trade_no is missing or malformed")
    return text


def refund_number(text: Any) -> str:
    """`out_refund_no` as it came; what could be none of ours is unreadable."""
    if not isinstance(text, str) or not _REFUND_NUMBER.fullmatch(text):
        raise Unreadable("out_refund_no is missing or malformed")
    return text


def reference(text: Any, name: str) -> str:
    """A number that the gateway gave: 1 to 64 printable ASCII characters."""
    if (
        not isinstance(text, str)
        or not 1 <= len(text) <= 64
        or not text.isascii()
        or not text.isprintable()
    ):
        raise Unreadable(f"{name} is missing or malformed")
    return text


def compact_time(text: str | None) -> datetime:
    """`yyyyMMddHHmmss` of Beijing."""
    if text is None or not re.fullmatch(r"[0-9]{14}", text):
        raise Unreadable("a time is malformed")
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)


def spaced_time(text: str) -> datetime:
    """`yyyy-MM-dd HH:mm:ss` of Beijing; full-width colons are taken for plain ones."""
    return datetime.strptime(text.replace("：", ":"), "%Y-%m-%d %H:%M:%S").replace(
        tzinfo=BEIJING
    )


def rfc3339_time(text: Any) -> datetime:
    """`yyyy-MM-ddTHH:mm:ss+08:00`."""
    if not isinstance(text, str):
        raise Unreadable("a time is malformed")
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise Unreadable("a time has no zone")
    return at.astimezone(BEIJING)


def in_beijing(at: datetime, form: str) -> str:
    """`at` as the gateway wants it: to the second, on its own clock."""
    return at.astimezone(BEIJING).strftime(form)
