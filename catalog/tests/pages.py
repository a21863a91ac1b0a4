"""What the tests of pages share: people of a role, queries, what a page says."""

import io

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from backoffice.accounts.roles import sync_roles
from backoffice.accounts.tests.factories import StaffFactory


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


def upload(name="apple.png", colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/png")
