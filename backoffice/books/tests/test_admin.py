"""The checks of the books in the admin: read only, loud where something differs."""

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.books import checks, proofs
from backoffice.books.models import BooksCheck
from backoffice.books.proofs import Difference, Proved

pytestmark = pytest.mark.django_db
LIST = "admin:books_bookscheck_changelist"
WRONG = Difference("test.figure", "Thing 7", "1", "2")


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def differing():
    proofs.register("test", lambda: Proved(1, [WRONG]))
    yield
    proofs.withdraw("test")


def text(response):
    return response.content.decode()


def test_home_warns_until_a_check_agrees(client, differing):
    client.force_login(AdminFactory())
    checks.verify()
    assert "differ from their ledgers" in text(client.get(reverse("admin:index")))
    proofs.register("test", lambda: Proved(1, []))
    checks.verify()
    assert "differ from their ledgers" not in text(client.get(reverse("admin:index")))


def test_a_check_lists_what_differed(client, differing):
    client.force_login(StaffFactory(permissions=["books.view_bookscheck"]))
    checks.verify()
    listed = text(client.get(reverse(LIST)))
    assert "differ" in listed
    pk = BooksCheck.objects.get().pk
    shown = text(client.get(reverse("admin:books_bookscheck_change", args=[pk])))
    assert "Thing 7" in shown
    assert "test.figure" in shown


def test_only_who_may_sees_the_checks(client):
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(reverse(LIST)).status_code == 403


def test_an_empty_list_says_when_they_are_checked(client):
    client.force_login(AdminFactory())
    assert "every night" in text(client.get(reverse(LIST)))


def test_old_checks_are_forgotten():
    old = timezone.now() - checks.KEEP - timezone.timedelta(days=1)
    BooksCheck.objects.create(at=old, checked=1, differing=0)
    checks.verify()
    assert not BooksCheck.objects.filter(at=old).exists()
