"""Pictures of the shop, as browsers ask the shop for them.

Those on the local disk are served; to those on the file server the way is told. A small
copy that is not made yet is asked for, and a placeholder stands in until then.
"""

import os
import stat
from pathlib import PurePosixPath

from django.contrib.auth.decorators import login_not_required
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.static import was_modified_since

from backoffice.base.pictures import KINDS, THUMBNAILS, placeholder, thumbnail_name
from backoffice.files import thumbnails
from backoffice.files.stores import default_store

#: pictures only, and none that can carry a script (no SVG)
TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
DAY = "public, max-age=86400"
#: how long a browser may go on to where a signed address led
MINUTES = "private, max-age=120"


@login_not_required
@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """The picture of this name; whatever is no picture inside the store is not found.

    The store never gives a name twice, so browsers may keep a picture for a day.
    """
    content_type = TYPES.get(PurePosixPath(name).suffix.lower())
    if content_type is None:
        raise Http404
    response = _from_disk(request, name, content_type)
    if response is None:
        response = _elsewhere(name)
    if response is None:
        raise Http404
    return response


@login_not_required
@require_safe
def thumbnail(request: HttpRequest, side: int, name: str) -> HttpResponseBase:
    """A small copy of a picture, as WebP where the browser knows it."""
    if side not in THUMBNAILS or PurePosixPath(name).suffix.lower() not in TYPES:
        raise Http404
    is_webp = "image/webp" in request.headers.get("Accept", "")
    kinds = KINDS if is_webp else KINDS[1:]
    for kind in kinds:
        small = thumbnail_name(name, side, kind)
        response = _from_disk(request, small, TYPES[f".{kind}"])
        if response is not None:
            break
    else:
        response = _small_elsewhere(name, side, kinds) or _stand_in(name, side)
    response["Vary"] = "Accept"
    return response


def _from_disk(
    request: HttpRequest, name: str, content_type: str
) -> HttpResponseBase | None:
    path = _path_of(name)
    if path is None:
        return None
    response: HttpResponseBase
    try:
        facts = os.stat(path)
        if not stat.S_ISREG(facts.st_mode):
            return None
        since = request.headers.get("If-Modified-Since")
        if was_modified_since(since, facts.st_mtime):
            file = open(path, "rb")  # noqa: SIM115 - the response closes it
            response = FileResponse(file, content_type=content_type)
        else:
            response = HttpResponseNotModified()
    except OSError:
        return None
    response["Last-Modified"] = http_date(facts.st_mtime)
    return _harmless(response, DAY)


def _elsewhere(name: str) -> HttpResponseBase | None:
    """The way to a picture on the file server, for those that we keep there."""
    store = default_store()
    if store.client is None:
        return None
    kept = thumbnails.kept(name)
    if kept is None:
        return None
    if not store.is_signed:
        return _harmless(HttpResponseRedirect(store.client.url(name)), DAY)
    url = store.client.url(name, md5=kept.md5)
    return _harmless(HttpResponseRedirect(url), MINUTES)


def _small_elsewhere(
    name: str, side: int, kinds: tuple[str, ...]
) -> HttpResponseBase | None:
    if default_store().client is None:
        return None
    small = thumbnails.found(name, side, kinds)
    return _elsewhere(small) if small else None


def _stand_in(name: str, side: int) -> HttpResponseBase:
    """A placeholder for a picture that is there, whose small copy is asked for."""
    path = _path_of(name)
    is_there = path is not None and os.path.isfile(path)
    if not is_there and (
        default_store().client is None or thumbnails.kept(name) is None
    ):
        raise Http404
    thumbnails.request_missing(name)
    response = HttpResponse(placeholder(side), content_type="image/png")
    return _harmless(response, "no-store")


def _harmless(response: HttpResponseBase, kept_for: str) -> HttpResponseBase:
    response["Cache-Control"] = kept_for
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _path_of(name: str) -> str | None:
    """Where the file lies; None where that is hidden or outside the store."""
    storage = default_store().disk
    if "\0" in name or "\\" in name:
        return None
    if any(part.startswith(".") or not part for part in name.split("/")):
        return None
    path = os.path.realpath(storage.path(name))
    # a link inside the store may not lead out of it
    root = os.path.realpath(storage.location)
    return path if path.startswith(root + os.sep) else None
