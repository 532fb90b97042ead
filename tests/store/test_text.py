"""Characters that a database can store."""

from __future__ import annotations

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.store.text import check_text, made_storable


@pytest.mark.parametrize("text", ["", "plain", "größe \U0001f600", "\x01\ud7ff\ue000"])
def test_text_is_kept_as_it_is(text: str) -> None:
    assert check_text(text, "The name") == text
    assert made_storable(text) == text


@pytest.mark.parametrize(("text", "storable"), [("a\0b", "a�b"), ("\ud800", "�"), ("x\udfff\udcff", "x��")])
def test_what_cannot_be_kept(text: str, storable: str) -> None:
    assert made_storable(text) == storable
    with pytest.raises(InvalidInput) as caught:
        check_text(text, "The name")
    assert str(caught.value) == "The name contains NUL bytes, or bytes that are not UTF-8 text."
