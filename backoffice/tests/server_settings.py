"""Settings of real web servers in the tests: one database and one cache for all."""

import os

from backoffice.settings_test import *  # noqa: F403 - as the tests
from backoffice.settings_test import CACHES, DATABASES, INSTALLED_APPS

DATABASES["default"]["NAME"] = os.environ["SERVER_DATABASE"]
if url := os.environ.get("SERVER_REDIS"):
    CACHES["default"] = {
        "BACKEND": "backoffice.base.rediscache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": os.environ["SERVER_PREFIX"],
    }
# an app that takes a lock away, to show what the lock is for
if careless := os.environ.get("SERVER_CARELESS"):
    INSTALLED_APPS.append(careless)
