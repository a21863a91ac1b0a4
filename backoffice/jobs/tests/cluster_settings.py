"""Settings of a real worker in the tests: it gives up waiting after seconds."""

import os

from backoffice.settings_test import *  # noqa: F403 - as the tests
from backoffice.settings_test import DATABASES, Q_CLUSTER, STORAGES

DATABASES["default"]["NAME"] = os.environ["CLUSTER_DATABASE"]
Q_CLUSTER.update(timeout=3, retry=4, poll=0.1, guard_cycle=0.1, workers=1)
STORAGES["private"]["OPTIONS"]["location"] = os.environ["CLUSTER_PRIVATE"]
