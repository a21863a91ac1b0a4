"""The browsable page of the API: swagger-ui from our own host.

It gets along with the strict Content-Security-Policy of every page outside the admin.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


class DocsPage(DocsBase):
    """Reads the OpenAPI document in the language of the page."""

    def render_page(
        self, request: HttpRequest, api: NinjaAPI, **kwargs: Any
    ) -> HttpResponse:
        """The page; its script fetches the document."""
        context = {"title": _(api.title), "document": self.get_openapi_url(api, kwargs)}
        return render(request, "api/docs.html", context)
