"""The shop as a WSGI application."""

import os
import sys

import django

from backoffice.env import UnreadableSetting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
try:
    django.setup(set_prefix=False)
except UnreadableSetting as error:
    sys.exit(f"The shop cannot start: {error}")

from backoffice.base.wsgi import Handler

application = Handler()
