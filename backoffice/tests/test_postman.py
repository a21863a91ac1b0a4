"""The Postman collection knows every call; `make postman` runs it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

FOLDER = Path(settings.BASE_DIR) / "docs" / "postman"
#: as the mission's notes have it
SCRIPT = "pm.environment.set(\"token\", 'JWT-TOKEN ' + jsonData.data.token);"


@pytest.fixture
def collection() -> Any:
    path = FOLDER / "storefront.postman_collection.json"
    return json.loads(path.read_text(encoding="utf-8"))


def requests(part: Any) -> Iterator[Any]:
    for item in part["item"]:
        if "request" in item:
            yield item
        else:
            yield from requests(item)


def _template(path: str) -> str:
    """With `{}` for whatever stands in it."""
    return re.sub(r"\{\{?\w+\}?\}|(?<=/)[0-9]+(?=/|$)", "{}", path)


def test_every_call_is_in_the_collection(collection):
    document = Client().get("/api/v1/openapi.json").json()
    calls = {
        (method.upper(), _template(path.removeprefix("/api/v1")))
        for path, methods in document["paths"].items()
        for method in methods
    }
    tried = {
        (
            item["request"]["method"],
            _template(item["request"]["url"]["raw"].split("?")[0].split("}}", 1)[1]),
        )
        for item in requests(collection)
    }
    assert calls - tried == set(), "extend docs/postman by these calls"
    assert tried - calls == set()


def test_every_request_has_a_test(collection):
    for item in requests(collection):
        lines = [line for event in item["event"] for line in event["script"]["exec"]]
        assert any(line.startswith("pm.test(") for line in lines), item["name"]


def test_the_missions_own_script_keeps_the_token(collection):
    logins = [
        i for i in requests(collection) if "/auth/login" in i["request"]["url"]["raw"]
    ]
    assert logins
    assert any(SCRIPT in json.dumps(i).replace('\\"', '"') for i in logins)


def test_no_password_is_shipped(collection):
    path = FOLDER / "storefront.postman_environment.json"
    environment = json.loads(path.read_text(encoding="utf-8"))
    values = {value["key"]: value["value"] for value in environment["values"]}
    assert values["password"] == values["token"] == ""
    assert values["baseUrl"] == "http://127.0.0.1:8000/api/v1"
