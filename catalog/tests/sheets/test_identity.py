"""Properties over any sheet: what an undo restores, what the history holds."""

import contextlib
import io
import json
from decimal import Decimal

from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.sheets import undoing
from backoffice.sheets.models import Batch
from backoffice.sheets.tests.files import write_csv
from catalog import changes
from catalog.models import Goods
from catalog.tests.factories import (
    BrandFactory,
    CategoryFactory,
    GoodsFactory,
    OnSaleGoodsFactory,
    PieceFactory,
    UnitFactory,
)

CELLS = {
    "name": st.sampled_from(["", "红富士", "香蕉", "x" * 101]),
    "category": st.sampled_from(["", "苹果蕉梨", "没有"]),
    "brand": st.sampled_from(["", "果农之家", "清空"]),
    "unit": st.sampled_from(["", "斤", "个"]),
    "price": st.sampled_from(["", "9.90", "12", "3", "0", "x", "￥1,000.50"]),
    "case_price": st.sampled_from(["", "88", "清空"]),
    "retail_enabled": st.sampled_from(["", "是", "否"]),
    "min_quantity": st.sampled_from(["", "1", "0.5"]),
    "cost": st.sampled_from(["", "5", "8.1234", "清空"]),
    "spec": st.sampled_from(["", "80mm", "清空"]),
    "is_weighed": st.sampled_from(["", "是", "no"]),
    "description": st.sampled_from(["", "一\n二", "清空"]),
}
CODES = ["D1", "D2", "S1", "S2", "N1", "N2"]
ROWS = st.dictionaries(st.sampled_from(CODES), st.fixed_dictionaries(CELLS), min_size=1)
LOOSE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def a_shop():
    CategoryFactory()
    BrandFactory()
    UnitFactory()
    PieceFactory()
    for code in ("D1", "D2"):
        GoodsFactory(code=code, spec="旧", cost=Decimal("6.5"))
    for code in ("S1", "S2"):
        OnSaleGoodsFactory(code=code, price=Decimal("10.00"), case_price=Decimal(50))
    return AdminFactory()


def imported(by, folder, rows):
    table = [
        ["code", *CELLS],
        *([code, *cells.values()] for code, cells in rows.items()),
    ]
    out = io.StringIO()
    # status 1 where rows were refused
    with contextlib.suppress(SystemExit):
        call_command(
            *("sheet", "import", "goods", str(write_csv(folder / "a.csv", table))),
            *("--as", by.username, "--only-good", "--json"),
            stdout=out,
        )
    return json.loads(out.getvalue().splitlines()[-1])


def state():
    return {
        row.pop("code"): {k: v for k, v in row.items() if k != "updated_at"}
        for row in Goods.objects.order_by("pk").values()
    }


@LOOSE
@given(rows=ROWS)
def test_undo_after_import_is_the_identity(db, tmp_path_factory, rows):
    with transaction.atomic():
        by = a_shop()
        before = state()
        answer = imported(by, tmp_path_factory.mktemp("undo"), rows)
        batch = Batch.objects.get()
        if batch.done:
            undoing.start_undo(batch, by=by)
        after = state()
        assert {code: after[code] for code in before} == before
        entered = set(after) - set(before)
        assert len(entered) == answer["new"]
        assert {after[code]["status"] for code in entered} <= {"archived"}
        transaction.set_rollback(True)


@LOOSE
@given(rows=ROWS)
def test_history_has_one_row_for_each_real_change(db, tmp_path_factory, rows):
    with transaction.atomic():
        by = a_shop()
        before, known = (
            state(),
            set(changes.HISTORY.objects.values_list("pk", flat=True)),
        )
        answer = imported(by, tmp_path_factory.mktemp("history"), rows)
        after = state()
        changed = {code for code in after if after[code] != before.get(code)}
        fresh = changes.HISTORY.objects.exclude(pk__in=known)
        assert sorted(fresh.values_list("code", flat=True)) == sorted(changed)
        assert set(fresh.values_list("means", flat=True)) <= {"sheet"}
        assert set(fresh.values_list("reference", flat=True)) <= {str(answer["batch"])}
        for row in fresh.filter(price_changed=True, history_type="~"):
            assert (row.old_price is not None) == (
                before[row.code]["price"] != row.price
            )
        counted = answer["new"] + answer["changed"] + answer["unchanged"]
        assert counted + len(
            {e["cell"].lstrip("ABCDEFGHIJKLM") for e in answer["errors"]}
        ) == len(rows)
        transaction.set_rollback(True)


@LOOSE
@given(rows=ROWS)
def test_a_second_import_changes_nothing(db, tmp_path_factory, rows):
    """But for prices, which wait for approval twice."""
    with transaction.atomic():
        by = a_shop()
        folder = tmp_path_factory.mktemp("twice")
        imported(by, folder, rows)
        once = state()
        answer = imported(by, folder, rows)
        assert state() == once
        assert answer["new"] == 0
        transaction.set_rollback(True)
