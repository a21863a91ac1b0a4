"""What commands share: who acts, and answers for machines."""

import json
from io import StringIO

import pytest
from django.core.management.base import BaseCommand, CommandError

from backoffice.accounts.tests.factories import StaffFactory
from backoffice.base import context
from backoffice.base.commands import (
    acting_user,
    command_context,
    exit_if_refused,
    print_json,
)


@pytest.mark.django_db
@pytest.mark.parametrize("account", ["mei", "MEI", "13800000001", "mei@example.com"])
def test_acting_user_is_found_by_each_of_its_names(account):
    user = StaffFactory(username="mei", mobile="13800000001", email="mei@example.com")
    assert acting_user({"as_user": account}) == user


@pytest.mark.parametrize("account", ["", "  ", None])
def test_acting_user_must_be_named(account):
    with pytest.raises(CommandError, match="--as"):
        acting_user({"as_user": account})


@pytest.mark.django_db
def test_acting_user_refuses_a_stranger_by_name():
    with pytest.raises(CommandError, match="nobody-here"):
        acting_user({"as_user": "nobody-here"})


@pytest.mark.django_db
def test_acting_user_refuses_an_account_that_is_switched_off():
    StaffFactory(username="gone", is_active=False)
    with pytest.raises(CommandError, match="gone"):
        acting_user({"as_user": "gone"})


@pytest.mark.django_db
def test_command_context_names_the_means_and_the_user():
    by = StaffFactory()
    with command_context(by):
        assert (context.current().means, context.current().user_id) == (
            "command",
            by.pk,
        )
    assert context.current().means == ""


def test_print_json_writes_one_line_of_readable_text():
    out = StringIO()
    print_json(BaseCommand(stdout=out), {"done": ["红富士"]})
    assert out.getvalue().count("\n") == 1
    assert "红富士" in out.getvalue()
    assert json.loads(out.getvalue()) == {"done": ["红富士"]}


def test_exit_if_refused_ends_with_status_one():
    exit_if_refused(False)
    with pytest.raises(SystemExit) as ended:
        exit_if_refused(True)
    assert ended.value.code == 1
