"""What the tests of pages share: people of a role, queries, what a page says."""

from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import StaffFactory
from catalog.tests.pictures import upload

__all__ = ["messages_of", "queries_of", "role", "text", "upload", "url"]


def role(name):
    """A member of staff of this role."""
    sync_roles()
    user = StaffFactory()
    user.groups.add(Group.objects.get(name=name))
    return user


def url(model, name="changelist", *args):
    return reverse(f"admin:catalog_{model}_{name}", args=args)


def text(response):
    return response.content.decode()


def messages_of(response):
    return [str(m) for m in response.context["messages"]]


def queries_of(client, address):
    """How many queries a page takes once everything is warm."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
