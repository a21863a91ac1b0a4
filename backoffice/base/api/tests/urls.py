"""An API made like the shop's own, with calls that take bodies and go wrong."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import path
from ninja import Body, File, Form, Path, Query, Router, UploadedFile
from ninja.errors import AuthorizationError, HttpError, Throttled
from pydantic import Field

from backoffice.base.api.envelope import success
from backoffice.base.api.factory import create_api
from backoffice.base.api.schemas import Flag, Id, Input
from backoffice.base.errors import FieldErrors, NotPermitted, WrongStatus

router = Router()


class Line(Input):
    goods_id: Id
    note: str = Field(default="", max_length=5)


class Order(Input):
    lines: list[Line] = Field(min_length=1)


class Filters(Input):
    tags: list[str] = Field(default=[])
    is_open: Flag | None = None


@router.post("/orders", response={200: None})
def place(request: HttpRequest, order: Body[Order]) -> HttpResponse:
    return success([line.model_dump() for line in order.lines])


@router.get("/orders", response={200: None})
def orders(request: HttpRequest, filters: Query[Filters]) -> HttpResponse:
    return success(filters.model_dump())


@router.get("/orders/{id}", response={200: None})
def order(request: HttpRequest, id: Path[Id]) -> HttpResponse:
    return success(id)


FAULTS = {
    "wrong_status": lambda: WrongStatus("Too late.", status="paid"),
    "forbidden": lambda: NotPermitted("Not yours."),
    "fields": lambda: FieldErrors({"mobile": ["Is taken."]}),
    "database": lambda: OperationalError("could not connect to secret-host"),
    "throttled": lambda: Throttled(wait=2.4),
    "throttled_untimed": lambda: Throttled(wait=None),
    "denied": PermissionDenied,
    "unauthorized": AuthorizationError,
    "suspicious": lambda: SuspiciousOperation("inner words"),
    "broken_upload": lambda: MultiPartParserError("inner words"),
    "stray": lambda: HttpError(418, "inner words"),
    "bug": lambda: RuntimeError("password=hunter2"),
}


@router.get("/faults/{name}", response={200: None})
def fault(request: HttpRequest, name: Path[str]) -> HttpResponse:
    raise FAULTS[name]()


@router.post("/files", response={200: None})
def upload(
    request: HttpRequest, file: File[UploadedFile], purpose: Form[str]
) -> HttpResponse:
    return success([file.size, purpose])


@router.get("/private", response={200: None})
def private(request: HttpRequest) -> HttpResponse:
    response = success(None)
    response["Cache-Control"] = "private, max-age=5"
    return response


def signed_in(request: HttpRequest) -> bool:
    return False


@router.get("/mine", auth=signed_in, response={200: None})
def mine(request: HttpRequest) -> HttpResponse:
    return success("secret")


api = create_api(title="Test", version="1", urls_namespace="api-test")
api.add_router("", router)
urlpatterns = [path("api/v1/", api.urls)]
