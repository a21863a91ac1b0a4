"""Recordings that need more than a request: a kill, a file taken away, a pair."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_client.standin import Config, Fault, StandIn
from media_client.standin.index import Record, key_of
from media_client.tests.replaying import (
    HOST,
    Contents,
    Exchange,
    differences,
    exchanges,
    send,
)
from media_client.tests.test_recordings import FOUND, LEFT_OUT

pytestmark = pytest.mark.real_data
if not FOUND:
    pytest.skip("the recordings are not beside the checkout", allow_module_level=True)


def _config(**settings: object) -> Config:
    return Config(host=f"http://{HOST}", clock=lambda: 1795467436.0, **settings)  # type: ignore[arg-type]


def _told(exchange: Exchange, port: int, contents: Contents) -> list[str]:
    got = send(exchange, port, contents)
    return [f"{exchange.name}: {d}" for d in differences(exchange, got, contents)]


@pytest.fixture
def contents() -> Contents:
    return Contents(FOUND)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path, _config()) as server:
        yield server


def test_a_file_that_vanished_is_told_of_until_it_is_looked_for(
    server: StandIn, contents: Contents
) -> None:
    wrong = []
    for number in range(1, 12):
        name = next(n for n in FOUND if n.startswith(f"stale_{number}_"))
        if number == 2:
            server.node.on_disk("files/stale/s.txt").unlink()
        wrong += _told(FOUND[name], server.port, contents)
    assert wrong == []


def test_a_stale_record_goes_under_the_key_that_is_asked(
    server: StandIn, contents: Contents
) -> None:
    # its upload was not kept; the sum of what is sent stands for the recorded one
    upload = Exchange("p.txt", dict(FOUND["kill_8_retry"].found))
    content = b"stale!"
    fields = [["output", "json"], ["path", "st"], ["filename", "p.txt"]]
    upload.found = {"request": upload.request | {"form_fields": fields}}
    upload.found["request"] |= {"file_sha256": "0" * 64, "file_size": len(content)}
    upload.found["request"] |= {"file_name": "p.txt"}
    upload.found["request"]["file_md5"] = "7f7fdcd3cdaa14ee6617695ef04e7419"
    send(upload, server.port, contents)
    server.node.on_disk("files/st/p.txt").unlink()
    wrong = []
    for number in range(1, 5):
        name = next(n for n in FOUND if n.startswith(f"stale_path_{number}_"))
        wrong += _told(FOUND[name], server.port, contents)
    assert wrong == []


@pytest.mark.parametrize("dedupe", [True, False])
def test_what_a_killed_upload_left_is_in_the_way(
    tmp_path: Path, contents: Contents, dedupe: bool
) -> None:
    begin = "leftover_distinct_on_header_name" if dedupe else "leftover_distinct_off"
    left = tmp_path / "files" / "k" / "t.bin"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"wh")
    with StandIn(tmp_path, _config(enable_distinct_file=dedupe)) as server:
        wrong = _told(FOUND[f"{begin}_retry"], server.port, contents)
        wrong += _told(FOUND[f"{begin}_get"], server.port, contents)
    assert wrong == []


def _half_sent(server: StandIn, name: str, size: int, sent: int) -> socket.socket:
    """An upload whose body stops in the middle, still connected."""
    mark = "----half"
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="path"\r\n\r\nk\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="filename"\r\n\r\n{name}\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        "\r\n\r\n"
    )
    whole = len(head) + size + len(mark) + 8
    line = socket.create_connection(("127.0.0.1", server.port))
    line.sendall(
        f"POST /group1/upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {whole}\r\n"
        f"Content-Type: multipart/form-data; boundary={mark}\r\n\r\n".encode()
    )
    line.sendall((head.encode() + os.urandom(size))[:sent])
    return line


def test_a_kill_while_the_body_comes_leaves_it_in_tmp(
    tmp_path: Path, contents: Contents
) -> None:
    half = 20971520
    config = _config()
    with StandIn(tmp_path, config) as server:
        line = _half_sent(server, "half.bin", 2 * half, half)
        tmp = server.node.files / "_tmp" / "20261123"
        _wait(lambda: sum(p.stat().st_size for p in tmp.iterdir()) == half)
        name = next(tmp.iterdir()).name
        contents.sums["f8155334-4b07-4c04-c758-b3b8b802907f"] = name
        key = key_of(f"files/_tmp/20261123/{name}")
        contents.sums["0790c61fb06a28f8222221072c3cdf9f"] = key
        wrong = _in_turn("kill_1_", "kill_2_", "kill_3_", port=server.port, of=contents)
    line.close()
    with StandIn(tmp_path, config) as server:
        wrong += _in_turn(
            "kill_5_", "kill_6_", "kill_7_", port=server.port, of=contents
        )
        wrong += _in_turn("kill_8_", port=server.port, of=contents)
    assert wrong == []


def test_a_kill_while_copying_leaves_a_part_that_is_served(
    tmp_path: Path, contents: Contents
) -> None:
    found = dict(FOUND["kill_late_5_retry_same_name"].found)
    found["request"] = found["request"] | {"file_size": 3_145_728}
    retry = Exchange("late", found)
    get = FOUND["kill_late_2_head_truncated"]
    with StandIn(tmp_path, _config(faults=[Fault.TRUNCATE])) as server:
        with pytest.raises(ConnectionError):
            send(retry, server.port, contents)
        wrong = _in_turn("kill_late_3", "kill_late_4", port=server.port, of=contents)
        before = send(get, server.port, contents)
        again = send(retry, server.port, contents)
        after = send(get, server.port, contents)
    assert wrong == []
    assert (before.status, again.status, after.status) == (200, 200, 200)
    # ok with the whole size, and yet the part is what is served
    assert b'"size": 3145728' in again.body
    assert int(before.headers["Content-Length"]) < 3_145_728
    assert before.headers["Content-Length"] == after.headers["Content-Length"]


def test_an_answered_upload_survives_a_kill(tmp_path: Path, contents: Contents) -> None:
    with StandIn(tmp_path, _config()) as server:
        send(FOUND["kill_8_retry"], server.port, contents)
    ask = Exchange("info", dict(FOUND["kill_6_info_after_restart"].found))
    with StandIn(tmp_path, _config()) as server:
        assert b'"status": "ok"' in send(ask, server.port, contents).body


# --- a pair


class Pair:
    """Two servers that know each other; either can be away for a while."""

    def __init__(self, folder: Path, **settings: object) -> None:
        ports = [_free_port(), _free_port()]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        self._folder, self._ports = folder, ports
        self._configs = [
            _config(peers=[urls[1]], **settings),
            _config(peers=[urls[0]], **settings),
        ]
        for config, url in zip(self._configs, urls, strict=True):
            config.host = url
        self.a, self.b = self._start(0), self._start(1)

    def _start(self, number: int) -> StandIn:
        root = self._folder / str(number)
        server = StandIn(root, self._configs[number], port=self._ports[number])
        server.start()
        return server

    def take_b_away(self) -> None:
        self.b.stop()

    def bring_b_back(self) -> None:
        self.b = self._start(1)

    def close(self) -> None:
        self.a.stop()
        self.b.stop()


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@pytest.fixture
def pairs(tmp_path: Path) -> Iterator[Callable[..., Pair]]:
    made: list[Pair] = []

    def _pair(**settings: object) -> Pair:
        made.append(Pair(tmp_path, **settings))
        return made[-1]

    yield _pair
    for pair in made:
        pair.close()


def _without_hosts(lines: list[str]) -> list[str]:
    """The record names who has the file: there a port, here a host name."""
    return [line for line in lines if "peers" not in line]


def test_a_pair_shares_files_and_brings_back_what_was_deleted(
    pairs: Callable[..., Pair], contents: Contents
) -> None:
    pair = pairs(sync_delay=0.1)
    between = {
        "cluster_03_get_B_synced": lambda: time.sleep(0.5),
        "cluster_07_get_A_after": lambda: time.sleep(0.5),
        "cluster_10_get_missing_peer_down": lambda: (
            time.sleep(0.5),
            pair.take_b_away(),
        ),
        "cluster_12_get_A_peer_down": lambda: time.sleep(0.5),
        "cluster_14_get_A_deleted_after_peer_returns": pair.bring_b_back,
        "cluster_15_info_A_z": lambda: time.sleep(0.5),
    }
    wrong = []
    for name in sorted(n for n in FOUND if n.startswith("cluster_") and n[8].isdigit()):
        if name.startswith(("cluster_16", "cluster_17", "cluster_18", "cluster_19")):
            continue
        between.get(name, lambda: None)()
        server = pair.b if "_B" in name else pair.a
        wrong += _told(FOUND[name], server.port, contents)
    assert _without_hosts(wrong) == []


def test_one_name_on_both_at_once_stays_different(
    pairs: Callable[..., Pair], contents: Contents
) -> None:
    pair = pairs(sync_delay=0.3)
    wrong = _in_turn("cluster_16_conflict_A", port=pair.a.port, of=contents)
    wrong += _in_turn("cluster_16_conflict_B", port=pair.b.port, of=contents)
    time.sleep(0.8)
    wrong += _in_turn("cluster_17", "cluster_19", port=pair.a.port, of=contents)
    wrong += _in_turn("cluster_18", port=pair.b.port, of=contents)
    assert _without_hosts(wrong) == []


def test_before_the_copy_is_there_it_is_handed_through(
    pairs: Callable[..., Pair], contents: Contents
) -> None:
    # the copy never comes, as with the second server's folder made read-only
    pair = pairs(sync_delay=600)
    wrong = _in_turn("cluster_ro_1", port=pair.a.port, of=contents)
    for number in range(2, 7):
        wrong += _in_turn(f"cluster_ro_{number}_", port=pair.b.port, of=contents)
    big = pair.a.node.files / "cl" / "big.bin"
    big.write_bytes(os.urandom(5_242_880))
    pair.a.node.index.add(_record_of(pair, big.stat().st_size))
    for number in range(7, 10):
        wrong += _in_turn(f"cluster_ro_{number}_", port=pair.b.port, of=contents)
    assert wrong == []


def _record_of(pair: Pair, size: int) -> Record:
    return Record(
        name="big.bin", path="files/cl", md5="1" * 32, size=size, offset=-1,
        peers=[pair.a.config.host], scene="default", timeStamp=1795467436,
    )  # fmt: skip


def _wait(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came")


def _in_turn(*beginnings: str, port: int, of: Contents) -> list[str]:
    wrong = []
    for begin in beginnings:
        name = next(n for n in sorted(FOUND) if n.startswith(begin))
        wrong += _told(FOUND[name], port, of)
    return wrong


# --- what a raw connection sees


def _raw(
    server: StandIn, head: str, body: bytes = b"", *, half_close: bool = False
) -> str:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
        if half_close:
            line.shutdown(socket.SHUT_WR)
        got = b""
        while piece := line.recv(65536):
            got += piece
    return got.decode()


MARK = "----fdfstestboundary7MA4"
PARTS = (
    f'--{MARK}\r\nContent-Disposition: form-data; name="output"\r\n\r\njson\r\n'
    f'--{MARK}\r\nContent-Disposition: form-data; name="path"\r\n\r\nch\r\n'
    f'--{MARK}\r\nContent-Disposition: form-data; name="filename"\r\n\r\nch.txt\r\n'
    f'--{MARK}\r\nContent-Disposition: form-data; name="file"; filename="c.txt"\r\n\r\n'
    f"chunked body\r\n--{MARK}--\r\n"
).encode()
HEAD = (
    f"POST /group1/upload HTTP/1.1\nHost: {HOST}\nConnection: close\n"
    f"Content-Type: multipart/form-data; boundary={MARK}\n"
)


def _recorded(name: str) -> str:
    return str(FOUND[name].found["received"])


def _last(text: str) -> str:
    return text.partition("\r\n\r\n")[2]


def test_a_body_in_chunks_is_taken(server: StandIn) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (PARTS[:40], PARTS[40:]))
    got = _raw(server, HEAD + "Transfer-Encoding: chunked\n", body + b"0\r\n\r\n")
    assert '"path": "/group1/ch/ch.txt"' in got
    assert '"path": "/group1/ch/ch.txt"' in _recorded("upload_chunked_transfer")


def test_who_waits_to_be_asked_for_the_body_is_asked(server: StandIn) -> None:
    head = HEAD + f"Expect: 100-continue\nContent-Length: {len(PARTS)}\n"
    got = _raw(server, head, PARTS)
    assert got.startswith(str(FOUND["upload_expect_100"].found["first"]))
    assert '"path": "/group1/ch/ch.txt"' in got


def test_a_body_that_ends_early_is_told_in_plain_text(server: StandIn) -> None:
    head = HEAD + "Content-Length: 5242880\n"
    got = _raw(server, head, b"x" * 2**20, half_close=True)
    assert _last(got) == _last(_recorded("client_closes_early"))


def test_a_body_that_comes_too_slowly_is_told_in_plain_text(server: StandIn) -> None:
    server.config.read_timeout = 0.3
    got = _raw(server, HEAD + "Content-Length: 5000\n", b"x")
    assert _last(got) == _last(_recorded("slow_body_read_timeout"))


def test_a_large_body_without_a_token_meets_a_closed_door(server: StandIn) -> None:
    server.config.auth_url = "http://127.0.0.1:9/"
    got = _raw(server, HEAD + "Content-Length: 31457280\n")
    assert got.startswith("HTTP/1.1 401 Unauthorized")
    assert "Connection: close" in got
    assert _last(got) == _last(_recorded("auth_denied_large_body"))


def test_every_recording_is_used_or_left_out_by_name() -> None:
    used = {
        name
        for name in exchanges()
        if not name.startswith(LEFT_OUT)
        and name not in ("check_file_exist_path_outside", "server_down")
    }
    assert len(FOUND) == 535
    assert len(used) == 440
