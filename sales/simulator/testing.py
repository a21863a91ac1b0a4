"""Fixtures for tests that need WeChat Pay: a pytest plugin, loaded by pyproject (`-p`).

def test_paying(wechat, gateway):       # once over v2, once over v3
    gateway.create(...)
    wechat.pay("P20261124-1")
    [notice] = wechat.take_notices()
    facts = gateway.read_payment_notice(notice.body, notice.headers)
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sales.gateway import Gateway
    from sales.simulator import Simulator


@pytest.fixture(scope="session")
def _wechat_of_the_session(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator["Simulator"]:
    # this module is loaded before Django is set up
    from sales.simulator import Simulator  # noqa: PLC0415 - as above

    directory = tmp_path_factory.mktemp("wechat")
    with Simulator(directory, delivers=False) as simulator:
        yield simulator


@pytest.fixture
def wechat(_wechat_of_the_session: "Simulator") -> "Simulator":
    """WeChat Pay on a free port, empty. It sends no notices (`take_notices`) and ends no
    refunds (`finish_refund`) by itself."""
    _wechat_of_the_session.reset()
    return _wechat_of_the_session


@pytest.fixture(params=["v2", "v3"])
def gateway(request: pytest.FixtureRequest, wechat: "Simulator") -> "Gateway":
    """The gateway that reaches `wechat`, once by v2 and once by v3; it gives up soon."""
    from sales.gateway import Timeouts, open_gateway  # noqa: PLC0415 - as above

    timeouts = Timeouts(connect=3, read=2, total=5, bill=10)
    return open_gateway(wechat.config(request.param, timeouts=timeouts))
