"""Every failure has its status, slug and words, and never tells what went on inside."""

import logging

import pytest
from django.test import Client, override_settings

pytestmark = pytest.mark.urls("backoffice.base.api.tests.urls")
EN = {"accept-language": "en"}


@pytest.fixture
def client():
    return Client(headers=EN)


def test_refusal_of_a_verb_keeps_its_slug_words_and_data(client):
    answer = client.get("/api/v1/faults/wrong_status")
    assert answer.status_code == 409
    assert answer.json() == {
        "code": 40905,
        "error": "wrong_status",
        "msg": "Too late.",
        "data": {"status": "paid"},
    }


def test_refusal_without_data_says_null(client):
    answer = client.get("/api/v1/faults/forbidden")
    assert answer.status_code == 403
    assert answer.json()["data"] is None


@pytest.mark.parametrize(
    ("fault", "status", "slug", "words"),
    [
        ("denied", 403, "forbidden", "You may not do this."),
        ("unauthorized", 403, "forbidden", "You may not do this."),
        ("suspicious", 400, "invalid", "The request cannot be read."),
        ("broken_upload", 400, "invalid", "The request cannot be read."),
    ],
)
def test_refusals_of_the_frameworks_have_words_of_ours(
    client, fault, status, slug, words
):
    answer = client.get(f"/api/v1/faults/{fault}")
    assert answer.status_code == status
    content = answer.json()
    assert (content["error"], content["msg"], content["data"]) == (slug, words, None)


@pytest.mark.parametrize(
    ("fault", "seconds"), [("throttled", "3"), ("throttled_untimed", "1")]
)
def test_too_many_requests_are_told_when_to_come_back(client, fault, seconds):
    answer = client.get(f"/api/v1/faults/{fault}")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == seconds
    assert answer.json() == {
        "code": 42900,
        "error": "throttled",
        "msg": f"Too many requests; try again in {seconds} s.",
        "data": None,
    }


def test_field_errors_of_a_verb_are_named(client):
    answer = client.get("/api/v1/faults/fields")
    assert answer.status_code == 400
    assert answer.json()["data"] == [{"field": "mobile", "message": "Is taken."}]


def test_bug_is_logged_with_its_trace_and_hidden_from_the_client(caplog):
    client = Client(raise_request_exception=False, headers=EN)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/v1/faults/bug")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "code": 50300,
        "error": "unavailable",
        "msg": "Something went wrong in the shop. Try again later.",
        "data": None,
    }
    assert "hunter2" not in answer.content.decode()
    [record] = caplog.records
    assert record.name == "backoffice.api"
    assert record.exc_info[1].args == ("password=hunter2",)


def test_error_of_django_ninja_that_is_no_refusal_is_a_bug():
    answer = Client(raise_request_exception=False).get("/api/v1/faults/stray")
    assert answer.status_code == 500
    assert b"inner words" not in answer.content


@override_settings(DEBUG=True)
def test_bug_shows_nothing_even_while_developing():
    answer = Client(raise_request_exception=False).get("/api/v1/faults/bug")
    assert answer.status_code == 500
    assert b"Traceback" not in answer.content
    assert answer.json()["error"] == "unavailable"


def test_database_away_is_worth_another_try(client, caplog):
    answer = client.get("/api/v1/faults/database")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["error"] == "unavailable"
    assert b"secret-host" not in answer.content
    assert ("backoffice.api", logging.ERROR) in [
        (record.name, record.levelno) for record in caplog.records
    ]


def test_call_without_sign_in_is_refused(client):
    answer = client.get("/api/v1/mine")
    assert answer.status_code == 401
    assert answer.json() == {
        "code": 40100,
        "error": "not_authenticated",
        "msg": "Sign in first.",
        "data": None,
    }


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/x", "/api/v1/orders/"]
)
def test_unknown_address_is_json(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "code": 40400,
        "error": "not_found",
        "msg": "There is nothing at this address.",
        "data": None,
    }


@pytest.mark.parametrize("id", ["x", "0", "-1", "1.0", "%00", "%FF", "9" * 30])
def test_what_is_no_id_is_not_found(client, id):
    answer = client.get(f"/api/v1/orders/{id}")
    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_other_method_is_refused_and_told_what_is_allowed(client, method):
    answer = client.generic(method, "/api/v1/orders/1")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.json() == {
        "code": 40500,
        "error": "method_not_allowed",
        "msg": f"{method} is not possible here.",
        "data": None,
    }


def test_head_is_not_allowed_where_get_is_not(client):
    answer = client.get("/api/v1/files")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_options_names_the_methods(client):
    answer = client.options("/api/v1/orders")
    assert answer.status_code == 200
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.json() == {"code": 0, "msg": "success.", "data": None}


def test_head_is_get_without_the_body(client, caplog):
    got = client.get("/api/v1/orders/7")
    with caplog.at_level(logging.INFO):
        headed = client.head("/api/v1/orders/7")
    assert caplog.messages[-1] == "HEAD /api/v1/orders/7 200"
    assert headed.status_code == 200
    assert headed.content == b""
    assert headed.headers["Content-Length"] == str(len(got.content))


def test_call_may_say_itself_how_long_its_answer_is_kept(client):
    kept = client.get("/api/v1/private").headers["Cache-Control"]
    assert kept == "private, max-age=5"


def test_foreign_host_is_refused_in_the_envelope(client):
    answer = client.get("/api/v1/orders/7", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("en", "There is nothing at this address."),
        ("en-GB,zh;q=0.5", "There is nothing at this address."),
        ("*;;q=,\x7f", None),
        ("tlh", None),
        ("", None),
    ],
)
def test_words_follow_the_language_asked_for(asked, words):
    answer = Client().get("/api/nothing", headers={"accept-language": asked})
    assert answer.headers["Content-Language"] == ("en" if words else "zh-hans")
    assert "Accept-Language" in answer.headers["Vary"]
    if words:
        assert answer.json()["msg"] == words


def test_mistake_of_a_client_is_one_line_in_the_log(client, caplog):
    with caplog.at_level(logging.INFO):
        client.get("/api/v1/orders/x")
    assert [record.name for record in caplog.records] == ["backoffice.request"]
