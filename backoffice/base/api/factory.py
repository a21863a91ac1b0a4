"""Making the one NinjaAPI, strict about what comes in."""

from functools import lru_cache
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from backoffice.base.api import document
from backoffice.base.api.docs import DocsPage
from backoffice.base.api.schemas import Failure
from backoffice.base.api.strict import StrictParser, strict


class StorefrontAPI(NinjaAPI):
    """Leaves failures to `door.answer` and describes its answers as they are."""

    def on_exception(self, request: HttpRequest, exc: Any) -> NoReturn:
        """The door turns it into an answer, with everything that Django itself raises."""
        raise exc

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """The document in the language of the request; made once for each language."""
        return self._document(get_language())

    @lru_cache(maxsize=8)  # noqa: B019 - there is one API, living as long as the process
    def _document(self, language: str | None) -> dict[str, Any]:
        return document.finished(super().get_openapi_schema())


def create_api(**options: Any) -> StorefrontAPI:
    """An API whose operations are checked by `strict`; routers are added to it."""
    api = StorefrontAPI(
        parser=StrictParser(),
        docs=DocsPage(),
        docs_decorator=require_safe,
        **options,
    )
    api.add_decorator(strict, mode="view")
    return api


def refusals(*statuses: int) -> dict[int, type[Failure]]:
    """{status: Failure} for the `response=` of an operation."""
    return dict.fromkeys(statuses, Failure)
