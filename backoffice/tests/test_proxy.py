"""The proxy configuration that we ship, in a real nginx before a stand-in file server."""

import io
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
import urllib3

from media_client import MediaClient
from media_client.standin import Config, StandIn

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "nginx"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx")
JPEG = b"\xff\xd8\xff" + b"picture" * 50
WHOLE = """
daemon off; pid {root}/nginx.pid; error_log {root}/error.log;
events {{}}
http {{ access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
{shipped} }}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def on_this_machine(name, port, upstream):
    """What we ship, on a port of ours and without certificates."""
    text = (SHIPPED / name).read_text(encoding="utf-8")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    text = text.replace("listen 80", f"listen 127.0.0.1:{free_port()}")
    text = re.sub(r"^\s*ssl_certificate.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"server 127\.0\.0\.1:80[08]0;", f"server {upstream};", text)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = Config(extensions=[])
    with StandIn(tmp_path_factory.mktemp("files"), config) as standin:
        yield standin


@pytest.fixture(scope="module")
def outside(server, tmp_path_factory):
    """`outside(method, path)` → an answer as somebody outside gets it."""
    root, port = tmp_path_factory.mktemp("nginx"), free_port()
    upstream = server.url.split("//")[1].split("/")[0]
    shipped = on_this_machine("files.conf", port, upstream)
    path = root / "nginx.conf"
    path.write_text(WHOLE.format(root=root, shipped=shipped), encoding="utf-8")
    process = subprocess.Popen(
        [NGINX, "-p", str(root), "-c", str(path), "-e", str(root / "start.log")]
    )
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, retries=False)

    def ask(method, path, **options):
        return pool.urlopen(
            method, path, assert_same_host=False, redirect=False, **options
        )

    for _try in range(100):
        try:
            ask("GET", "/")
            break
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
    yield ask
    process.terminate()
    process.wait(timeout=10)
    pool.close()


@pytest.fixture(scope="module")
def client(server):
    one = MediaClient(server.url)
    yield one
    one.close()


def stored(client, content=JPEG, extension="jpg"):
    return client.upload(
        io.BytesIO(content), folder="goods/ab", extension=extension
    ).path


@pytest.mark.parametrize("name", ["files.conf", "shop.conf"])
def test_nginx_takes_it(tmp_path, name):
    shipped = on_this_machine(name, free_port(), "127.0.0.1:9")
    path = tmp_path / "nginx.conf"
    path.write_text(WHOLE.format(root=tmp_path, shipped=shipped), encoding="utf-8")
    found = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "[warn]" not in found.stderr


def test_a_picture_is_shown_as_a_picture(client, outside):
    answer = outside("GET", f"/group1/{stored(client)}")
    assert (answer.status, answer.data) == (200, JPEG)
    assert answer.headers.getlist("Content-Type") == ["image/jpeg"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == "inline"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_part_of_it_can_be_asked_for(client, outside):
    path = f"/group1/{stored(client)}"
    answer = outside("GET", path, headers={"Range": "bytes=3-9"})
    assert (answer.status, answer.data) == (206, b"picture")
    assert outside("HEAD", path).headers["Content-Length"] == str(len(JPEG))


@pytest.mark.parametrize("extension", ["html", "svg", "js", "xml", "bin", "pdf"])
def test_what_is_no_picture_is_saved_and_not_opened(client, outside, extension):
    words = f"alert('{extension}')"
    is_page = extension in ("html", "svg")
    content = (f"<script>{words}</script>" if is_page else words).encode()
    path = stored(client, content, extension)
    for arguments in ("", "?download=0", "?download=1&name=a.html"):
        answer = outside("GET", f"/group1/{path}{arguments}")
        assert answer.data == content
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nobody_has_pictures_scaled(client, outside):
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(out, "JPEG")
    path = stored(client, out.getvalue())
    answer = outside("GET", f"/group1/{path}?width=10&height=10")
    assert answer.data == out.getvalue()


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/group1/", "/group1/upload", "/group1/delete?path=x", "/group1/stat"),
        *("/group1/list_dir", "/group1/status", "/group1/reload?action=get"),
        *("/group1/big/upload/", "/group1/get_file_info", "/upload", "/index"),
        *("/group1/repair_stat", "/group1/sync", "/group1/syncfile_info"),
        *("/group1/goods/ab/../../upload", "/group1/goods/..%2fupload"),
        *("/group1//upload", "/group1/%75pload", "/group1/goods/ab/", "/group1/goods"),
        *("/group1/files/cfg.json", "/conf/cfg.json", "/.nothing", "/group1/_tmp/x"),
        "/group1/upload/" + "0" * 31,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_the_server_itself_is_closed_to_the_outside(outside, method, path):
    answer = outside(method, path)
    assert answer.status in (404, 405)
    assert b"fastdfs" not in answer.data.lower()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_files_are_read_and_nothing_else(client, outside, server, method):
    path = stored(client)
    answer = outside(method, f"/group1/{path}", body=b"x")
    assert answer.status in (403, 404, 405)
    assert client.exists(path)


def test_an_upload_through_the_proxy_keeps_nothing(client, outside, server):
    from urllib3.filepost import encode_multipart_formdata

    before = {entry.path for entry in client.walk()}
    fields = {"file": ("evil.html", b"<script>"), "output": "json2", "path": "goods"}
    body, kind = encode_multipart_formdata(fields)
    for path in ("/group1/upload", "/upload", "/group1/goods/" + "a" * 32 + ".jpg"):
        answer = outside("POST", path, body=body, headers={"Content-Type": kind})
        assert answer.status in (403, 404, 405)
    assert {entry.path for entry in client.walk()} == before


def test_what_is_missing_is_missing_in_our_words(outside):
    answer = outside("GET", "/group1/goods/ab/" + "0" * 32 + ".jpg")
    assert (answer.status, answer.data) == (404, b"There is no such file.\n")
    assert answer.headers["Content-Type"].startswith("text/plain")
