"""Times as people and other programs write them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from backoffice.base.moments import read_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2022-07-01", "2022-07-01 00:00:00"),
        ("2022-07-01T08:30", "2022-07-01 08:30:00"),
        ("2022-07-01 08:30:05", "2022-07-01 08:30:05"),
        ("2010/12/1 8:26", "2010-12-01 08:26:00"),
        ("2010.12.1", "2010-12-01 00:00:00"),
        ("2022年7月1日 8:30", "2022-07-01 08:30:00"),
        ("２０２２-０７-０１", "2022-07-01 00:00:00"),
        ("2022-07-01T08:30:00Z", "2022-07-01 16:30:00"),
        ("2022-07-01T08:30:00+09:00", "2022-07-01 07:30:00"),
        ("2022-07-01 08:30:05.250", "2022-07-01 08:30:05"),
    ],
)
def test_what_is_a_time(text, local):
    read = read_moment(text)
    assert read is not None
    assert f"{read.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" == local


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2022-13-01",
        "2022-02-30",
        "07/01/2022",
        "2022-07-01 25:00",
        "2022-07-01 noon",
        "44743",
        "2022-07-01T08:30 and more",
    ],
)
def test_what_is_none(text):
    assert read_moment(text) is None


def test_without_an_offset_it_is_local():
    assert read_moment("2022-07-01T00:00") == datetime(2022, 7, 1, tzinfo=SHANGHAI)
