"""The settings of the server that change how it answers, and the faults to play."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import SystemRandom


class Fault(StrEnum):
    """What the next upload is to suffer."""

    CUT = "cut"  # the connection ends while the body is sent; a part stays in _tmp
    TRUNCATE = "truncate"  # killed while copying: a part lies at the target, no answer
    SILENT = "silent"  # all is kept, but no answer comes
    HANG = "hang"  # nothing happens for `Config.hang_seconds`, then the end
    FULL = "full"  # the disk is full
    BROKEN = "broken"  # 500 with a page
    GARBAGE = "garbage"  # 200 with something that is no JSON
    VANISH = "vanish"  # ok is answered, and the file is gone from the disk
    OTHER_BYTES = (
        "other_bytes"  # ok is answered, other bytes of the same length lie there
    )
    UNCOMPLETE = "uncomplete"  # two writers met


def _chunk_number() -> int:
    return SystemRandom().randrange(100, 300)


@dataclass
class Config:
    """The names of cfg.json, with its defaults; below them what only a stand-in has."""

    group: str = "group1"
    support_group_manage: bool = True
    peer_id: str = "1"
    host: str = ""
    peers: list[str] = field(default_factory=list)
    admin_ips: list[str] = field(default_factory=lambda: ["127.0.0.1"])
    admin_key: str = "admin"
    default_scene: str = "default"
    scenes: list[str] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)
    download_domain: str = ""
    default_download: bool = True
    show_dir: bool = True
    read_only: bool = False
    rename_file: bool = False
    enable_custom_path: bool = True
    enable_distinct_file: bool = True
    enable_merge_small_file: bool = False
    enable_trim_file_name_special_char: bool = True
    enable_cross_origin: bool = True
    enable_web_upload: bool = True
    enable_download_auth: bool = False
    download_use_token: bool = False
    download_token_expire: int = 600
    file_sum_arithmetic: str = "md5"
    image_max_width: int = 2000
    image_max_height: int = 1000
    auth_url: str = ""
    read_timeout: float = 600

    #: the released version asks auth_url otherwise than master does
    is_v147: bool = False
    #: as the docker image sets it: relative paths and wrong tokens are treated otherwise
    has_docker_dir: bool = False
    sync_delay: float = 0.5
    hang_seconds: float = 5.0
    clock: Callable[[], float] = time.time
    chunk_number: Callable[[], int] = _chunk_number
    faults: list[Fault] = field(default_factory=list)
    #: what every answer waits, and every piece of a download
    delay: float = 0.0
    piece_delay: float = 0.0

    @property
    def prefix(self) -> str:
        """What stands before every path."""
        return f"/{self.group}" if self.support_group_manage else ""
