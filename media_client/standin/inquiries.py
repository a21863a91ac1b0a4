"""Endpoints that tell of files and of the server, and `delete`."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from media_client.standin import calls, gostyle
from media_client.standin.calls import Call, Reply
from media_client.standin.index import Record, key_of
from media_client.standin.node import Node

_EMPTY = Record()


def _as_text(node: Node, call: Call) -> Reply:
    return calls.text(node.refusal_of(call))


def _as_nothing(node: Node, call: Call) -> Reply:
    return calls.fail(node.refusal_of(call), status="")


def _as_ok(node: Node, call: Call) -> Reply:
    return calls.ok(message=node.refusal_of(call))


Endpoint = Callable[[Node, Call], Reply]


def for_peers(refuse: Endpoint) -> Callable[[Endpoint], Endpoint]:
    """Only the cluster and this machine may call it; outsiders are told no, with 200."""

    def _wrap(endpoint: Endpoint) -> Endpoint:
        def _called(node: Node, call: Call) -> Reply:
            if not node.is_peer(call):
                return refuse(node, call)
            return endpoint(node, call)

        return _called

    return _wrap


def _place(node: Node, call: Call) -> str:
    path = call.get("path")
    if node.config.support_group_manage:
        return path.replace(f"/{node.config.group}/", "files/", 1)
    return path


@for_peers(_as_text)
def get_file_info(node: Node, call: Call) -> Reply:
    key = key_of(_place(node, call)) if call.get("path") else call.get("md5")
    record = node.index.get(key)
    if record is None:
        return calls.fail("leveldb: not found")
    return calls.ok(record.as_dict())


def _checked(node: Node, key: str) -> Record | None:
    """The record, if the file is there too; else it is forgotten under this key."""
    record = node.index.get(key)
    if record is None:
        return None
    if record.offset >= 0 or node.on_disk(record.place).is_file():
        return record
    node.index.drop(key)
    return None


def check_file_exist(node: Node, call: Call) -> Reply:
    path = call.get("path")
    if not path:
        found = _checked(node, call.get("md5")) or _EMPTY
    elif call.query.get("peer"):
        # what a peer asks for is known by its path
        found = _checked(node, key_of(path)) or _EMPTY
    else:
        found = _probed(node, path)
    return calls.text(gostyle.compact(found.as_dict()))


def _probed(node: Node, path: str) -> Record:
    if node.config.has_docker_dir:
        return _EMPTY
    try:
        file = node.on_disk(path)
        if not file.is_file():
            return _EMPTY
    except (OSError, ValueError):
        return _EMPTY
    return Record(
        name=file.name,
        path=path.rpartition("/")[0],
        md5=key_of(path),
        size=file.stat().st_size,
        peers=[node.config.host],
        timeStamp=int(min(file.stat().st_mtime, node.config.clock())),
        offset=-1,
    )


def check_files_exist(node: Node, call: Call) -> Reply:
    found = [_checked(node, key) for key in call.get("md5s").split(",")]
    records = [record.as_dict() for record in found if record is not None]
    answer = {"message": "", "status": "", "data": records or None}
    return calls.text(gostyle.compact(answer))


def delete(node: Node, call: Call) -> Reply:
    if not node.is_peer(call):
        return _as_text(node, call)
    if not node.is_authorised(call):
        return Reply(401)
    key = call.get("md5")
    if not key and call.get("path"):
        is_grouped = node.config.support_group_manage
        path = call.get("path")
        key = key_of(
            _place(node, call) if is_grouped else path.replace("/", "files/", 1)
        )
    if len(key) < 32:
        return calls.fail("md5 unvalid")
    record = node.index.get(key)
    if record is None:
        return calls.fail("leveldb: not found")
    if record.offset >= 0:
        return calls.fail("small file delete not support")
    file = node.on_disk(record.place)
    if not file.is_file():
        return calls.fail("fail remove")
    file.unlink()
    node.index.forget(record)
    if not call.get("inner"):
        node.tell_peers("delete", record)
    return calls.ok(message="remove success")


@for_peers(_as_nothing)
def list_dir(node: Node, call: Call) -> Reply:
    folder = call.get("dir").replace(".", "")
    where = Path(node.files, *filter(None, folder.split("/")))
    if node.config.has_docker_dir and folder:
        return calls.ok(None)
    if not where.is_dir():
        return calls.fail(f"open files/{folder}: no such file or directory", status="")
    lines = [_line(node, folder, path) for path in sorted(where.iterdir())]
    return calls.ok(lines or None)


def _line(node: Node, folder: str, path: Path) -> dict[str, Any]:
    place = f"files/{folder}/{path.name}" if folder else f"files/{path.name}"
    facts = path.stat()
    return {
        "is_dir": path.is_dir(),
        "md5": key_of(place),
        "mtime": int(min(facts.st_mtime, node.config.clock())),
        "name": path.name,
        "path": folder,
        "size": 4096 if path.is_dir() else facts.st_size,
    }


@for_peers(_as_nothing)
def search(node: Node, call: Call) -> Reply:
    word = call.get("kw")
    found = [r.as_dict() for _key, r in node.index.added if word in r.name][:100]
    return calls.ok(found or None)


def _days(node: Node) -> list[dict[str, Any]]:
    day = time.strftime("%Y%m%d", time.gmtime(node.config.clock()))
    sizes = [record.size for _key, record in node.index.added]
    facts = {"fileCount": len(sizes), "totalSize": sum(sizes)}
    return [{"date": day} | facts, {"date": "all"} | facts]


@for_peers(_as_nothing)
def stat(node: Node, call: Call) -> Reply:
    days = _days(node)
    if call.get("inner"):
        return calls.text(gostyle.pretty(days))
    if not call.get("echart"):
        return calls.ok(days)
    return calls.ok(
        {
            "barCount": [day["fileCount"] for day in days],
            "barSize": [day["totalSize"] for day in days],
            "category": [day["date"] for day in days],
        }
    )


@for_peers(_as_nothing)
def repair_stat(node: Node, call: Call) -> Reply:
    if len(call.get("date")) != 8:
        return calls.fail("invalid date", status="")
    return calls.ok(_days(node)[0] | {"date": call.get("date")})


@for_peers(_as_text)
def get_md5s_by_date(node: Node, call: Call) -> Reply:
    return calls.text(",".join(key for key, _record in node.index.added))


def status(node: Node, call: Call) -> Reply:
    disk = shutil.disk_usage(node.root)
    return calls.ok(
        {
            "Fs.AutoRepair": False,
            "Fs.FileStats": _days(node),
            "Fs.Local": node.config.host,
            "Fs.Peers": node.config.peers or None,
            "Fs.QueueFileLog": 0,
            "Fs.QueueFromPeers": 0,
            "Fs.QueueToPeers": 0,
            "Fs.QueueUpload": 0,
            "Fs.RefreshInterval": 1800,
            "Fs.ShowDir": node.config.show_dir,
            "Sys.DiskInfo": {"free": disk.free, "total": disk.total, "used": disk.used},
        }
    )


def sync(node: Node, call: Call) -> Reply:
    if not node.is_peer(call):
        return calls.fail("client must be in cluster")
    if not call.get("date"):
        return calls.fail("require paramete date &force , ?date=20181230")
    return calls.ok(message="job is running")


def syncfile_info(node: Node, call: Call) -> Reply:
    """A peer tells of a file that it has."""
    if not node.is_peer(call) or call.get("fileInfo") in ("", "{}"):
        return Reply()
    record = Record(**json.loads(call.get("fileInfo")))
    known = node.index.get(key_of(record.place))
    if known is None and record.peers:
        node.fetch(record, record.peers[0])
    return calls.text("OK")


@for_peers(_as_text)
def repair_fileinfo(node: Node, call: Call) -> Reply:
    return calls.text("please set enable_migrate=true")


@for_peers(_as_text)
def reload(node: Node, call: Call) -> Reply:
    action, key = call.get("action"), call.get("key")
    if not key:
        return calls.fail("(error)parameter key require")
    if key != node.config.admin_key:
        return calls.fail("(error)key is not correct")
    if not action:
        return calls.text("(error)action support set(json) get reload")
    return calls.ok() if action in ("set", "reload", "get") else Reply()


def _job(message: str) -> Endpoint:
    @for_peers(_as_ok)
    def _started(node: Node, call: Call) -> Reply:
        return calls.ok(message=message)

    return _started


ENDPOINTS: dict[str, Endpoint] = {
    "get_file_info": get_file_info,
    "check_file_exist": check_file_exist,
    "check_files_exist": check_files_exist,
    "delete": delete,
    "list_dir": list_dir,
    "search": search,
    "stat": stat,
    "repair_stat": repair_stat,
    "get_md5s_by_date": get_md5s_by_date,
    "status": status,
    "sync": sync,
    "syncfile_info": syncfile_info,
    "repair_fileinfo": repair_fileinfo,
    "reload": reload,
    "backup": _job("back job start..."),
    "repair": _job("repair job start..."),
    "remove_empty_dir": _job("clean job start ..,don't try again!!!"),
}
