"""Editor for Borg's compression: some explained choices, or any other specification as text."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from borgdesk.gui.look.form_parts import explanation
from borgdesk.translation import _


class CompressionEdit(QWidget):
    """An editable combo box of specifications."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._about = {
            "lz4": _("Very fast, saves some space: a good choice if you are unsure"),
            "zstd,3": _("Fast, saves more space: for slow networks and small disks"),
            "zstd,10": _("Slower, saves a little more space"),
            "auto,zstd,6": _("Tests each chunk first, and skips data that is already compressed"),
            "none": _("No compression"),
        }
        self.box = QComboBox()
        self.box.setEditable(True)
        # Enter belongs to the form: it must not insert an entry, and when Tab has selected the whole text, Qt would
        # treat Enter as the end of a completion and consume it.
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.setCompleter(None)  # type: ignore[arg-type] # stubs: None takes it away
        self.box.setAccessibleName(_("Compression"))
        self.box.addItems(list(self._about))
        self._note = explanation()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.box)
        layout.addWidget(self._note)
        self.box.currentTextChanged.connect(self._show_explanation)

    def compression(self) -> str:
        """Return the specification."""
        return self.box.currentText().strip()

    def set_compression(self, spec: str) -> None:
        """Show a specification without emitting :attr:`edited`."""
        before = self.blockSignals(True)
        self.box.setCurrentText(spec)
        self._show_explanation(spec)
        self.blockSignals(before)

    def _show_explanation(self, spec: str) -> None:
        self._note.setText(self._about.get(spec.strip(), _("In Borg's notation: algorithm,level")))
        self.edited.emit()
