"""The WeChat Pay stand-in: the gateway's v2 XML and v3 JSON on this machine.

For the demo, for developing and for tests; `manage.py wechat_simulator` refuses to
start it anywhere else. It signs, verifies and encrypts by code of its own, so that a
mistake in `sales.gateway` cannot hide behind the same mistake here.

    with Simulator(directory, port=0) as simulator:
        gateway = open_gateway(simulator.config("v3"))
"""

from sales.simulator.faults import Fault, FaultKind, Target
from sales.simulator.server import Simulator

__all__ = ["Fault", "FaultKind", "Simulator", "Target"]
