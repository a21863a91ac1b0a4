"""The shop as a merchant of the simulator."""

import pytest

from sales import merchant
from sales.gateway import Timeouts
from sales.simulator.wiring import settings_for


@pytest.fixture(params=["v2", "v3"])
def merchant_api(request, wechat, settings, monkeypatch):
    """The shop is a merchant of `wechat`, once by v2 and once by v3; gives which. It
    gives up soon."""
    soon = Timeouts(connect=3, read=1.5, total=4, bill=10)
    monkeypatch.setattr(merchant, "TIMEOUTS", soon)
    found = settings_for(wechat.identity, wechat.base_url, "http://testserver")
    for name, value in found.items():
        setattr(settings, name, value)
    settings.WECHAT_PAY_API = request.param
    return request.param
