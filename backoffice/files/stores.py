"""The store of pictures as the house sees it, whichever it is."""

from typing import Any, Protocol, cast

from django.core.files.storage import FileSystemStorage, storages

from media_client import Health, MediaClient


class Store(Protocol):
    """One of `backoffice.storage`: Django's store, and where its files can lie."""

    #: the local disk: the store itself, or what has not been moved yet
    disk: FileSystemStorage
    #: None while there is no file server
    client: MediaClient | None
    #: addresses of pictures are good for minutes only
    is_signed: bool

    def open(self, name: str, mode: str = ...) -> Any: ...
    def save(self, name: str, content: Any) -> str: ...
    def delete(self, name: str) -> None: ...
    def url(self, name: str | None) -> str: ...
    def health(self) -> Health: ...


def default_store() -> Store:
    """The store of pictures."""
    return cast("Store", storages["default"])
