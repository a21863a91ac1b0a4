"""POST /files: pictures of customers."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _
from ninja import File, Form, Router, UploadedFile
from ninja.decorators import decorate_view

from backoffice.accounts import uploads
from backoffice.accounts.api import limits
from backoffice.accounts.api.auth import caller, customer
from backoffice.accounts.api.schemas import FileAnswer
from backoffice.base.api import throttling
from backoffice.base.api.envelope import success
from backoffice.base.api.errors import Refused, invalid
from backoffice.base.api.factory import refusals
from backoffice.base.pictures import MEGABYTE
from backoffice.shop import shop

router = Router(tags=["account"])
#: what a form has around its file, in bytes
_FRAME = 64 * 1024


def guarded(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Whoever is too often or too large is refused before the body is read."""

    @wraps(run)
    def checked(request: HttpRequest, **path: Any) -> HttpResponse:
        limits.by_address(request, limits.FILES)
        given = str(request.META.get("CONTENT_LENGTH") or "0")
        most = shop.PICTURE_MAX_MB * MEGABYTE + _FRAME
        if not (given.isascii() and given.isdigit()) or int(given[:20]) > most:
            raise Refused(
                "too_large",
                _t("The picture is larger than %(most)s MB.")
                % {"most": shop.PICTURE_MAX_MB},
            )
        return run(request, **path)

    return checked


@router.post(
    "/files",
    operation_id="upload_file",
    summary=_("Hand in a picture"),
    description=_(
        "A real picture (JPEG, PNG, WebP, GIF), written anew as JPEG. What nothing uses "
        "is deleted after some days."
    ),
    auth=customer,
    response={201: FileAnswer, **refusals(400, 401, 413, 415)},
)
@decorate_view(guarded)
def upload_file(
    request: HttpRequest, file: File[UploadedFile], purpose: Form[Literal["avatar"]]
) -> HttpResponse:
    throttling.hit(limits.FILES_ONE, caller(request).user_id)
    unknown = {*request.POST, *request.FILES} - {"file", "purpose"}
    if unknown:
        raise invalid((name, _t("Is not known here.")) for name in sorted(unknown))
    kept = uploads.keep_avatar(caller(request).user, file)
    return success(
        {
            "path": kept.path,
            "url": kept.url,
            "width": kept.width,
            "height": kept.height,
        },
        201,
    )
