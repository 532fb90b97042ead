"""Numbers in the language of the messages."""

from __future__ import annotations

import pytest

from borgdesk import translation
from borgdesk.cli import words
from borgdesk.domain.numbers import decimal, grouped
from borgdesk.domain.sizes import decimal_size


class German(translation.English):
    """Swaps the signs."""

    def pgettext(self, context: str, message: str, /) -> str:
        return {",": ".", ".": ","}[message]


def test_numbers_are_written_as_the_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (grouped(1234567), decimal(0.25), decimal_size(3_210_000)) == ("1,234,567", "0.2", "3.2 MB")
    monkeypatch.setattr(translation, "_spoken", ("de", German()))
    assert (grouped(1234567), decimal(0.25), decimal_size(3_210_000)) == ("1.234.567", "0,2", "3,2 MB")
    assert words.files(12431) == "12.431 files"
    assert words.duration(0.4) == "0,4 s"
