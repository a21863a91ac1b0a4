"""A customer on the database of DATABASE_URL; prints id and token."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from backoffice.accounts import tokens  # noqa: E402 - Django is set up first
from backoffice.accounts.models import User  # noqa: E402 - as above

user = User.objects.create_user("bench", mobile="13000000000", nickname="李小雨")
print(user.pk, tokens.issue(user).access)
