"""What one server knows: its folder, its index, its peers, who may do what."""

import http.client
import json
import threading
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from media_client.standin.calls import Call
from media_client.standin.config import Config, Fault
from media_client.standin.index import Index, Record

OUTSIDER = (
    "Can only be called by the cluster ip or 127.0.0.1 or admin_ips(cfg.json),"
    "current ip:"
)


class Node:
    """The state that all requests of one server share."""

    def __init__(self, root: Path, config: Config) -> None:
        self.root, self.config = root, config
        self.files = root / "files"
        for folder in (self.files, self.files / "_tmp", self.files / "_big"):
            folder.mkdir(parents=True, exist_ok=True)
        self.index = Index(root / "index.jsonl")
        self.lock = threading.RLock()
        self._domain = ""

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.config.clock())

    def next_fault(self) -> Fault | None:
        """What this upload is to suffer."""
        with self.lock:
            faults = self.config.faults
            return faults.pop(0) if faults else None

    def on_disk(self, place: str) -> Path:
        """Where files/a/b.png lies; never outside the server's own folder."""
        path = Path(self.root, place).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise PermissionError(place)
        return path

    def domain(self, call: Call) -> str:
        """The host of the first upload since the start, unless one is set."""
        if self.config.download_domain:
            domain = self.config.download_domain
            return domain if "://" in domain else f"http://{domain}"
        with self.lock:
            self._domain = self._domain or f"http://{call.header('Host')}"
        return self._domain

    # --- who may do what

    def is_peer(self, call: Call) -> bool:
        """Called from this machine, or by one of those that are listed."""
        return call.address in self.config.admin_ips

    def refusal_of(self, call: Call) -> str:
        """What an outsider is told; it repeats what the caller says of itself."""
        said = call.header("X-Forwarded-For") or call.header("X-Real-Ip")
        return OUTSIDER + (said or call.address)

    def is_authorised(self, call: Call, *, with_form: bool = True) -> bool:
        """Ask auth_url, as the configured version does."""
        if not self.config.auth_url:
            return True
        if not self.config.is_v147 and not call.header("Auth-Token"):
            return False
        fields: dict[str, str] = {}
        if self.config.is_v147:
            fields = call.query | call.form
            fields |= {"__path__": call.path, "__query__": call.raw_query}
        elif with_form:
            fields = call.query | call.form
        return self._asked(call, urlencode(fields))

    def _asked(self, call: Call, body: str) -> bool:
        parts = urlsplit(self.config.auth_url)
        headers = {"User-Agent": "Go-FastDFS"}
        if token := call.header("Auth-Token"):
            headers["Auth-Token"] = token
        kind = call.header("Content-Type")
        if self.config.is_v147 or not kind:
            kind = "application/x-www-form-urlencoded"
        headers["Content-Type"] = kind
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=10
        )
        try:
            connection.request("POST", parts.path or "/", body, headers)
            answer = connection.getresponse().read().decode("utf-8", "replace").strip()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return answer == "ok" or _says_ok(answer)

    # --- the others of the cluster

    def tell_peers(self, action: str, record: Record) -> None:
        """Push a new file or its deletion to the others, a moment later."""
        if self.config.peers:
            timer = threading.Timer(
                self.config.sync_delay, self._tell, (action, record)
            )
            timer.daemon = True
            timer.start()

    def _tell(self, action: str, record: Record) -> None:
        query = urlencode({"fileInfo": json.dumps(record.as_dict()), "inner": "1"})
        for peer in self.config.peers:
            if action == "delete":
                target = f"delete?{urlencode({'md5': record.md5, 'inner': '1'})}"
            else:
                target = f"syncfile_info?{query}"
            ask_peer(peer, self.config.prefix, target)

    def fetch(self, record: Record, peer: str) -> None:
        """Copy a file that a peer has, and take it into the index."""
        found = ask_peer(
            peer, self.config.prefix, f"{_quoted(record.place)}?download=0&peer=1"
        )
        if found is None:
            return
        path = self.on_disk(record.place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found)
        self.index.with_peers(record, [peer, self.config.host])

    def of_peer(self, place: str) -> tuple[str, Record, bytes] | None:
        """A file that is not here, from the first peer that has it."""
        key = urlencode({"path": place})
        for peer in self.config.peers:
            found = ask_peer(peer, self.config.prefix, f"check_file_exist?{key}&peer=1")
            record = _record(found)
            if record is None:
                continue
            content = ask_peer(
                peer, self.config.prefix, f"{_quoted(place)}?download=0&peer=1"
            )
            if content is not None:
                return peer, record, content
        return None


def ask_peer(peer: str, prefix: str, target: str) -> bytes | None:
    """The body of a 200, else None."""
    parts = urlsplit(peer)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port or 80, timeout=5
    )
    try:
        connection.request("GET", f"{prefix}/{target}")
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body if response.status == 200 else None


def _quoted(place: str) -> str:
    return urlencode({"": place.removeprefix("files/")}, safe="/")[1:].replace(
        "+", "%20"
    )


def _record(found: bytes | None) -> Record | None:
    try:
        record = Record(**json.loads(found or b"{}"))
    except (ValueError, TypeError):
        return None
    return record if record.md5 else None


def _says_ok(answer: str) -> bool:
    try:
        found = json.loads(answer)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("data") == "ok"
