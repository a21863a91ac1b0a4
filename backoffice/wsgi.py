"""The shop as a WSGI application."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup(set_prefix=False)

from backoffice.base.wsgi import Handler  # noqa: E402 - the settings come first

application = Handler()
