"""WeChat's stand-in beside a test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import override_settings

from backoffice.demo.wechat import APPID, SECRET, Answers, StandIn


@contextmanager
def wechat(answers: type[Answers] = Answers) -> Iterator[Any]:
    """A stand-in that the settings lead to; `asked` are the paths that were asked."""
    server: Any = StandIn()
    server.asked = []

    class Recorded(answers):  # type: ignore[misc, valid-type]
        def parse_request(self) -> bool:
            is_whole = super().parse_request()
            if is_whole:
                server.asked.append(f"{self.command} {self.path}")
            return bool(is_whole)

    server.RequestHandlerClass = Recorded
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        with override_settings(
            WECHAT_APPID=APPID, WECHAT_SECRET=SECRET, WECHAT_API_BASE=server.base
        ):
            yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
