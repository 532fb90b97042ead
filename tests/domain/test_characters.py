"""Which characters names may consist of."""

from __future__ import annotations

import pytest

from borgdesk.domain.characters import is_blank, is_readable, readable

FAMILY = "👨\u200d👩\u200d👧 and ❤\ufe0f\u200d🔥"
PERSIAN = "نسخه\u200cهای پشتیبان"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "text",
    [
        "Größe",
        FAMILY,
        PERSIAN,
        SCOTLAND,
        pytest.param("क\u094d\u200dष", id="Hindi"),
        pytest.param("(תמונות)\u200f", id="mark of direction"),
        pytest.param("\u0600١٢", id="Arabic sign before a number"),
        pytest.param("写真\u30002024", id="Japanese space"),
        pytest.param("Photos\u00a0: été", id="no-break space"),
        pytest.param("\U0001fae9", id="emoji that is newer than this Python"),
        "",
    ],
)
def test_what_people_write(text: str) -> None:
    assert is_readable(text)
    assert readable(text, "?") == text


@pytest.mark.parametrize(
    "character",
    [
        *("\n", "\t", "\0", "\x1b", "\x7f", "\x9b", "\u2028", "\u2029"),
        *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"),
        *("\u200b", "\u2060", "\ufeff", "\u00ad", "\u206a", "\ufff9"),
        *("\U000e0041", "\ud800", "\ue000", "\uffff", "\U0001ffff"),
    ],
)
def test_what_acts_unseen(character: str) -> None:
    assert not is_readable(f"a{character}b")
    assert readable(f"a{character}b👨\u200d👩", "?") == "a?b👨\u200d👩"


@pytest.mark.parametrize(("text", "blank"), [("", True), (" \u200d\u200c", True), ("\u3000", True), ("\u200da", False)])
def test_what_shows_nothing(text: str, blank: bool) -> None:
    assert is_blank(text) == blank
