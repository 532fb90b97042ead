"""Template of messages for translators, and the catalogues created from it."""

from __future__ import annotations

import io
import runpy
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests import pseudo

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "borgdesk" / "locale"
CATALOGUES = sorted(FOLDER.glob("*/LC_MESSAGES/*.po"))


@pytest.fixture(scope="module")
def messages() -> dict[str, Any]:
    """Return the namespace of the program behind ``make messages``."""
    return runpy.run_path(str(ROOT / "packaging" / "messages.py"))


def read(path: Path, language: str | None = None) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def test_the_template_has_the_sentences_of_all_layers() -> None:
    places = {place for message in read(FOLDER / "borgdesk.pot") for place, _ in message.locations}
    layers = ("borg", "cli", "domain", "engine", "gui", "store")
    assert all(any(place.startswith(f"borgdesk/{layer}/") for place in places) for layer in layers)
    assert any(place.startswith("resources/templates/") for place in places)


def test_the_made_up_language_keeps_every_placeholder(messages: dict[str, Any], tmp_path: Path) -> None:
    pseudo.install(tmp_path)
    template = read(FOLDER / "borgdesk.pot")
    spoken = Catalog("eo")
    for message in template:
        if isinstance(message.id, str) and message.id:
            spoken.add(message.id, pseudo.pseudo(message.id))
    assert list(messages["complaints"](spoken)) == []


@pytest.mark.parametrize(
    ("said", "translated", "is_wrong"),
    [
        ("{count} files in {folder}", "In {folder}: {count}", False),
        ("{count} files in {folder}", "{count} filer", True),
        ("{count} files", "{anzahl} Dateien", True),
        ("{count:,} files", "{count} filer", True),
        ("{count} files", "", False),
        ("{count} files", "{count filer", True),
        ("expected: %s", "väntade: %s", False),
        ("expected: %s", "väntade", True),
        (("{count} file", "{count} files"), ("en fil", "{count} filer"), True),
        (("one file", "{count} files"), ("en fil", "{count} filer"), False),
    ],
)
def test_a_translation_has_the_same_placeholders(
    messages: dict[str, Any], said: Any, translated: Any, is_wrong: bool
) -> None:
    catalogue = Catalog("sv")
    catalogue.add(said, translated)
    assert bool(list(messages["complaints"](catalogue))) is is_wrong


def test_nothing_is_missing_in_german(messages: dict[str, Any]) -> None:
    catalogue = read(FOLDER / "de" / "LC_MESSAGES" / "borgdesk.po", "de")
    assert len(catalogue) > 3000
    assert list(messages["gaps"](catalogue)) == []


@pytest.mark.parametrize(
    ("said", "translated", "is_gap"),
    [("Files", "", True), ("Files", "Dateien", False), (("one", "many"), ("eins", ""), True)],
)
def test_a_sentence_without_a_translation_is_found(
    messages: dict[str, Any], said: Any, translated: Any, is_gap: bool
) -> None:
    catalogue = Catalog("de")
    catalogue.add(said, translated)
    assert bool(list(messages["gaps"](catalogue))) is is_gap


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_catalogue_can_be_spoken(messages: dict[str, Any], path: Path) -> None:
    catalogue = read(path, path.parts[-3])
    assert list(messages["complaints"](catalogue)) == []
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    assert path.with_suffix(".mo").read_bytes() == compiled.getvalue()
