"""What the tests of stock share."""

from contextlib import nullcontext

import pytest
from django.conf import settings

from backoffice.sms.backends import locmem
from backoffice.sms.tests.clock import Clock


@pytest.fixture
def trips(django_assert_num_queries):
    """So many statements on PostgreSQL; SQLite, which is not asked over a network,
    writes movements and balances apart."""
    if settings.IS_SQLITE:
        return lambda count: nullcontext()
    return django_assert_num_queries


@pytest.fixture
def clock(monkeypatch):
    """Noon of a day, until the test says otherwise."""
    return Clock(monkeypatch)


@pytest.fixture
def outbox():
    """The messages that were sent."""
    return locmem.outbox
