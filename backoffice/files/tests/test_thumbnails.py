"""Small copies of pictures: made in the background, wherever the picture lies."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django_q.models import OrmQ
from PIL import Image

from backoffice.base.pictures import thumbnail_name, thumbnail_url
from backoffice.files import thumbnails
from backoffice.files.models import FileState, StoredFile, Thumbnail

pytestmark = pytest.mark.django_db(transaction=True)


def jpeg(size=(1000, 600), colour="green"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(params=["disk", "server"])
def store(request, settings, tmp_path):
    if request.param == "server":
        request.getfixturevalue("file_server")
    else:
        settings.MEDIA_ROOT = tmp_path / "media"
    return storages["default"]


def shown(client, url, accept="image/webp,*/*"):
    """Where a browser ends, and the picture it gets there; None for a placeholder."""
    answer = client.get(url, headers={"accept": accept})
    if answer.status_code == 302:
        name = answer.headers["Location"].split("/group1/")[1].split("?")[0]
        with storages["default"].open(name) as file:
            return answer, Image.open(io.BytesIO(file.read()))
    if answer.headers["Content-Type"] == "image/png":
        return answer, None
    return answer, Image.open(io.BytesIO(b"".join(answer.streaming_content)))


def test_a_placeholder_stands_in_until_it_is_made(store, client):
    name = store.save("goods/ab/x.jpg", ContentFile(jpeg()))
    url = thumbnail_url(name)
    answer, picture = shown(client, url)
    assert picture is None
    assert answer.headers["Cache-Control"] == "no-store"
    assert Image.open(io.BytesIO(answer.content)).size == (160, 160)
    # asked for once, however often it is looked at
    client.get(url)
    assert OrmQ.objects.count() == 1
    assert thumbnails.make(name) == 4
    answer, picture = shown(client, url)
    assert (picture.format, picture.size) == ("WEBP", (160, 96))
    assert answer.headers["Vary"] == "Accept"
    assert "max-age=86400" in answer.headers["Cache-Control"]


def test_browsers_that_do_not_know_webp_get_jpeg(store, client):
    name = store.save("goods/ab/x.jpg", ContentFile(jpeg()))
    thumbnails.make(name)
    _answer, picture = shown(client, thumbnail_url(name, 480), accept="image/jpeg")
    assert (picture.format, picture.size) == ("JPEG", (480, 288))


def test_a_small_picture_is_not_made_larger(store, client):
    name = store.save("goods/ab/x.jpg", ContentFile(jpeg((1, 1))))
    thumbnails.make(name)
    _answer, picture = shown(client, thumbnail_url(name, 480))
    assert picture.size == (1, 1)


def test_making_twice_makes_once(store):
    name = store.save("goods/ab/x.jpg", ContentFile(jpeg()))
    assert (thumbnails.make(name), thumbnails.make(name)) == (4, 0)


def test_a_picture_that_is_gone_has_none(store, client):
    assert thumbnails.make("goods/ab/none.jpg") == 0
    assert client.get(thumbnail_url("goods/ab/none.jpg")).status_code == 404
    assert client.get("/media/thumb/161/goods/ab/none.jpg").status_code == 404
    assert client.get("/media/thumb/160/../secret.jpg").status_code == 404
    assert OrmQ.objects.count() == 0


def test_what_is_no_picture_has_none(store):
    name = store.save("goods/ab/x.jpg", ContentFile(b"no picture"))
    assert thumbnails.make(name) == 0


def test_thumbnails_go_with_their_picture(store, client):
    name = store.save("goods/ab/x.jpg", ContentFile(jpeg()))
    thumbnails.make(name)
    store.delete(name)
    assert client.get(thumbnail_url(name)).status_code == 404
    assert not Thumbnail.objects.exists()
    assert not StoredFile.objects.filter(state=FileState.KEPT).exists()
    assert not store.disk.exists(thumbnail_name(name, 160, "jpg"))


def test_equal_thumbnails_of_two_pictures_are_shared_and_survive(file_server, client):
    store = storages["default"]
    first = store.save("goods/ab/x.jpg", ContentFile(jpeg((1600, 1600))))
    second = store.save("goods/ab/y.jpg", ContentFile(jpeg((1590, 1590))))
    assert first != second
    thumbnails.make(first)
    thumbnails.make(second)
    store.delete(first)
    _answer, picture = shown(client, thumbnail_url(second))
    assert picture.size == (160, 160)


def test_one_that_goes_while_they_are_made_leaves_none(file_server, monkeypatch):
    store = storages["default"]
    name = store.save("goods/ab/x.jpg", ContentFile(jpeg()))
    save = type(store).save

    def _meanwhile(self, *args, **kwargs):
        monkeypatch.undo()
        store.delete(name)
        return save(self, *args, **kwargs)

    monkeypatch.setattr(type(store), "save", _meanwhile)
    thumbnails.make(name)
    assert not Thumbnail.objects.exists()
    assert not StoredFile.objects.filter(state=FileState.KEPT).exists()
