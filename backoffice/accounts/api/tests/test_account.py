"""A customer's own account over HTTP: profile, picture, addresses, points."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.db.models import Value
from django.test import override_settings
from django.test.client import encode_multipart
from django.utils import timezone
from PIL import Image

from backoffice.accounts import addresses, uploads
from backoffice.accounts.api import limits
from backoffice.accounts.api.tests.calls import Storefront, error_of
from backoffice.accounts.models import Address, Upload, User
from backoffice.accounts.tests.factories import PASSWORD, UserFactory
from backoffice.accounts.tests.standin import wechat
from backoffice.base import ports
from backoffice.demo.wechat import mobile_of
from backoffice.oplog.models import OperationLog

pytestmark = pytest.mark.django_db


@pytest.fixture
def fang():
    return UserFactory(username="fang", mobile="13800138000", email="fang@shop.cn")


@pytest.fixture
def store(fang):
    store = Storefront()
    store.login("fang")
    return store


def faults(answer):
    assert error_of(answer) == (400, "invalid")
    return {fault["field"] for fault in answer.json()["data"]}


# --- profile ----------------------------------------------------------------------------


def test_me_costs_one_query_and_one_look_into_the_cache(
    fang, django_assert_num_queries
):
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    with override_settings(CACHES={"default": memory}):
        store = Storefront()
        store.login("fang")
        for _ in range(2):  # the first, and one that is known
            with django_assert_num_queries(1):
                assert store.get("/me").status_code == 200
        cache.clear()


def test_points_come_from_above_without_a_second_query(
    store, fang, django_assert_num_queries
):
    with ports.points_expression.instead(lambda: Value(1250)):
        assert store.get("/me").json()["data"]["points"] == 1250
        assert store.login("fang")["user"]["points"] == 1250
        store.get("/me")
        with django_assert_num_queries(2):  # with the cache, which is a table here
            store.get("/me")


def test_a_nickname_is_changed(store, fang):
    answer = store.ask("PATCH", "/me", {"nickname": "  小 方 "})
    assert answer.json()["data"]["nickname"] == "小 方"
    assert store.get("/me").json()["data"] == answer.json()["data"]
    line = OperationLog.objects.filter(action="account.changed").get()
    assert line.data == {"fields": ["nickname"]}
    assert line.by == fang
    assert store.ask("PATCH", "/me", {}).status_code == 200


def test_an_email_needs_the_password(store, fang):
    body = {"email": "New@Shop.CN"}
    answer = store.ask("PATCH", "/me", body)
    assert answer.status_code == 400
    missing = {"field": "password", "message": "Is required."}
    assert answer.json()["data"] == [missing]
    body["password"] = "wrong"
    assert faults(store.ask("PATCH", "/me", body)) == {"password"}
    body["password"] = PASSWORD
    answer = store.ask("PATCH", "/me", body)
    assert answer.json()["data"]["email"] == "new@shop.cn"
    answer = store.ask("PATCH", "/me", {"email": None, "password": PASSWORD})
    assert answer.json()["data"]["email"] is None
    assert "shop.cn" not in str(
        OperationLog.objects.values_list("data", "target_label")
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"nickname": "<b>x</b>"}, "nickname"),
        ({"nickname": "x" * 41}, "nickname"),
        ({"nickname": None}, "nickname"),
        ({"email": "no mail", "password": PASSWORD}, "email"),
        ({"email": "TAKEN@shop.cn", "password": PASSWORD}, "email"),
        ({"avatar": "avatars/somebody.jpg"}, "avatar"),
        ({"avatar": "../../etc/passwd"}, "avatar"),
        ({"avatar": ""}, "avatar"),
        ({"mobile": "13900139000"}, "mobile"),
        ({"username": "boss"}, "username"),
        ({"points": 1000000}, "points"),
        ({"is_staff": True}, "is_staff"),
    ],
)
def test_what_does_not_do_is_named_and_changes_nothing(store, fang, body, field):
    UserFactory(email="taken@shop.cn")
    before = store.get("/me").json()["data"]
    assert faults(store.ask("PATCH", "/me", body)) == {field}
    assert store.get("/me").json()["data"] == before


def test_guessing_the_password_by_the_email_is_limited(store, monkeypatch):
    monkeypatch.setattr(limits, "OLD_PASSWORD", limits.Limit("old-password", 2, 600))
    body = {"email": "x@shop.cn", "password": "wrong"}
    statuses = [store.ask("PATCH", "/me", body).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


# --- pictures ---------------------------------------------------------------------------


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(size=(900, 600), kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, kind)
    return out.getvalue()


def hand_in(store, content=None, *, name="me.png", **fields):
    content = picture() if content is None else content
    file = SimpleUploadedFile(name, content, "image/png")
    given = {"file": file, "purpose": "avatar", **fields}
    return store.client.post(
        "/api/v1/files",
        {key: value for key, value in given.items() if value is not None},
        headers={"authorization": f"JWT-TOKEN {store.token}"},
    )


def test_a_picture_becomes_the_avatar(store, media, fang):
    answer = hand_in(store)
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert set(data) == {"path", "url", "width", "height"}
    assert (data["width"], data["height"]) == (320, 213)
    assert data["url"] == f"/media/{data['path']}"
    with default_storage.open(data["path"]) as file:
        assert Image.open(file).format == "JPEG"
    me = store.ask("PATCH", "/me", {"avatar": data["path"]}).json()["data"]
    assert me["avatar"] == data["url"]
    assert store.get("/me").json()["data"]["avatar"] == data["url"]
    # once more changes nothing
    assert store.ask("PATCH", "/me", {"avatar": data["path"]}).status_code == 200


def test_the_old_picture_goes(store, media, django_capture_on_commit_callbacks):
    old, new = (hand_in(store).json()["data"]["path"] for _ in range(2))
    store.ask("PATCH", "/me", {"avatar": old})
    with django_capture_on_commit_callbacks(execute=True):
        store.ask("PATCH", "/me", {"avatar": new})
    assert not default_storage.exists(old)
    assert default_storage.exists(new)
    assert faults(store.ask("PATCH", "/me", {"avatar": old})) == {"avatar"}
    with django_capture_on_commit_callbacks(execute=True):
        me = store.ask("PATCH", "/me", {"avatar": None}).json()["data"]
    assert me["avatar"] is None
    assert not default_storage.exists(new)


def test_a_picture_of_somebody_else_is_not_taken(store, media):
    UserFactory(username="li")
    other = Storefront()
    other.login("li")
    path = hand_in(other).json()["data"]["path"]
    assert faults(store.ask("PATCH", "/me", {"avatar": path})) == {"avatar"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", (415, "unsupported_media")),
        (b"GIF89a<script>alert(1)</script>", (415, "unsupported_media")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", (415, "unsupported_media")),
        (b"\xff\xd8\xff" + b"x" * 100, (415, "unsupported_media")),
        (picture((12000, 9000)), (413, "too_large")),
    ],
)
def test_what_is_no_picture_is_refused(store, media, content, error):
    assert error_of(hand_in(store, content)) == error
    assert not Upload.objects.exists()
    assert not list(media.rglob("*.jpg"))


def test_a_picture_may_be_so_large(store, media, monkeypatch):
    monkeypatch.setenv("SHOP_PICTURE_MAX_MB", "1")
    body = picture() + b"\0" * 2**20
    assert error_of(hand_in(store, body)) == (413, "too_large")
    body = picture() + b"\0" * 2**21
    assert error_of(hand_in(store, body)) == (413, "too_large")


@pytest.mark.parametrize("length", ["99999999999999999999999", "-1", "x"])
def test_a_length_that_is_none_is_refused_unread(store, media, length):
    answer = store.client.post(
        "/api/v1/files",
        encode_multipart("x", {"purpose": "avatar"}),
        content_type="multipart/form-data; boundary=x",
        headers={"authorization": f"JWT-TOKEN {store.token}"},
        CONTENT_LENGTH=length,
    )
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"purpose": "goods"}, "purpose"),
        ({"purpose": None}, "purpose"),
        ({"file": None}, "file"),
        ({"folder": "../"}, "folder"),
    ],
)
def test_the_form_is_read_strictly(store, media, fields, field):
    assert faults(hand_in(store, **fields)) == {field}


def test_strangers_hand_in_nothing(media):
    stranger = Storefront()
    stranger.token = "x.y.z"
    assert error_of(hand_in(stranger)) == (401, "not_authenticated")
    assert not list(media.rglob("*"))


def test_nothing_of_the_files_name_is_kept(store, media):
    path = hand_in(store, name="../../我的脸.php").json()["data"]["path"]
    assert path.startswith("avatars/")
    assert path.isascii()
    assert path.endswith(".jpg")


def test_handing_in_is_limited(store, media, monkeypatch):
    monkeypatch.setattr(limits, "FILES_ONE", limits.Limit("files-one", 2, 600))
    assert [hand_in(store).status_code for _ in range(3)] == [201, 201, 429]


def test_what_nobody_uses_is_deleted_after_a_while(store, media, fang):
    used, unused, new = (hand_in(store).json()["data"]["path"] for _ in range(3))
    store.ask("PATCH", "/me", {"avatar": used})
    long_ago = timezone.now() - timedelta(days=8)
    Upload.objects.exclude(path=new).update(created_at=long_ago)
    assert uploads.drop_unused() == 1
    kept = [default_storage.exists(path) for path in (used, unused, new)]
    assert kept == [True, False, True]
    assert uploads.drop_unused() == 0


# --- addresses --------------------------------------------------------------------------

HOME = {
    "receiver": "李小雨",
    "mobile": "+86 138 0013 8000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路 90 号",
    "is_default": True,
}


def test_an_address_comes_and_goes(store):
    answer = store.post("/me/addresses", HOME)
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert data == {**HOME, "id": data["id"], "mobile": "13800138000"}
    listed = store.get("/me/addresses").json()["data"]
    assert listed["items"] == [data]
    assert listed["pagination"]["total"] == 1
    changed = store.ask("PATCH", f"/me/addresses/{data['id']}", {"detail": "1 号"})
    assert changed.json()["data"] == {**data, "detail": "1 号"}
    gone = store.ask("DELETE", f"/me/addresses/{data['id']}")
    assert (gone.status_code, gone.json()["data"]) == (200, None)
    assert store.get("/me/addresses").json()["data"]["items"] == []
    assert store.ask("DELETE", f"/me/addresses/{data['id']}").status_code == 404


def test_one_address_is_the_default(store):
    first, second = (store.post("/me/addresses", HOME).json()["data"] for _ in range(2))
    items = store.get("/me/addresses").json()["data"]["items"]
    assert [(a["id"], a["is_default"]) for a in items] == [
        (second["id"], True),
        (first["id"], False),
    ]
    store.ask("PATCH", f"/me/addresses/{first['id']}", {"is_default": True})
    items = store.get("/me/addresses").json()["data"]["items"]
    assert [a["is_default"] for a in items] == [True, False]
    assert items[0]["id"] == first["id"]


def test_areas_are_taken_by_code_and_by_the_pickers_names(store):
    codes = {"province": "110000", "city": "110100", "district": "110101"}
    data = store.post("/me/addresses", {**HOME, **codes}).json()["data"]
    names = (data["province"], data["city"], data["district"])
    assert names == ("北京市", "市辖区", "东城区")
    picked = {"province": "北京市", "city": "北京市", "district": "东城区"}
    assert store.post("/me/addresses", {**HOME, **picked}).status_code == 201
    assert set(Address.objects.values_list("area_code", flat=True)) == {"110101"}


def test_an_area_is_changed_as_a_whole_or_within(store):
    pk = store.post("/me/addresses", HOME).json()["data"]["id"]
    path = f"/me/addresses/{pk}"
    answer = store.ask("PATCH", path, {"district": "上城区"})
    assert answer.json()["data"]["district"] == "上城区"
    assert Address.objects.get().area_code == "330102"
    assert faults(store.ask("PATCH", path, {"province": "江苏省"})) == {"city"}
    assert Address.objects.get().province == "浙江省"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"receiver": ""}, "receiver"),
        ({"receiver": "   "}, "receiver"),
        ({"receiver": "<b>李</b>"}, "receiver"),
        ({"receiver": "x" * 41}, "receiver"),
        ({"mobile": "021-5555"}, "mobile"),
        ({"mobile": ""}, "mobile"),
        ({"province": "浙江"}, "province"),
        ({"city": "苏州市"}, "city"),
        ({"district": "东城区"}, "district"),
        ({"detail": ""}, "detail"),
        ({"detail": "x'; DROP TABLE accounts_address; --<script>a</script>"}, "detail"),
        ({"detail": "\u202e90"}, "detail"),
        ({"detail": "x" * 121}, "detail"),
        ({"is_default": "yes please"}, "is_default"),
        ({"user": 1}, "user"),
    ],
)
def test_the_field_of_an_address_that_is_wrong_is_named(store, changes, field):
    assert faults(store.post("/me/addresses", {**HOME, **changes})) == {field}
    assert not Address.objects.exists()
    pk = store.post("/me/addresses", HOME).json()["data"]["id"]
    assert faults(store.ask("PATCH", f"/me/addresses/{pk}", changes)) == {field}


def test_addresses_of_others_are_not_there(store):
    other = UserFactory()
    theirs = addresses.add(other, HOME)
    path = f"/me/addresses/{theirs.pk}"
    assert error_of(store.ask("PATCH", path, {"detail": "x"})) == (404, "not_found")
    assert error_of(store.ask("DELETE", path)) == (404, "not_found")
    assert store.get("/me/addresses").json()["data"]["items"] == []
    for path in ("/me/addresses/0", "/me/addresses/x", f"/me/addresses/{2**70}"):
        assert store.ask("DELETE", path).status_code == 404


def test_nobody_has_addresses_without_end(store, monkeypatch):
    monkeypatch.setattr(addresses, "MOST", 2)
    statuses = [store.post("/me/addresses", HOME).status_code for _ in range(3)]
    assert statuses == [201, 201, 400]


def test_strangers_see_no_addresses():
    assert error_of(Storefront().get("/me/addresses")) == (401, "not_authenticated")


def test_who_takes_an_account_over_is_not_delivered_elsewhere(fang):
    store = Storefront()
    body = {"mobile": mobile_of("demo-li"), "password": PASSWORD}
    store.keep(store.post("/auth/register", body))
    store.post("/me/addresses", HOME)
    with wechat():
        token = store.post("/auth/wechat", {"code": "demo-li"}).json()["data"]
        body = {**token, "phone_code": "demo-li"}
        store.keep(store.post("/auth/wechat/bind", body))
    items = store.get("/me/addresses").json()["data"]["items"]
    assert [a["is_default"] for a in items] == [False]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [False, True], ids=["without the lock", "with it"])
def test_two_defaults_at_once_are_one(monkeypatch, locked):
    if not locked and connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time")
    user = UserFactory()
    rows = [addresses.add(user, {**HOME, "is_default": False}) for _ in range(2)]
    start, errors = threading.Barrier(2), []
    if not locked:
        monkeypatch.setattr(addresses, "_lock", lambda user: None)
    save = Address.save

    def slowly(address, *args, **kwargs):
        if not locked:
            # both have taken the flag from the others before one of them writes
            start.wait(timeout=5)
        save(address, *args, **kwargs)

    monkeypatch.setattr(Address, "save", slowly)

    def choose(row):
        try:
            addresses.change(user, row.pk, {"is_default": True})
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=choose, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bool(errors) is not locked
    assert Address.objects.filter(is_default=True).count() == 1


# --- areas ------------------------------------------------------------------------------


def test_areas_are_read_step_by_step():
    store = Storefront()
    data = store.get("/areas").json()["data"]
    assert data["pagination"]["total"] == 31
    assert data["items"][0] == {"code": "11", "name": "北京市", "full_name": "北京市"}
    cities = store.get("/areas?parent=33&page_size=100").json()["data"]["items"]
    assert cities[0] == {"code": "3301", "name": "杭州市", "full_name": "浙江省 杭州市"}
    districts = store.get("/areas?parent=330100&page_size=100").json()["data"]["items"]
    assert "西湖区" in [d["name"] for d in districts]
    assert store.get("/areas?parent=99").json()["data"]["items"] == []
    answer = store.get("/areas")
    assert "public" in answer["Cache-Control"]


def test_areas_are_found_by_name():
    store = Storefront()
    items = store.get("/areas?q=西湖").json()["data"]["items"]
    assert items[0]["full_name"] == "浙江省 杭州市 西湖区"
    items = store.get("/areas?q=西湖&parent=36").json()["data"]["items"]
    assert [a["full_name"] for a in items] == ["江西省 南昌市 西湖区"]
    assert store.get("/areas?q=西湖&parent=99").json()["data"]["items"] == []
    assert faults(store.get("/areas?parent=x")) == {"parent"}


def test_areas_cost_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        Storefront().get("/areas?parent=33")


# --- points -----------------------------------------------------------------------------


def test_without_points_the_log_is_empty(store):
    data = store.get("/me/points").json()["data"]
    assert data["items"] == []
    assert data["pagination"]["total"] == 0


def test_points_are_read_from_above(store, fang):
    asked = []

    def log(user_id, start, stop):
        asked.append((user_id, start, stop))
        entry = {
            "delta": 40,
            "balance": 40,
            "kind": "earn",
            "reference": "202611231403001234567890",
            "created_at": datetime(2026, 11, 23, 6, 3, tzinfo=UTC),
        }
        return 41, [entry]

    with ports.points_log.instead(log):
        data = store.get("/me/points?page_index=3").json()["data"]
    assert asked == [(fang.pk, 40, 60)]
    assert data["pagination"]["page_total"] == 3
    assert data["items"][0]["created_at"] == "2026-11-23T14:03:00+08:00"
    assert User.objects.count() == 1
