"""`verify_books` finds what was tampered with, and repairs nothing."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from backoffice.base import triggers
from backoffice.books import checks, tasks
from backoffice.books.models import BooksCheck
from backoffice.oplog.models import OperationLog
from stock import proving, reservations
from stock.models import StockBalance
from stock.tests.factories import stocked

pytestmark = pytest.mark.django_db
D = Decimal


def run(*arguments):
    out, status = StringIO(), 0
    try:
        call_command("verify_books", *arguments, stdout=out)
    except SystemExit as end:
        status = end.code
    return out.getvalue().splitlines(), status


def tamper(sql):
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute(sql)


def found():
    return [(d.kind, d.object, d.booked, d.ledger) for d in proving.prove().differences]


def test_books_that_agree():
    for quantity in ("0.1", "0.2", "7.003"):
        goods = stocked(quantity)
        reservations.reserve([(goods.pk, D("0.1"))], order=quantity, by=None)
    lines, status = run("--json")
    assert json.loads(lines[-1]) == {"checked": 3, "differences": []}
    assert status == 0
    check = BooksCheck.objects.get()
    assert (check.checked, check.differing, check.means) == (3, 0, "command")
    assert not OperationLog.objects.filter(action="books.differ").exists()


def test_a_balance_that_was_changed_is_found_logged_and_left(caplog):
    stocked("10", code="A1")
    StockBalance.objects.update(on_hand=D("9.5"))
    lines, status = run("--json")
    assert status == 1
    assert json.loads(lines[-1]) == {
        "checked": 1,
        "differences": [
            {
                "kind": "stock.on_hand",
                "object": "A1",
                "booked": "9.500",
                "ledger": "10.000",
            }
        ],
    }
    assert StockBalance.objects.get().on_hand == D("9.5")
    log = OperationLog.objects.get(action="books.differ")
    assert log.data["first"]["object"] == "A1"
    assert BooksCheck.objects.get().differing == 1
    assert "the books differ" in caplog.text


def test_without_json_sentences_come_before_it():
    stocked("10", code="A1")
    StockBalance.objects.update(on_hand=D(11))
    lines, status = run()
    assert status == 1
    assert "A1" in lines[0]
    assert json.loads(lines[-1])["checked"] == 1


def test_reservations_and_shortages_are_proved():
    goods = stocked("10", code="A1")
    reservations.reserve([(goods.pk, D(4))], order="O1", by=None)
    StockBalance.objects.update(reserved=D(3))
    assert found() == [("stock.reserved", "A1", "3.000", "4.000")]
    StockBalance.objects.update(reserved=D(10), short=D(1))
    assert [d[0] for d in found()] == ["stock.reserved", "stock.short"]


def test_a_balance_that_is_gone_is_found():
    stocked("10", code="A1")
    StockBalance.objects.all().delete()
    assert found() == [("stock.on_hand", "A1", "0.000", "10.000")]


def test_a_movement_that_was_changed_breaks_the_chain_once():
    goods = stocked("10", code="A1")
    for order in ("O1", "O2", "O3"):
        reservations.reserve([(goods.pk, D(1))], order=order, by=None)
    tamper("UPDATE stock_stockmovement SET delta_reserved = 2 WHERE reference = 'O2'")
    kinds = found()
    assert kinds[0] == ("stock.reserved", "A1", "3.000", "4.000")
    assert [d[0] for d in kinds] == ["stock.reserved", "stock.reserved_after"]


def test_an_order_that_holds_less_than_nothing_is_found():
    goods = stocked("10", code="A1")
    reservations.reserve([(goods.pk, D(1))], order="O1", by=None)
    reservations.reserve([(goods.pk, D(2))], order="O2", by=None)
    reservations.release(order="O2", by=None)
    tamper("UPDATE stock_stockmovement SET held_for = 'O1' WHERE kind = 'release'")
    assert found() == [("stock.held", "A1 O1", "0.000", "-1.000")]


def test_the_nightly_task_checks_and_keeps():
    stocked("10")
    assert tasks.verify() == {"checked": 1, "differing": 0}
    assert BooksCheck.objects.count() == 1


def test_of_many_differences_some_are_kept(monkeypatch):
    monkeypatch.setattr(checks, "MOST_KEPT", 2)
    for _ in range(3):
        stocked("10")
    StockBalance.objects.update(on_hand=D(11))
    assert len(checks.verify().differences) == 3
    check = BooksCheck.objects.get()
    assert (check.differing, len(check.differences)) == (3, 2)
