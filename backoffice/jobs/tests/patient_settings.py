"""Settings of a real worker that gives a task out again after six minutes, as in a shop."""

from backoffice.jobs.tests.cluster_settings import *  # noqa: F403 - as the others
from backoffice.jobs.tests.cluster_settings import Q_CLUSTER

Q_CLUSTER.update(timeout=300, retry=360)
