"""Provinces, cities and districts, as people and pickers name them."""

import csv

import pytest

from backoffice.accounts import areas
from backoffice.base.errors import FieldErrors


def names(found):
    return [area.full_name for area in found]


def test_the_tree_is_whole():
    assert len(areas.below("")) == 31
    known, below = areas._tree()
    assert len(known) == 31 + 342 + 2978
    for code, area in known.items():
        assert (area.above is None) is (len(code) == 2)
        assert bool(below[code]) is (len(code) < 6)


@pytest.mark.real_data
def test_the_codes_are_the_official_ones(real_data):
    for name, length in (("provinces", 2), ("cities", 4), ("areas", 6)):
        path = real_data / "divisions_cn" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            official = {row["code"]: row["name"] for row in csv.DictReader(file)}
        ours = {c: a.name for c, a in areas._tree()[0].items() if len(c) == length}
        assert ours == official


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("33", "浙江省"),
        ("330000", "浙江省"),
        ("3301", "浙江省 杭州市"),
        ("330100", "浙江省 杭州市"),
        ("330106", "浙江省 杭州市 西湖区"),
        ("441900", "广东省 东莞市"),
    ],
)
def test_an_area_by_its_code(code, name):
    area = areas.area_of(code)
    assert area is not None
    assert area.full_name == name


@pytest.mark.parametrize("code", ["", "0", "99", "3", "330", "990000", "33010600", "x"])
def test_what_is_no_code_is_none(code):
    assert areas.area_of(code) is None


def test_what_belongs_to_an_area():
    assert names(areas.below("3301"))[:2] == [
        "浙江省 杭州市 上城区",
        "浙江省 杭州市 拱墅区",
    ]
    assert areas.below("330106") == []
    assert areas.below("99") == []
    # a city without districts has one of its own name
    assert names(areas.below("441900")) == ["广东省 东莞市 东莞市"]


def test_search_by_words_of_the_full_name():
    assert names(areas.search("西湖"))[:2] == [
        "浙江省 杭州市 西湖区",
        "江西省 南昌市 西湖区",
    ]
    assert names(areas.search("杭州 西湖")) == ["浙江省 杭州市 西湖区"]
    assert names(areas.search("浙江")) == ["浙江省"]
    assert areas.search("") == areas.search("  ") == areas.search("没有这里") == []


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (("浙江省", "杭州市", "西湖区"), "330106"),
        (("33", "3301", "330106"), "330106"),
        (("330000", "330100", "330106"), "330106"),
        ((" 浙江省", "杭州市 ", "西湖区"), "330106"),
        (("北京市", "市辖区", "东城区"), "110101"),
        (("北京市", "北京市", "东城区"), "110101"),
        (("110000", "110100", "110101"), "110101"),
        (("重庆市", "重庆市", "城口县"), "500229"),
        (("重庆市", "县", "城口县"), "500229"),
        (("广东省", "东莞市", "东莞市"), "441900"),
        (("河南省", "省直辖县级行政区划", "济源市"), "419001"),
    ],
)
def test_the_district_of_an_address(written, code):
    assert areas.district(*written).code == code


@pytest.mark.parametrize(
    ("written", "field"),
    [
        (("浙江", "杭州市", "西湖区"), "province"),
        (("", "杭州市", "西湖区"), "province"),
        (("浙江省", "苏州市", "西湖区"), "city"),
        (("浙江省", "浙江省", "西湖区"), "city"),
        (("浙江省", "杭州市", "东城区"), "district"),
        (("3301", "3301", "330106"), "province"),
    ],
)
def test_the_part_that_is_wrong_is_named(written, field):
    with pytest.raises(FieldErrors) as refusal:
        areas.district(*written)
    assert list(refusal.value.errors) == [field]
