import pytest

from backoffice.sms.backends import locmem
from backoffice.sms.tests.clock import Clock
from backoffice.sms.tests.vendor import SETTINGS, vendor_at_work


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def outbox():
    return locmem.outbox


@pytest.fixture
def vendor(settings):
    with vendor_at_work() as server:
        for name, value in SETTINGS.items():
            setattr(settings, name, value)
        settings.SMS_ENDPOINT = server.url
        yield server
