"""Which adapter a configuration is for."""

import time
from collections.abc import Callable
from typing import assert_never

from sales.gateway.config import V2Config, V3Config
from sales.gateway.port import Gateway


def open_gateway(
    config: V2Config | V3Config, *, clock: Callable[[], float] = time.time
) -> Gateway:
    """The gateway of `config`; calls nobody. Raises `Misconfigured`.

    `clock` gives seconds since 1970 and is what signatures must not be older than.
    """
    match config:
        case V2Config():
            from sales.gateway.wechat_v2 import (  # noqa: PLC0415 - only the one in use
                WeChatPayV2,
            )

            return WeChatPayV2(config, clock=clock)
        case V3Config():
            from sales.gateway.wechat_v3 import (  # noqa: PLC0415 - only the one in use
                WeChatPayV3,
            )

            return WeChatPayV3(config, clock=clock)
        case _:
            assert_never(config)
