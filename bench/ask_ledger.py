"""`python bench/ask_ledger.py`: the ledger's pages as a manager opens them; one JSON
object {page: [fastest milliseconds of five, statements, plans that scan the ledger]}."""

import json
import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import connection  # noqa: E402 - the settings come first
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from backoffice.accounts.models import User  # noqa: E402
from stock.models import StockMovement  # noqa: E402

LEDGER = reverse("admin:stock_stockmovement_changelist")


def pages() -> dict[str, str]:
    """What people ask the ledger for."""
    row = StockMovement.objects.filter(kind="sale").order_by("-id")[0]
    day = f"{row.at:%Y-%m-%d}"
    why = reverse("admin:stock_stockbalance_change", args=[row.goods_id])
    return {
        "first": LEDGER,
        "hundredth": f"{LEDGER}?p=100",
        "goods": f"{LEDGER}?goods={row.goods_id}",
        "goods and kind": f"{LEDGER}?goods={row.goods_id}&kind=spoilage",
        "kind": f"{LEDGER}?kind=receipt",
        "rare kind": f"{LEDGER}?kind=adjustment",
        "person": f"{LEDGER}?person={row.by_id}",
        "day": f"{LEDGER}?at_from={day}&at_to={day}",
        "reference": f"{LEDGER}?q={row.reference}",
        "why": why,
        "why at a moment": f"{why}?at={day}T12:00",
    }


def scans(queries: list[dict[str, str]]) -> int:
    """How many of the statements read the ledger from end to end."""
    found = 0
    with connection.cursor() as cursor:
        for query in queries:
            sql = query["sql"]
            if "stock_stockmovement" in sql and sql.startswith(("SELECT", "WITH")):
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
                found += "Seq Scan on stock_stockmovement" in plan
    return found


def main() -> None:
    client = Client(headers={"accept-language": "en", "host": "127.0.0.1"})
    client.force_login(User.objects.filter(is_superuser=True)[0])
    answer = {}
    for name, address in pages().items():
        took = []
        for _round in range(6):
            began = time.perf_counter()
            status = client.get(address).status_code
            took.append(time.perf_counter() - began)
            assert status == 200, (name, status)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        answer[name] = [
            round(1000 * min(took[1:]), 1),
            len(captured),
            scans(captured.captured_queries),
        ]
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
