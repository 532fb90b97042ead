"""Which runs of the history somebody wants to see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunStatus
from borgdesk.domain.script import Script
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, words
from borgdesk.gui.background import Background

_TYPING_PAUSE = 300
_LEAST = 10
"""Characters of a choice that are seen in any case."""


class RunFilter(QWidget):
    """A repository, a script, a status, a time, and words that are searched."""

    changed = Signal()

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._make()
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE)
        self._pause.timeout.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for choice in (self._repository, self._script, self._status, self._time):
            choice.activated.connect(self.changed)
            row.addWidget(choice, 1)
        row.addWidget(self._search, 2)
        self._search.textChanged.connect(lambda _: self._pause.start())
        self._search.returnPressed.connect(self.changed)

    def refresh(self) -> None:
        """Ask the store which repositories and scripts there are."""
        store = self._workspace.store
        self._background.ask(store.repositories.list, partial(_offer, self._repository), owner=self)
        self._background.ask(store.scripts.list, partial(_offer, self._script), owner=self)

    def choose_repository(self, repository_id: int) -> None:
        """Want the runs of one repository."""
        place = self._repository.findData(repository_id)
        if place < 0:
            self._repository.addItem("", repository_id)
            place = self._repository.count() - 1
        self._repository.setCurrentIndex(place)

    def focus_search(self) -> None:
        """Let somebody type what is searched."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def question(self, before_id: int | None, limit: int) -> Callable[[], list[Run]]:
        """What the store is to be asked, as of now."""
        period: timedelta | None = self._time.currentData()
        return partial(
            self._workspace.store.runs.list,
            repository=self._repository.currentData(),
            script=self._script.currentData(),
            status=self._status.currentData(),
            since=None if period is None else datetime.now(UTC) - period,
            search=self._search.text().strip() or None,
            before_id=before_id,
            limit=limit,
        )

    def _make(self) -> None:
        self._repository = _choice(self, self.tr("Repository"), self.tr("Any repository"))
        self._script = _choice(self, self.tr("Script"), self.tr("Any script"))
        self._status = _choice(self, self.tr("Status"), self.tr("Any status"))
        for status in RunStatus:
            self._status.addItem(icons.lasting_status_icon(status), words.run_status(status), status)
        self._time = _choice(self, self.tr("Time"), self.tr("Any time"))
        for text, days in (
            (self.tr("Last 24 hours"), 1),
            (self.tr("Last 7 days"), 7),
            (self.tr("Last 30 days"), 30),
            (self.tr("Last year"), 365),
        ):
            self._time.addItem(text, timedelta(days=days))
        self._search = QLineEdit(self)
        self._search.setClearButtonEnabled(True)
        self._search.addAction(icons.icon("edit-find"), QLineEdit.ActionPosition.LeadingPosition)
        self._search.setPlaceholderText(self.tr("Search names, errors and output"))
        self._search.setAccessibleName(self._search.placeholderText())


def _choice(parent: QWidget, name: str, everything: str) -> QComboBox:
    choice = QComboBox(parent)
    choice.setAccessibleName(name)
    choice.setToolTip(name)
    choice.addItem(everything, None)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    choice.setMinimumContentsLength(max(_LEAST, len(everything)))
    choice.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return choice


def _offer(choice: QComboBox, things: Iterable[Repository] | Iterable[Script]) -> None:
    """Offer what there is now; what is chosen stays chosen."""
    chosen = choice.currentData()
    while choice.count() > 1:
        choice.removeItem(1)
    for thing in things:
        choice.addItem(thing.name, thing.id)
    choice.setCurrentIndex(max(choice.findData(chosen), 0))
