"""What the tests of stock share."""

from contextlib import nullcontext

import pytest
from django.conf import settings


@pytest.fixture
def trips(django_assert_num_queries):
    """So many statements on PostgreSQL; SQLite, which is not asked over a network,
    writes movements and balances apart."""
    if settings.IS_SQLITE:
        return lambda count: nullcontext()
    return django_assert_num_queries
