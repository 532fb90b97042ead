"""What screen readers are told of widgets that draw themselves, and of news."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.findings import Finding, Severity
from borgdesk.domain.history import PastBackup
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import RunStatus
from borgdesk.gui.look import accessible, script_words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.fold import Fold
from borgdesk.gui.look.form_parts import in_row, label_of
from borgdesk.gui.overview.outcome_strip import OutcomeStrip

NAME = QAccessible.Text.Name


def test_a_fold_says_whether_it_is_open(qtbot: QtBot) -> None:
    fold = Fold("&More", QLabel("inside"))
    qtbot.addWidget(fold)
    told = QAccessible.queryAccessibleInterface(fold.button)
    assert (told.role(), told.text(NAME)) == (QAccessible.Role.Button, "More")
    assert (told.state().expandable, told.state().expanded, told.state().collapsed) == (1, 0, 1)
    told.actionInterface().doAction("Press")
    assert fold.is_open
    assert (told.state().expanded, told.state().collapsed) == (1, 0)
    fold.set_title("Less")
    assert told.text(NAME) == "Less"


def test_a_banner_is_news_when_it_appears_and_when_its_text_changes(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(accessible, "announce", lambda _widget, text: said.append(text))
    page = QWidget()
    qtbot.addWidget(page)
    shown = Banner()
    QVBoxLayout(page).addWidget(shown)
    page.show()
    shown.show_message("The disk is full.")
    told = QAccessible.queryAccessibleInterface(shown)
    assert (told.role(), told.text(NAME)) == (QAccessible.Role.Notification, "The disk is full.")
    assert said == [], "Qt tells that it appears"
    shown.show_message("The disk is full.")
    assert said == []
    shown.show_message("There is room again.")
    assert said == ["There is room again."]


def test_nothing_is_announced_while_nobody_listens(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    label = QLabel()
    qtbot.addWidget(label)

    class Listener:
        Role, State, AnnouncementPoliteness = (
            QAccessible.Role,
            QAccessible.State,
            QAccessible.AnnouncementPoliteness,
        )
        listens = False

        @classmethod
        def isActive(cls) -> bool:
            return cls.listens

        @staticmethod
        def updateAccessibility(event: object) -> None:
            said.append(type(event).__name__)

    monkeypatch.setattr(accessible, "QAccessible", Listener)
    accessible.announce(label, "news")
    accessible.tell_expanded(label)
    assert said == []
    Listener.listens = True
    accessible.announce(label, "")
    accessible.announce(label, "news", urgent=True)
    accessible.tell_expanded(label)
    assert said == ["QAccessibleAnnouncementEvent", "QAccessibleStateChangeEvent"]


def test_a_field_in_a_row_of_its_own_has_the_name_of_its_label(qtbot: QtBot) -> None:
    form, row, field, named = QWidget(), QWidget(), QLineEdit(), QLineEdit()
    qtbot.addWidget(form)
    row.setLayout(in_row(field, named))
    named.setAccessibleName("Mine")
    layout = QVBoxLayout(form)
    for one in (label_of(field, "&Program"), label_of(named, "&Other"), row):
        layout.addWidget(one)
    assert QAccessible.queryAccessibleInterface(field).text(NAME) == "Program"
    assert QAccessible.queryAccessibleInterface(named).text(NAME) == "Mine"


def test_the_strip_of_outcomes_opens_the_chosen_run(qtbot: QtBot) -> None:
    past_backup = PastBackup(RunId(7), RunStatus.SUCCESS, datetime(2026, 11, 28, tzinfo=UTC))
    strip = OutcomeStrip()
    qtbot.addWidget(strip)
    strip.show_strip((past_backup,))
    told = QAccessible.queryAccessibleInterface(strip)
    assert told.role() == QAccessible.Role.Chart
    opened: list[int] = []
    strip.run_requested.connect(opened.append)
    told.actionInterface().doAction("Press")
    assert opened == [], "none is chosen"
    strip._choose(0)
    told.actionInterface().doAction("Press")
    assert opened == [past_backup.id]


@pytest.mark.parametrize("severity", Severity)
def test_the_severity_of_a_finding_is_said(severity: Severity) -> None:
    said = script_words.finding(Finding(1, 1, 1, 2, severity, "SC1", "This is odd."))
    word, _, message = said.partition(": ")
    assert message == "This is odd."
    assert word in ("Error", "Warning", "Note", "Style")
