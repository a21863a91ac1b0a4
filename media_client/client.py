"""The file server's verbs, each safe against what the server is known to do."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from media_client import names, replies
from media_client.addresses import Addresses
from media_client.downloads import Download
from media_client.errors import MediaError, Reason
from media_client.facts import Entry, FileInfo, Health, Stored
from media_client.sources import Form, Readable, Source
from media_client.transport import Answer, Transport

#: up to this, an upload is read back and compared byte for byte; beyond, by its size
READ_BACK = 4 * 2**20
#: tries after the first, each under a name of its own
RETRIES = 2
#: a peer may take this long to learn of a file, the index to forget one
BREATH = 0.2


class MediaClient:
    """One go-fastdfs server (or a balancer before several), seen from a program.

    Every method but `url` asks the server and raises MediaError. Safe between threads
    and after a fork. `url` is the address of the server with or without the group's
    path (`http://10.0.0.5:8080` or `http://10.0.0.5:8080/group1`); without it, `group`
    tells, and "" says that the server runs without groups. `token` answers an auth_url,
    of the released version and of master alike.
    """

    def __init__(
        self,
        url: str,
        *,
        group: str = "group1",
        public_url: str = "",
        token: str = "",
        scene: str = "",
        sign_downloads: bool = False,
        connect_timeout: float = 4.0,
        timeout: float = 30.0,
        retries: int = RETRIES,
    ) -> None:
        self._addresses = Addresses(
            url,
            group=group,
            public_url=public_url,
            token=token,
            is_signed=sign_downloads,
        )
        self._transport = Transport(
            url, connect_timeout=connect_timeout, timeout=timeout
        )
        self._token, self._scene = token, scene
        self._retries = retries

    # --- files in

    def upload(self, file: Readable, *, folder: str, extension: str = "bin") -> Stored:
        """Keep a file under a name of ours and make sure that it is there.

        Sent in pieces, with the memory of one piece; what cannot be rewound is spooled
        first. A try that fails in the middle is repeated under a new name, never under
        the same: the server may have kept a part and would go on serving that.
        """
        with Source(file) as source:
            if not source.size:
                raise MediaError(Reason.EMPTY, "the server cannot keep an empty file")
            return self._persistently(source, folder, extension)

    def _persistently(self, source: Source, folder: str, extension: str) -> Stored:
        abandoned: tuple[str, ...] = ()
        tries = self._retries
        while True:
            name = names.new_name(folder, extension)
            try:
                return replace(self._kept(name, source), abandoned=abandoned)
            except MediaError as error:
                if error.reason is not Reason.UNREACHABLE:
                    abandoned += (name,)
                error.abandoned = abandoned
                if not error.may_pass or not tries:
                    raise
                # waiting again and again would hold whoever waits for us
                tries = 0 if error.reason is Reason.TIMEOUT else tries - 1
            time.sleep(BREATH)

    def _kept(self, name: str, source: Source) -> Stored:
        folder, _slash, filename = name.rpartition("/")
        fields = {"output": "json2", "path": folder}
        if self._scene:
            fields["scene"] = self._scene
        if self._token:
            fields["auth_token"] = self._token
        # no field `filename`: the server would serve what lay under it before
        form = Form(fields, filename, source)
        headers = {
            "Content-Type": form.content_type,
            "Content-Length": str(form.length),
        }
        answer = self._send(
            "POST",
            self._addresses.endpoint("upload", {}, with_token=False),
            headers,
            form.pieces(),
            form.length,
        )
        body = answer.body(replies.MOST_BYTES)
        if error := replies.of_status(answer.status, "upload"):
            raise _not_an_endpoint(error)
        stored = self._named(replies.opened(body, answer.status), name, source)
        self._verify(stored, source)
        return stored

    def _named(self, data: Any, name: str, source: Source) -> Stored:
        """What the reply says, held against what was sent."""
        if not isinstance(data, dict):
            raise MediaError(Reason.BAD_REPLY, "the upload was answered without a path")
        path, prefix = replies.text_of(data, "path"), f"{self._addresses.prefix}/"
        if not path.startswith(prefix):
            raise MediaError(
                Reason.BAD_REPLY, f"kept outside the group: {path[:200]!r}"
            )
        path = path.removeprefix(prefix)
        try:
            names.checked(path)
        except MediaError as error:
            raise MediaError(Reason.BAD_REPLY, str(error)) from None
        # a small file that is merged with others counts a byte of its wrapping
        extra = 1 if path.startswith("haystack/") else 0
        if replies.number_of(data, "size") != source.size + extra:
            raise MediaError(
                Reason.MISMATCH, "the server counted other bytes than sent"
            )
        md5 = replies.text_of(data, "md5").lower()
        # without dedupe it is the path's; of other lengths it is another sum
        if len(md5) == 32 and md5 not in (source.md5, names.path_key(path)):
            raise MediaError(Reason.MISMATCH, "the server got other bytes than sent")
        return Stored(path, source.size, source.md5, is_shared=path != name)

    def _verify(self, stored: Stored, source: Source) -> None:
        """Look at what is served: "ok" may name a file that is gone, or another."""
        is_doubtful = stored.is_shared or stored.path.startswith("haystack/")
        try:
            self._patiently(stored, whole=is_doubtful or source.size <= READ_BACK)
        except MediaError as error:
            if error.reason not in (Reason.MISSING, Reason.MISMATCH):
                raise
            # an index that is out of date forgets the file when it is asked for it
            self._record(stored.md5)
            raise MediaError(
                Reason.MISMATCH, f"kept, but not served: {error}", status=error.status
            ) from error

    def _patiently(self, stored: Stored, *, whole: bool) -> None:
        try:
            self._compare(stored, whole=whole)
        except MediaError as error:
            if error.reason is not Reason.MISSING:
                raise
            time.sleep(BREATH)
            self._compare(stored, whole=whole)

    def _compare(self, stored: Stored, *, whole: bool) -> None:
        if not whole:
            length = self._length(stored.path, md5=stored.md5)
            if length == stored.size:
                return
            if length is not None:
                raise MediaError(Reason.MISMATCH, f"{length} bytes are served")
        digest = hashlib.md5(usedforsecurity=False)
        with self.open(stored.path, size=stored.size, md5=stored.md5) as file:
            for piece in file:
                digest.update(piece)
        if digest.hexdigest() != stored.md5:
            raise MediaError(Reason.MISMATCH, "other bytes are served")

    # --- files out

    def open(
        self,
        path: str,
        *,
        start: int = 0,
        stop: int | None = None,
        size: int | None = None,
        md5: str = "",
    ) -> Download:
        """Read a file, or its bytes from `start` to before `stop`.

        `size` is what it must have in whole, else MISMATCH; `md5` signs the request
        where downloads need a token. A server that hands the file through from a peer
        ignores ranges: what was not asked for is then dropped here.
        """
        most = None if stop is None else max(stop - start, 0)
        if most == 0 or (size is not None and start >= size > 0):
            raise MediaError(Reason.BAD_NAME, "no bytes are asked for")
        headers = {}
        is_part = start > 0 or stop is not None
        if is_part:
            last = "" if stop is None else stop - 1
            headers["Range"] = f"bytes={start}-{last}"
        answer = self._send("GET", self._addresses.file(path, md5), headers)
        try:
            self._refuse_other_answers(answer, path, is_part=is_part)
        except BaseException:
            answer.close()
            raise
        if answer.status == 206:
            # only the part comes, and the part is what its length tells
            return Download(answer, most=most, expected=None)
        return Download(answer, skip=start, most=most, expected=size)

    def _refuse_other_answers(
        self, answer: Answer, path: str, *, is_part: bool
    ) -> None:
        if answer.status == 416:
            raise MediaError(Reason.MISSING, f"{path}: it ends before", status=416)
        if not (is_part and answer.status == 206):
            error = replies.of_status(answer.status, path)
            if error:
                raise error
        kind = answer.header("Content-Type")
        is_page = kind.startswith("text/html") and not path.endswith((".html", ".htm"))
        if is_page and names.extension(path):
            raise MediaError(Reason.MISSING, f"{path}: a page, no file", status=200)

    def exists(self, path: str, *, size: int | None = None) -> bool:
        """Whether the file is there, of this size if one is given.

        The index is asked first, which also looks at the disk. In a pair the one that is
        asked may not know the file yet; then what it serves decides.
        """
        found = self.info(path)
        if found is not None:
            return size is None or found.size == size
        try:
            length = self._length(path)
        except MediaError as error:
            if error.reason is Reason.MISSING:
                return False
            raise
        return size is None or length is None or length == size

    def info(self, path: str) -> FileInfo | None:
        """What the index says of a file; None for what it does not know."""
        key = names.path_key(names.checked(path))
        found = self._record(key)
        if not replies.text_of(found, "md5"):
            return None
        size = replies.number_of(found, "size")
        is_merged = replies.number_of(found, "offset") >= 0
        md5 = replies.text_of(found, "md5").lower()
        moment = max(replies.number_of(found, "timeStamp"), 0)
        return FileInfo(
            path=path,
            size=size - 1 if is_merged else size,
            md5="" if md5 == key or len(md5) != 32 else md5,
            stored_at=datetime.fromtimestamp(moment, UTC),
        )

    def size(self, path: str) -> int:
        """How many bytes the file has; raises MediaError MISSING."""
        found = self.info(path)
        if found is not None:
            return found.size
        length = self._length(path)
        if length is not None:
            return length
        with self.open(path) as file:
            return sum(map(len, file))

    def url(
        self,
        path: str,
        *,
        width: int = 0,
        height: int = 0,
        download_as: str = "",
        md5: str = "",
    ) -> str:
        """The public address; nobody is asked.

        Pictures are shown in place; anything else is a download, because the server
        would let it run in the browser. `width` and `height` (JPEG and PNG only, others
        stay as they are) ask the server to scale: one of them keeps the ratio. With
        `md5` the address is signed for the minutes that the server allows.
        """
        return self._addresses.public(
            path, width=width, height=height, download_as=download_as, md5=md5
        )

    def list(self, folder: str = "") -> Iterator[Entry]:
        """What lies in a folder, without what the server keeps for itself.

        Needs our address in admin_ips, else FORBIDDEN. An unknown folder is empty.
        """
        try:
            found = self._asked("list_dir", {"dir": folder})
        except MediaError as error:
            if error.reason is Reason.MISSING:
                return
            raise
        for line in found or ():
            name = replies.text_of(line, "name")
            if not folder and name in names.RESERVED:
                continue
            yield Entry(
                path=f"{folder}/{name}" if folder else name,
                is_folder=line.get("is_dir") is True,
                size=replies.number_of(line, "size"),
                modified=replies.number_of(line, "mtime"),
            )

    def walk(self, folder: str = "") -> Iterator[Entry]:
        """The files of a folder and of all folders in it."""
        for entry in self.list(folder):
            if entry.is_folder:
                yield from self.walk(entry.path)
            else:
                yield entry

    # --- files away

    def delete(self, path: str) -> bool:
        """Take a file away; False where the server did not know it.

        In a pair the other server is told afterwards, and one that was away brings the
        file back: look again later (`exists`) and delete again. A file that the server
        merged with others cannot be taken away; that counts as done.
        """
        names.checked(path)
        try:
            self._asked(
                "delete", {"path": f"{self._addresses.prefix}/{path}"}, method="POST"
            )
        except MediaError as error:
            words = str(error)
            if "fail remove" in words:
                # indexed, but gone from the disk: asking makes the server forget it
                self._record(names.path_key(path))
                return False
            if error.reason is Reason.MISSING or "not support" in words:
                return False
            raise
        return True

    def health(self) -> Health:
        """Whether the server answers and can tell its state; raises MediaError."""
        data = self._asked("status", {})
        if not isinstance(data, dict):
            raise MediaError(Reason.BAD_REPLY, "the server does not tell its state")
        stats = data.get("Fs.FileStats")
        lines = [s for s in stats or () if isinstance(s, dict)]
        total = next((s for s in lines if s.get("date") == "all"), {})
        disk = data.get("Sys.DiskInfo")
        peers = data.get("Fs.Peers")
        return Health(
            files=replies.number_of(total, "fileCount"),
            bytes=replies.number_of(total, "totalSize"),
            free_bytes=replies.number_of(disk, "free")
            if isinstance(disk, dict)
            else -1,
            peers=tuple(peer for peer in peers or () if isinstance(peer, str)),
        )

    def close(self) -> None:
        """Close kept connections."""
        self._transport.close()

    # --- asking

    def _asked(self, endpoint: str, query: dict[str, str], method: str = "GET") -> Any:
        answer = self._answer(endpoint, query, method)
        body = answer.body(8 * replies.MOST_BYTES)
        if error := replies.of_status(answer.status, endpoint):
            raise _not_an_endpoint(error)
        return replies.opened(body, answer.status)

    def _record(self, key: str) -> dict[str, Any]:
        """The index entry under a key; asked for a stale one, the server drops it."""
        answer = self._answer("check_file_exist", {"md5": key}, "GET")
        body = answer.body(replies.MOST_BYTES)
        if error := replies.of_status(answer.status, "check_file_exist"):
            raise _not_an_endpoint(error)
        return replies.parsed(body, answer.status)

    def _answer(self, endpoint: str, query: dict[str, str], method: str) -> Answer:
        target = self._addresses.endpoint(endpoint, query)
        headers = {"Content-Length": "0"} if method == "POST" else {}
        return self._send(method, target, headers)

    def _length(self, path: str, *, md5: str = "") -> int | None:
        """What a HEAD says; None where the server does not know the length."""
        answer = self._send("HEAD", self._addresses.file(path, md5), {})
        answer.skip()
        if error := replies.of_status(answer.status, path):
            raise error
        kind, length = answer.header("Content-Type"), answer.length
        is_page = kind.startswith("text/html") and names.extension(path) != "html"
        # a folder, where listings are switched off, is 13 bytes of text
        is_denial = kind.startswith("text/plain") and length == 13
        if (is_page or is_denial) and not answer.header("Accept-Ranges"):
            raise MediaError(Reason.MISSING, f"{path}: a folder", status=200)
        return length

    def _send(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: Iterator[bytes] | tuple[()] = (),
        length: int = 0,
    ) -> Answer:
        if self._token:
            headers = headers | {"Auth-Token": self._token}
        return self._transport.request(method, target, headers, body, length)


def _not_an_endpoint(error: MediaError) -> MediaError:
    """A 404 of an endpoint is no missing file but a wrong group or address."""
    if error.reason is not Reason.MISSING:
        return error
    return MediaError(
        Reason.REFUSED,
        f"{error}; is the group in the file server's address right?",
        status=error.status,
    )
