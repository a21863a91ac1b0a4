"""The client against the stand-in, faults and all."""

import hashlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from media_client import MediaClient, MediaError, Reason, new_name, path_key
from media_client.standin import Config, Fault, StandIn
from media_client.tests.replaying import AuthService

PICTURE = b"\xff\xd8\xff" + b"picture" * 1000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path) as server:
        yield server


@pytest.fixture
def client(server: StandIn) -> Iterator[MediaClient]:
    client = MediaClient(server.url, timeout=5)
    yield client
    client.close()


def _refused(act: Callable[[], Any]) -> MediaError:
    with pytest.raises(MediaError) as refusal:
        act()
    return refusal.value


def _upload(
    client: MediaClient, content: bytes = PICTURE, folder: str = "goods"
) -> str:
    return client.upload(io.BytesIO(content), folder=folder, extension="jpg").path


# --- the way in and out


def test_what_is_uploaded_is_read_back(client: MediaClient) -> None:
    stored = client.upload(io.BytesIO(PICTURE), folder="goods/3f", extension="jpg")
    assert stored.size == len(PICTURE)
    assert stored.md5 == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    assert stored.path.startswith("goods/3f/")
    assert not stored.is_shared
    with client.open(stored.path, size=stored.size) as file:
        assert file.size == len(PICTURE)
        assert file.read() == PICTURE


def test_it_uploads_once_and_looks_once(client: MediaClient, server: StandIn) -> None:
    path = _upload(client)
    assert server.requests == ["POST /group1/upload", f"GET /group1/{path}"]


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 1), (0, 10), (5, 6), (10, None), (6999, None), (0, 99999)]
)
def test_a_part_is_read(client: MediaClient, start: int, stop: int | None) -> None:
    path = _upload(client)
    with client.open(path, start=start, stop=stop) as file:
        assert file.read() == PICTURE[start:stop]


def test_a_part_behind_the_end_is_missing(client: MediaClient) -> None:
    path = _upload(client)
    assert _refused(lambda: client.open(path, start=10**6)).reason is Reason.MISSING


def test_it_is_read_in_small_steps(client: MediaClient) -> None:
    path = _upload(client)
    with client.open(path) as file:
        steps = [file.read(1), file.read(999), file.read(0), file.read(), file.read(5)]
    assert b"".join(steps) == PICTURE
    assert steps[2] == steps[4] == b""


def test_it_knows_size_and_facts(client: MediaClient) -> None:
    path = _upload(client)
    assert client.size(path) == len(PICTURE)
    info = client.info(path)
    assert info is not None
    assert (info.path, info.size) == (path, len(PICTURE))
    assert info.md5 == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    assert abs(info.stored_at.timestamp() - time.time()) < 5


def test_it_exists_until_it_is_deleted(client: MediaClient) -> None:
    path = _upload(client)
    assert client.exists(path)
    assert client.exists(path, size=len(PICTURE))
    assert not client.exists(path, size=5)
    assert client.delete(path) is True
    assert client.delete(path) is False
    assert not client.exists(path)
    assert client.info(path) is None
    assert _refused(lambda: client.open(path)).reason is Reason.MISSING
    assert _refused(lambda: client.size(path)).reason is Reason.MISSING


def test_folders_are_no_files(client: MediaClient, server: StandIn) -> None:
    _upload(client, folder="goods/aa")
    for show_dir in (True, False):
        server.config.show_dir = show_dir
        assert not client.exists("goods")
        assert not client.exists("goods/aa")


def test_folders_are_walked(client: MediaClient) -> None:
    paths = {_upload(client, PICTURE + bytes([n]), f"goods/a{n}") for n in range(3)}
    assert {entry.path for entry in client.walk()} == paths
    assert {entry.path for entry in client.list("goods")} == {
        "goods/a0", "goods/a1", "goods/a2",
    }  # fmt: skip
    assert list(client.list("nowhere")) == []
    assert all(not e.path.startswith("_") for e in client.list())


def test_it_tells_its_health(client: MediaClient, server: StandIn) -> None:
    _upload(client)
    health = client.health()
    assert (health.files, health.bytes) == (1, len(PICTURE))
    assert health.free_bytes > 0
    server.stop()
    client.close()
    assert _refused(client.health).reason is Reason.UNREACHABLE


@pytest.mark.parametrize("kind", ["stream", "pipe", "file"])
def test_any_file_is_taken(client: MediaClient, tmp_path: Path, kind: str) -> None:
    class Stream:
        def __init__(self) -> None:
            self._left = io.BytesIO(PICTURE)

        def read(self, n: int) -> bytes:
            return self._left.read(n)

    if kind == "file":
        path = tmp_path / "given"
        path.write_bytes(PICTURE)
        with path.open("rb") as file:
            file.read(100)
            stored = client.upload(file, folder="x")
    elif kind == "pipe":
        out, into = os.pipe()
        os.write(into, PICTURE)
        os.close(into)
        with os.fdopen(out, "rb") as file:
            stored = client.upload(file, folder="x")
    else:
        stored = client.upload(Stream(), folder="x")
    with client.open(stored.path) as kept:
        assert kept.read() == PICTURE


def test_an_empty_file_is_refused_before_anything_is_asked(
    client: MediaClient, server: StandIn
) -> None:
    error = _refused(lambda: client.upload(io.BytesIO(b""), folder="goods"))
    assert error.reason is Reason.EMPTY
    assert server.requests == []


# --- names


@pytest.mark.parametrize(
    "folder",
    ["", "/", "a/", "/a", "a//b", "..", "a/../b", "A", "桃", "a b", "a-b", "a.b", "files",
     "files/x", "filesystem", "_tmp", "_big/x", "haystack", "a%2f", "a" * 300, "a\n", "50%off"],
)  # fmt: skip
def test_folders_are_plain(client: MediaClient, server: StandIn, folder: str) -> None:
    error = _refused(lambda: client.upload(io.BytesIO(b"x"), folder=folder))
    assert error.reason is Reason.BAD_NAME
    assert server.requests == []


@pytest.mark.parametrize(
    "extension", ["", "j.pg", "JPG", "../x", "桃", "a" * 11, "a b"]
)
def test_extensions_are_plain(client: MediaClient, extension: str) -> None:
    act = lambda: client.upload(io.BytesIO(b"x"), folder="a", extension=extension)  # noqa: E731
    assert _refused(act).reason is Reason.BAD_NAME


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/", "a/../b", "a..b", "a//b", "a/./b", "a\\b", "a\x00b", "a\nb", "\ud800",
     "x" * 1001],
)  # fmt: skip
def test_paths_that_cannot_be_asked_for_are_not(client: MediaClient, path: str) -> None:
    for act in (client.open, client.exists, client.info, client.delete, client.url):
        assert _refused(lambda act=act: act(path)).reason is Reason.BAD_NAME


def test_names_are_random_ascii() -> None:
    names = {new_name("goods", "jpg") for _ in range(1000)}
    assert len(names) == 1000
    assert all(name.isascii() and len(name) == 42 for name in names)
    assert path_key("shop/catalog/a1.png") == "4d15a654724b6c05829e8d0989ac4377"


def test_files_of_others_are_read_whatever_their_names(
    client: MediaClient, server: StandIn
) -> None:
    name = "uni/苹果 图 (1)+%&#.png"
    path = server.node.files / name
    path.parent.mkdir()
    path.write_bytes(PICTURE)
    assert client.exists(name, size=len(PICTURE))
    with client.open(name) as file:
        assert file.read() == PICTURE


# --- addresses


def test_addresses_are_quoted_and_show_only_pictures() -> None:
    client = MediaClient("http://10.0.0.5:8080", public_url="https://img.example.com")
    base = "https://img.example.com/group1"
    assert client.url("a/b.jpg") == f"{base}/a/b.jpg?download=0"
    assert client.url("a/桃 1.png") == f"{base}/a/%E6%A1%83%201.png?download=0"
    assert client.url("a/b.svg") == f"{base}/a/b.svg?download=1"
    assert client.url("a/b.html") == f"{base}/a/b.html?download=1"
    assert client.url("a/b") == f"{base}/a/b?download=1"
    named = client.url("a/b.jpg", download_as="桃.jpg")
    assert named == f"{base}/a/b.jpg?download=1&name=%E6%A1%83.jpg"


def test_addresses_scale_what_the_server_can_scale() -> None:
    client = MediaClient("http://h:1/group1/")
    assert client.url("a.jpg", width=160).endswith("/group1/a.jpg?download=0&width=160")
    assert client.url("a.png", width=160, height=90).endswith("&width=160&height=90")
    assert client.url("a.webp", width=160).endswith("a.webp?download=0")
    assert client.url("a.gif", width=160).endswith("a.gif?download=0")
    assert client.url("a.jpg", width=-5).endswith("a.jpg?download=0")


@pytest.mark.parametrize(
    ("url", "group", "public", "wanted"),
    [
        ("http://h:1", "group1", "", "http://h:1/group1/a.jpg"),
        ("http://h:1/g2", "group1", "", "http://h:1/g2/a.jpg"),
        ("http://h:1", "", "", "http://h:1/a.jpg"),
        ("http://h:1", "g", "https://cdn/x/y/", "https://cdn/x/y/a.jpg"),
        ("http://h:1", "g", "https://cdn", "https://cdn/g/a.jpg"),
    ],
)
def test_the_group_stands_where_it_is_said(
    url: str, group: str, public: str, wanted: str
) -> None:
    client = MediaClient(url, group=group, public_url=public)
    assert client.url("a.jpg") == f"{wanted}?download=0"


@pytest.mark.parametrize("url", ["", "h:80", "ftp://h", "http://", "/x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert _refused(lambda: MediaClient(url)).reason is Reason.BAD_NAME


def test_scaled_pictures_come_from_the_server(
    client: MediaClient, server: StandIn
) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (400, 200), "green").save(out, "JPEG")
    path = _upload(client, out.getvalue())
    url = client.url(path, width=100)
    from urllib.request import urlopen

    with urlopen(url) as answer, Image.open(answer) as picture:  # noqa: S310
        assert picture.size == (100, 50)


# --- what the server is known to do


@pytest.mark.parametrize(
    "fault",
    [Fault.CUT, Fault.TRUNCATE, Fault.SILENT, Fault.BROKEN, Fault.GARBAGE, Fault.VANISH,
     Fault.UNCOMPLETE],
)  # fmt: skip
@pytest.mark.parametrize("dedupe", [True, False])
def test_a_fault_is_survived_under_a_new_name(
    client: MediaClient, server: StandIn, fault: Fault, dedupe: bool
) -> None:
    server.config.enable_distinct_file = dedupe
    server.config.faults = [fault]
    stored = client.upload(io.BytesIO(PICTURE), folder="goods", extension="jpg")
    with client.open(stored.path, size=stored.size) as file:
        assert file.read() == PICTURE
    assert len(stored.abandoned) == 1
    # the silent one was kept after all, and with dedupe it is what is used
    assert (stored.path in stored.abandoned) == (dedupe and fault is Fault.SILENT)


def test_other_bytes_are_never_taken_for_ours(
    client: MediaClient, server: StandIn
) -> None:
    server.config.faults = [Fault.OTHER_BYTES]
    # with dedupe the server names the spoilt file again and again
    assert _refused(lambda: _upload(client)).reason is Reason.MISMATCH
    server.config.enable_distinct_file = False
    server.config.faults = [Fault.OTHER_BYTES]
    with client.open(_upload(client)) as file:
        assert file.read() == PICTURE


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.VANISH, Fault.OTHER_BYTES])
def test_a_fault_that_stays_is_told(
    client: MediaClient, server: StandIn, fault: Fault
) -> None:
    server.config.faults = [fault] * 9
    error = _refused(lambda: _upload(client))
    assert error.may_pass
    assert len(error.abandoned) == 3
    assert len(set(error.abandoned)) == 3
    assert len(server.config.faults) == 6


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault.FULL, Reason.FULL)]
)  # fmt: skip
def test_a_full_disk_is_not_tried_again(
    client: MediaClient, server: StandIn, fault: Fault, reason: Reason
) -> None:
    server.config.faults = [fault] * 3
    assert _refused(lambda: _upload(client)).reason is reason
    assert len(server.config.faults) == 2


def test_a_read_only_server_is_not_tried_again(
    client: MediaClient, server: StandIn
) -> None:
    path = _upload(client)
    server.config.read_only = True
    assert _refused(lambda: _upload(client, b"other")).reason is Reason.READ_ONLY
    assert client.delete(path)
    assert server.requests.count("POST /group1/upload") == 2


def test_a_server_that_hangs_is_left(server: StandIn) -> None:
    server.config.faults = [Fault.HANG] * 5
    server.config.hang_seconds = 3
    client = MediaClient(server.url, timeout=0.5)
    began = time.monotonic()
    assert _refused(lambda: _upload(client)).reason is Reason.TIMEOUT
    assert time.monotonic() - began < 2.5


def test_a_server_that_drips_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def _drip() -> None:
            line, _address = listener.accept()
            with line, suppress(OSError):
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(40):
                    line.sendall(b" ")
                    time.sleep(0.1)

        threading.Thread(target=_drip, daemon=True).start()
        client = MediaClient(
            f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.6
        )
        began = time.monotonic()
        assert _refused(client.health).reason is Reason.TIMEOUT
        assert time.monotonic() - began < 2


def test_a_slow_server_is_waited_for(client: MediaClient, server: StandIn) -> None:
    server.config.delay = 0.2
    path = _upload(client)
    assert client.exists(path)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
        b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{"status":1,"status":2} ',
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 3_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz",
        b"not http at all\r\n\r\n",
        b"",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://evil/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}",
    ],
)
def test_no_answer_is_believed_that_is_none(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def _answer() -> None:
            while True:
                try:
                    line, _address = listener.accept()
                except OSError:
                    return
                line.recv(65536)
                with suppress(OSError):
                    line.sendall(reply)
                line.close()

        threading.Thread(target=_answer, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = MediaClient(url, timeout=2, retries=0)
        assert isinstance(_refused(client.health), MediaError)
        assert isinstance(_refused(lambda: _upload(client)), MediaError)


def test_a_stale_index_is_cured(client: MediaClient, server: StandIn) -> None:
    first = _upload(client)
    server.node.on_disk(f"files/{first}").unlink()
    stored = client.upload(io.BytesIO(PICTURE), folder="goods", extension="jpg")
    assert stored.path != first
    with client.open(stored.path) as file:
        assert file.read() == PICTURE


def test_the_same_content_is_shared(client: MediaClient, server: StandIn) -> None:
    first = _upload(client)
    second = client.upload(io.BytesIO(PICTURE), folder="other", extension="png")
    assert second.path == first
    assert second.is_shared
    server.config.enable_distinct_file = False
    third = client.upload(io.BytesIO(PICTURE), folder="other", extension="png")
    assert third.path.startswith("other/")
    assert not third.is_shared


def test_a_record_whose_file_is_gone_is_forgotten(
    client: MediaClient, server: StandIn
) -> None:
    path = _upload(client)
    server.node.on_disk(f"files/{path}").unlink()
    assert client.delete(path) is False
    assert client.info(path) is None
    assert not client.exists(path)


def test_a_part_of_a_killed_upload_is_no_file(
    client: MediaClient, server: StandIn
) -> None:
    left = server.node.files / "goods" / "half.jpg"
    left.parent.mkdir()
    left.write_bytes(b"half")
    assert not client.exists("goods/half.jpg", size=1000)
    assert (
        _refused(lambda: client.open("goods/half.jpg", size=1000).read()).reason
        is Reason.MISMATCH
    )


def test_small_files_may_be_merged(client: MediaClient, server: StandIn) -> None:
    server.config.enable_merge_small_file = True
    stored = client.upload(io.BytesIO(PICTURE), folder="goods", extension="jpg")
    assert stored.path.startswith("haystack/1/")
    assert client.size(stored.path) == stored.size == len(PICTURE)
    with client.open(stored.path, start=3, stop=10) as file:
        assert file.read() == PICTURE[3:10]
    assert client.delete(stored.path) is False


@pytest.mark.parametrize(
    "settings",
    [
        {"rename_file": True},
        {"enable_custom_path": False},
        {"has_docker_dir": True},
        {"file_sum_arithmetic": "sha1"},
        {"support_group_manage": False},
        {"scenes": ["shop"], "enable_custom_path": False},
        {"extensions": [".jpg"]},
        {"enable_cross_origin": False, "default_download": False},
    ],
)
def test_settings_of_the_server_are_survived(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    group = "" if "support_group_manage" in settings else "group1"
    with StandIn(tmp_path, Config(**settings)) as server:
        client = MediaClient(server.url, group=group, scene="shop", timeout=5)
        stored = client.upload(io.BytesIO(PICTURE), folder="goods", extension="jpg")
        assert client.exists(stored.path, size=stored.size)
        with client.open(stored.path) as file:
            assert file.read() == PICTURE
        assert client.delete(stored.path)
        assert not client.exists(stored.path)


def test_a_wrong_group_says_so(server: StandIn) -> None:
    client = MediaClient(server.url, group="group9")
    for act in (lambda: _upload(client), client.health):
        error = _refused(act)
        assert error.reason is Reason.REFUSED
        assert "group" in str(error)


# --- who may


def test_an_outsider_is_told_what_to_set(client: MediaClient, server: StandIn) -> None:
    path = _upload(client)
    server.config.admin_ips = ["10.9.9.9"]
    for act in (lambda: client.delete(path), lambda: list(client.list())):
        error = _refused(act)
        assert error.reason is Reason.FORBIDDEN
        assert "admin_ips" in str(error)
    # what the shop needs besides is open to all
    assert client.exists(path)
    assert _upload(client, b"other")


@pytest.mark.parametrize("is_v147", [True, False])
def test_a_token_opens_both_versions(tmp_path: Path, is_v147: bool) -> None:
    auth = AuthService()
    config = Config(auth_url=auth.url, is_v147=is_v147)
    with StandIn(tmp_path, config) as server:
        client = MediaClient(server.url, token="t0ken")
        path = _upload(client)
        assert client.delete(path)
        for headers, body in auth.calls:
            assert headers["Auth-Token"] == "t0ken"
            assert not is_v147 or "auth_token=t0ken" in body
        auth.reply = {"status": 200, "body": "no"}
        assert _refused(lambda: _upload(client)).reason is Reason.UNAUTHORISED
        large = io.BytesIO(os.urandom(20 * 2**20))
        refused = _refused(lambda: client.upload(large, folder="x"))
        assert refused.reason is Reason.UNAUTHORISED
        assert _refused(lambda: client.delete(path)).reason is Reason.UNAUTHORISED
        assert len(server.requests) == 6
    auth.close()


def test_downloads_are_signed_where_they_must_be(tmp_path: Path) -> None:
    config = Config(download_use_token=True, admin_ips=["10.9.9.9"])
    with StandIn(tmp_path, config) as server:
        plain = MediaClient(server.url)
        assert _refused(lambda: _upload(plain)).reason is Reason.UNAUTHORISED
        client = MediaClient(server.url, sign_downloads=True)
        stored = client.upload(io.BytesIO(b"x" * 99), folder="a", extension="png")
        assert _refused(lambda: client.open(stored.path)).reason is Reason.UNAUTHORISED
        with client.open(stored.path, md5=stored.md5) as file:
            assert file.read() == b"x" * 99
        assert "token=" in client.url(stored.path, md5=stored.md5)


# --- a pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[StandIn, StandIn]]:
    a = StandIn(tmp_path / "a", Config(sync_delay=0.2))
    b = StandIn(tmp_path / "b", Config(sync_delay=0.2, peers=[a.url]))
    a.config.peers = [b.url]
    with a, b:
        yield a, b


def test_the_other_of_a_pair_serves_at_once(pair: tuple[StandIn, StandIn]) -> None:
    a, b = pair
    b.config.sync_delay = 600
    path = _upload(MediaClient(a.url))
    other = MediaClient(b.url)
    assert other.info(path) is None
    assert other.exists(path)
    assert other.exists(path, size=len(PICTURE))
    with other.open(path, start=3, stop=9) as file:
        assert file.read() == PICTURE[3:9]
    assert other.size(path) == len(PICTURE)


def test_what_is_deleted_goes_from_both(pair: tuple[StandIn, StandIn]) -> None:
    a, b = pair
    first, second = MediaClient(a.url), MediaClient(b.url)
    path = _upload(first)
    time.sleep(0.6)
    assert second.info(path) is not None
    first.delete(path)
    time.sleep(0.6)
    assert not first.exists(path)
    assert not second.exists(path)


# --- connections


def test_connections_are_kept_and_renewed(client: MediaClient, server: StandIn) -> None:
    path = _upload(client)
    lines = {t.name for t in threading.enumerate() if "process_request" in t.name}
    for _ in range(20):
        client.exists(path)
    after = {t.name for t in threading.enumerate() if "process_request" in t.name}
    assert after == lines
    # the server closes what it kept; the next request does not notice
    server._http.close_all()
    assert client.exists(path)


def test_threads_share_a_client(client: MediaClient) -> None:
    def _there_and_back(number: int) -> bool:
        content = os.urandom(5000) + bytes([number])
        path = _upload(client, content)
        with client.open(path) as file:
            return file.read() == content

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(_there_and_back, range(40)))


def test_a_download_that_breaks_off_is_noticed(
    client: MediaClient, server: StandIn
) -> None:
    content = os.urandom(3 * 2**20)
    path = _upload(client, content)
    server.config.piece_delay = 0.2
    with client.open(path, size=len(content)) as file:
        file.read(10)
        server._http.close_all()
        assert _refused(file.read).reason in (Reason.MISMATCH, Reason.CUT)


def test_a_large_file_takes_no_memory(client: MediaClient, tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 * 2**20)
    tracemalloc.start()
    with path.open("rb") as file:
        stored = client.upload(file, folder="large")
        with client.open(stored.path, size=stored.size) as kept:
            assert sum(map(len, kept)) == stored.size
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**20


def test_it_needs_nothing_of_django() -> None:
    code = (
        "import sys, media_client, media_client.standin.server\n"
        "found = {name.split('.')[0] for name in sys.modules}\n"
        "assert not found & {'django', 'backoffice', 'catalog'}, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
