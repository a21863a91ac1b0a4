"""Search texts and patterns: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.spelling import patterns, text_of

APPLE = text_of("AP-0017", "6901234567890", "烟台红富士苹果 5kg", "佳沛")


def finds(text, typed):
    wanted = patterns(typed)
    return bool(wanted) and all(pattern in text for pattern in wanted)


@pytest.mark.parametrize(
    "typed",
    [
        *("红富士", "苹果", "士苹", "果", "烟台红富士苹果"),
        *("hfs", "ythfspg", "pg", "hongfushi", "HongFuShi", "hongfu", "fu"),
        *("ap-0017", "AP", "0017", "17", "ＡＰ－００１７", "6901234567890", "567890"),
        *("佳沛", "佳", "jp", "jiapei"),
        *("5kg", "5K", "果5kg", "苹果5", "红富士 苹果", "苹果 hfs 5kg 佳沛", "a-", "a"),
    ],
)
def test_it_is_found_by(typed):
    assert finds(APPLE, typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("富红", "红红", "果果", "台富", "梨", "苹果梨", "sfh", "gp", "pj", "jj"),
        *("0018", "71", "-", "%", "_", "--", "…", "", " ", "红富士 梨", "z"),
    ],
)
def test_it_is_not_found_by(typed):
    assert not finds(APPLE, typed)


def test_readings_follow_the_phrase():
    assert " cqhg" in text_of("X", "", "重庆火锅")
    assert " changsha" in text_of("X", "", "长沙")
    assert " lvdou" in text_of("X", "", "绿豆")


def test_what_has_no_reading_is_found_as_it_is():
    text = text_of("X", "", "Müller 🍎 яблоко 𠮷野")
    for typed in ("müller", "ül", "🍎", "ябл", "яб", "𠮷"):
        assert finds(text, typed) or not any(map(str.isalnum, typed))
    assert not finds(text, "яя")


WORDS = st.text("苹果香梨李子ab1 -", min_size=1, max_size=8)


@given(WORDS, WORDS)
def test_a_name_is_found_by_exactly_its_parts(name, typed):
    """Longer words and Chinese ones are plain substring search, without false matches."""
    typed = "".join(typed.split())
    kept = "".join(name.split())
    if not any(c >= "\u4e00" for c in typed):
        return
    assert finds(text_of("X", "", name), typed) == (typed in kept)
