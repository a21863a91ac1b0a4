"""`python bench/fill_lists.py 1000000`: so many goods and rows of each log in an empty
database on PostgreSQL (`catalog.tests.volume`)."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import connection  # noqa: E402 - the settings come first

from catalog.tests.volume import fill  # noqa: E402


def main(count: int) -> None:
    fill(count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main(int(sys.argv[1]))
