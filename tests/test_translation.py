"""Choice of the language, and behaviour without a catalogue for it."""

import io
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from borgdesk import translation
from borgdesk.translation import N_, _, language, ngettext, pgettext, preferred, speak_english


@pytest.mark.parametrize(
    ("environment", "languages"),
    [
        ({}, [""]),
        ({"LANG": "de_AT.UTF-8"}, ["de_AT", "de"]),
        ({"LANG": "sr_RS@latin"}, ["sr_RS", "sr"]),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "it"}, ["it"]),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "it", "LC_ALL": "pl"}, ["pl"]),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "sv:nb_NO"}, ["sv", "nb_NO", "nb"]),
        ({"LANG": "C.UTF-8", "LANGUAGE": "sv"}, ["sv"]),
        ({"LC_ALL": "C", "LANGUAGE": "sv"}, []),
        ({"LANG": "POSIX", "LANGUAGE": "sv"}, []),
    ],
)
def test_the_environment_names_the_languages(environment: dict[str, str], languages: list[str]) -> None:
    assert list(preferred(environment)) == languages


@pytest.fixture
def swedish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = Catalog("sv")
    catalogue.add("The file is missing.", "Filen saknas.")
    catalogue.add(("{count} file", "{count} files"), ("{count} fil", "{count} filer"))
    catalogue.add("Open", "Öppen", context="state")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    file = tmp_path / "sv" / "LC_MESSAGES" / "borgdesk.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled.getvalue())
    monkeypatch.setattr(translation, "FOLDER", str(tmp_path))
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)


def test_a_catalogue_is_spoken(swedish: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE")
    assert _("The file is missing.") == "Filen saknas."
    assert ngettext("{count} file", "{count} files", 1) == "{count} fil"
    assert ngettext("{count} file", "{count} files", 0) == "{count} filer"
    assert pgettext("state", "Open") == "Öppen"
    assert N_("The file is missing.") == "The file is missing."
    assert language() == "sv"


def test_what_is_not_translated_is_said_in_english(swedish: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "../sv:xx:sv")
    assert language() == "sv"
    assert _("Something new.") == "Something new."
    assert _("") == ""


def test_english_before_another_language_is_meant(swedish: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en_GB:sv")
    assert language() == "en"
    assert ngettext("{count} file", "{count} files", 1) == "{count} file"
    assert ngettext("{count} file", "{count} files", 2) == "{count} files"
    assert pgettext("state", "Open") == "Open"


def test_programs_are_told_english(swedish: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "sv")
    assert language() == "sv"
    speak_english()
    assert _("The file is missing.") == "The file is missing."
