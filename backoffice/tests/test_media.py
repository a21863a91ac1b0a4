"""Pictures are served, and nothing but pictures, from inside the store only."""

import os

import pytest
from django.conf import settings
from django.test import override_settings

JPEG = b"\xff\xd8\xff\xe0 not really"


@pytest.fixture
def store(tmp_path):
    root = tmp_path / "media"
    (root / "goods" / "3f").mkdir(parents=True)
    (root / "goods" / "3f" / "a.jpg").write_bytes(JPEG)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    with override_settings(MEDIA_ROOT=root):
        yield root


def get(client, path, **extra):
    answer = client.get(path, **extra)
    answer.close()
    return answer


def test_picture_is_served_to_anybody(client, store):
    # no query is made: the django_db mark is missing
    answer = client.get("/media/goods/3f/a.jpg")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == JPEG
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(JPEG))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_known_picture_is_not_sent_again(client, store):
    known = get(client, "/media/goods/3f/a.jpg").headers["Last-Modified"]
    again = get(client, "/media/goods/3f/a.jpg", headers={"if-modified-since": known})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.JPG", "image/jpeg"),
        ("a.jpeg", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.gif", "image/gif"),
        ("苹果.png", "image/png"),
    ],
)
def test_kind_follows_the_ending(client, store, name, content_type):
    (store / name).write_bytes(JPEG)
    assert get(client, f"/media/{name}").headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    "name", ["a.svg", "a.html", "a.xlsx", "a", "a.jpg.html", ".a.jpg", ".git/a.jpg"]
)
def test_other_files_are_not_there(client, store, name):
    path = store / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"<script>")
    assert get(client, f"/media/{name}").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "../secret.jpg",
        "..%2fsecret.jpg",
        "goods/../../secret.jpg",
        "goods/..%2f..%2f..%2fsecret.jpg",
        "..%5csecret.jpg",
        "%2e%2e/secret.jpg",
        "/secret.jpg",
        "goods//3f/a.jpg",
        "goods/3f/a.jpg%00",
        "%00.jpg",
        "goods/3f/a.jpg/",
        "x" * 5000 + ".jpg",
        "%ff.jpg",
        "",
        "nothing.jpg",
    ],
)
def test_nothing_outside_the_store_is_reached(client, store, name):
    assert get(client, f"/media/{name}").status_code == 404


def test_link_out_of_the_store_is_not_followed(client, store):
    (store / "link.jpg").symlink_to(store.parent / "secret.jpg")
    assert get(client, "/media/link.jpg").status_code == 404


def test_folder_and_pipe_are_no_pictures(client, store):
    (store / "folder.jpg").mkdir()
    os.mkfifo(store / "pipe.jpg")
    assert get(client, "/media/folder.jpg").status_code == 404
    assert get(client, "/media/pipe.jpg").status_code == 404


def test_picture_is_only_read(client, store):
    assert client.post("/media/goods/3f/a.jpg").status_code == 405


@pytest.mark.django_db
def test_what_neither_disk_nor_file_server_keeps_is_not_found(client, store):
    elsewhere = {"BACKEND": "backoffice.storage.FileServerStorage"}
    with override_settings(
        STORAGES={**settings.STORAGES, "default": elsewhere},
        FILE_SERVER_URL="http://127.0.0.1:9/group1",
    ):
        assert get(client, "/media/goods/3f/none.jpg").status_code == 404
