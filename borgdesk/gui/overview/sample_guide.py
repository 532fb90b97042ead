"""Says in the window with sample data what is shown there, what to try, and how to leave it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.demo import Demo
from borgdesk.gui.look import icons, theme
from borgdesk.gui.look.card import Card
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class SampleGuide(Card):
    """Stands below the card of the sample repository, which shows what comes of each step."""

    backup_requested = Signal(int)
    board_requested = Signal(int)
    """Repository id."""
    leave_requested = Signal()
    """The user has seen enough: the window with sample data is to be closed."""

    def __init__(self, demo: Demo, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._demo, self._background = demo, background
        self._killing = False
        self._cancel = Cancel()
        self.service = QLabel(self)
        """Says whether the simulated server runs."""
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 12, 16, 12)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(12)
        self._grid.setColumnStretch(0, 1)
        self._introduce()
        self.good = self._step(
            _("1. A good backup"),
            _("The photo server is stopped, Borg reads the photos, and the server is started again."),
            _("Back up the &photos"), "media-playback-start", partial(self._start, sabotage=False),
        )  # fmt: skip
        self.bad = self._step(
            _("2. A backup whose first script fails halfway"),
            _(
                "The script that stops the server fails after it has stopped it. There is no backup then, but the "
                "server is started again, and the third script reports the trouble."
            ),
            _("Let the stop &fail"), "media-playback-start", partial(self._start, sabotage=True),
        )  # fmt: skip
        self.kill = self._step(
            _("3. A backup that is killed"),
            _(
                "Another BorgDesk backs up and is killed (kill -9) while the server is stopped. Its guardian starts "
                "the server, and above you read what was put back."
            ),
            _("&Kill a backup"), "media-playback-start", self._kill,
        )  # fmt: skip
        self.board = self._step(
            _("4. Look around"),
            _("The board of the repository has the three scripts. “What happens if” says which of them run when."),
            _("&Open the board"), "scripts", lambda: self.board_requested.emit(demo.repository.id),
        )  # fmt: skip
        self.leave = self._step(
            _("Back to your own data"),
            _("This closes the window. Everything is in {folder}; delete that folder when you are done.").format(
                folder=demo.folder
            ),
            _("&Close the sample data"), "", self.leave_requested.emit,
        )  # fmt: skip
        self.show_service()

    def show_busy(self, *, busy: bool) -> None:
        """Show whether a backup is under way: another one can be started after it."""
        for button in (self.good, self.bad, self.kill):
            button.setEnabled(not busy and not self._killing)

    def show_service(self) -> None:
        """Read again whether the simulated server runs."""
        self._background.ask(lambda: self._demo.service, self._on_service_read, owner=self)

    def _on_service_read(self, service: str) -> None:
        running = service == "running"
        self.service.setText(_("The photo server is running.") if running else _("The photo server is stopped."))
        palette = QPalette()
        tone = theme.Tone.GOOD if running else theme.Tone.WARNING
        palette.setColor(QPalette.ColorRole.WindowText, theme.color(tone))
        self.service.setPalette(palette)

    def _introduce(self) -> None:
        title = QLabel(_("Sample data"), self)
        font = QFont(title.font())
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        title.setFont(font)
        about = QLabel(
            _(
                "All of this is made up, and nothing of yours is touched. A photo server is stopped before each backup "
                "and started again afterwards; a third script reports problems."
            ),
            self,
            wordWrap=True,
        )
        self._grid.addWidget(title, 0, 0)
        self._grid.addWidget(self.service, 0, 1, Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(about, 1, 0, 1, 2)

    def _step(self, title: str, text: str, label: str, icon: str, done: Callable[[], object]) -> QPushButton:
        head, body = QLabel(title, self), QLabel(text, self, wordWrap=True)
        bold = QFont(head.font())
        bold.setBold(True)
        head.setFont(bold)
        body.setTextFormat(Qt.TextFormat.PlainText)
        button = QPushButton(label, self)
        if icon:
            button.setIcon(icons.icon(icon))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: done())  # noqa: PLW0108 - clicked would pass its own argument on
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(head)
        texts.addWidget(body)
        row = self._grid.rowCount()
        self._grid.addLayout(texts, row, 0)
        self._grid.addWidget(button, row, 1, Qt.AlignmentFlag.AlignVCenter)
        return button

    def _start(self, *, sabotage: bool) -> None:
        self.show_busy(busy=True)
        self._background.ask(
            partial(self._demo.prepare, sabotage=sabotage),
            lambda _nothing: self.backup_requested.emit(self._demo.repository.id),
            self._on_failed,
            owner=self,
        )

    def _kill(self) -> None:
        self._killing = True
        self.show_busy(busy=True)
        self._background.ask(
            partial(self._demo.run_and_kill, self._cancel), self._on_killed, self._on_failed, owner=self,
            cancel=self._cancel,
        )  # fmt: skip

    def _on_killed(self, _nothing: object) -> None:
        self._killing = False
        self.show_busy(busy=False)
        self.show_service()

    def _on_failed(self, error: BorgDeskError) -> None:
        self._on_killed(None)
        self._background.problem_met.emit(error.sentence)
