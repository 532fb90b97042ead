"""Input widgets of forms."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from borgdesk.borg.options import check_pattern
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.findings import Edit, Finding, Severity
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import ALWAYS, RunOn
from borgdesk.engine.scripts.checks import Report
from borgdesk.gui.look import script_words
from borgdesk.gui.look.duration_edit import DurationEdit
from borgdesk.gui.look.run_on_edit import RunOnEdit
from borgdesk.gui.repositories.compression_edit import CompressionEdit
from borgdesk.gui.repositories.excludes_edit import ExcludesEdit, presets
from borgdesk.gui.repositories.passphrase_entry import PassphraseEntry, Unlocking
from borgdesk.gui.repositories.path_list import PathList
from borgdesk.gui.repositories.retention_edit import RetentionEdit
from borgdesk.gui.scripts.findings_list import FindingsList, compatible
from tests.gui.stage import drop_files


@pytest.mark.parametrize("seconds", [1, 59, 60, 90, 300, 3600, 5400, 7 * 24 * 3600])
def test_durations_come_back_as_they_went_in(qtbot: QtBot, seconds: int) -> None:
    edit = DurationEdit("Timeout")
    qtbot.addWidget(edit)
    with qtbot.assertNotEmitted(edit.edited):
        edit.set_seconds(seconds)
    assert edit.seconds() == seconds


def test_a_duration_never_exceeds_a_week(qtbot: QtBot) -> None:
    edit = DurationEdit("Timeout")
    qtbot.addWidget(edit)
    edit.set_seconds(600_000)
    edit._unit.setCurrentIndex(2)
    assert edit.seconds() == 7 * 24 * 3600


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (90, "1 min 30 s"), (300, "5 min"), (3600, "1 h"), (5400, "1 h 30 min")]
)
def test_durations_in_words(seconds: int, text: str) -> None:
    assert script_words.timeout(seconds) == text


def test_a_condition_is_never_empty(qtbot: QtBot) -> None:
    edit = RunOnEdit()
    qtbot.addWidget(edit)
    assert edit.run_on() == ALWAYS
    edit.boxes["success"].click()
    assert str(edit.run_on()) == "warning,failure"
    edit.boxes["warning"].click()
    edit.boxes["failure"].click()
    assert edit.run_on() == ALWAYS
    edit.set_run_on(RunOn.parse("failure"))
    assert [name for name, box in edit.boxes.items() if box.isChecked()] == ["failure"]
    edit.always.click()
    assert edit.run_on() == ALWAYS


def test_retention(qtbot: QtBot) -> None:
    edit = RetentionEdit()
    qtbot.addWidget(edit)
    rules = Retention(within="2d", daily=7, yearly=-1)
    edit.set_retention(rules)
    assert edit.retention() == rules
    assert edit.counts["yearly"].text() == "all"
    assert edit.counts["weekly"].text() == "off"
    edit.counts["weekly"].lineEdit().selectAll()
    QTest.keyClicks(edit.counts["weekly"], "12")
    assert edit.retention().weekly == 12
    edit.within.setText("often")
    with pytest.raises(InvalidInput):
        edit.retention()


def test_no_rule_is_said_in_words(qtbot: QtBot) -> None:
    edit = RetentionEdit()
    qtbot.addWidget(edit)
    edit.set_retention(Retention())
    assert "Nothing is ever pruned" in edit._summary.text()
    with qtbot.waitSignal(edit.edited):
        edit.counts["last"].setValue(1)
    assert "permanently deleted" in edit._summary.text()


def test_shipped_excludes_are_patterns_borg_knows(qtbot: QtBot) -> None:
    edit = ExcludesEdit()
    qtbot.addWidget(edit)
    for _, patterns in presets():
        for pattern in patterns:
            check_pattern(pattern)
        edit.add(patterns)
        edit.add(patterns)
    found = edit.patterns()
    assert len(found) == len(set(found)) == len({one for _, patterns in presets() for one in patterns})


def test_compression_is_explained_or_borg_s_own(qtbot: QtBot) -> None:
    edit = CompressionEdit()
    qtbot.addWidget(edit)
    with qtbot.assertNotEmitted(edit.edited):
        edit.set_compression("zstd,3")
    with qtbot.waitSignal(edit.edited):
        edit.box.setEditText("lzma,9")
    assert edit.compression() == "lzma,9"


def test_paths_are_dropped_typed_and_taken_away(qtbot: QtBot, tmp_path: Path) -> None:
    paths = PathList("Sources", "none")
    qtbot.addWidget(paths)
    paths.resize(400, 200)
    paths.show()
    drop_files(paths.list.viewport(), tmp_path, Path("/etc"), tmp_path)
    assert paths.paths() == (str(tmp_path), "/etc")
    paths.list.setCurrentRow(0)
    QTest.keyClick(paths.list, Qt.Key.Key_Delete)
    assert paths.paths() == ("/etc",)
    with qtbot.waitSignal(paths.edited):
        item = paths.list.item(0)
        item.setText("/srv")
    assert paths.paths() == ("/srv",)
    assert not paths.remove.isEnabled() or paths.list.selectedItems()


def test_a_new_passphrase_is_typed_twice(qtbot: QtBot) -> None:
    entry = PassphraseEntry()
    qtbot.addWidget(entry)
    entry.set_new(True)
    QTest.keyClicks(entry.first, "hush")
    assert entry.problem()
    QTest.keyClicks(entry.second, "hush")
    assert (entry.problem(), entry.unlocking()) == ("", Unlocking("hush"))
    assert entry.first.echoMode() is entry.first.EchoMode.Password
    entry.show_typed.click()
    assert entry.second.echoMode() is entry.second.EchoMode.Normal
    entry.by_command.click()
    QTest.keyClicks(entry.command, "pass show x")
    assert entry.unlocking() == Unlocking(passcommand="pass show x")
    entry.clear()
    assert entry.unlocking() == Unlocking()


def test_a_new_passphrase_is_judged_while_it_is_typed(qtbot: QtBot) -> None:
    entry = PassphraseEntry()
    qtbot.addWidget(entry)
    entry.set_new(True)
    assert entry.hint.text().startswith("Four or more words")
    QTest.keyClicks(entry.first, "1234")
    assert entry.hint.text().startswith("Easy to guess")
    for line in (entry.first, entry.second):
        line.setText("one\ttwo")
    assert "cannot be typed" in entry.problem()
    entry.clear()
    assert entry.hint.text().startswith("Four or more words")


def test_an_existing_one_is_typed_once(qtbot: QtBot) -> None:
    entry = PassphraseEntry()
    qtbot.addWidget(entry)
    entry.set_new(False)
    assert entry.hint.isHidden()
    QTest.keyClicks(entry.first, "hush")
    assert entry.problem() == ""


def test_the_passphrase_is_not_in_its_repr() -> None:
    assert "hush" not in repr(Unlocking("hush"))


def fix(line: int, start: int, end: int) -> Finding:
    edit = Edit(line, start, line, end, "x")
    return Finding(line, start, line, end, Severity.INFO, "SC1", "Said.", (edit,))


def test_of_fixes_that_touch_only_the_first_is_made() -> None:
    first, touching, apart = fix(1, 1, 4), fix(1, 4, 6), fix(1, 8, 9)
    assert compatible([first, touching, apart]) == (*first.fix, *apart.fix)
    assert compatible([]) == ()


def test_findings_fold_away_and_outdated_fixes_are_off(qtbot: QtBot) -> None:
    findings = FindingsList()
    qtbot.addWidget(findings)
    findings.show()
    assert findings.summary.text() == "No findings"
    assert not findings.tree.isVisible()
    findings.show_report(Report((fix(1, 1, 2), fix(2, 1, 2)), "ShellCheck"))
    assert findings.tree.isVisible()
    assert findings.mend_all.isEnabled()
    findings.outdate()
    assert not findings.mend_all.isEnabled()
    with qtbot.assertNotEmitted(findings.fix_requested):
        findings._on_fix_all_clicked()
    findings.summary.click()
    assert not findings.tree.isVisible()


def test_a_chosen_finding_is_told(qtbot: QtBot) -> None:
    findings = FindingsList()
    qtbot.addWidget(findings)
    findings.show()
    findings.show_report(Report((fix(1, 1, 2), fix(7, 1, 2)), "ShellCheck"))
    findings.show_finding(fix(7, 1, 2))
    with qtbot.waitSignal(findings.finding_chosen) as chosen:
        QTest.keyClick(findings.tree, Qt.Key.Key_Return)
    assert chosen.args == [fix(7, 1, 2)]
