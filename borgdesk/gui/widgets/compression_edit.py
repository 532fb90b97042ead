"""Borg's compression: a few choices with a sentence each, and whatever else Borg takes, as text."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget


class CompressionEdit(QWidget):
    """An editable list of specifications."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._about = {
            "lz4": self.tr("Very fast, saves something: a good choice when in doubt"),
            "zstd,3": self.tr("Fast, saves more: for slow networks and small disks"),
            "zstd,10": self.tr("Slower, saves a little more"),
            "auto,zstd,6": self.tr("Tries each piece first, and leaves alone what is compressed already"),
            "none": self.tr("Stores everything as it is"),
        }
        self.box = QComboBox()
        self.box.setEditable(True)
        self.box.setAccessibleName(self.tr("Compression"))
        self.box.addItems(list(self._about))
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.box)
        layout.addWidget(self._note)
        self.setFocusProxy(self.box)
        self.box.currentTextChanged.connect(self._tell)

    def compression(self) -> str:
        """The specification."""
        return self.box.currentText().strip()

    def set_compression(self, spec: str) -> None:
        """Show a specification, without :attr:`edited`."""
        before = self.blockSignals(True)
        self.box.setCurrentText(spec)
        self._tell(spec)
        self.blockSignals(before)

    def _tell(self, spec: str) -> None:
        self._note.setText(self._about.get(spec.strip(), self.tr("Borg's own notation: algorithm,level")))
        self.edited.emit()
