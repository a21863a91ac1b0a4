"""Who is at it, from where; and what log lines tell of it."""

import json
import logging
import sys
import threading

import pytest
from django.test import Client

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.base import context
from backoffice.base.logs import JsonFormatter, TextFormatter


def test_the_context_ends_with_its_block():
    before = context.current()
    with context.using(ip="203.0.113.9", means="command") as now:
        assert context.current() is now
        with context.using(means="schedule"):
            assert context.current().means == "schedule"
            assert context.current().ip == "203.0.113.9"
        context.update(user_id=7)
        assert (context.current().means, context.current().user_id) == ("command", 7)
    assert context.current() is before


def test_the_context_ends_with_an_error_too():
    before = context.current()
    with pytest.raises(RuntimeError), context.using(means="command"):
        raise RuntimeError
    assert context.current() is before


def test_threads_do_not_share_it():
    seen = []
    with context.using(means="command"):
        thread = threading.Thread(target=lambda: seen.append(context.current().means))
        thread.start()
        thread.join()
    assert seen == [""]


def _record(**extra) -> logging.LogRecord:
    record = logging.LogRecord(
        "shop", logging.INFO, "f.py", 1, "Put %s", ("苹果",), None
    )
    vars(record).update(extra)
    return record


def test_json_lines_carry_ids_and_extras():
    with context.using(request_id="r-1", user_id=3, task_id="t-9"):
        line = json.loads(JsonFormatter().format(_record(ms=1.5, request=object())))
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "shop",
        "message": "Put 苹果",
        "request_id": "r-1",
        "user_id": 3,
        "task_id": "t-9",
        "ms": 1.5,
    }


def test_json_lines_stay_one_line_and_hold_the_traceback():
    record = _record(odd={1, 2}, text="a\nb")
    try:
        raise ValueError("line one\nline two")
    except ValueError:
        record.exc_info = sys.exc_info()
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "ValueError" in json.loads(text)["exception"]


def test_text_lines_are_for_a_terminal():
    with context.using(request_id="r-1"):
        line = TextFormatter().format(_record(ms=2, status_code=200))
    assert line.endswith("INFO shop: Put 苹果 [ms=2 request=r-1]")
    assert TextFormatter().format(_record()).endswith("INFO shop: Put 苹果")


@pytest.mark.django_db
def test_each_request_is_logged_once_with_its_id_and_user(caplog):
    user = StaffFactory()
    client = Client()
    client.force_login(user)
    caplog.clear()
    caplog.set_level(logging.INFO, "backoffice.request")
    response = client.get("/admin/", headers={"X-Request-ID": "abc-12345"})
    assert response["X-Request-ID"] == "abc-12345"
    lines = [r for r in caplog.records if r.name == "backoffice.request"]
    assert [line.getMessage() for line in lines] == ["GET /admin/ 200"]
    assert lines[0].ms >= 0
    assert context.current() == context.Context()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given_id", ["", "short", "x" * 65, "a b c d e f", "a\r\nb: c12345"]
)
def test_an_odd_request_id_is_replaced(client, given_id):
    response = client.get("/admin/login/", headers={"X-Request-ID": given_id})
    assert response["X-Request-ID"] != given_id
    assert len(response["X-Request-ID"]) == 32
