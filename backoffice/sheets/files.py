"""Files of sheets on the disk, where the reading process can open them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import File
from django.db.models.fields.files import FieldFile


@contextmanager
def on_disk(file: File) -> Iterator[Path]:
    """A path to the file's content: its own where it has one, else a copy's."""
    path = _own_path(file)
    if path is not None:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="sheet-") as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.flush()
        file.seek(0)
        yield Path(copy.name)


def _own_path(file: File) -> Path | None:
    if isinstance(file, FieldFile):
        try:
            return Path(file.path)
        except NotImplementedError:
            # a storage that keeps its files elsewhere
            return None
    temporary = getattr(file, "temporary_file_path", None)
    if temporary is not None:
        return Path(temporary())
    name = getattr(file, "name", None)
    if isinstance(name, str) and Path(name).is_absolute() and Path(name).is_file():
        return Path(name)
    return None
