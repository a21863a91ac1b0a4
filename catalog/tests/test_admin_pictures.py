"""Pictures in the form of a goods: parts, order, what is shown while they are sent; and
that no page waits for the file server with a transaction open."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import translation
from PIL import Image

from backoffice.accounts.tests.factories import AdminFactory
from catalog import changes, pictures
from catalog.models import Banner, Category, Goods, GoodsPicture
from catalog.tests.factories import BannerFactory, CategoryFactory, GoodsFactory
from catalog.tests.pages import url
from catalog.tests.test_admin_form import typed
from media_client import MediaClient
from media_client.standin import Fault

HALF = "0,0,0.5,1"


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def by(client, db):
    user = AdminFactory(nickname="周")
    client.force_login(user)
    return user


def wide(left="red", right="blue", size=(80, 40)):
    """A picture of two colours, as a browser sends it."""
    image = Image.new("RGB", size, right)
    image.paste(Image.new("RGB", (size[0] // 2, size[1]), left), (0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    return SimpleUploadedFile("wide.png", out.getvalue(), content_type="image/png")


def colour(picture):
    with default_storage.open(str(picture.image)) as file, Image.open(file) as image:
        red, _green, blue = image.convert("RGB").getpixel((image.width - 4, 4))
    return "red" if red > blue else "blue"


def post(client, goods, **more):
    goods.refresh_from_db()
    return client.post(
        url("goods", "change", goods.pk), {**typed(goods), **more}, follow=True
    )


def test_new_pictures_are_cut_each_by_its_own_part(client, by):
    goods = GoodsFactory()
    post(client, goods, new_pictures=[wide(), wide()], new_crops=f";{HALF}")
    whole, part = goods.pictures.all()
    assert (whole.width, whole.height, colour(whole)) == (80, 40, "blue")
    assert (part.width, part.height, colour(part)) == (40, 40, "red")


def test_a_picture_that_is_there_is_cut_in_its_place(
    client, by, django_capture_on_commit_callbacks
):
    goods = GoodsFactory()
    one, two = pictures.add_pictures(goods, [wide(), wide()], by=by)
    old = str(one.image)
    with django_capture_on_commit_callbacks(execute=True):
        post(client, goods, **{f"crop_{one.pk}": HALF})
    one.refresh_from_db()
    goods.refresh_from_db()
    assert (one.width, one.is_main, one.sequence) == (40, True, 0)
    assert goods.image == str(one.image) != old
    assert not default_storage.exists(old)
    assert GoodsPicture.objects.get(pk=two.pk).width == 80
    assert changes.HISTORY.objects.filter(id=goods.pk).first().content_changed


def test_what_is_removed_is_not_cut(client, by):
    goods = GoodsFactory()
    one, _two = pictures.add_pictures(goods, [wide(), wide()], by=by)
    post(client, goods, **{f"crop_{one.pk}": HALF, f"remove_{one.pk}": "on"})
    assert [p.width for p in goods.pictures.all()] == [80]


@pytest.mark.parametrize("text", ["0,0,2,2", "x", ";;;x", HALF + ";-1,0,1,1"])
def test_a_part_that_is_none_is_refused_and_nothing_is_kept(client, by, text):
    goods = GoodsFactory()
    response = post(client, goods, new_pictures=[wide()], new_crops=text)
    assert response.context["adminform"].form.errors["new_crops"]
    assert not goods.pictures.exists()


def test_whoever_may_not_touch_pictures_cannot_cut_them(client, db):
    from catalog.tests.pages import role

    goods = GoodsFactory()
    [picture] = pictures.add_pictures(goods, [wide()], by=AdminFactory())
    client.force_login(role("merchandiser"))
    response = post(client, goods, **{f"crop_{picture.pk}": HALF})
    picture.refresh_from_db()
    assert picture.width == 80
    assert response.status_code in (200, 403)


def test_a_page_that_shows_progress_is_told_where_to_go(client, by):
    goods = GoodsFactory()
    address = url("goods", "change", goods.pk)
    goods.refresh_from_db()
    answer = client.post(
        address,
        {**typed(goods), "new_pictures": [wide()], "_continue": "1"},
        headers={"x-shows-progress": "1"},
    )
    assert answer.json() == {"next": address}
    # the message is said by the page that follows
    assert "was changed" in client.get(address).content.decode()


def test_a_page_that_shows_progress_is_shown_its_errors(client, by):
    goods = GoodsFactory()
    goods.refresh_from_db()
    answer = client.post(
        url("goods", "change", goods.pk),
        {**typed(goods), "name": "", "new_pictures": [wide()]},
        headers={"x-shows-progress": "1"},
    )
    assert answer["Content-Type"].startswith("text/html")
    assert answer.context["adminform"].form.errors["name"]
    assert not goods.pictures.exists()


def test_files_of_a_refused_change_are_taken_away(client, by, tmp_path):
    goods = GoodsFactory()
    GoodsFactory(code="TAKEN")
    response = post(client, goods, code="TAKEN", new_pictures=[wide(), wide()])
    assert response.context["adminform"].form.errors["code"]
    assert not [p for p in (tmp_path / "media").rglob("*") if p.is_file()]


# --- with a file server ----------------------------------------------------------------


@pytest.fixture
def watched(file_server, transactional_db, monkeypatch):
    """Whatever is asked of the file server while a transaction is open fails."""
    asked = []

    def _watched(name):
        act = getattr(MediaClient, name)

        def _act(self, *args, **kwargs):
            assert not connection.in_atomic_block, f"{name} inside a transaction"
            asked.append(name)
            return act(self, *args, **kwargs)

        monkeypatch.setattr(MediaClient, name, _act)

    for name in ("upload", "delete", "open", "exists", "info", "size"):
        _watched(name)
    return asked


def test_the_form_of_a_goods_holds_no_transaction_while_it_stores(client, watched, by):
    goods = GoodsFactory()
    post(client, goods, new_pictures=[wide(), wide()])
    one, two = goods.pictures.all()
    post(client, goods, **{f"crop_{one.pk}": HALF, f"remove_{two.pk}": "on"})
    assert [p.width for p in goods.pictures.all()] == [40]
    assert {"upload", "open", "delete"} <= set(watched)
    client.post(
        url("goods", "add"),
        {**typed(code="NEW-1"), "new_pictures": [wide()]},
    )
    assert Goods.objects.get(code="NEW-1").pictures.count() == 1


def test_nor_do_the_forms_of_banners_and_categories(client, watched, by):
    banner = BannerFactory()
    address = url("banner", "change", banner.pk)
    values = {"title": "春节", "link": "/pages/index/index", "is_enabled": "on"}
    answer = client.post(address, {**values, "image": wide(size=(1500, 640))})
    assert answer.status_code == 302
    answer = client.post(address, {**values, "image_crop": HALF})
    assert answer.status_code == 302
    assert Banner.objects.get().width == 750
    category = CategoryFactory()
    address = url("category", "change", category.pk)
    answer = client.post(address, {"name": "苹果", "sequence": "1", "image": wide()})
    assert answer.status_code == 302
    assert Category.objects.get().image
    assert "upload" in watched


def test_nor_does_the_page_of_an_account(client, watched, by):
    answer = client.post(
        "/admin/account/", {"nickname": "周", "avatar": wide(), "avatar_crop": HALF}
    )
    assert answer.status_code == 302
    by.refresh_from_db()
    with default_storage.open(by.avatar.name) as file:
        assert Image.open(file).size == (40, 40)
    other = AdminFactory(nickname="李")
    answer = client.post(
        f"/admin/accounts/staff/{other.pk}/change/",
        {"username": other.username, "is_superuser": "on", "avatar": wide()},
    )
    assert answer.status_code == 302
    other.refresh_from_db()
    assert other.avatar
    assert watched.count("upload") == 2


def test_a_part_of_an_avatar_that_is_none_is_refused(client, by):
    answer = client.post(
        "/admin/account/", {"nickname": "周", "avatar": wide(), "avatar_crop": "9"}
    )
    assert answer.context["form"].errors["avatar"]
    by.refresh_from_db()
    assert not by.avatar


@pytest.mark.parametrize(
    ("fault", "read_only"),
    [(Fault.FULL, False), (Fault.BROKEN, False), (Fault.GARBAGE, False), (None, True)],
)
def test_a_server_that_does_not_take_it_is_told_and_nothing_is_changed(
    client, file_server, transactional_db, fault, read_only
):
    client.force_login(AdminFactory())
    goods = GoodsFactory(name="桃")
    file_server.config.faults = [fault] * 9 if fault else []
    file_server.config.read_only = read_only
    response = post(client, goods, name="水蜜桃", new_pictures=[wide()])
    assert "The file server does not take it now" in response.content.decode()
    goods.refresh_from_db()
    assert (goods.name, goods.pictures.count()) == ("桃", 0)
    file_server.config.faults, file_server.config.read_only = [], False
    post(client, goods, name="水蜜桃", new_pictures=[wide()])
    goods.refresh_from_db()
    assert (goods.name, goods.pictures.count()) == ("水蜜桃", 1)
