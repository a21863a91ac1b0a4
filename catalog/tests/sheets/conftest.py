"""A shop with words to sort by, and the command as people and machines run it."""

import io
import json
from decimal import Decimal

import pytest
from django.core.management import call_command

from backoffice.accounts.tests.factories import AdminFactory
from backoffice.sheets.tests.files import write_csv
from catalog.models import Brand, Category, Unit


class Answer:
    """What the command said: its status, its last line as JSON, all its words."""

    def __init__(self, status, text, is_json):
        self.status, self.text = status, text
        self.json = json.loads(text.splitlines()[-1]) if is_json else None

    @property
    def counts(self):
        return {
            name: self.json[name]
            for name in ("new", "changed", "unchanged", "conflicts")
        }

    @property
    def cells(self):
        return [error["cell"] for error in self.json["errors"]]

    @property
    def messages(self):
        return {error["cell"]: error["message"] for error in self.json["errors"]}


@pytest.fixture
def shop(db):
    """Words of the shop and its superuser."""
    Category.objects.create(name="苹果蕉梨")
    Category.objects.create(name="葡提梅果")
    Brand.objects.create(name="果农之家")
    Unit.objects.create(name="斤", step=Decimal("0.001"))
    Unit.objects.create(name="个")
    Unit.objects.create(name="箱")
    return AdminFactory(username="boss")


@pytest.fixture
def sheet(shop, tmp_path):
    """`sheet(rows, "--dry-run", by=…)`: import these rows, or a file."""

    def run(rows, *options, by=None, kind="goods", is_json=True):
        path = rows
        if isinstance(rows, list):
            path = write_csv(tmp_path / "goods.csv", rows)
        out = io.StringIO()
        status = 0
        try:
            call_command(
                "sheet",
                "import",
                kind,
                str(path),
                "--as",
                (by or shop).username,
                *(["--json"] if is_json else []),
                *options,
                stdout=out,
            )
        except SystemExit as end:
            status = end.code
        return Answer(status, out.getvalue(), is_json)

    return run
