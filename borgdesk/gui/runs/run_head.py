"""Header of a run's view: title, status and buttons of the run."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from borgdesk.domain.history import Run
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.gui.look import icons, run_words
from borgdesk.gui.look.run_progress import RunProgress
from borgdesk.gui.look.stop_buttons import show_stopping
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.translation import _

_ICON = 32
_COPIED = 2000
"""Milliseconds for which the button says that the report was copied."""


class RunHead(QWidget):
    """A status icon, three lines of text, a progress bar, and buttons."""

    run_again_requested = Signal()
    stop_requested = Signal()
    """Emitted a second time for *Stop now*."""
    script_requested = Signal()
    report_requested = Signal()
    """A report of the run is to be copied to the clipboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status: RunStatus | None = None
        """The status that the icon shows."""
        self._icon = QLabel(self)
        self._title = self._label(bold=True)
        self._facts = self._label()
        self._archive = self._label(selectable=True)
        self._progress = RunProgress(self)
        self._again = self._button(_("Run &again"), "view-refresh")
        self._again.clicked.connect(self.run_again_requested)
        self._stop = self._button(_("S&top"), "media-playback-stop")
        self._stop.clicked.connect(self.stop_requested)
        self._hurry = self._button(_("Stop &now"))
        self._hurry.setToolTip(_("Give every script that still has to run at most 30 seconds"))
        self._hurry.clicked.connect(self.stop_requested)
        self._open = self._button(_("&Open the script"), "document-edit")
        self._open.setToolTip(_("Open the selected script as it was when it ran"))
        self._open.clicked.connect(self.script_requested)
        self._report = self._button(_("Cop&y report"), "edit-copy")
        self._report.setToolTip(_("Copy what happened as Markdown, to ask for help or to keep it; secrets are masked"))
        self._report.clicked.connect(self._on_report_clicked)
        self._report.hide()
        self._lay_out()

    def _label(self, *, bold: bool = False, selectable: bool = False) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        label.setWordWrap(True)
        label.setFrameShape(QFrame.Shape.NoFrame)
        if bold:
            font = QFont(label.font())
            font.setPointSizeF(font.pointSizeF() * 1.2)
            font.setBold(True)
            label.setFont(font)
        if selectable:
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _button(self, text: str, icon: str | None = None) -> QPushButton:
        button = QPushButton(text, self)
        if icon is not None:
            button.setIcon(icons.icon(icon))
        button.setAutoDefault(False)
        return button

    def _lay_out(self) -> None:
        first, texts, row = QHBoxLayout(), QVBoxLayout(), QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        texts.setSpacing(2)
        texts.addLayout(first)
        # Below the buttons, texts have the whole width.
        for widget in (self._facts, self._archive, self._progress):
            texts.addWidget(widget)
        first.addWidget(self._title, 1)
        # The buttons on the right are always visible; those to their left come and go. Thus each keeps its place
        # without gaps, and a late click cannot hit another one.
        for button in (self._hurry, self._stop, self._report, self._open, self._again):
            first.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def _on_report_clicked(self) -> None:
        self._report.setMinimumWidth(self._report.width())
        self._report.setText(_("Copied"))
        QTimer.singleShot(_COPIED, self._report, lambda: self._report.setText(_("Cop&y report")))
        self.report_requested.emit()

    def show_finished(self, run: Run) -> None:
        """Show a run as the history has it."""
        self.show_text(run_words.headline(run), run_words.facts(run), run_words.archive_facts(run))
        self.show_status(run.status)
        is_backup = run.kind is RunKind.BACKUP
        self._again.setEnabled(is_backup and run.repository_id is not None and run.status.is_final)
        self._progress.hide()
        self._report.setVisible(run.status.is_final)
        self._stop.hide()
        self._hurry.hide()

    def show_live(self, live: LiveRun) -> None:
        """Show the current state of an active run."""
        doing = run_words.doing(live)
        if live.story.status is not self._status:
            self.show_status(live.story.status)
        self.show_text(live.repository, doing[:1].upper() + doing[1:], " · ".join(run_words.live_facts(live)))
        self._progress.show_live(live)
        self._progress.show()
        self._again.setEnabled(False)
        self._report.hide()
        self._stop.show()
        show_stopping(self._stop, self._hurry, live)

    def show_text(self, title: str, facts: str, archive: str) -> None:
        """Show the three lines; an empty last line is hidden."""
        self._title.setText(title)
        self._facts.setText(facts)
        self._archive.setText(archive)
        self._archive.setVisible(bool(archive))

    def show_status(self, status: RunStatus) -> None:
        """Show the icon of a status."""
        self._status = status
        self._icon.setPixmap(icons.status_icon(status).pixmap(_ICON, _ICON))

    def offer_script(self, offered: bool) -> None:
        """Enable or disable the button that opens the script."""
        self._open.setEnabled(offered)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._status is not None:
            self.show_status(self._status)  # its shade differs on light and dark backgrounds
