"""The recorded exchanges with a real server, sent to the stand-in and compared."""

import base64
import hashlib
import http.client
import io
import json
import re
import struct
import zlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import Any

from media_client.standin import Config

FOLDER = Path(__file__).resolve().parents[3] / "shared/protocols/go-fastdfs/transcripts"
HOST = "fastdfs.test:8080"
BOUNDARY = "----fdfstestboundary7MA4"
#: of these only the shape is compared: they count what lay on that machine
SHAPES = {
    "stat", "stat_echart", "stat_inner", "repair_stat", "status", "refused_status",
    "list_dir_root", "cluster_19_status", "get_md5s_by_date", "reload_get",
}  # fmt: skip


@dataclass
class Exchange:
    """One recorded request with its answer."""

    name: str
    found: dict[str, Any]

    @property
    def request(self) -> dict[str, Any]:
        return self.found.get("request", {})

    @property
    def response(self) -> dict[str, Any]:
        return self.found.get("response", {})

    @property
    def moment(self) -> float:
        text = dict(self.response.get("headers", [])).get("Date", "")
        return parsedate_to_datetime(text).timestamp() if text else 0.0

    @property
    def settings(self) -> str:
        """What the server was started with, as a key."""
        return json.dumps(self.found.get("non_default_config"), sort_keys=True)

    @property
    def is_upload(self) -> bool:
        return "file_size" in self.request


def exchanges() -> dict[str, Exchange]:
    """All recordings by name; empty where they are not beside the checkout."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        found[path.stem] = Exchange(path.stem, content)
    return found


def order(several: list[Exchange]) -> list[Exchange]:
    """As they were sent: by the second, then what is uploaded before what is read."""

    def _key(exchange: Exchange) -> tuple[Any, ...]:
        scenario, number = exchange.name, 0
        if match := re.fullmatch(r"(\D+?)_(\d+)(_.*)?", exchange.name):
            scenario, number = match[1], int(match[2])
        phase = 0 if scenario in uploads else 1
        if "delete" in exchange.name and not number:
            phase = 2
        if scenario in ("upload_path_onto_dir", "custompath_off_upload"):
            phase = -1
        if scenario == "host_poison":
            phase = -1
        return (firsts[scenario], phase, scenario, number, exchange.name)

    firsts: dict[str, float] = {}
    uploads = set()
    for exchange in several:
        match = re.fullmatch(r"(\D+?)_(\d+)(_.*)?", exchange.name)
        scenario = match[1] if match else exchange.name
        if exchange.is_upload:
            uploads.add(scenario)
        firsts[scenario] = min(firsts.get(scenario, 9e9), exchange.moment)
    return sorted(several, key=_key)


# --- what was sent: recordings keep the sums of files, not the files


def png(width: int, height: int, size: int) -> bytes:
    """A picture of one colour, of exactly this many bytes."""

    def _chunk(kind: bytes, body: bytes) -> bytes:
        sum_ = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", sum_)

    rows = (b"\0" + b"\x40" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", head)]
    end = [_chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b"")]
    left = size - sum(map(len, chain(parts, end))) - 12
    filler = [_chunk(b"prVt", b"\0" * left)] if left >= 0 else []
    return b"".join(parts + filler + end)


def jpeg(size: int) -> bytes:
    """A picture of exactly this many bytes."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (100, 50), "green").save(out, "JPEG")
    content = out.getvalue()
    left = size - len(content) - 4
    filler = b"\xff\xfe" + struct.pack(">H", left + 2) + b"\0" * left
    return content[:2] + filler + content[2:]


class Contents:
    """The files that were sent, as far as answers show them; the rest is made up.

    `sums` maps what was recorded of a made-up file to what is true of ours.
    """

    def __init__(self, found: dict[str, Exchange]) -> None:
        self._known: dict[str, bytes] = {}
        self.sums: dict[str, str] = {}
        for exchange in found.values():
            for body in (exchange.response.get("body"), exchange.request.get("body")):
                if content := _shown(body):
                    self._known[hashlib.sha256(content).hexdigest()] = content
        for text in (
            "AAA",
            "BBB",
            "CCC",
            "g1",
            "g2",
            "token file",
            "uni token",
            "a",
            "",
        ):
            content = text.encode()
            self._known[hashlib.sha256(content).hexdigest()] = content

    def know(self, content: bytes) -> None:
        """Send this where its sum is asked for."""
        self._known[hashlib.sha256(content).hexdigest()] = content

    def of(self, exchange: Exchange) -> bytes:
        """The file of an upload."""
        request = exchange.request
        sum_, size = request["file_sha256"], request["file_size"]
        if sum_ in self._known:
            return self._known[sum_]
        content = self._made_up(request["file_name"], sum_, size)
        assert len(content) == size, exchange.name
        for kind in ("md5", "sha1"):
            mine = hashlib.new(kind, content, usedforsecurity=False).hexdigest()
            theirs = request["file_md5"] if kind == "md5" else _told(exchange)
            if len(theirs) == len(mine):
                self.sums[theirs] = mine
        self._known[sum_] = content
        return content

    @staticmethod
    def _made_up(name: str, sum_: str, size: int) -> bytes:
        if name == "i.png":
            return png(3000, 1500, size)
        if name in ("s.png", "s2.png", "one.png"):
            return png(60 if size > 100 else 30, 40 if size > 100 else 30, size)
        if name == "i.jpg":
            return jpeg(size)
        return (bytes.fromhex(sum_) * (size // 32 + 1))[:size]

    def learn(self, exchange: Exchange, got: "Got") -> None:
        """Under which name this server keeps what the recorded one renamed."""
        pattern = r"/([0-9a-f]{32})(?=\.PNG\?)"
        theirs = re.search(pattern, exchange.response["body"].get("text", ""))
        mine = re.search(pattern, got.body.decode("utf-8", "replace"))
        if theirs and mine:
            self.sums[theirs[1]] = mine[1]


def _told(exchange: Exchange) -> str:
    if "body" not in exchange.response:
        return ""
    try:
        found = json.loads(exchange.response["body"].get("text") or "{}")
    except ValueError:
        return ""
    return str((found.get("data") or found).get("md5", ""))


def _shown(body: dict[str, Any] | None) -> bytes | None:
    if not body or body.get("length", 0) > 100_000:
        return None
    if "text" in body:
        content = body["text"].encode()
    else:
        content = base64.b64decode(body.get("base64_head", ""))
    is_whole = hashlib.sha256(content).hexdigest() == body["sha256"]
    return content if is_whole else None


# --- sending and comparing


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def send(exchange: Exchange, port: int, contents: Contents) -> Got:
    """Send the recorded request."""
    request = exchange.request
    source = ("127.0.0.2", 0) if request.get("client_ip") else None
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=20, source_address=source
    )
    body = _body(exchange, contents)
    headers = dict(request["headers"])
    target = with_sums(request["path"], contents.sums)
    target = with_token(target, contents.sums)
    connection.putrequest(
        request["method"], _ascii(target), skip_host=True, skip_accept_encoding=True
    )
    for name, value in headers.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    got = Got(response.status, dict(response.getheaders()), response.read())
    connection.close()
    return got


def _ascii(target: str) -> str:
    return target.encode().decode("latin-1")


def with_sums(text: str, sums: dict[str, str]) -> str:
    """The same text, with the sums of our files for those of the recorded ones."""
    for theirs, mine in sums.items():
        text = text.replace(theirs, mine)
    return text


def with_token(target: str, sums: dict[str, str]) -> str:
    """A download token is made of the content's sum."""
    match = re.search(r"token=([0-9a-f]{32})&timestamp=(\w+)", target)
    for theirs, mine in sums.items() if match else ():
        token = hashlib.md5(f"{theirs}{match[2]}".encode()).hexdigest()  # noqa: S324
        if token == match[1]:
            own = hashlib.md5(f"{mine}{match[2]}".encode()).hexdigest()  # noqa: S324
            return target.replace(token, own)
    return target


def _body(exchange: Exchange, contents: Contents) -> bytes | None:
    request = exchange.request
    if "body" in request:
        return with_sums(request["body"]["text"], contents.sums).encode()
    if not exchange.is_upload and "form_fields" not in request:
        return None
    lines = []
    for name, value in request.get("form_fields", []):
        value = with_sums(value, contents.sums)
        lines.append(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
            f"\r\n\r\n{value}\r\n".encode()
        )
    if exchange.is_upload:
        lines.append(_file_head(exchange) + contents.of(exchange) + b"\r\n")
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()


#: how these files were named is told by the recording's name only
_NAMED = {
    "upload_filename_star_rfc5987": "filename*=UTF-8''%E6%A1%83.txt",
    "upload_latin1_header_name": 'filename="%E6%A1%83.txt"',
    "upload_quote_in_header_name": 'filename="a\\"b.txt"',
}


def _file_head(exchange: Exchange) -> bytes:
    request = exchange.request
    named = _NAMED.get(exchange.name, f'filename="{request["file_name"]}"')
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="{request["file_field"]}"; {named}\r\n'
        f"Content-Type: {request['file_content_type']}\r\n\r\n"
    ).encode()


def differences(exchange: Exchange, got: Got, contents: Contents) -> list[str]:
    """In what the answer differs from the recorded one; empty when it does not."""
    response, found = exchange.response, []
    if got.status != response["status"]:
        found.append(f"status {got.status}, not {response['status']}")
    is_shape = exchange.name in SHAPES
    is_json = response["body"].get("text", "").startswith(("{", "["))
    is_scaled = exchange.name.startswith("resize") or "resize" in exchange.name
    wanted = {k: v for k, v in response["headers"] if k != "Date"}
    had = {k: v for k, v in got.headers.items() if k != "Date"}
    for name in sorted(wanted | had):
        ours, theirs = had.get(name, ""), wanted.get(name, "")
        if name == "Content-Type":
            ours, theirs = (re.sub("boundary=.*", "", t) for t in (ours, theirs))
        if name == "Last-Modified" and ours and theirs:
            continue
        if name in ("Content-Length", "Transfer-Encoding") and (is_shape or is_scaled):
            continue
        if name == "Content-Length" and is_json and bool(ours) == bool(theirs):
            # the recorded bodies were given other host names afterwards
            continue
        if ours != theirs:
            found.append(f"{name} is {ours!r}, not {theirs!r}")
    if not (exchange.request["method"] == "HEAD" or is_scaled):
        found += _of_bodies(exchange, got.body, contents, is_shape=is_shape)
    return found


def _of_bodies(
    exchange: Exchange, ours: bytes, contents: Contents, *, is_shape: bool
) -> list[str]:
    body = exchange.response["body"]
    theirs = with_sums(body.get("text", ""), contents.sums)
    try:
        left, right = json.loads(ours), json.loads(theirs)
    except ValueError:
        if "text" in body and not is_shape:
            left, right = _settled(ours.decode("utf-8", "replace")), _settled(theirs)
            # the recorded bodies were given other host names afterwards
            is_same = left == right or (
                len(body["text"].encode()) != body["length"] == len(ours)
            )
            return [] if is_same else [f"body is {left!r}, not {right!r}"]
        same = is_shape or len(ours) == body["length"]
        return [] if same else [f"{len(ours)} bytes, not {body['length']}"]
    if is_shape:
        left, right = _keys(left), _keys(right)
        return [] if left <= right else [f"has {sorted(left - right)}"]
    left, right = _timeless(left), _timeless(right)
    return [] if left == right else [f"body is {left!r}, not {right!r}"]


def _settled(text: str) -> str:
    """Without the boundary that is made up each time."""
    return re.sub(r"[0-9a-f]{60}", "BOUNDARY", text)


def _keys(found: Any) -> set[str]:
    if isinstance(found, list):
        return set().union(*map(_keys, found))
    if not isinstance(found, dict):
        return set()
    return set(found).union(*map(_keys, found.values()))


def _timeless(found: Any) -> Any:
    if isinstance(found, list):
        return [_timeless(line) for line in found]
    if isinstance(found, dict):
        return {
            key: "a moment" if key in ("mtime", "timeStamp") else _timeless(value)
            for key, value in found.items()
        }
    if isinstance(found, str):
        # names that the server makes up when it renames
        return re.sub(r"/[0-9a-f]{32}(?=\.PNG|$|\?)", "/RENAMED", found)
    return found


class AuthService:
    """What auth_url asks; it answers as it is told and keeps the questions."""

    def __init__(self) -> None:
        self.reply: dict[str, Any] = {"status": 200, "body": "ok"}
        self.calls: list[tuple[dict[str, str], str]] = []
        service = self

        class _Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                service.calls.append((dict(self.headers.items()), body))
                self.send_response(service.reply["status"])
                self.end_headers()
                self.wfile.write(service.reply["body"].encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/auth"
        Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def config_of(exchange: Exchange) -> Config:
    """The settings that a recording names."""
    config = Config(
        host=f"http://{HOST}",
        admin_key="testadminkey",
        chunk_number=iter((168, 263)).__next__,
    )
    for name, value in (exchange.found.get("non_default_config") or {}).items():
        if name == "binary":
            config.is_v147 = value.endswith("1.4.7")
        elif name == "env":
            config.has_docker_dir = True
        elif hasattr(config, name):
            setattr(config, name, value)
    return config
