"""What a name tells: where its file lies, and where a new one goes."""

import re
import secrets
from pathlib import PurePosixPath

#: names as the client makes them, whatever the server puts before them
OURS = re.compile(r"(?:haystack/.+|(?:.*/)?(?:\d+_)*[0-9a-f]{32}(?:\.[A-Za-z0-9]+)?)")
#: at the end of the stem of a file on the disk that several rows name
SHARED = "_shared"
_OTHER = re.compile(r"[^a-z0-9_]+")


def is_ours(name: str) -> bool:
    """Whether the file server keeps the file under a name that we gave it; else it lies
    on the disk, or somebody else put it there."""
    return OURS.fullmatch(name) is not None


def is_shared(name: str) -> bool:
    """Whether several rows may name this file of the disk."""
    return PurePosixPath(name).stem.endswith(SHARED)


def place(name: str) -> tuple[str, str]:
    """Folder and extension as the server can keep them."""
    path = PurePosixPath(name)
    folders = [_slug(part) for part in path.parent.parts if part.strip("./")]
    extension = _slug(path.suffix)[:10].replace("_", "")
    folder = "/".join(filter(None, folders))[:100].strip("/_") or "shop"
    # the server gives these folders a meaning of its own
    is_reserved = folder.startswith(("files", "haystack"))
    return f"shop_{folder}" if is_reserved else folder, extension or "bin"


def disk_name(name: str, *, shared: bool) -> str:
    """A new name on the disk for a file of the server."""
    folder, extension = place(name)
    end = SHARED if shared else ""
    return f"{folder}/{secrets.token_hex(12)}{end}.{extension}"


def _slug(text: str) -> str:
    return _OTHER.sub("_", text.lower()).strip("_")
