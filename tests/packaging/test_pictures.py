"""The pictures of the documentation: all are there, taken by the script that says so, small, and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QImageReader

from tests.e2e import pictures

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
_PICTURE = re.compile(r"!\[([^\]]*)\]\((?:docs/)?pictures/([^)]+)\)|srcset=\"docs/pictures/([^\"]+)\"")

pytestmark = pytest.mark.gui


def shown() -> set[str]:
    """Return the names of the pictures that documents show."""
    found = (match for file in DOCUMENTS for match in _PICTURE.finditer(file.read_text()))
    return {match.group(2) or match.group(3) for match in found}


def test_every_picture_that_is_taken_is_shown_and_every_one_shown_is_taken() -> None:
    assert shown() == {one.file_name for one in pictures.PICTURES}


def test_no_other_picture_lies_about() -> None:
    assert {file.name for file in pictures.FOLDER.iterdir()} == {one.file_name for one in pictures.PICTURES}


@pytest.mark.parametrize("name", sorted(one.file_name for one in pictures.PICTURES))
def test_a_picture_has_the_expected_size(name: str) -> None:
    file = pictures.FOLDER / name
    size = QImageReader(str(file)).size()
    assert size.isValid()
    is_dialog = name in {"restore.webp", "add-where.webp", "add-scripts.webp"}
    assert is_dialog or (size.width(), size.height()) == pictures.WINDOW
    assert size.width() <= pictures.WINDOW[0]
    assert file.stat().st_size < 80_000


def test_every_picture_is_described_in_words() -> None:
    words = [match.group(1) for file in DOCUMENTS for match in _PICTURE.finditer(file.read_text()) if match.group(2)]
    assert [text for text in words if len(text.split()) < 4] == []


def test_what_is_not_understood_takes_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert pictures.main(["--help"]) == 64
    assert pictures.main(["one", "two"]) == 64
    assert not list(tmp_path.glob("*.webp"))
    assert not (tmp_path / "one").exists()
