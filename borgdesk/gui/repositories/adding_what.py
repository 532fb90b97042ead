"""Second step of adding a repository: what is backed up, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from borgdesk.engine.repositories.form_checks import Field
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.field_note import FieldNote
from borgdesk.gui.look.form_parts import in_row
from borgdesk.gui.repositories.compression_edit import CompressionEdit
from borgdesk.gui.repositories.excludes_edit import ExcludesEdit
from borgdesk.gui.repositories.path_list import PathList
from borgdesk.gui.repositories.source_sizes import SourceSizes
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_LINES = 6
"""Of the list of folders: everything else of this step has to be seen, too."""


class WhatForm(QWidget):
    """The name follows the first folder until somebody types one."""

    edited = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sources = PathList(_("Folders and files to back up"), _("Add the folders to back up, or drop them here."))
        self.sources.list.setFixedHeight(self.fontMetrics().height() * _LINES)
        self.sizes = SourceSizes(self.sources, background)
        self.home = QPushButton(icons.icon("folder"), _("Add my &home folder"))
        self.home.setAutoDefault(False)
        self.home.clicked.connect(lambda: self.sources.add([str(Path.home())]))
        self.excludes = ExcludesEdit()
        self.excludes.preview.show()
        self.name = QLineEdit()
        self.name.setPlaceholderText(_("for example, Documents"))
        self.compression = CompressionEdit()
        self.compression.set_compression("lz4")
        self.notes: dict[Field, Banner] = {
            field: FieldNote() for field in (Field.SOURCES, Field.NAME, Field.COMPRESSION)
        }
        self.notes[Field.EXCLUDES] = self.excludes.remarks
        self._taken: frozenset[str] = frozenset()
        self._named = ""
        """The name as it was filled in here."""
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_("&Sources"), self.sources)
        form.addRow("", self.sizes)
        form.addRow("", in_row(self.home))
        form.addRow("", self.notes[Field.SOURCES])
        form.addRow(_("N&ame"), self.name)
        form.addRow("", self.notes[Field.NAME])
        form.addRow(_("E&xclude"), self.excludes)
        form.addRow(_("&Compression"), self.compression)
        form.addRow("", self.notes[Field.COMPRESSION])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addStretch(1)
        self.excludes.one_file_system.toggled.connect(self.sizes.set_one_file_system)
        self.sources.edited.connect(self._follow_sources)
        for signal in (self.sources.edited, self.name.textEdited, self.excludes.edited, self.compression.edited):
            signal.connect(self.edited)

    def _follow_sources(self) -> None:
        paths = self.sources.paths()
        if self.name.text() == self._named:
            first = paths[0] if paths else ""
            self._named = self._free(_("Home") if first == str(Path.home()) else Path(first).name)
            self.name.setText(self._named)

    def know_names(self, taken: Iterable[str]) -> None:
        """Propose none of the names that other repositories have."""
        self._taken, before = frozenset(taken), self.name.text()
        self._follow_sources()
        if self.name.text() != before:
            self.edited.emit()

    def _free(self, name: str) -> str:
        """Return a name like *name* that no other repository has: a second copy of a folder has to differ."""
        names = (name, *(f"{name} {number}" for number in range(2, len(self._taken) + 2)))
        return next((one for one in names if one not in self._taken), name) if name else name
