"""Dialog that lists the active runs of all processes: what each does or waits for, and in which order they begin."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import RunStatus
from borgdesk.domain.sentences import subject
from borgdesk.gui.look import icons, longest, run_words, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.workers.executor import Executor
from borgdesk.translation import _

_TICK = 1000


@dataclass(frozen=True, slots=True)
class _Row:
    """One active run as the table shows it."""

    run: Run
    doing: str
    stopping: bool
    """Whether it was asked to stop."""


class QueueDialog(Dialog):
    """Follows the runs while it is open."""

    show_requested = Signal(int)
    """Run id."""

    def __init__(self, executor: Executor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._executor = executor
        self.setWindowTitle(_("Queue"))
        about = QLabel(
            _(
                "Runs of the same repository wait for each other, in the order in which they were started. So do runs "
                "in which the same script stops something, unless they share it. Nothing is stopped for a run before "
                "its turn."
            )
        )
        about.setWordWrap(True)
        columns: list[Column[_Row]] = [
            Column(_("Run"), lambda row: subject(row.run.kind, row.run.repository), icon=_icon, width=24),
            Column(_("State"), lambda row: row.doing, stretch=True),
            Column(_("Started by"), lambda row: words.trigger(row.run.trigger), width=12, optional=True),
            Column(_("Since"), lambda row: words.moment(row.run.queued_at), whole=longest.moments()),
        ]
        self.runs = TableView(TableModel(columns, lambda row: row.run.id, self), _("Active runs"), sortable=False)
        self.runs.set_empty(_("Nothing is running or waiting."))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.show_button = buttons.addButton(_("Sho&w"), QDialogButtonBox.ButtonRole.ActionRole)
        self.show_button.setIcon(icons.icon("history"))
        self.stop_button = buttons.addButton(run_words.stop(), QDialogButtonBox.ButtonRole.ActionRole)
        self.stop_button.setIcon(icons.icon("media-playback-stop"))
        self.show_button.clicked.connect(self._ask_to_show)
        self.stop_button.clicked.connect(self._stop)
        self.runs.row_activated.connect(lambda _: self._ask_to_show())
        self.runs.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.runs, 1)
        layout.addWidget(buttons)
        clock = QTimer(self, interval=_TICK)
        clock.timeout.connect(self._update)
        clock.start()
        executor.queue_changed.connect(self._update)
        executor.events_arrived.connect(self._update)
        executor.run_ended.connect(self._update)
        self._update()
        self.runs.select_first()
        self.resize(720, 340)

    def entered(self) -> None:
        """Return nothing: the dialog has no input."""

    def _update(self, *_: object) -> None:
        rows = [self._row(place.run, place.waits_for) for place in self._executor.queue]
        chosen = self.runs.current_row()
        self.runs.rows.set_rows(row for row in rows if row is not None)
        # Qt selects a neighbour of a row that is gone, and another run would be stopped.
        if chosen is not None and chosen.run.id not in {row.run.id for row in rows if row is not None}:
            self.runs.selectionModel().clear()
        self._show_buttons()

    def _row(self, run: Run, waits_for: tuple[Run, ...]) -> _Row | None:
        live = self._executor.live(run.id)
        if live is not None:
            ended = live.story.is_over
            return None if ended else _Row(run, run_words.doing(live), live.story.stopping)
        if run.status is RunStatus.QUEUED and waits_for:
            return _Row(run, run_words.waits_for(waits_for), stopping=False)
        return _Row(run, words.run_status(run.status), stopping=False)

    def _show_buttons(self) -> None:
        row = self.runs.current_row()
        self.show_button.setEnabled(row is not None)
        self.stop_button.setEnabled(row is not None and not row.stopping)
        waits = row is not None and row.run.status is RunStatus.QUEUED
        self.stop_button.setToolTip(
            _("Take this run out of the queue; it has not begun")
            if waits
            else _("Stop this run; whatever its scripts stopped is started again")
        )

    def _ask_to_show(self) -> None:
        if (row := self.runs.current_row()) is not None:
            self.accept()
            self.show_requested.emit(row.run.id)

    def _stop(self) -> None:
        if (row := self.runs.current_row()) is not None:
            self._executor.stop(RunId(row.run.id))


def _icon(row: _Row) -> QIcon:
    return icons.status_icon(row.run.status)
