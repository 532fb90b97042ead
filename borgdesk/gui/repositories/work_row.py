"""Row below a form: a bar that moves while something is done with Borg, and a button to stop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from borgdesk.engine.processes.cancel import Cancel
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.form_parts import busy_bar
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _


class WorkRow(QWidget):
    """Shown only during work, one at a time."""

    changed = Signal()
    """Work began or ended."""

    def __init__(self, notice: Banner, parent: QWidget | None = None) -> None:
        """*notice* shows that the work is being stopped."""
        super().__init__(parent)
        self._notice = notice
        self._cancel: Cancel | None = None
        self._bar = busy_bar("")
        self.stop = QPushButton(icons.icon("media-playback-stop"), _("S&top"))
        self.stop.clicked.connect(self._on_stop_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._bar, 1)
        row.addWidget(self.stop)
        self.hide()

    @property
    def is_busy(self) -> bool:
        """Whether work was begun that has not ended."""
        return self._cancel is not None

    def begin(self, name: str) -> Cancel:
        """Begin work; *name* tells screen readers what is done. Return what stops it."""
        self._cancel = cancel = Cancel()
        self._bar.setAccessibleName(name)
        self.stop.setEnabled(True)
        self.show()
        self.changed.emit()
        return cancel

    def end(self) -> None:
        """The work has ended, however it did."""
        self._cancel = None
        self.hide()
        self.changed.emit()

    def _on_stop_clicked(self) -> None:
        if self._cancel is not None:
            self._cancel.ask()
            self.stop.setEnabled(False)
            self._notice.show_message(_("Stopping…"), Tone.WORKING, dismissible=False)
