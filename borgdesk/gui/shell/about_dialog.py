"""Says which BorgDesk this is, what it runs on, and where its data lies."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialogButtonBox, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.version import VERSION
from borgdesk.gui.look import icons, words
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import selectable_text
from borgdesk.gui.shell.report import NOT_ASKED
from borgdesk.translation import _

_WIDTH = 560
_LETTERS = 64
"""At least as many fit into a line, however large they are."""


class AboutDialog(Dialog):
    """Shows the facts of the problem report, without the log."""

    report_requested = Signal()
    """The user wants to copy a problem report."""

    def __init__(self, facts: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("About BorgDesk"))
        title = QLabel(_("BorgDesk {version}").format(version=VERSION), self)
        font = QFont(title.font())
        font.setPointSizeF(font.pointSizeF() * 1.6)
        title.setFont(font)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(
            QLabel(_("Backups with Borg, and scripts around them that put everything back."), self, wordWrap=True)
        )
        form = QFormLayout()
        names = {
            "Borg": _("Borg:"), "Python": _("Python:"), "Qt": _("Qt:"), "SQLite": _("SQLite:"), "System": _("System:"),
            "Config": _("Window's own settings:"), "Data": _("Database and scripts:"),
            "State": _("Run logs, program's log:"), "Cache": _("Cache:"),
        }  # fmt: skip
        for name, label in names.items():
            form.addRow(label, selectable_text(_shown(facts[name])))
        column.addLayout(form)
        column.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.copy_report = QPushButton(icons.icon("edit-copy"), _("Copy report"))
        self.copy_report.setToolTip(_("Copy versions, folders and the last lines of BorgDesk's log, without secrets"))
        self.copy_report.setAutoDefault(False)
        self.copy_report.clicked.connect(self.report_requested)
        buttons.addButton(self.copy_report, QDialogButtonBox.ButtonRole.ActionRole)
        column.addWidget(buttons)
        width = max(_WIDTH, _LETTERS * self.fontMetrics().averageCharWidth())
        self.resize(width, column.totalHeightForWidth(width))


def _shown(fact: str) -> str:
    return words.NOTHING if fact == NOT_ASKED else fact
