"""Pictures through the store against bare uploads, and the memory of a large file.

Both go to the same server, a stand-in in a process of its own, which reads and writes as
go-fastdfs does; FILE_SERVER_URL in the environment names a real one instead. The limit
posts the same bodies over one kept connection and reads nothing back.
"""

import hashlib
import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.core.management import call_command

COUNT, SIZE = 1000, 200_000
LARGE = 500 * 2**20
ROOT = Path(__file__).resolve().parent.parent


def started(folder: str) -> tuple[str, subprocess.Popen[str] | None]:
    """The server's address, and the process where it is ours."""
    if url := os.environ.get("FILE_SERVER_URL"):
        return url, None
    server = subprocess.Popen(
        [sys.executable, "-m", "media_client.standin", "--port", "0", "--root", folder],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert server.stdout is not None
    return server.stdout.readline().strip(), server


def contents(seed: int) -> list[bytes]:
    """Pictures as they come: no two alike, none that shrinks."""
    block = os.urandom(SIZE)
    return [
        hashlib.sha256(f"{seed} {n}".encode()).digest() + block[32:]
        for n in range(COUNT)
    ]


def bare(url: str, files: list[bytes]) -> float:
    """Seconds for the uploads alone."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80)
    mark = "----bench"
    began = time.perf_counter()
    for number, content in enumerate(files):
        body = (
            f'--{mark}\r\nContent-Disposition: form-data; name="output"\r\n\r\njson2\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="path"\r\n\r\nbare\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="b{number}.jpg"\r\n\r\n'
        ).encode()
        body += content + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        connection.request("POST", f"{parts.path}/upload", body, kind)
        assert json.loads(connection.getresponse().read())["status"] == "ok"
    return time.perf_counter() - began


def through_the_store(files: list[bytes]) -> float:
    """Seconds for the same through Django's store, each counted and read back."""

    store = storages["default"]
    began = time.perf_counter()
    for content in files:
        store.save("goods/ab/x.jpg", ContentFile(content))
    return time.perf_counter() - began


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def large_file(folder: str) -> float:
    """By how many MB a file of 500 MB raises the memory of the process."""

    path = Path(folder) / "large"
    with path.open("wb") as file:
        for _ in range(LARGE // 2**20):
            file.write(os.urandom(2**20))
    before = megabytes()
    with path.open("rb") as file:
        name = storages["default"].save("large/x.bin", File(file))
    with storages["default"].open(name) as kept:
        assert sum(map(len, kept.chunks())) == LARGE
    storages["default"].delete(name)
    return megabytes() - before


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-media-") as folder:
        url, server = started(f"{folder}/server")
        os.environ |= {
            "SECRET_KEY": "bench",
            "FILE_SERVER_URL": url,
            "DATABASE_URL": os.environ.get("DATABASE_URL")
            or f"sqlite:///{folder}/bench.sqlite3",
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        }
        sys.path.insert(0, str(ROOT))
        try:
            django.setup()
            call_command("migrate", verbosity=0)
            grown = large_file(folder)
            bare(url, contents(0)[:50])
            pairs = [
                (bare(url, contents(2 * n + 1)), through_the_store(contents(2 * n + 2)))
                for n in range(3)
            ]
            limit = sorted(pair[0] for pair in pairs)[1]
            measured = sorted(pair[1] for pair in pairs)[1]
        finally:
            if server:
                server.terminate()
                server.wait()
    found = {
        "bench": "media",
        "files": COUNT,
        "bytes_each": SIZE,
        "bare_seconds": round(limit, 2),
        "store_seconds": round(measured, 2),
        "ratio": round(measured / limit, 2),
        "large_mb": LARGE // 2**20,
        "memory_grew_mb": round(grown, 1),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
