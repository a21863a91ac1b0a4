"""For supervisors and load balancers: is the process up, and can it serve?

Both answers are plain JSON without the envelope, need no login and tell nothing about
why something failed; that stands in the log.
"""

import json
import logging
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_q.models import OrmQ

from backoffice.storage import FileServerStorage

logger = logging.getLogger("backoffice.health")
Facts = dict[str, Any]


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up and answers; it asks nobody else."""
    return _answer({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether what the shop stands on can be reached: 200, or 503 when one cannot."""
    checks = {name: _checked(name, check) for name, check in CHECKS.items()}
    is_ready = all(check["state"] == "ok" for check in checks.values())
    return _answer(
        {"status": "ok" if is_ready else "failing", "checks": checks},
        status=200 if is_ready else 503,
    )


def _answer(content: Facts, status: int = 200) -> HttpResponse:
    response = HttpResponse(
        json.dumps(content), status=status, content_type="application/json"
    )
    response["Cache-Control"] = "no-store"
    return response


def _checked(name: str, check: Callable[[], Facts]) -> Facts:
    began = time.perf_counter()
    try:
        facts = {"state": "ok", **check()}
    except Exception:
        logger.exception("%s is not ready", name)
        facts = {"state": "failing"}
    facts["ms"] = round((time.perf_counter() - began) * 1000, 1)
    return facts


def _database() -> Facts:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return {}


def _cache() -> Facts:
    """Written and read back; a cache that is a table is only read, because writing it
    is the database's, and would wait for whoever writes there."""
    cache = caches["default"]
    if isinstance(cache, DatabaseCache):
        cache.get("readyz")
        return {}
    word = uuid4().hex
    cache.set("readyz", word, 60)
    if cache.get("readyz") is None:
        raise RuntimeError("the cache does not keep what it was given")
    return {}


def _broker() -> Facts:
    """The queue of jobs: how many wait, and since how long the first of them does.

    A job that a worker holds has its lock in the future. Old ones mean that no worker
    is running, which does not keep this process from serving.
    """
    now = timezone.now()
    waiting = OrmQ.objects.filter(lock__lte=now).aggregate(
        queued=Count("id"), oldest=Min("lock")
    )
    oldest = waiting["oldest"]
    seconds = round((now - oldest).total_seconds()) if oldest else 0
    return {"queued": waiting["queued"], "oldest_seconds": seconds}


def _file_store() -> Facts:
    """A folder is written to; a file server is asked how it is."""
    storage = storages["default"]
    if isinstance(storage, FileServerStorage):
        health = storage.health()
        return {"files": health.files, "free_bytes": health.free_bytes}
    if not isinstance(storage, FileSystemStorage):
        storage.exists("readyz")
        return {}
    os.makedirs(storage.location, exist_ok=True)
    with tempfile.TemporaryFile(prefix=".readyz-", dir=storage.location) as file:
        file.write(b"ok")
        file.flush()
    return {}


CHECKS: dict[str, Callable[[], Facts]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "file_store": _file_store,
}
