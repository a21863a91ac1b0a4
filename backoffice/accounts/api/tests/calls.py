"""Asking the API as a client does."""

import json
from typing import Any

from django.test import Client

from backoffice.accounts.tests.factories import PASSWORD

PREFIX = "/api/v1"


class Storefront:
    """A client with the tokens of its last sign-in."""

    def __init__(self, address: str = "203.0.113.7") -> None:
        self.client = Client(headers={"accept-language": "en"}, REMOTE_ADDR=address)
        self.token = ""
        self.refresh_token = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer; with the token, unless another header is given."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token and "authorization" not in given:
            given["authorization"] = f"JWT-TOKEN {self.token}"
        options: dict[str, Any] = {"headers": given}
        if body is not None:
            text = body if isinstance(body, str | bytes) else json.dumps(body)
            options |= {"data": text, "content_type": "application/json"}
        return self.client.generic(method, f"{PREFIX}{path}", **options)

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def keep(self, answer: Any) -> Any:
        """Go on with the tokens of an answer; gives its data."""
        assert answer.status_code in (200, 201), answer.content
        data = answer.json()["data"]
        self.token, self.refresh_token = data["token"], data["refresh_token"]
        return data

    def login(self, account: str, password: str = PASSWORD) -> Any:
        body = {"account": account, "password": password}
        return self.keep(self.post("/auth/login", body))

    def refresh(self, token: str = "") -> Any:
        body = {"refresh_token": token or self.refresh_token}
        return self.post("/auth/refresh", body, authorization="")


def error_of(answer: Any) -> tuple[int, str]:
    """Status and slug of a refusal."""
    return answer.status_code, answer.json()["error"]
