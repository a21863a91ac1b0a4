"""Our import of a sheet, from the open file to the commit: FILE."""

import os
import resource
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from common import emit  # noqa: E402 - after the set-up
from django.core.files import File  # noqa: E402 - as above

from backoffice.accounts.models import User  # noqa: E402 - as above
from backoffice.sheets import batches, importing  # noqa: E402 - as above
from catalog.models import Category, Unit  # noqa: E402 - as above


def main(path: str) -> None:
    by = User.objects.filter(username="bench").first()
    if by is None:
        by = User.objects.create_superuser("bench")
        Category.objects.bulk_create(Category(name=f"品类{i}") for i in range(1, 201))
        Unit.objects.create(name="斤", step="0.001")
    began = time.perf_counter()
    with Path(path).open("rb") as file:
        batch = batches.receive("goods", File(file, name=path), by=by, check=True)
    importing.start_apply(batch, by=by, wait=True)
    seconds = time.perf_counter() - began
    batch.refresh_from_db()
    assert batch.status == "applied"
    assert batch.done == batch.rows_total
    peak = sum(
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    emit(seconds=seconds, cpu=time.process_time(), peak_mb=peak, batch=batch.pk)


if __name__ == "__main__":
    main(sys.argv[1])
