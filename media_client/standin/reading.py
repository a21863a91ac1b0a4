"""Downloads: ranges, sizes, folders, tokens, and pictures scaled on the way."""

import hashlib
import posixpath
import secrets
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

from media_client.standin import calls, gostyle, scaling
from media_client.standin.calls import Call, Reply
from media_client.standin.index import key_of
from media_client.standin.node import Node

#: up to this, an answer that was not measured goes out with its length all the same
MEASURED = 2048


def download(node: Node, call: Call) -> Reply:
    """The file of this address, as the server gives it to this caller."""
    raw_path = call.target.partition("?")[0]
    if moved := _tidied(raw_path):
        return moved
    if ".." in call.target:
        return Reply(401)
    config = node.config
    inside = unquote(raw_path)
    if inside.startswith(f"/{config.group}/"):
        inside = inside[len(config.group) + 1 :]
    place = f"files/{inside.strip('/')}" if inside.strip("/") else "files"
    if not _is_allowed(node, call, place):
        return Reply(401)
    if inside.startswith("/haystack/"):
        return _merged(node, call, place)
    try:
        path = node.on_disk(place)
        is_folder = path.is_dir()
    except (OSError, ValueError):
        return Reply(404)
    if is_folder:
        return _folder(node, call, path)
    if not path.is_file():
        return _of_peer(node, call, place)
    if not raw_path.startswith(config.prefix + "/") or (
        not config.support_group_manage and raw_path.startswith(f"/{config.group}/")
    ):
        # looked for in one place and served from another
        page = calls.error_page("404 page not found", 404)
        page.headers[:0] = [
            h for h in _attachment(node, call) if h[0] != "Content-Type"
        ]
        return page
    return _file(node, call, path)


def _tidied(raw_path: str) -> Reply | None:
    """Doubled slashes and dots as path segments are redirected away."""
    clean = posixpath.normpath(raw_path)
    clean = "/" + clean.lstrip("/")
    if raw_path.endswith("/") and clean != "/":
        clean += "/"
    if clean == raw_path:
        return None
    body = f'<a href="{clean}">Moved Permanently</a>.\n\n'.encode()
    return Reply(
        301, body, [("Content-Type", "text/html; charset=utf-8"), ("Location", clean)]
    )


def _is_allowed(node: Node, call: Call, place: str) -> bool:
    config = node.config
    if node.is_peer(call) or call.query.get("peer"):
        return True
    if config.enable_download_auth and config.auth_url:
        if config.is_v147 is False and not call.header("Auth-Token"):
            return False
        return node.is_authorised(call, with_form=False)
    if config.download_use_token:
        return _has_token(node, call, place)
    return True


def _has_token(node: Node, call: Call, place: str) -> bool:
    """md5 of the content's md5 and the second; nothing secret is in it."""
    if not (node.root / place).is_file():
        return True
    token, moment = call.query.get("token", ""), call.query.get("timestamp", "")
    if not token or not moment.isdecimal():
        return False
    if abs(node.now - int(moment)) > node.config.download_token_expire:
        return False
    record = node.index.get(key_of(place))
    if record is None or node.config.has_docker_dir:
        return True
    right = hashlib.md5(f"{record.md5}{moment}".encode(), usedforsecurity=False)
    return token == right.hexdigest()


def _attachment(node: Node, call: Call) -> list[tuple[str, str]]:
    """What makes a browser save the file; nothing where it is to be shown."""
    wish = call.query.get("download")
    if wish == "0" or (wish is None and not node.config.default_download):
        return []
    name = call.query.get("name", "")
    words = f"attachment;filename={name}" if name else "attachment"
    return [
        ("Content-Disposition", words),
        ("Content-Type", "application/octet-stream"),
    ]


def _folder(node: Node, call: Call, path: Path) -> Reply:
    if not node.config.show_dir:
        return calls.text("list dir deny")
    raw_path, _mark, query = call.target.partition("?")
    if not raw_path.endswith("/"):
        where = raw_path.rsplit("/", 1)[-1] + "/" + (f"?{query}" if query else "")
        return Reply(301, b"", [*_attachment(node, call), ("Location", where)])
    entries = sorted(f"{p.name}/" if p.is_dir() else p.name for p in path.iterdir())
    lines = [f'<a href="{name}">{name}</a>' for name in entries]
    body = "\n".join(["<pre>", *lines, "</pre>", ""])
    return Reply(
        200,
        body.encode(),
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Last-Modified", gostyle.http_date(_mtime(node, path))),
        ],
    )


def _mtime(node: Node, path: Path) -> float:
    return min(path.stat().st_mtime, node.config.clock())


def _file(node: Node, call: Call, path: Path) -> Reply:
    size = _wanted_size(call)
    shown = _attachment(node, call)
    if size is not None:
        if min(size) < 0:
            return Reply(500, b"", shown)
        most = (node.config.image_max_width, node.config.image_max_height)
        return _scaled(path.read_bytes(), size, most, shown)
    if path.name == "index.html":
        query = f"?{call.raw_query}" if call.raw_query else ""
        return Reply(301, b"", [("Location", f"./{query}")])
    with path.open("rb") as file:
        kind = gostyle.content_type(path.name, file.read(512))
    changed = _mtime(node, path)
    facts = [("Last-Modified", gostyle.http_date(changed))]
    if _is_known(call, changed):
        return Reply(304, b"", facts)
    typed = shown or [("Content-Type", kind)]
    length = path.stat().st_size
    if call.header("Range"):
        return _part(call, path, length, typed, facts)
    headers = [("Accept-Ranges", "bytes"), *typed, *facts]
    return Reply(200, b"", headers, file=path, length=length)


def _is_known(call: Call, changed: float) -> bool:
    since = call.header("If-Modified-Since")
    if not since:
        return False
    try:
        return int(changed) <= parsedate_to_datetime(since).timestamp()
    except ValueError:
        return False


def _part(
    call: Call,
    path: Path,
    length: int,
    typed: list[tuple[str, str]],
    facts: list[tuple[str, str]],
) -> Reply:
    ranges = _ranges(call.header("Range"), length)
    if not ranges:
        page = calls.error_page("invalid range: failed to overlap", 416)
        page.headers[:0] = [("Content-Range", f"bytes */{length}"), *facts]
        return page
    base = [("Accept-Ranges", "bytes")]
    if len(ranges) == 1:
        start, stop = ranges[0]
        where = ("Content-Range", f"bytes {start}-{stop - 1}/{length}")
        headers = [*base, where, *typed, *facts]
        return Reply(206, b"", headers, file=path, start=start, length=stop - start)
    boundary = secrets.token_hex(30)
    kind = dict(typed)["Content-Type"]
    content = path.read_bytes()
    body = b""
    for number, (start, stop) in enumerate(ranges):
        body += b"\r\n" if number else b""
        body += (
            f"--{boundary}\r\nContent-Range: bytes {start}-{stop - 1}/{length}\r\n"
            f"Content-Type: {kind}\r\n\r\n"
        ).encode()
        body += content[start:stop]
    body += f"\r\n--{boundary}--\r\n".encode()
    several = ("Content-Type", f"multipart/byteranges; boundary={boundary}")
    return Reply(206, body, [*base, several, *facts])


def _ranges(text: str, length: int) -> list[tuple[int, int]]:
    """The parts asked for, as (start, before stop); none where none overlap."""
    found = []
    for part in text.removeprefix("bytes=").split(","):
        first, _dash, last = part.strip().partition("-")
        if not first and last.isdecimal():
            found.append((max(length - int(last), 0), length))
        elif first.isdecimal() and int(first) < length:
            stop = int(last) + 1 if last.isdecimal() else length
            found.append((int(first), min(stop, length)))
    return found


def _wanted_size(call: Call) -> tuple[int, int] | None:
    """Width and height, 0 where one follows the other; None for as it is."""
    sides = []
    for name in ("width", "height"):
        try:
            sides.append(int(call.query.get(name, "")))
        except ValueError:
            sides.append(0)
    return (sides[0], sides[1]) if any(sides) else None


def _scaled(
    content: bytes,
    size: tuple[int, int],
    most: tuple[int, int],
    shown: list[tuple[str, str]],
) -> Reply:
    body, kind = scaling.scaled(content, size, most)
    typed = shown or ([("Content-Type", kind)] if kind else [])
    return Reply(200, body, typed, is_chunked=len(body) > MEASURED)


def _merged(node: Node, call: Call, place: str) -> Reply:
    """A piece of a chunk: no ranges, no date."""
    name = place.rsplit("/", 1)[-1]
    number, at, size = (*name.split(","), "", "", "")[:3]
    chunk = node.root / place.rsplit("/", 1)[0] / number
    if not (chunk.is_file() and at.isdecimal() and size.isdecimal()):
        return Reply(404)
    with chunk.open("rb") as file:
        file.seek(int(at) + 1)
        content = file.read(int(size) - 1)
    if not content and int(size) > 1:
        return Reply(404)
    if called := call.query.get("name"):
        call.query["name"] = called.replace("(", "").replace(")", "")
    shown = _attachment(node, call)
    if wanted := _wanted_size(call):
        most = (node.config.image_max_width, node.config.image_max_height)
        return _scaled(content, wanted, most, shown)
    typed = shown or [("Content-Type", gostyle.content_type(name, content))]
    return Reply(200, content, typed)


def _of_peer(node: Node, call: Call, place: str) -> Reply:
    """Handed through from a peer, which is asked for its copy meanwhile."""
    found = None if call.query.get("peer") else node.of_peer(place)
    if found is None:
        return Reply(404)
    peer, record, content = found
    if node.config.sync_delay < 60:
        node.fetch(record, peer)
    shown = _attachment(node, call)
    if size := _wanted_size(call):
        most = (node.config.image_max_width, node.config.image_max_height)
        return _scaled(content, size, most, shown)
    name = place.rsplit("/", 1)[-1]
    typed = shown or [("Content-Type", gostyle.content_type(name, content[:512]))]
    return Reply(200, content, typed, is_chunked=len(content) > MEASURED)
