"""User names, mobiles and e-mails have one written form each."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from backoffice.accounts.backends import find_user
from backoffice.accounts.models import User
from backoffice.accounts.names import (
    clean_email,
    clean_mobile,
    clean_username,
    username_key,
)
from backoffice.accounts.tests.factories import UserFactory


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        " 138-0013-8000 ",
        "138 0013 8000",
        "+86 13800138000",
        "+86(138)00138000",
        "008613800138000",
        "8613800138000",
        "１３８００１３８０００",
        "＋８６ １３８００１３８０００",
    ],
)
def test_a_mobile_has_one_form(typed):
    assert clean_mobile(typed) == "13800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12800138000",
        "1380013800",
        "138001380001",
        "+8513800138000",
        "1380013800a",
        "13٠٠٠٠٠٠٠٠٠",
        "13800138000\n1",
        "1\u200b3800138000",
    ],
)
def test_what_is_no_mobile_is_refused(typed):
    with pytest.raises(ValidationError):
        clean_mobile(typed)


@given(st.text(max_size=20))
def test_a_clean_mobile_stays_as_it_is(typed):
    try:
        clean = clean_mobile(typed)
    except ValidationError:
        return
    assert clean_mobile(clean) == clean
    assert len(clean) == 11
    assert clean.isascii()


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_every_mobile_is_read(number):
    assert clean_mobile(f"+86 {number[:3]}-{number[3:7]} {number[7:]}") == number


@given(st.text(max_size=45))
def test_a_clean_user_name_stays_as_it_is(typed):
    try:
        clean = clean_username(typed)
    except ValidationError:
        return
    assert clean_username(clean) == clean
    assert username_key(clean) == username_key(typed)
    assert username_key(clean) == clean.lower()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "a" * 41,
        "a b",
        "a@b",
        "13800138000",
        "123456",
        "+8613800138000",
        "a\nb",
        # like a mobile, with other signs between
        "13800138000.",
        "138.0013.8000",
        "138_0013_8000",
        # like another name, by letters of other scripts
        "\u0430dmin",  # Cyrillic a
        "m\u0430nager",
        "n\u03bfbody",  # Greek o
        "adm\u0131n",  # the i without its dot
        "\u0251dmin",  # the alpha of phoneticians
        "admin\u0661",  # an Arabic one
        "\u13aadmin",  # a letter of the Cherokee
    ],
)
def test_user_names_that_are_refused(typed):
    with pytest.raises(ValidationError):
        clean_username(typed)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("Wang.Li_2-x", "Wang.Li_2-x"),
        ("　王芳 ", "王芳"),
        ("ｗａｎｇ", "wang"),
        ("Ödön", "ödön"),
        ("Äb", "äb"),
        ("Straße_9", "Straße_9"),
        ("王芳Fang88", "王芳Fang88"),
        ("さくらサクラー", "さくらサクラー"),
        ("佐々木", "佐々木"),
        ("Иван", "иван"),
    ],
)
def test_user_names_are_written_in_one_way(typed, clean):
    assert clean_username(typed) == clean


@given(st.emails())
def test_a_clean_email_stays_as_it_is(address):
    try:
        clean = clean_email(address)
    except ValidationError:
        return
    assert clean_email(clean) == clean
    assert clean == clean.lower()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"username": "Ming"}, {"username": "mING"}),
        ({"username": "Ödön"}, {"username": "öDÖN"}),
        (
            {"username": "a1", "email": "Ming@Shop.cn"},
            {"username": "a2", "email": "mING@sHOP.CN"},
        ),
        (
            {"username": "a1", "mobile": "13800138000"},
            {"username": "a2", "mobile": "+86 138 0013 8000"},
        ),
    ],
)
def test_case_and_writing_do_not_make_a_second_person(one, two):
    UserFactory(**one)
    with pytest.raises(ValidationError, match=r"taken|exists|已"):
        UserFactory(**two)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "one", "two"),
    [
        ("username", "Ming", "mING"),
        ("email", "a@b.cn", "A@B.cn"),
        ("mobile", "13800138000", "13800138000"),
    ],
)
def test_the_database_itself_refuses_the_second(column, one, two):
    UserFactory(**{column: one})
    other = UserFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=other.pk).update(**{column: two})


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"username": "a@b"}, {"mobile": ""}, {"email": ""}])
def test_the_database_itself_refuses_odd_names(change):
    user = UserFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(**change)


@pytest.mark.django_db
def test_many_people_have_neither_mobile_nor_email():
    UserFactory(mobile=None, email=None)
    UserFactory(mobile="", email="")
    assert User.objects.filter(mobile=None, email=None).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Ödön", "WANG.fang", "王芳", "Ǆabc", "ΑΣ1"])
def test_the_database_folds_a_name_as_we_do(name):
    user = UserFactory(username=name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT LOWER(username) FROM accounts_user")
        assert cursor.fetchone()[0] == username_key(user.username)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "Wang",
        "wANG",
        "ｗａｎｇ",
        " wang ",
        "13800138000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
        "w@shop.cn",
        "W@SHOP.CN",
        "ｗ＠shop.cn",
    ],
)
def test_find_user_by_any_writing(typed, django_assert_num_queries):
    user = UserFactory(username="Wang", mobile="13800138000", email="w@shop.cn")
    with django_assert_num_queries(1):
        assert find_user(typed) == user


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    ["", "nobody", "13900139000", "x@y.cn", "@", "wang\0", "\ud800", "a" * 5000],
)
def test_find_user_finds_nobody_and_does_not_fall(typed, django_assert_num_queries):
    UserFactory(username="Wang")
    with django_assert_num_queries(1):
        assert find_user(typed) is None
