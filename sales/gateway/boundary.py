"""Where foreign errors end: whatever libraries and replies throw leaves as ours."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from sales.gateway.errors import GatewayError, Outcome, Reason
from sales.gateway.refusals import Call
from sales.gateway.values import Unreadable

logger = logging.getLogger("sales.gateway")


@contextmanager
def calling(call: Call, number: str) -> Iterator[None]:
    """Around one call of the gateway: translates, and logs its end in one line."""
    began = time.monotonic()
    outcome = "ok"
    try:
        yield
    except GatewayError as error:
        outcome = " ".join(filter(None, (error.outcome, error.reason, error.code)))
        raise
    except requests.RequestException as error:
        outcome = f"unknown {type(error).__name__}"
        # the library's error holds the request, with its signature: it ends here
        raise GatewayError(Reason.UNREACHABLE, type(error).__name__) from None
    except Unreadable as error:
        outcome = "unknown unreadable"
        raise GatewayError(Reason.UNREADABLE, str(error)) from None
    except Exception as error:
        # the libraries raise whatever a strange reply makes them stumble over
        outcome = f"unknown {type(error).__name__}"
        raise GatewayError(Reason.UNREADABLE, type(error).__name__) from None
    finally:
        logger.log(
            logging.INFO if outcome == "ok" else logging.WARNING,
            "WeChat Pay %s %s: %s",
            call,
            number,
            outcome,
            extra={"seconds": round(time.monotonic() - began, 3)},
        )


@contextmanager
def reading_notice() -> Iterator[None]:
    """Around the reading of a notice: whatever is wrong with it, it is refused."""
    try:
        yield
    except GatewayError as error:
        raise GatewayError(
            error.reason,
            error.message,
            code=error.code,
            outcome=Outcome.REFUSED,
            raw=error.raw,
        ) from None
    except Unreadable as error:
        raise _unbelieved(str(error)) from None
    except Exception as error:
        # anybody may send anything here, and the view must answer
        raise _unbelieved(type(error).__name__) from None


def _unbelieved(sentence: str) -> GatewayError:
    return GatewayError(Reason.UNREADABLE, sentence, outcome=Outcome.REFUSED)
