"""A customer's storefront: calls with a token."""

from typing import Any

from backoffice.accounts import tokens
from backoffice.accounts.api.tests.calls import Storefront
from backoffice.accounts.models import User


class Caller:
    """`call("POST", "/cart/lines", {…})` gives (status, the answer)."""

    def __init__(self, user: User) -> None:
        self.front = Storefront()
        self.front.token = tokens.issue(user).access

    def __call__(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        headers = {} if key is None else {"idempotency_key": key}
        answer = self.front.ask(method, path, body, **headers)
        return answer.status_code, answer.json()

    def data(self, *args: Any, **kwargs: Any) -> Any:
        """The data of a call that must succeed."""
        status, answer = self(*args, **kwargs)
        assert status < 300, answer
        return answer["data"]

    def error(self, *args: Any, **kwargs: Any) -> tuple[int, str]:
        """(status, slug) of a call that must be refused."""
        status, answer = self(*args, **kwargs)
        assert status >= 400, answer
        assert answer["code"] != 0
        return status, answer["error"]
