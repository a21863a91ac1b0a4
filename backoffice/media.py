"""Pictures of the shop, served from the default file store while it is a folder.

When a file server takes over, the store's own addresses lead there, and nothing is
found here.
"""

import os
import stat
from pathlib import PurePosixPath

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import FileSystemStorage, storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.static import was_modified_since

#: pictures only, and none that can carry a script (no SVG)
TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
}


@login_not_required
@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """The picture of this name; whatever is no picture inside the store is not found.

    The store never gives a name twice, so browsers may keep a picture for a day.
    """
    content_type = TYPES.get(PurePosixPath(name).suffix.lower())
    path = _path_of(name)
    if content_type is None or path is None:
        raise Http404
    response: HttpResponseBase
    try:
        facts = os.stat(path)
        if not stat.S_ISREG(facts.st_mode):
            raise Http404
        since = request.headers.get("If-Modified-Since")
        if was_modified_since(since, facts.st_mtime):
            file = open(path, "rb")  # noqa: SIM115 - the response closes it
            response = FileResponse(file, content_type=content_type)
        else:
            response = HttpResponseNotModified()
    except OSError:
        raise Http404 from None
    response["Last-Modified"] = http_date(facts.st_mtime)
    response["Cache-Control"] = "public, max-age=86400"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _path_of(name: str) -> str | None:
    """Where the file lies; None where that is hidden or outside the store."""
    storage = storages["default"]
    if not isinstance(storage, FileSystemStorage):
        return None
    if "\0" in name or "\\" in name:
        return None
    if any(part.startswith(".") or not part for part in name.split("/")):
        return None
    path = os.path.realpath(storage.path(name))
    # a link inside the store may not lead out of it
    root = os.path.realpath(storage.location)
    return path if path.startswith(root + os.sep) else None
