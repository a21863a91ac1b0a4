"""The stand-in answers as the recorded server does."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_client.standin import StandIn
from media_client.tests.replaying import (
    BOUNDARY,
    HOST,
    AuthService,
    Contents,
    Exchange,
    config_of,
    differences,
    exchanges,
    order,
    send,
    with_sums,
)

pytestmark = pytest.mark.real_data
FOUND = exchanges()
#: what a shop never asks: uploads in steps, codes of an app, pages for people
LEFT_OUT = (
    "tus_", "google_", "gen_google", "refused_gen_google", "report", "refused_report",
    "download_root", "nogroup_root",
)  # fmt: skip
#: these need two servers, a kill or a socket of their own: see the tests beside
STAGED = ("cluster_", "kill_", "leftover_", "stale_path_", "stale_")
EVENTS = (
    "auth_denied_large_body", "client_closes_early", "slow_body_read_timeout",
    "upload_chunked_transfer", "upload_expect_100", "server_down",
)  # fmt: skip


def _plain() -> dict[str, list[Exchange]]:
    groups: dict[str, list[Exchange]] = {}
    for name, exchange in FOUND.items():
        if name.startswith(LEFT_OUT + STAGED) or name in EVENTS:
            continue
        if name == "check_file_exist_path_outside":
            continue
        block = exchange.settings + (" later" if exchange.moment > 1795467500 else "")
        groups.setdefault(block, []).append(exchange)
    return groups


#: files that were there before the recording began: path, name, content
BEFORE = {
    "download_use_token": [
        ("tk", "t.txt", "token file"),
        ("水", "a b.txt", "uni token"),
    ],
    "read_only": [("r", "r.txt", "ro")],
    "GO_FASTDFS_DIR": [("tk", "t.txt", "token file"), ("dk", "d.txt", "")],
}


def prepared(several: list[Exchange], server: StandIn, contents: Contents) -> None:
    """Upload what the recordings take for granted."""
    is_read_only, server.config.read_only = server.config.read_only, False
    moment = several[0].moment
    server.config.clock = lambda: moment
    for settings, files in BEFORE.items():
        if settings not in several[0].settings:
            continue
        for path, name, text in files:
            content = text.encode() or contents.of(FOUND["dockerdir_dup"])
            contents.know(content)
            kept_as = name if text else "e.txt"
            upload = Exchange(name, _upload_of(path, name, kept_as, content))
            send(upload, server.port, contents)
    server.config.read_only = is_read_only


def _upload_of(path: str, name: str, kept_as: str, content: bytes) -> dict[str, Any]:
    request = {
        "method": "POST",
        "path": "/group1/upload",
        "form_fields": [["path", path], ["filename", kept_as]],
        "headers": {
            "Host": HOST,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        },
        "file_field": "file",
        "file_name": name,
        "file_content_type": "text/plain",
        "file_size": len(content),
        "file_sha256": hashlib.sha256(content).hexdigest(),
        "file_md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }
    return {"request": request}


@pytest.fixture
def auth() -> Iterator[AuthService]:
    service = AuthService()
    yield service
    service.close()


@pytest.mark.parametrize("settings", sorted(_plain()))
def test_answers_are_the_recorded_ones(
    settings: str, tmp_path: Path, auth: AuthService
) -> None:
    contents = Contents(FOUND)
    several = order(_plain()[settings])
    config = config_of(several[0])
    if config.auth_url and "nothing listening" not in config.auth_url:
        config.auth_url = auth.url
    elif config.auth_url:
        config.auth_url = "http://127.0.0.1:9/auth"
    wrong = []
    with StandIn(tmp_path, config) as server:
        prepared(several, server, contents)
        for exchange in several:
            config.clock = lambda moment=exchange.moment: moment
            auth.reply = exchange.found.get("auth_url_reply", auth.reply)
            auth.calls.clear()
            got = send(exchange, server.port, contents)
            contents.learn(exchange, got)
            wrong += [
                f"{exchange.name}: {d}" for d in differences(exchange, got, contents)
            ]
            wrong += _asked_otherwise(exchange, auth, contents)
    assert wrong == []


def _asked_otherwise(
    exchange: Exchange, auth: AuthService, contents: Contents
) -> list[str]:
    wanted = [
        (
            dict(call["headers"]).get("Auth-Token"),
            with_sums(call["body"], contents.sums),
        )
        for call in exchange.found.get("auth_url_calls", [])
    ]
    had = [(headers.get("Auth-Token"), body) for headers, body in auth.calls]
    wanted = [(t, "&".join(sorted(b.split("&")))) for t, b in wanted]
    had = [(t, "&".join(sorted(b.split("&")))) for t, b in had]
    if wanted == had:
        return []
    return [f"{exchange.name}: auth_url was asked {had!r}, not {wanted!r}"]
