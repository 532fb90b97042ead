"""What a backup leaves out: one pattern a line, with sets of patterns people often want."""

from __future__ import annotations

import tomllib
from functools import cache, partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.gui import icons
from borgdesk.paths import resource


@cache
def presets() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The shipped sets: name and patterns."""
    shipped = tomllib.loads(resource("exclude-presets.toml").read_text(encoding="utf-8"))
    return tuple((one["name"], tuple(one["patterns"])) for one in shipped["preset"])


class ExcludesEdit(QWidget):
    """Patterns as text, and the two switches of Borg that leave things out without a pattern."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(self.tr("Excludes"))
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText(self.tr("One pattern a line, for example sh:**/.cache"))
        self.text.setFixedHeight(self.fontMetrics().height() * 7)
        self.caches = QCheckBox(self.tr("Leave out folders that call themselves a &cache (CACHEDIR.TAG)"))
        self.one_file_system = QCheckBox(self.tr("Stay on the &file systems of the sources"))
        add = QPushButton(icons.icon("list-add"), self.tr("Often left &out"))
        add.setAutoDefault(False)
        self.menu = QMenu(self)
        for name, patterns in presets():
            self.menu.addAction(name, partial(self.add, patterns))
        add.setMenu(self.menu)
        hint = QLabel(
            self.tr(
                "Patterns can begin with sh: (shell style), fm: (the default), re: (regular expression) or pp: (path)."
            )
        )
        hint.setWordWrap(True)
        hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        row = QHBoxLayout()
        row.addWidget(hint, 1)
        row.addWidget(add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        layout.addLayout(row)
        layout.addWidget(self.caches)
        layout.addWidget(self.one_file_system)
        self.setFocusProxy(self.text)
        self.text.textChanged.connect(self.edited)
        self.caches.clicked.connect(self.edited)
        self.one_file_system.clicked.connect(self.edited)

    def patterns(self) -> tuple[str, ...]:
        """The patterns; empty lines are none."""
        return tuple(line for line in self.text.toPlainText().splitlines() if line.strip())

    def show_values(self, patterns: tuple[str, ...], exclude_caches: bool, one_file_system: bool) -> None:
        """Show these values, without :attr:`edited`."""
        before = self.text.blockSignals(True)
        self.text.setPlainText("\n".join(patterns))
        self.text.blockSignals(before)
        self.caches.setChecked(exclude_caches)
        self.one_file_system.setChecked(one_file_system)

    def add(self, patterns: tuple[str, ...]) -> None:
        """Add the patterns that are not there yet."""
        known = self.patterns()
        self.text.setPlainText("\n".join([*known, *(one for one in patterns if one not in known)]) + "\n")
