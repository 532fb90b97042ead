"""Editor for exclude patterns, one per line, with presets of common ones."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.theme import Tone
from borgdesk.paths import resource
from borgdesk.translation import _


def presets() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the built-in presets: name and patterns."""
    shipped = tomllib.loads(resource("exclude-presets.toml").read_text(encoding="utf-8"))
    return tuple((_(one["name"]), tuple(one["patterns"])) for one in shipped["preset"])


class ExcludesEdit(QWidget):
    """Patterns as text, and Borg's two options that exclude without a pattern."""

    edited = Signal()
    preview_requested = Signal()
    """Only where :attr:`preview` was made visible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(_("Excludes"))
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText(_("One pattern per line, for example sh:**/.cache"))
        self.text.setFixedHeight(self.fontMetrics().height() * 7)
        self.caches = QCheckBox(_("Exclude folders ta&gged as caches (CACHEDIR.TAG)"))
        self.one_file_system = QCheckBox(_("D&o not cross into other file systems"))
        add = QPushButton(icons.icon("list-add"), _("Presets"))
        add.setAutoDefault(False)
        self.preview = QPushButton(icons.icon("edit-find"), _("Previe&w…"))
        self.preview.setAutoDefault(False)
        self.preview.setToolTip(_("Shows what would be backed up and left out, and what takes most room"))
        self.preview.clicked.connect(self.preview_requested)
        self.preview.hide()
        self.menu = QMenu(self)
        for name, patterns in presets():
            self.menu.addAction(name, partial(self.add, patterns))
        add.setMenu(self.menu)
        hint = explanation(
            _("A pattern can start with sh: (shell style), fm: (the default), re: (regular expression) or pp: (path).")
        )
        self.remarks = Banner()
        row = QHBoxLayout()
        row.addWidget(hint, 1)
        row.addWidget(add)
        row.addWidget(self.preview)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.remarks)
        layout.addLayout(row)
        layout.addWidget(self.caches)
        layout.addWidget(self.one_file_system)
        self.text.textChanged.connect(self.edited)
        self.caches.clicked.connect(self.edited)
        self.one_file_system.clicked.connect(self.edited)

    def patterns(self) -> tuple[str, ...]:
        """Return the patterns without empty lines."""
        return tuple(line for line in self.text.toPlainText().splitlines() if line.strip())

    def show_values(self, patterns: tuple[str, ...], exclude_caches: bool, one_file_system: bool) -> None:
        """Show these values without emitting :attr:`edited`."""
        before = self.text.blockSignals(True)
        self.text.setPlainText("\n".join(patterns))
        self.text.blockSignals(before)
        self.caches.setChecked(exclude_caches)
        self.one_file_system.setChecked(one_file_system)

    def show_remarks(self, sentences: Sequence[str]) -> None:
        """Show remarks about the patterns below them."""
        if sentences:
            self.remarks.show_message("\n".join(sentences), Tone.WARNING, dismissible=False)
        else:
            self.remarks.hide()

    def add(self, patterns: tuple[str, ...]) -> None:
        """Add the patterns that are missing."""
        known = self.patterns()
        self.text.setPlainText("\n".join([*known, *(one for one in patterns if one not in known)]) + "\n")
