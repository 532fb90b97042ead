"""Stop, and what was confirmed before, count while a repository is prepared to be added."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import CannotOpen, Remedy
from borgdesk.engine.lanes.new_repository import NewRepository
from borgdesk.gui.repositories import add_repository_dialog, remedies
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.adding_steps import Step
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene


@dataclass
class Held:
    """A call that has begun and lasts until it may go on."""

    began: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)

    def __call__(self, *_args: object, **_values: object) -> bool:
        self.began.set()
        return not self.may_end.wait(60)


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    yield held
    held.may_end.set()


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[NewRepository]:
    """What was tried to add; each is an answer that the repository is locked, after it had been moved."""
    tries: list[NewRepository] = []

    def add(_workspace: object, new: NewRepository, *_args: Any) -> None:
        tries.append(new)
        raise CannotOpen("It is locked.", Remedy.BREAK_LOCK)

    monkeypatch.setattr(add_repository_dialog, "add_with_all", add)
    monkeypatch.setattr(remedies, "ask_to_break_lock", lambda _parent, _error, break_it: break_it())
    return tries


@pytest.fixture
def dialog(scene: Scene, background: Background, qtbot: QtBot) -> AddRepositoryDialog:
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.looked):
        dialog.show()
    return dialog


def test_stop_while_the_lock_is_broken(
    dialog: AddRepositoryDialog,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    held: Held,
    tries: list[NewRepository],
) -> None:
    monkeypatch.setattr(add_repository_dialog, "break_lock_of_new", held)
    dialog._add()
    qtbot.waitUntil(lambda: dialog.notice.text == "It is locked.")
    dialog.notice.button("Break the lock…").click()
    qtbot.waitUntil(held.began.is_set)
    dialog.stop.click()
    held.may_end.set()
    qtbot.waitUntil(lambda: dialog._cancel is None)
    assert dialog.notice.text == "Stopped; the lock was broken, but no repository was added."
    assert len(tries) == 1


def test_what_was_confirmed_still_counts_after_the_lock_is_broken(
    dialog: AddRepositoryDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tries: list[NewRepository]
) -> None:
    monkeypatch.setattr(add_repository_dialog, "break_lock_of_new", lambda *_args: None)
    dialog._add(moved=True, key_file=Path("/key"))
    qtbot.waitUntil(lambda: dialog.notice.text == "It is locked.")
    dialog.notice.button("Break the lock…").click()
    qtbot.waitUntil(lambda: len(tries) == 2 and dialog._cancel is None)
    assert [(new.moved, new.key_file) for new in tries] == 2 * [(True, Path("/key"))]


def _stop_in_first_step(dialog: AddRepositoryDialog, held: Held, qtbot: QtBot) -> None:
    """Stop what has just begun."""
    qtbot.waitUntil(held.began.is_set)
    dialog.stop.click()
    held.may_end.set()
    qtbot.waitUntil(lambda: dialog._cancel is None)
    assert dialog.step is Step.WHERE
    assert dialog.notice.text == "Stopped; nothing was changed."


def test_stop_while_a_server_is_asked(
    dialog: AddRepositoryDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    monkeypatch.setattr(add_repository_dialog, "is_there", held)
    QTest.keyClicks(dialog.location, "ssh://nas/backups")
    dialog._ask_server()
    _stop_in_first_step(dialog, held, qtbot)


def test_stop_while_an_existing_one_is_opened(
    dialog: AddRepositoryDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    monkeypatch.setattr(add_repository_dialog, "try_opening", held)
    dialog._open()
    _stop_in_first_step(dialog, held, qtbot)


def test_what_was_confirmed_in_the_first_step_still_counts_after_the_lock_is_broken(
    dialog: AddRepositoryDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tries: list[NewRepository]
) -> None:
    confirmed: list[dict[str, Any]] = []

    def locked(*_args: object, **values: Any) -> None:
        confirmed.append(values)
        raise CannotOpen("It is locked.", Remedy.BREAK_LOCK)

    monkeypatch.setattr(add_repository_dialog, "try_opening", locked)
    monkeypatch.setattr(add_repository_dialog, "break_lock_of_new", lambda *_args: None)
    dialog._open(moved=True, key_file=Path("/key"))
    qtbot.waitUntil(lambda: dialog.notice.text == "It is locked.")
    dialog.notice.button("Break the lock…").click()
    qtbot.waitUntil(lambda: len(confirmed) == 2 and dialog._cancel is None)
    assert confirmed == 2 * [{"moved": True, "key_file": Path("/key")}]
    assert tries == []
