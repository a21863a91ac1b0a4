"""The only writer of the operation log."""

import pytest

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.base import context
from backoffice.oplog.actions import action_label
from backoffice.oplog.models import OperationLog
from backoffice.oplog.record import MASK, entry, masked, record, record_all
from catalog.tests.factories import CategoryFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password1",
        "PASSWORD",
        "client_secret",
        "access_token",
        "api_key",
        "apikey",
        "private_key",
        "session_key",
    ],
)
def test_secrets_are_masked_wherever_they_stand(key):
    assert masked({key: "s", "deep": [{"deeper": {key: ["s", 1]}}], "name": "x"}) == {
        key: MASK,
        "deep": [{"deeper": {key: MASK}}],
        "name": "x",
    }


def test_masked_leaves_everything_else():
    given = {"a": 1, "b": [True, None, "text"], "c": {"d": "e"}}
    assert masked(given) == given
    assert masked(("a", 1)) == ["a", 1]
    assert masked("password") == "password"


def test_record_masks_and_keeps_where_it_came_from():
    by, category = StaffFactory(), CategoryFactory(name="苹果")
    with context.using(ip="2001:db8::1", means="command", request_id="r-12345678"):
        record(by=by, action="goods.changed", target=category, token="t", note="n")
    row = OperationLog.objects.get()
    assert (row.by, row.target_type, row.target_id, row.target_label) == (
        by,
        "catalog.category",
        str(category.pk),
        "苹果",
    )
    assert row.data == {"token": MASK, "note": "n"}
    assert (row.ip, row.means, row.request_id) == (
        "2001:db8::1",
        "command",
        "r-12345678",
    )


def test_outside_a_request_there_is_no_address():
    row = record(by=None, action="goods.changed")
    assert (row.ip, row.means, row.by, row.target_type) == (None, "", None, "")


def test_a_person_is_kept_by_number_not_by_name():
    user = StaffFactory(username="fang", nickname="王芳")
    record(by=user, action="staff.changed", target=user)
    row = OperationLog.objects.get()
    assert row.target_label == f"#{user.pk}"
    assert str(row) == f"{action_label('staff.changed')} #{user.pk}"


def test_long_labels_are_cut():
    label = "x" * 300
    category = CategoryFactory(name="short")
    category.name = label
    assert (
        entry(by=None, action="goods.changed", target=category).target_label
        == (label[:200])
    )


def test_many_rows_are_written_with_few_queries(django_assert_max_num_queries):
    by = StaffFactory()
    rows = [entry(by=by, action="goods.changed", number=n) for n in range(100)]
    with django_assert_max_num_queries(3):
        assert record_all(rows) == 100
    assert OperationLog.objects.count() == 100
