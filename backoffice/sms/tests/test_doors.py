"""The list, the command, the checks, the console."""

import logging
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from backoffice.accounts.tests.factories import AdminFactory, StaffFactory
from backoffice.base.admin import home
from backoffice.sms import backends, checks, sending, tasks
from backoffice.sms.admin import sms_cards
from backoffice.sms.backends import Answer, locmem
from backoffice.sms.enums import Outcome, SmsStatus
from backoffice.sms.models import SmsMessage
from backoffice.sms.tests.vendor import SETTINGS
from backoffice.tests.pages import text_of

MOBILE = "13800138000"
LIST = "admin:sms_smsmessage_changelist"


def message(*answers: Outcome, recipient=None):
    row = sending.send(
        MOBILE, "low_stock", recipient=recipient, is_urgent=True, name="红富士", count=3
    )
    for outcome in answers:
        locmem.answers[:] = [Answer(outcome, code="X.Y", detail="why")]
        tasks.deliver(row.pk)
    return SmsMessage.objects.get(pk=row.pk)


@pytest.fixture
def viewer(client):
    client.force_login(StaffFactory(permissions=["sms.view_smsmessage"]))
    return client


@pytest.mark.django_db
def test_the_list_masks_numbers_and_counts(viewer):
    message(Outcome.SENT, recipient=StaffFactory(nickname="小王", mobile=MOBILE))
    message(Outcome.REFUSED)
    page = viewer.get(reverse(LIST))
    text = text_of(page)
    assert "138••••8000" in text
    assert MOBILE not in page.content.decode()
    assert "小王" in text
    failed = viewer.get(reverse(LIST), {"tab": "failed"})
    assert len(failed.context["cl"].result_list) == 1


@pytest.mark.django_db
def test_the_page_of_one_tells_every_attempt_and_has_no_input(viewer):
    row = message(Outcome.LATER)
    page = viewer.get(reverse("admin:sms_smsmessage_change", args=[row.pk]))
    assert "X.Y · why" in text_of(page)
    assert (
        "<input"
        not in page.content.decode()
        .split("<main", 1)[1]
        .split("object-form", 1)[1]
        .split("</main>")[0]
    )
    assert MOBILE not in page.content.decode()


@pytest.mark.django_db
def test_search_wants_the_whole_number(viewer):
    message()
    for term, count in ((MOBILE, 1), ("1380013", 0), ("8000", 0)):
        page = viewer.get(reverse(LIST), {"q": term})
        assert len(page.context["cl"].result_list) == count


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["recipient=1", "recipient=x", "template=low_stock", "template=x"]
)
def test_filters_open(viewer, query):
    message()
    assert viewer.get(f"{reverse(LIST)}?{query}").status_code == 200


@pytest.mark.django_db
def test_as_many_queries_for_three_rows_as_for_one(viewer):
    def ask():
        with CaptureQueriesContext(connection) as captured:
            viewer.get(reverse(LIST))
        return len(captured)

    message(recipient=StaffFactory())
    ask()
    one = ask()
    for _more in range(3):
        message(Outcome.SENT, recipient=StaffFactory())
    assert ask() == one


@pytest.mark.django_db
def test_it_is_closed_to_others(client):
    client.force_login(StaffFactory(permissions=["catalog.view_goods"]))
    assert client.get(reverse(LIST)).status_code == 403


@pytest.mark.django_db
def test_nobody_writes_by_hand(client):
    client.force_login(AdminFactory())
    assert client.get(reverse("admin:sms_smsmessage_add")).status_code == 403
    row = message()
    url = reverse("admin:sms_smsmessage_change", args=[row.pk])
    assert client.post(url, {"mobile": "13900139000"}).status_code == 403


@pytest.mark.django_db
def test_retry_needs_its_permission(viewer, client):
    row = message(Outcome.REFUSED)
    url = reverse("admin:sms_smsmessage_verb", args=["retry"])
    assert viewer.post(url, {"only": row.pk}).status_code == 403
    client.force_login(
        StaffFactory(permissions=["sms.view_smsmessage", "sms.manage_sms"])
    )
    client.post(url, {"only": row.pk})
    assert SmsMessage.objects.get(pk=row.pk).status == SmsStatus.QUEUED


@pytest.mark.django_db
def test_retry_of_several_says_what_happened_to_each(client):
    client.force_login(AdminFactory())
    rows = [message(Outcome.REFUSED), message(Outcome.SENT), message(Outcome.LATER)]
    url = reverse("admin:sms_smsmessage_verb", args=["retry"])
    ids = ",".join(str(r.pk) for r in rows)
    assert "138••••8000" in text_of(client.post(url, {"only": ids}))
    page = client.post(url, {"only": ids, "confirmed": "1"}, follow=True)
    assert len(page.context["done"]) == 2
    assert len(page.context["failed"]) == 1


@pytest.mark.django_db
def test_the_home_page_shows_what_failed(rf):
    message(Outcome.REFUSED)
    request = rf.get("/")
    request.user = StaffFactory(permissions=["sms.view_smsmessage"])
    (card,) = sms_cards(request)
    assert card.count == 1
    request.user = StaffFactory()
    assert list(sms_cards(request)) == []
    assert sms_cards in home.cards.providers


# --- command and checks


@pytest.mark.django_db
def test_the_command_sends_a_test():
    admin = AdminFactory()
    out = StringIO()
    call_command("sms", "test", MOBILE, "--as", admin.username, stdout=out)
    assert "138••••8000" in out.getvalue()
    assert len(locmem.outbox) == 1


@pytest.mark.django_db
def test_the_command_says_what_went_wrong():
    admin = AdminFactory()
    with pytest.raises(CommandError):
        call_command("sms", "test", "12", "--as", admin.username)
    with pytest.raises(CommandError):
        call_command("sms", "test", MOBILE, "--as", StaffFactory().username)
    locmem.answers[:] = [Answer(Outcome.REFUSED, code="X")]
    with pytest.raises(SystemExit):
        call_command("sms", "test", MOBILE, "--as", admin.username, stdout=StringIO())


def test_the_command_prints_the_texts_for_the_vendor(settings):
    out = StringIO()
    call_command("sms", "templates", stdout=out)
    assert "{1}" in out.getvalue()
    assert "{2}" in out.getvalue()


def test_a_vendor_is_configured_whole(settings):
    assert checks.check_vendor() == []
    settings.SMS_BACKEND = "tencent"
    assert [e.id for e in checks.check_vendor()] == ["sms.E001", "sms.E002"]
    for name, value in SETTINGS.items():
        setattr(settings, name, value)
    assert checks.check_vendor() == []
    assert checks.check_backend() == []


def test_production_is_told_that_nothing_is_sent(settings):
    settings.SMS_BACKEND, settings.DEMO = "console", False
    assert [w.id for w in checks.check_backend()] == ["sms.I001"]
    settings.DEMO = True
    assert checks.check_backend() == []


def test_the_console_writes_into_the_log_with_the_number_masked(settings, caplog):
    settings.SMS_BACKEND = "console"
    with caplog.at_level(logging.INFO, "backoffice.sms"):
        answer = backends.chosen().send(MOBILE, "low_stock", ["a", "1"], "缺货")
    assert answer.outcome == Outcome.SENT
    assert "缺货" in caplog.text
    assert "138••••8000" in caplog.text
    assert MOBILE not in caplog.text


def test_the_words_of_the_texts_are_the_shops_language(settings):
    settings.LANGUAGE_CODE = "zh-hans"
    with override("en"):
        from backoffice.sms.templates import TEMPLATES

        assert TEMPLATES["low_stock"].words(["苹果", "3"]) == "苹果等3种商品低于预警"
