"""Layout of a script's view, without behaviour."""

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
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.scripts.details_tab import DetailsTab
from borgdesk.gui.scripts.findings_list import FindingsList
from borgdesk.gui.scripts.parameters_tab import ParametersTab
from borgdesk.gui.scripts.revisions_tab import RevisionsTab
from borgdesk.gui.scripts.test_panel import TestPanel
from borgdesk.gui.scripts.usage_tab import UsageTab
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_LIST_HEIGHT = 110
"""Initial height of the list of findings in pixels."""


class ScriptLayout(QWidget):
    """Text on the left with its findings below, everything else in tabs on the right."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.details = DetailsTab()
        self.parameters = ParametersTab()
        self.test = TestPanel(workspace, background)
        self.revisions = RevisionsTab()
        self.usage = UsageTab()
        self.findings = FindingsList()
        self.message = Banner()
        self.title = ElidedLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.save_button = QPushButton(icons.icon("document-save"), _("&Save"))
        self.discard_button = QPushButton(icons.icon("edit-undo"), _("&Discard changes"))
        self.tabs = self._make_tabs()
        self.editor_place = QVBoxLayout()
        self.editor_place.setContentsMargins(0, 0, 0, 0)
        empty = QLabel(_("Select a script above, or create a new one."))
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self._make_work())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.findings.unfolded_changed.connect(self._on_unfolded_changed)

    @property
    def shows_work(self) -> bool:
        """Whether a script is shown."""
        return self._stack.currentIndex() == 1

    def show_work(self, *, visible: bool) -> None:
        """Show the script, or a placeholder."""
        self._stack.setCurrentIndex(int(visible))

    def _make_tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.setUsesScrollButtons(True)
        for tab, text in (
            (self.details, _("Details")),
            (self.parameters, _("Parameters")),
            (self.test, _("Test")),
            (self.revisions, _("Revisions")),
            (self.usage, _("Usage")),
        ):
            tabs.addTab(tab, text)
        return tabs

    def _on_unfolded_changed(self, unfolded: bool) -> None:
        """Resize the list: a splitter does not do so by itself when a child's maximum height changes."""
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
        both.setSizes([640, 400])
        both.setChildrenCollapsible(False)
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(header)
        column.addWidget(CalmPlace(both, self.message))
        column.addWidget(both, 1)
        return work
