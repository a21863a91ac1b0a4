"""`python bench/ask_lists.py '{"name": "/admin/…"}'`: the milliseconds of each page in the
shop, from the request to the last byte; the median of five, as one JSON object."""

import json
import statistics
import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402 - the settings come first
from django.test import Client  # noqa: E402

from backoffice.accounts.models import User  # noqa: E402
from catalog import freshness  # noqa: E402

TIMES = 5


def main(pages: dict[str, str]) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    boss = User.objects.filter(is_superuser=True).first()
    client.force_login(boss or User.objects.create_superuser("boss", password="x" * 20))
    found = {}
    for name, address in pages.items():
        took = []
        for _time in range(TIMES + 1):
            # what a page costs that nobody has kept
            freshness.forget()
            began = time.perf_counter()
            answer = client.get(address)
            assert answer.content, name
            took.append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, (name, address, answer.status_code)
        found[name] = statistics.median(took[1:])
    print(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
