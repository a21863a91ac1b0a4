"""The endpoint `upload`: files in, and the look-up by a sum."""

import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from media_client.standin import calls, gostyle
from media_client.standin.calls import Call, Reply
from media_client.standin.config import Fault
from media_client.standin.index import Record, key_of
from media_client.standin.multipart import Part, Unreadable, fields_of, parts_of
from media_client.standin.node import Node

PIECE = 256 * 1024
MERGED_BELOW = 2**20
_ONLY_POST = (
    "(error) if you want to upload fast md5 is require,"
    "and if you want to upload file,you must use post method  "
)
_SIGNS = re.compile(r"[/\\:*?\"<>|()\[\]{},;'#@%&$^~=+\-!\s]")


class Refused(Exception):
    """The upload is not taken; the text is what is answered."""

    def __init__(self, words: str, code: int = 200) -> None:
        super().__init__(words)
        self.code = code


class Killed(Exception):
    """The server died here."""


@dataclass
class Upload:
    """One file on its way."""

    call: Call
    part: Part
    fault: Fault | None

    @property
    def body(self) -> Path:
        if self.call.body is None:
            raise Refused("http: no such file")
        return self.call.body


def upload(node: Node, call: Call, fault: Fault | None) -> Reply:
    """Store the file of the form, or look one up by its sum."""
    config = node.config
    if call.method == "OPTIONS" and config.enable_cross_origin:
        return Reply()
    if call.method != "POST":
        return _looked_up(node, call)
    try:
        incoming = Upload(call, _file_of(call), fault)
        record = _stored(node, incoming)
        if fault is Fault.SILENT:
            return Reply(is_cut=True)
        return _told(node, call, record, call.get("output"), is_new=True)
    except Refused as refusal:
        return calls.fail(str(refusal), code=refusal.code)
    except Unreadable as error:
        return calls.fail(str(error))
    except Killed:
        return Reply(is_cut=True)


def _file_of(call: Call) -> Part:
    """Read the form into the call; the first part `file` is the file."""
    if call.body is None:
        raise Refused("request Content-Type isn't multipart/form-data")
    parts = parts_of(call.body, call.header("Content-Type"))
    call.form |= fields_of(call.body, parts)
    file = next((p for p in parts if p.name == "file" and p.filename), None)
    if call.get("output") not in ("", "json", "json2", "text"):
        raise Refused("output just support json or text or json2")
    if file is None:
        raise Refused("http: no such file")
    return file


def _stored(node: Node, incoming: Upload) -> Record:
    config, call = node.config, incoming.call
    name = _cleaned(
        incoming.part.filename or "", trim=config.enable_trim_file_name_special_char
    )
    if config.read_only:
        raise Refused("(error) readonly")
    if config.extensions and _extension(name) not in {
        extension.lstrip(".").lower() for extension in config.extensions
    }:
        raise Refused("(error)file extension mismatch")
    scene = call.get("scene") or call.get("scenes")
    _admit(node, scene or config.default_scene)
    folder = _folder(node, call, scene or config.default_scene, name)
    rename = call.get("filename")
    if config.rename_file:
        extension = f".{name.rsplit('.', 1)[1]}" if "." in name else ""
        rename = secrets.token_hex(16) + extension
    if incoming.fault is Fault.UNCOMPLETE:
        raise Refused("(error)file uncomplete")
    name = _free_name(node, folder, name, rename)
    path = _path(node, folder, name, rename)
    size, sum_ = _copied(node, incoming, path)
    record = Record(
        name=name,
        rename=rename,
        path=folder,
        md5=sum_
        if config.enable_distinct_file
        else key_of(f"{folder}/{rename or name}"),
        size=size,
        peers=[config.host],
        scene=scene or config.default_scene,
        timeStamp=node.now,
        offset=-1,
    )
    if call.get("md5") and call.get("md5") != record.md5:
        raise Refused(" fileInfo.Md5 and md5sum !=")
    return _indexed(node, record, path, incoming.fault)


def _indexed(node: Node, record: Record, path: Path, fault: Fault | None) -> Record:
    config = node.config
    with node.lock:
        known = node.index.get(record.md5)
        if config.enable_distinct_file and known is not None:
            if known.place != record.place:
                path.unlink(missing_ok=True)
            return known
        if config.enable_merge_small_file and record.size < MERGED_BELOW:
            record = _merged(node, record, path)
        node.index.add(record)
    if fault is Fault.VANISH:
        node.on_disk(record.place).unlink(missing_ok=True)
    if fault is Fault.OTHER_BYTES:
        node.on_disk(record.place).write_bytes(b"\0" * record.size)
    if record.size == 0:
        raise Refused("file size is zero")
    node.tell_peers("add", record)
    return record


def _admit(node: Node, scene: str) -> None:
    scenes = [listed.split(":")[0] for listed in node.config.scenes]
    if scenes and scene not in scenes:
        raise Refused("not valid scene")


def _folder(node: Node, call: Call, scene: str, name: str) -> str:
    """Where it goes, from the server's folder; its quirks are the server's."""
    path = call.get("path").replace(".", "").strip("/")
    if path and node.config.enable_custom_path:
        if "%" in path:
            broken = gostyle.formatted(f"{path}/%s", call.get("filename") or name)
            raise Refused(f"open files/{broken}: no such file or directory")
        return path if path.startswith("files") else f"files/{path}"
    day = time.strftime("%Y%m%d/%H/%M", time.gmtime(node.config.clock()))
    return f"files/{scene}/{day}/{node.config.peer_id}"


def _cleaned(name: str, *, trim: bool) -> str:
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    if not trim:
        return name.replace("%", "")
    return _SIGNS.sub("", name).replace("...", "").replace("..", "")


def _extension(name: str) -> str:
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def _free_name(node: Node, folder: str, name: str, rename: str) -> str:
    """A name on the disk that is free: 0_n, then 1_0_n; overwritten without dedupe."""
    at = 0
    taken = rename or name
    while node.config.enable_distinct_file and _is_there(node, folder, taken):
        name = taken = f"{at}_{name}"
        at += 1
    return name


def _is_there(node: Node, folder: str, name: str) -> bool:
    try:
        return node.on_disk(f"{folder}/{name}").is_file()
    except (OSError, ValueError):
        return False


def _path(node: Node, folder: str, name: str, rename: str) -> Path:
    """The file to write: the wanted name, or the free one where that is taken."""
    wanted = rename or name
    if node.config.enable_distinct_file and _is_there(node, folder, wanted):
        wanted = name
    try:
        node.on_disk(folder).mkdir(parents=True, exist_ok=True)
    except OSError:
        raise Refused(f"open {folder}/{wanted}: not a directory") from None
    return node.on_disk(f"{folder}/{wanted}")


def _pieces(incoming: Upload) -> Iterator[bytes]:
    with incoming.body.open("rb") as body:
        body.seek(incoming.part.start)
        left = incoming.part.stop - incoming.part.start
        while left:
            piece = body.read(min(PIECE, left))
            left -= len(piece)
            yield piece


def _copied(node: Node, incoming: Upload, path: Path) -> tuple[int, str]:
    digest = hashlib.new(node.config.file_sum_arithmetic, usedforsecurity=False)
    size = 0
    shown = path.relative_to(node.root.resolve())
    try:
        with path.open("wb") as file:
            for piece in _pieces(incoming):
                if incoming.fault is Fault.FULL:
                    raise OSError(errno.ENOSPC, "no space left on device")
                if incoming.fault is Fault.TRUNCATE:
                    file.write(piece[: max(len(piece) // 2, 1)])
                    raise Killed
                file.write(piece)
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        words = os.strerror(error.errno or 0).lower()
        raise Refused(f"open {shown}: {words}") from None
    os.utime(path, (node.now, node.now))
    return size, digest.hexdigest()


def _merged(node: Node, record: Record, path: Path) -> Record:
    """Put a small file behind others, with a byte before it."""
    number = node.config.chunk_number()
    chunk = node.files / "haystack" / "1" / str(number)
    chunk.parent.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes()
    path.unlink()
    with chunk.open("ab") as file:
        at = file.tell()
        file.write(b"1" + content)
    extension = f".{record.rename.rsplit('.', 1)[-1]}" if "." in record.rename else ""
    size = record.size + 1
    return Record(
        name=record.name,
        rename=f"{number},{at},{size},{extension}",
        path="files/haystack/1",
        md5=record.md5,
        size=size,
        peers=record.peers,
        scene=record.scene,
        timeStamp=record.timeStamp,
        offset=at,
    )


def _looked_up(node: Node, call: Call) -> Reply:
    md5, output = call.get("md5"), call.get("output")
    if not md5 or call.method not in ("GET", "HEAD"):
        return calls.fail(_ONLY_POST)
    return _told(node, call, node.index.get(md5), output, is_new=False)


def _told(
    node: Node, call: Call, record: Record | None, output: str, *, is_new: bool
) -> Reply:
    """The result, in the wanted form."""
    result = _result(node, call, record)
    if output == "json2":
        if record is None:
            return calls.fail("")
        return calls.ok(result)
    if output == "json":
        return calls.text(gostyle.pretty(result) if is_new else gostyle.compact(result))
    return calls.text(str(result["url"]))


def _result(node: Node, call: Call, record: Record | None) -> dict[str, str | int]:
    if record is None:
        names = ("url", "md5", "path", "domain", "scene")
        empty: dict[str, str | int] = dict.fromkeys(names, "")
        return empty | {
            "size": 0,
            "mtime": 0,
            "scenes": "",
            "retmsg": "",
            "retcode": 0,
            "src": "",
        }
    path = f"{node.config.prefix}/{record.place.removeprefix('files/')}"
    domain = node.domain(call)
    url = f"{domain}{path}"
    if node.config.default_download:
        url += f"?name={quote(record.name, safe='+&=$:@')}&download=1"
    return {
        "url": url,
        "md5": record.md5,
        "path": path,
        "domain": domain,
        "scene": record.scene,
        "size": record.size,
        "mtime": record.timeStamp,
        "scenes": record.scene,
        "retmsg": "",
        "retcode": 0,
        "src": path,
    }
