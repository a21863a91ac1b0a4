"""A client of go-fastdfs, usable anywhere: the standard library and nothing else.

README.md shows how; `MediaClient` has the file server's verbs, `MediaError` is the one
thing that they raise.
"""

from media_client.client import MediaClient
from media_client.downloads import Download
from media_client.errors import MediaError, Reason
from media_client.facts import Entry, FileInfo, Health, Stored
from media_client.names import new_name, path_key

__all__ = [
    "Download",
    "Entry",
    "FileInfo",
    "Health",
    "MediaClient",
    "MediaError",
    "Reason",
    "Stored",
    "new_name",
    "path_key",
]
