"""What comes in is taken to the letter or refused with the field that is wrong."""

import json

import pytest
import werkzeug.test
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from backoffice.base.wsgi import Handler

pytestmark = pytest.mark.urls("backoffice.base.api.tests.urls")


@pytest.fixture
def client():
    return Client(headers={"accept-language": "en"})


def faults(answer):
    assert answer.status_code == 400
    content = answer.json()
    assert (content["code"], content["error"]) == (40000, "invalid")
    assert content["msg"]
    return content["data"]


def post(client, body, content_type="application/json"):
    return client.post("/api/v1/orders", body, content_type=content_type)


def test_body_is_taken(client):
    answer = post(client, {"lines": [{"goods_id": 3, "note": "熟"}]})
    assert answer.json()["data"] == [{"goods_id": 3, "note": "熟"}]


def test_unknown_query_parameters_are_named(client):
    assert faults(client.get("/api/v1/orders?page=2&x")) == [
        {"field": "page", "message": "Is not known here."},
        {"field": "x", "message": "Is not known here."},
    ]


def test_call_without_parameters_takes_none(client):
    assert faults(client.get("/api/v1/orders/1?x=1")) == [
        {"field": "x", "message": "Is not known here."}
    ]


def test_parameter_given_twice_is_refused_unless_it_is_a_list(client):
    assert faults(client.get("/api/v1/orders?is_open=1&is_open=0")) == [
        {"field": "is_open", "message": "Is given more than once."}
    ]
    answer = client.get("/api/v1/orders?tags=a&tags=b")
    assert answer.json()["data"] == {"tags": ["a", "b"], "is_open": None}


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)]
)
def test_flag_is_read(client, text, value):
    answer = client.get(f"/api/v1/orders?is_open={text}")
    assert answer.json()["data"]["is_open"] is value


@pytest.mark.parametrize("text", ["", "yes", "True", "2", "%20true"])
def test_flag_is_nothing_else(client, text):
    assert faults(client.get(f"/api/v1/orders?is_open={text}")) == [
        {"field": "is_open", "message": "Must be true or false."}
    ]


@pytest.mark.parametrize("query", ["tags=%ff", "tags=%e6%9e", "%c3%28=1", "tags=\xff"])
def test_query_that_is_no_text_is_refused(client, query):
    answer = client.get("/api/v1/orders", QUERY_STRING=query)
    assert answer.status_code == 400
    assert answer.json()["msg"] == "The address is not UTF-8 text."


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset=gbk",
        "text/plain; charset=utf-16",
        "text/plain; charset=base64",
        "text/plain; charset=idna",
        "text/plain; charset*=nonsense''x",
        "text/plain; charset=nonsense",
        ";;=",
    ],
)
def test_query_is_utf8_whatever_the_header_says(content_type):
    # by the way of the web server: the test client makes requests of its own kind
    server = werkzeug.test.Client(Handler())
    answer = server.get(
        "/api/v1/orders?tags=%E6%9E%9C", headers={"Content-Type": content_type}
    )
    assert answer.status_code == 200
    assert answer.json["data"]["tags"] == ["果"]


def test_nul_in_the_query_is_refused(client):
    assert faults(client.get("/api/v1/orders?tags=a%00b")) == [
        {"field": "tags", "message": "Contains characters that cannot be seen."}
    ]


def test_too_many_parameters_are_refused(client):
    query = "&".join(["tags=1"] * 6000)
    assert client.get(f"/api/v1/orders?{query}").status_code == 400


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, [("lines", "Is required.")]),
        ({"lines": []}, [("lines", "Must have at least 1 entries.")]),
        ({"lines": {}}, [("lines", "Must be a list.")]),
        (
            {"lines": [{"goods_id": 2**63}]},
            [("lines.0.goods_id", "Must be at most 9223372036854775807.")],
        ),
        (
            {"lines": [{"goods_id": 1.5}]},
            [("lines.0.goods_id", "Must be a whole number.")],
        ),
        ({"lines": [3]}, [("lines.0", "Must be an object.")]),
        ({"lines": [{"goods_id": 0}]}, [("lines.0.goods_id", "Must be at least 1.")]),
        (
            {"lines": [{"goods_id": 1, "price": "1.00"}], "payable": 3},
            [
                ("lines.0.price", "Is not known here."),
                ("payable", "Is not known here."),
            ],
        ),
        (
            {"lines": [{"goods_id": 1, "note": "too long"}]},
            [("lines.0.note", "Must have at most 5 characters.")],
        ),
        (
            {"lines": [{"goods_id": 1, "note": None}]},
            [("lines.0.note", "Must be text.")],
        ),
    ],
)
def test_wrong_fields_of_a_body_are_named_by_their_path(client, body, named):
    assert [(f["field"], f["message"]) for f in faults(post(client, body))] == named


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"lines": NaN}',
        b'{"lines": [{"goods_id": Infinity}]}',
        b'{"lines": [], "lines": []}',
        b'{"lines": [{"goods_id": 1, "note": "\\u0000"}]}',
        b'{"lines": [{"goods_id": 1, "note": "\\ud800"}]}',
        b'{"\\udfff": 1}',
        b'{"lines": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_body_that_is_not_quite_json_is_refused(client, body):
    assert faults(post(client, body)) == [
        {"field": "body", "message": "Is not valid JSON."}
    ]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1"])
def test_body_that_is_no_object_is_refused(client, body):
    assert faults(post(client, body)) == [
        {"field": "body", "message": "Must be an object."}
    ]


def test_no_body_at_all_says_what_is_missing(client):
    answer = client.generic("POST", "/api/v1/orders")
    assert faults(answer) == [{"field": "body", "message": "Is required."}]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=gbk",
        "application/xml",
        ";;",
    ],
)
def test_body_of_another_kind_is_refused(client, content_type):
    answer = post(client, b'{"lines": [{"goods_id": 1}]}', content_type)
    assert answer.status_code == 415
    assert answer.json() == {
        "code": 41500,
        "error": "unsupported_media",
        "msg": "Send the body as application/json in UTF-8.",
        "data": None,
    }


def test_file_comes_as_a_form_in_parts(client):
    file = SimpleUploadedFile("a.jpg", b"abc")
    answer = client.post("/api/v1/files", {"file": file, "purpose": "avatar"})
    assert answer.json()["data"] == [3, "avatar"]
    answer = client.post(
        "/api/v1/files", {"purpose": "avatar"}, content_type="application/json"
    )
    assert answer.status_code == 415
    assert answer.json()["msg"] == "Send the body as multipart/form-data in UTF-8."


def test_broken_form_is_refused(client):
    answer = client.post(
        "/api/v1/files", b"x", content_type="multipart/form-data; boundary=\xff"
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid"


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_body_that_is_too_large_is_refused(client):
    answer = post(client, json.dumps({"lines": [], "x": "y" * 200}))
    assert answer.status_code == 413
    assert answer.json() == {
        "code": 41300,
        "error": "too_large",
        "msg": "The request is too large.",
        "data": None,
    }


def test_a_body_of_nothing_but_names_is_not_looked_at(client):
    body = dict.fromkeys((f"k{n}" for n in range(1001)), 1)
    answer = post(client, body)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    # those of all its objects count, of 3 rows here
    rows = [dict.fromkeys((f"k{n}" for n in range(400)), 1) for _row in range(3)]
    answer = post(client, {"lines": rows})
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_an_answer_names_no_more_faults_than_help(client):
    body = dict.fromkeys((f"k{n}" for n in range(999)), 1)
    assert len(faults(post(client, body))) == 100
    query = "&".join(f"k{n}=1" for n in range(200))
    assert len(faults(client.get(f"/api/v1/orders?{query}"))) == 100
