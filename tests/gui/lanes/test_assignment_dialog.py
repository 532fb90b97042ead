"""Options of an assignment: overrides that can be reset, and parameter values including secrets."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, OnFailure, RunOn
from borgdesk.engine.lanes.assignments import Changes, assign, header_of_script
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog
from borgdesk.gui.look.parameter_fields import ChoiceField, LineField, SecretField, TextField
from borgdesk.gui.workers.background import Background
from tests.gui.scene import POST, PRE, Scene

BLOCK = """# /// borgdesk
# [parameters.NAME]
# required = true
# [parameters.LEVEL]
# type = "integer"
# default = "3"
# [parameters.MODE]
# type = "choice"
# choices = ["fast", "safe"]
# [parameters.TOKEN]
# secret = true
# ///
"""


class Bench:
    def __init__(self, scene: Scene, background: Background, qtbot: QtBot) -> None:
        self.scene, self.background, self.qtbot = scene, background, qtbot
        self.store = scene.workspace.store
        self.repository = self.store.repositories.add(Repository(RepositoryId(0), "Docs", "/backup", ("/home",)))
        self.script = scene.script("Stop", BLOCK, run_on="warning,failure")

    def dialog(self, hook: Hook = POST, **changes: Any) -> tuple[AssignmentDialog, Assignment]:
        one = assign(self.scene.workspace, self.repository.id, self.script.id, hook, Changes(**changes))
        header = header_of_script(self.scene.workspace, self.script.id)
        dialog = AssignmentDialog(self.scene.workspace, self.background, one, header)
        self.qtbot.addWidget(dialog)
        dialog.show()
        return dialog, one

    def save(self, dialog: AssignmentDialog, one: Assignment) -> Assignment:
        with self.qtbot.waitSignal(dialog.saved):
            dialog.buttons.button(QDialogButtonBox.StandardButton.Save).click()
        return self.store.assignments.get(one.id)

    def secret(self, one: Assignment) -> str | None:
        return self.scene.workspace.secrets.get(secret_owner(one.id), "TOKEN")


@pytest.fixture
def bench(scene: Scene, background: Background, qtbot: QtBot) -> Bench:
    return Bench(scene, background, qtbot)


def test_saving_untouched_changes_nothing(bench: Bench) -> None:
    dialog, one = bench.dialog(
        timeout=77, run_on=RunOn.parse("success"), on_failure=OnFailure.CONTINUE,
        parameters={"NAME": "web", "LEVEL": "3"}, secrets={"TOKEN": "hush"},
    )  # fmt: skip
    assert bench.save(dialog, one) == one
    assert bench.secret(one) == "hush"


def test_overrides_are_made(bench: Bench) -> None:
    dialog, one = bench.dialog()
    dialog.run_on.boxes["warning"].click()
    dialog.timeout.set_seconds(60)
    dialog.timeout.edited.emit()
    dialog.on_failure.setCurrentIndex(1)
    dialog.on_failure.activated.emit(1)
    dialog.enabled.click()
    saved = bench.save(dialog, one)
    assert (str(saved.run_on), saved.timeout, saved.on_failure, saved.enabled) == ("failure", 60, "continue", False)


def test_each_has_a_way_back(bench: Bench) -> None:
    dialog, one = bench.dialog(
        timeout=77, run_on=RunOn.parse("success"), on_failure=OnFailure.CONTINUE,
        parameters={"NAME": "web", "LEVEL": "9"}, secrets={"TOKEN": "hush"},
    )  # fmt: skip
    for row in dialog._own.values():
        assert row.is_own
        row.back.click()
        assert not row.is_own
    assert dialog.timeout.seconds() == bench.script.timeout
    assert dialog.run_on.run_on() == bench.script.run_on
    for name in ("LEVEL", "TOKEN"):
        dialog.parameters.reset(name)
    saved = bench.save(dialog, one)
    assert (saved.timeout, saved.run_on, saved.on_failure) == (None, None, None)
    assert (dict(saved.parameters), saved.secrets) == ({"NAME": "web"}, frozenset())
    assert bench.secret(one) is None


def test_values_of_every_type(bench: Bench) -> None:
    dialog, one = bench.dialog(PRE)
    name, level, mode, token = (dialog.parameters.field(key) for key in ("NAME", "LEVEL", "MODE", "TOKEN"))
    assert isinstance(name, TextField)
    assert isinstance(level, LineField)
    assert isinstance(mode, ChoiceField)
    assert isinstance(token, SecretField)
    QTest.keyClicks(name.text, "two words")
    level.line.selectAll()
    QTest.keyClicks(level.line, "12")
    mode.box.setCurrentIndex(mode.box.findData("safe"))
    mode.box.activated.emit(mode.box.currentIndex())
    QTest.keyClicks(token.line, "hush")
    saved = bench.save(dialog, one)
    assert dict(saved.parameters) == {"NAME": "two words", "LEVEL": "12", "MODE": "safe"}
    assert (saved.secrets, bench.secret(one)) == (frozenset({"TOKEN"}), "hush")


def test_a_secret_is_never_shown_and_can_be_replaced(bench: Bench) -> None:
    dialog, one = bench.dialog(secrets={"TOKEN": "hush"})
    token = dialog.parameters.field("TOKEN")
    assert isinstance(token, SecretField)
    assert token.value() == ""
    assert "stored" in token.line.placeholderText()
    assert token.line.echoMode() is token.line.EchoMode.Password
    QTest.keyClicks(token.line, "other")
    token.eye.click()
    assert token.line.displayText() == "other"
    bench.save(dialog, one)
    assert bench.secret(one) == "other"


def test_an_impossible_value_is_told_and_nothing_is_saved(bench: Bench) -> None:
    dialog, one = bench.dialog()
    level = dialog.parameters.field("LEVEL")
    assert isinstance(level, LineField)
    QTest.keyClicks(level.line, "x")
    dialog.buttons.button(QDialogButtonBox.StandardButton.Save).click()
    assert "whole number" in dialog.notice.text
    assert dialog.isVisible()
    assert bench.store.assignments.get(one.id) == one


def test_a_value_nobody_declares_any_more_can_be_taken_away(bench: Bench) -> None:
    dialog, one = bench.dialog(parameters={"OLD": "1", "NAME": "n"})
    dialog.parameters.reset("OLD")
    assert dict(bench.save(dialog, one).parameters) == {"NAME": "n"}


def test_skip_is_offered_before_the_backup_only(bench: Bench) -> None:
    before, _ = bench.dialog(PRE)
    after, _ = bench.dialog(POST)
    assert before.on_failure.findData(OnFailure.SKIP) >= 0
    assert after.on_failure.findData(OnFailure.SKIP) < 0


def test_what_is_missing_is_known(bench: Bench) -> None:
    dialog, _ = bench.dialog()
    assert dialog.parameters.missing() == ["NAME"]
