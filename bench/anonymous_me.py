"""The shop with GET /me as it would be without authentication: everybody is the person
of BENCH_USER, and no token is looked at. Nothing else differs."""

import os
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

#: sets Django up, so it comes before everything of ours
application = import_module("backoffice.wsgi").application

from backoffice.accounts import tokens  # noqa: E402 - Django is set up first
from backoffice.accounts.api.auth import CustomerAuth  # noqa: E402 - as above

_SOMEBODY = tokens.Claims(
    int(os.environ["BENCH_USER"]), "", "", datetime.now(UTC), "", ""
)


def _anybody(self: CustomerAuth, request: Any) -> tokens.Principal:
    return tokens.Principal(_SOMEBODY)


CustomerAuth.__call__ = _anybody  # type: ignore[method-assign]
