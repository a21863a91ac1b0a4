"""The one error of the gateway: known to be refused, or not known at all."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What is certain about a call that did not succeed."""

    REFUSED = "refused"  # nothing took effect
    UNKNOWN = "unknown"  # it may have taken effect: query first, then repeat unchanged


class Reason(StrEnum):
    """Why, in words of ours; the gateway's own code stands in `GatewayError.code`."""

    # not known whether it took effect
    UNREACHABLE = "unreachable"  # no reply in time
    FAULT = "fault"  # SYSTEMERROR, HTTP 5xx
    UNREADABLE = "unreadable"  # the reply is not what was agreed
    UNPROVEN = "unproven"  # the signature is missing, wrong or too old
    FOREIGN = "foreign"  # well signed, but another appid, merchant, number or currency
    REPEAT = "repeat"  # the gateway asks to send the very same again
    UNCLEAR = "unclear"  # a refusal that does not say whether it is one
    # refused
    ALREADY_PAID = "already_paid"  # query, then settle as paid
    CLOSED = "closed"  # a new attempt needs a new number
    NUMBER_USED = "number_used"  # same number, other fields: query the old attempt
    NOT_FOUND = "not_found"  # never reached the gateway, or not yet
    NOT_ENOUGH = "not_enough"  # create: the payer's money; refund: the merchant's
    TRY_LATER = "try_later"  # too early, or being made
    RATE_LIMITED = "rate_limited"  # back off a minute or more, same number
    MISMATCH = "mismatch"  # same refund number with another amount: a bug of ours
    IMPOSSIBLE = "impossible"  # for good: a person must decide
    CONFIGURATION = "configuration"  # keys, rights or fields are wrong: alarm, no retry
    INVALID = "invalid"  # refused here, before anything was sent


_UNKNOWN = {
    Reason.UNREACHABLE,
    Reason.FAULT,
    Reason.UNREADABLE,
    Reason.UNPROVEN,
    Reason.FOREIGN,
    Reason.REPEAT,
    Reason.UNCLEAR,
}


class GatewayError(Exception):
    """A call that did not succeed, or a notice that is not believed.

    `raw` holds the fields of the reply where there were any, without signatures. A
    notice that is not believed is REFUSED whatever the reason: it changes nothing.
    """

    def __init__(
        self,
        reason: Reason,
        message: str = "",
        *,
        code: str = "",
        outcome: Outcome | None = None,
        raw: Mapping[str, Any] | None = None,
    ) -> None:
        self.reason = reason
        self.message = message
        self.code = code
        self.outcome = outcome or (
            Outcome.UNKNOWN if reason in _UNKNOWN else Outcome.REFUSED
        )
        self.raw = dict(raw or {})
        super().__init__(reason, message, code)

    @property
    def is_refused(self) -> bool:
        """Whether it is certain that nothing took effect."""
        return self.outcome is Outcome.REFUSED

    @property
    def is_unknown(self) -> bool:
        """Whether it may have taken effect."""
        return self.outcome is Outcome.UNKNOWN

    def __str__(self) -> str:
        words = [f"{self.outcome}, {self.reason}"]
        if self.code:
            words.append(self.code)
        if self.message:
            words.append(self.message)
        return ": ".join(words)
