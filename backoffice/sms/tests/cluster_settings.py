"""Settings of a real worker that sends its messages to a vendor on the loopback."""

import os

from backoffice.jobs.tests.cluster_settings import *  # noqa: F403 - as the tests
from backoffice.sms.tests.vendor import SETTINGS

globals().update(SETTINGS)
SMS_TIMEOUT = 30
SMS_ENDPOINT = os.environ["VENDOR"]
