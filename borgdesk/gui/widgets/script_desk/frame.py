"""How the desk of a script is laid out; it does nothing by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons
from borgdesk.gui.background import Background
from borgdesk.gui.widgets.elided_label import ElidedLabel
from borgdesk.gui.widgets.message import Message
from borgdesk.gui.widgets.script_desk.details import Details
from borgdesk.gui.widgets.script_desk.findings import FindingsList
from borgdesk.gui.widgets.script_desk.parameters import ParametersTab
from borgdesk.gui.widgets.script_desk.revisions import RevisionsTab
from borgdesk.gui.widgets.script_desk.test_panel import TestPanel
from borgdesk.gui.widgets.script_desk.usage import UsageTab

_LIST_HEIGHT = 110
"""Pixels for the list of findings at first."""


class DeskFrame(QWidget):
    """The text at the left with its findings below, everything else in tabs at the right."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.details = Details()
        self.parameters = ParametersTab()
        self.test = TestPanel(workspace, background)
        self.revisions = RevisionsTab()
        self.usage = UsageTab()
        self.findings = FindingsList()
        self.message = Message()
        self.title = ElidedLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.save_button = QPushButton(icons.icon("document-save"), self.tr("&Save"))
        self.discard_button = QPushButton(icons.icon("edit-undo"), self.tr("&Discard changes"))
        self.tabs = self._make_tabs()
        self.editor_place = QVBoxLayout()
        self.editor_place.setContentsMargins(0, 0, 0, 0)
        empty = QLabel(self.tr("Choose a script above, or make a new one."))
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self._make_work())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.findings.unfolded_changed.connect(self._share_height)

    @property
    def shows_work(self) -> bool:
        """Whether there is a script on the desk."""
        return self._stack.currentIndex() == 1

    def show_work(self, *, visible: bool) -> None:
        """Show the script, or a word in its place."""
        self._stack.setCurrentIndex(int(visible))

    def _make_tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.setUsesScrollButtons(True)
        for tab, text in (
            (self.details, self.tr("Details")),
            (self.parameters, self.tr("Parameters")),
            (self.test, self.tr("Test")),
            (self.revisions, self.tr("Revisions")),
            (self.usage, self.tr("Use")),
        ):
            tabs.addTab(tab, text)
        return tabs

    def _share_height(self, unfolded: bool) -> None:
        """A splitter minds nobody's greatest height by itself."""
        whole = sum(self._left.sizes())
        below = max(whole // 4, _LIST_HEIGHT) if unfolded else 0
        self._left.setSizes([whole - below, below])

    def _make_work(self) -> QWidget:
        header = QHBoxLayout()
        header.addWidget(self.title, 1)
        header.addWidget(self.discard_button)
        header.addWidget(self.save_button)
        place = QWidget()
        place.setLayout(self.editor_place)
        left = self._left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(place)
        left.addWidget(self.findings)
        left.setStretchFactor(0, 1)
        left.setStretchFactor(1, 0)
        left.setChildrenCollapsible(False)
        both = QSplitter()
        both.addWidget(left)
        both.addWidget(self.tabs)
        both.setStretchFactor(0, 1)
        both.setStretchFactor(1, 0)
        both.setSizes([700, 340])
        both.setChildrenCollapsible(False)
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(header)
        column.addWidget(self.message)
        column.addWidget(both, 1)
        return work
