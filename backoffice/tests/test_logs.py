"""Log lines: for machines and for people, with the ids that tie them together."""

import json
import logging
import sys

from backoffice.base import context
from backoffice.base.logs import JsonFormatter, TextFormatter


def line(message: str, *args: object, error: Exception | None = None, **extra: object):
    record = logging.LogRecord("shop", logging.INFO, "f.py", 1, message, args, None)
    if error is not None:
        try:
            raise error
        except type(error):
            record.exc_info = sys.exc_info()
    vars(record).update(extra)
    return record


def test_json_is_one_object_with_ids_and_extras():
    with context.using(request_id="request-1", user_id=7, task_id="task-1"):
        text = JsonFormatter().format(line("GET %s", "/goods", ms=12.5))
    said = json.loads(text)
    assert said.pop("time").endswith("+00:00")
    assert said == {
        "level": "INFO",
        "logger": "shop",
        "message": "GET /goods",
        "request_id": "request-1",
        "user_id": 7,
        "task_id": "task-1",
        "ms": 12.5,
    }


def test_json_stays_on_one_line_whatever_it_says():
    text = JsonFormatter().format(
        line("西瓜\nforged", error=ValueError("boom"), odd={1})
    )
    assert "\n" not in text
    said = json.loads(text)
    assert said["message"] == "西瓜\nforged"
    assert "ValueError: boom" in said["exception"]


def test_json_leaves_out_ids_that_are_not_known():
    said = json.loads(JsonFormatter().format(line("x")))
    assert set(said) == {"time", "level", "logger", "message"}


def test_text_ends_with_extras_and_the_request():
    with context.using(request_id="request-1"):
        text = TextFormatter().format(line("GET /goods", ms=12.5))
    assert text.endswith("INFO shop: GET /goods [ms=12.5 request=request-1]")


def test_text_puts_a_traceback_below_its_line():
    text = TextFormatter().format(line("failed", error=ValueError("boom"), ms=2))
    first, *rest = text.splitlines()
    assert first.endswith("failed [ms=2]")
    assert rest[-1] == "ValueError: boom"


def test_an_answer_carries_the_id_of_its_log_line(client, caplog):
    with caplog.at_level(logging.INFO, "backoffice.request"):
        given = client.get("/healthz", headers={"X-Request-ID": "given-by-the-proxy"})
        odd = client.get("/healthz", headers={"X-Request-ID": "a b\x00<"})
    assert given["X-Request-ID"] == "given-by-the-proxy"
    assert len(odd["X-Request-ID"]) == 32
