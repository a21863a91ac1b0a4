"""How many files there are, how large, and what went wrong with them."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum

from backoffice.files import moving
from backoffice.files.models import FileState, StoredFile, Thumbnail
from backoffice.files.stores import default_store
from media_client import MediaError


def of_files() -> dict[str, Any]:
    """Counts from the rows; of the server itself what it says, asked once."""
    facts = StoredFile.objects.aggregate(
        kept=Count("pk", filter=Q(state=FileState.KEPT)),
        bytes=Sum("size", filter=Q(state=FileState.KEPT)),
        shared=Count("pk", filter=Q(state=FileState.KEPT, references__gt=1)),
        leaving=Count("pk", filter=Q(state=FileState.GOING)),
        broken=Count("pk", filter=Q(state=FileState.GOING, md5="")),
        failures=Sum("failures", filter=~Q(state=FileState.KEPT)),
    )
    on_disk = sum(1 for _name in moving.left(to_server=True))
    return {
        "file_server": settings.FILE_SERVER_URL,
        "on_disk": on_disk,
        "on_server": facts["kept"],
        "server_bytes": facts["bytes"] or 0,
        "shared": facts["shared"],
        "thumbnails": Thumbnail.objects.count(),
        "leaving": facts["leaving"],
        "broken_uploads": facts["broken"],
        "failures": facts["failures"] or 0,
        **_of_server(),
    }


def _of_server() -> dict[str, Any]:
    store = default_store()
    if store.client is None:
        return {}
    try:
        health = store.health()
    except MediaError as error:
        return {"server": "failing", "reason": error.reason.value}
    return {
        "server": "ok",
        "server_files": health.files,
        "free_bytes": health.free_bytes,
        "peers": list(health.peers),
    }
