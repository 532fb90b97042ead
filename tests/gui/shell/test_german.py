"""German: what was recorded in another language is shown in it, and programs are told the same in every language."""

from __future__ import annotations

import json
from dataclasses import replace
from gettext import GNUTranslations
from pathlib import Path

import pytest

from borgdesk import translation
from borgdesk.domain.events import RunEnded
from borgdesk.domain.reasons import in_words, text
from borgdesk.domain.sentences import run_sentence
from borgdesk.domain.settings import Values
from borgdesk.engine import notices
from tests.gui.scene import Scene


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> tuple[str, translation.Catalogue]:
    with (Path(translation.FOLDER) / "de" / "LC_MESSAGES" / "borgdesk.mo").open("rb") as stream:
        return "de", GNUTranslations(stream)


def test_a_run_recorded_in_english_is_shown_in_german(
    scene: Scene, german: tuple[str, translation.Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = scene.repository("Docs")
    scene.hook(repository, "Fail", "exit 3")
    recorded = scene.run(repository)
    assert run_sentence(recorded).startswith("Backup of Docs failed. The script “Fail” failed (exit 3)")

    monkeypatch.setattr(translation, "_spoken", german)
    run = scene.workspace.store.runs.get(recorded.id)
    sentence = "Die Sicherung von Docs ist fehlgeschlagen. Das Skript „Fail“ ist fehlgeschlagen (Exit-Code 3)"
    assert run_sentence(run).startswith(sentence)
    told = notices.of_end(scene.workspace, Values({}), RunEnded(run.id, run.repository, run.status, run_sentence(run)))
    assert told is not None
    assert told.title == "Sicherung fehlgeschlagen"
    assert told.text.startswith(sentence)
    assert [button.label for button in told.buttons][-1] == "Erneut sichern"


def test_a_sentence_stored_in_english_is_shown_in_german(
    german: tuple[str, translation.Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = [text("The passphrase is wrong."), text("Documents")]
    assert in_words(stored) == "The passphrase is wrong.; Documents"
    monkeypatch.setattr(translation, "_spoken", german)
    assert in_words(stored) == "Die Passphrase ist falsch.; Documents"


def test_programs_are_told_the_same_in_every_language(scene: Scene) -> None:
    repository = scene.repository("Docs")
    scene.hook(repository, "Fail", "exit 3")
    run = scene.run(repository)
    told = []
    for language in ("C.UTF-8", "de_DE.UTF-8"):
        environment = {**scene.workspace.environment, "LANG": language, "LANGUAGE": language[:2]}
        environment.pop("LC_ALL", None)
        spoken = replace(scene.workspace, environment=environment)
        scene.workspace, before = spoken, scene.workspace
        told.append(json.loads(scene.command("history", "show", str(run.id), "--json")))
        scene.workspace = before
    assert told[0] == told[1]
