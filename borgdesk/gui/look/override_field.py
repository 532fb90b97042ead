"""Field for a value that overrides a default, with a button that restores the default."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from borgdesk.gui.look import icons, theme


class OverrideField(QWidget):
    """An editor, a note below it that says where its value comes from, and the button that resets it."""

    reset_requested = Signal()
    """The default is to be shown and to apply again."""

    def __init__(self, editor: QWidget, inherited: str, own: str, back: str, parent: QWidget | None = None) -> None:
        """*inherited* and *own* are the notes for either case, *back* is the label of the button."""
        super().__init__(parent)
        self._inherited, self._own = inherited, own
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.back = QToolButton()
        self.back.setIcon(icons.icon("edit-undo"))
        self.back.setToolTip(back)
        self.back.setAccessibleName(back)
        self.back.setAutoRaise(True)
        self.back.clicked.connect(self.reset_requested)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(editor, 1)
        row.addWidget(self.back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self._note)
        self.set_own(own=False)

    @property
    def is_own(self) -> bool:
        """Whether the value overrides the default."""
        return self.back.isEnabled()

    def set_own(self, *, own: bool) -> None:
        """Set whether the value overrides the default."""
        self.back.setEnabled(own)
        self._note.setText(self._own if own else self._inherited)
        self._note.setVisible(bool(self._note.text()))
        palette = self._note.palette()
        palette.setColor(self._note.foregroundRole(), theme.color(theme.Tone.WORKING if own else theme.Tone.MUTED))
        self._note.setPalette(palette)
