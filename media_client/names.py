"""Names under which files are kept, and the keys that the server makes of them."""

import hashlib
import re
import secrets
from urllib.parse import quote

from media_client.errors import MediaError, Reason

#: folders that the server gives a meaning of its own
RESERVED = ("files", "_tmp", "_big", "haystack")
_FOLDER = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*")
_EXTENSION = re.compile(r"[a-z0-9]{1,10}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")
MOST_BYTES = 200
#: these the browser may show in place; everything else is handed over as a download
INLINE = ("jpg", "jpeg", "png", "gif", "webp")
RESIZABLE = ("jpg", "jpeg", "png")


def new_name(folder: str, extension: str) -> str:
    """A path that nobody has: 32 random hex digits; raises MediaError BAD_NAME.

    The server drops or mistakes anything but plain small letters, digits, `_` and one
    dot, and serves other people's bytes under a name that was used before.
    """
    if (
        not _FOLDER.fullmatch(folder)
        or folder.split("/")[0].startswith(RESERVED)
        or len(folder) > MOST_BYTES - 50
    ):
        raise MediaError(Reason.BAD_NAME, f"not a folder for files: {folder[:80]!r}")
    if not _EXTENSION.fullmatch(extension):
        raise MediaError(Reason.BAD_NAME, f"not a file extension: {extension[:80]!r}")
    return f"{folder}/{secrets.token_hex(16)}.{extension}"


def checked(path: str) -> str:
    """The path, if it can be asked for; raises MediaError BAD_NAME.

    The server answers 401 to two dots anywhere and redirects doubled slashes.
    """
    if (
        not path
        or path != path.strip("/")
        or ".." in path
        or "//" in path
        or "\\" in path
        or _UNSEEN.search(path)
        or "." in path.split("/")
        or len(path.encode("utf-8", "surrogatepass")) > 1000
    ):
        raise MediaError(Reason.BAD_NAME, f"not a stored path: {path[:80]!r}")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise MediaError(Reason.BAD_NAME, "not a stored path: broken text") from None
    return path


def quoted(path: str) -> str:
    """The path as it stands in an address."""
    return quote(checked(path), safe="/")


def path_key(path: str) -> str:
    """The server's key of a path: open to everybody, in every configuration."""
    return hashlib.md5(f"files/{path}".encode(), usedforsecurity=False).hexdigest()


def extension(path: str) -> str:
    """In small letters, without its dot."""
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""
