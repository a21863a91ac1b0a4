"""How values are written in an answer."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from backoffice.base.api.envelope import (
    code_of,
    failure,
    moment,
    money,
    quantity,
    success,
)
from backoffice.base.api.strict import strict


@pytest.mark.parametrize(
    ("value", "text"), [("12.5", "12.50"), ("0", "0.00"), ("1E+3", "1000.00")]
)
def test_money_has_two_places(value, text):
    assert money(Decimal(value)) == text


def test_quantity_has_three_places():
    assert quantity(Decimal(3)) == "3.000"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Shanghai", "2026-11-24T04:05:06+08:00"),
        ("UTC", "2026-11-23T20:05:06+00:00"),
    ],
)
def test_moment_carries_the_offset_of_the_shop(zone, text):
    with override_settings(TIME_ZONE=zone):
        assert moment(datetime(2026, 11, 23, 20, 5, 6, 999, UTC)) == text


def test_success_writes_chinese_as_it_is():
    answer = success({"name": "苹果"}, status=201)
    assert answer.status_code == 201
    assert answer.content.decode() == (
        '{"code":0,"msg":"success.","data":{"name":"苹果"}}'
    )


def test_message_that_is_no_text_does_not_break_the_answer():
    answer = failure("invalid", "half a character: \ud800")
    assert json.loads(answer.content)["msg"] == "half a character: ?"


def test_unlisted_slug_is_numbered_by_its_status():
    assert code_of("changed_meanwhile", 409) == 40999


def test_strictness_needs_to_know_the_operation():
    with pytest.raises(ImproperlyConfigured, match="not known"):
        strict(lambda request: success(None))
