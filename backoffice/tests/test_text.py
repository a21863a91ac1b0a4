"""Text that people or sheets hand in."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from backoffice.base.text import (
    half_width,
    many_lines,
    one_line,
    refuse_tags,
    refuse_unseen,
)


@pytest.mark.parametrize(
    ("given_text", "clean"),
    [
        ("  a   b ", "a b"),
        ("a\tb\nc", "a b c"),
        ("a\u3000b", "a b"),
        ("e\u0301", "é"),
        ("", ""),
        ("红富士\u00a0苹果", "红富士 苹果"),
    ],
)
def test_one_line(given_text, clean):
    assert one_line(given_text) == clean


@pytest.mark.parametrize(
    ("given_text", "clean"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        (" a  b \n  c ", "a b\nc"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("\n\n a \n\n", "a"),
    ],
)
def test_many_lines(given_text, clean):
    assert many_lines(given_text) == clean


@given(st.text(max_size=200))
def test_tidying_twice_changes_nothing(text):
    for tidy in (one_line, many_lines, half_width):
        once = tidy(text)
        assert tidy(once) == once
    assert "\n" not in one_line(text)
    assert unicodedata.is_normalized("NFC", one_line(text))


@pytest.mark.parametrize(
    ("given_text", "clean"),
    [("１２．５", "12.5"), (" ＡＢ－１ ", "AB-1"), ("（）", "()"), ("㎏", "kg")],
)
def test_half_width(given_text, clean):
    assert half_width(given_text) == clean


@pytest.mark.parametrize(
    "character",
    [
        "\0",
        "\x07",
        "\x1b",
        "\x7f",
        "\x85",
        "\u200b",
        "\u202e",
        "\u2066",
        "\u2028",
        "\ufeff",
    ],
)
def test_what_cannot_be_seen_is_refused(character):
    with pytest.raises(ValidationError):
        refuse_unseen(f"a{character}b")


@pytest.mark.parametrize("text", ["红富士", "a\tb\nc", "👨\u200d🌾", "नमस्\u200cते", "é"])
def test_what_can_be_seen_passes(text):
    refuse_unseen(text)


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b>",
        "<script>alert(1)</script>",
        "< img src=x>",
        "<!-- x -->",
        "</p>",
        "<?php ?>",
        "a<br/>b",
        "<IMG\nSRC=x>",
    ],
)
def test_tags_are_refused(text):
    with pytest.raises(ValidationError):
        refuse_tags(text)


@pytest.mark.parametrize(
    "text", ["< 5 斤", "5 < 6 > 4", "a <- b", "<3", "x > y", "1<2", "价格<10元"]
)
def test_signs_that_are_no_tags_pass(text):
    refuse_tags(text)
