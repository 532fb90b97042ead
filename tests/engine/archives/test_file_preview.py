"""Which items of an archive can be shown."""

from __future__ import annotations

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.archives import file_preview
from borgdesk.engine.archives.file_preview import read_file
from borgdesk.store.listings import Entry
from tests.engine.archives.lab import listed
from tests.engine.desk import Desk

FILE, FOLDER = 0o100644, 0o40755


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (Entry("a/one", FOLDER, 1, 0, dir=1), "“one” is not a file."),
        (Entry("a/one", FILE, 1_000_001, 0), "“one” is too large to be shown."),
        (Entry("a/one", FILE, 2_000_000, 0), "“one” is too large to be shown."),
    ],
)
def test_what_is_not_shown(desk: Desk, entry: Entry, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_file(desk.workspace, desk.repository, listed(desk.workspace), entry)
    assert str(caught.value) == sentence
    assert desk.calls() == []


def test_for_an_empty_file_borg_is_not_called(desk: Desk) -> None:
    assert read_file(desk.workspace, desk.repository, listed(desk.workspace), Entry("one", FILE, 0, 0)) == b""
    assert desk.calls() == []


def test_any_other_file_is_read_from_borg(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_preview, "reading", _asked)
    for size in (1, 1_000_000):
        with pytest.raises(InterruptedError):
            read_file(desk.workspace, desk.repository, listed(desk.workspace), Entry("one", FILE, size, 0))


def _asked(*_: object) -> None:
    raise InterruptedError
