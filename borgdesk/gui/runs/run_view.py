"""View of one run, active or past: a timeline and the output of the selected entry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.events import Event, OutcomeSettled, OutputLeftOut, OutputPrinted, Stream
from borgdesk.domain.ids import ExecutionId, RunId
from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.engine.runs.run_folders import log_in, run_folder
from borgdesk.engine.runs.run_report import run_report
from borgdesk.engine.runs.story import Entry, Key, Kind, Story
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import downtime_words, run_words, theme
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.output_view import OutputView
from borgdesk.gui.runs.entry_output import printed_by, save_output, statistics_of
from borgdesk.gui.runs.restore_result import RestoreResult
from borgdesk.gui.runs.run_head import RunHead
from borgdesk.gui.runs.start_again import StartAgain
from borgdesk.gui.runs.timeline_table import Row, TimelineTable
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_run import LiveRun, Printed
from borgdesk.gui.workers.run_record import RunRecord, read_record
from borgdesk.translation import _

_TICK = 1000
"""Milliseconds between two updates of elapsed times while a run is active in any process."""


class RunView(QWidget):
    """Timeline above, output of the selected entry below."""

    run_again_requested = Signal(int)
    """Repository id."""
    stop_requested = Signal(int)
    """Run id."""
    owed_run_requested = Signal(int)
    """Run id: what it owes again, because the user wants so, is to be run now."""
    script_requested = Signal(int, str)
    """Script id and SHA-256: the user wants to see the selected entry's script as it was when it ran."""

    def __init__(
        self, workspace: Workspace, background: Background, executor: Executor, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._run_id: RunId | None = None
        self._live: LiveRun | None = None
        self._record: RunRecord | None = None
        self._shown: Entry | None = None
        self._seen = 0
        """Number of the selected entry's lines passed to the view while the run is active."""
        self._follows = True
        """Whether the selection follows the active entry."""
        self._chooses = True
        """Whether it is the user who selects an entry."""
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self._on_clock_timeout)
        self._make()
        self._lay_out()
        executor.events_arrived.connect(self._on_events_arrived)
        executor.run_ended.connect(lambda ended: self._on_run_ended(ended.run_id))
        executor.elsewhere.run_found.connect(self._on_run_found)
        executor.elsewhere.run_left.connect(self._on_run_ended)
        self.clear()

    @property
    def run_id(self) -> RunId | None:
        """The run that is shown."""
        return self._run_id

    def show_run(self, run_id: RunId) -> None:
        """Show a run, live if it is active in this process."""
        if run_id == self._run_id and (self._live is not None or self._record is not None):
            return
        self._begin(run_id)
        live = self._executor.live(run_id)
        if live is not None:
            self._show_live(live)
        else:
            self._read()

    def look(self) -> None:
        """Handle a change of the store: a run of another process may have progressed."""
        if self._live is None and self._record is not None and not self._record.run.status.is_final:
            self._read()

    def clear(self) -> None:
        """Show no run."""
        self._run_id = self._live = self._record = self._shown = None
        self._clock.stop()
        self._content.hide()
        self._hint.show()

    def warm_up(self) -> None:
        """Lay out and paint the view while it is hidden: the first time takes some 50 ms, for fonts and icons."""
        self._reveal()
        self._head.show_text("…", "…", "…")
        self._head.show_status(RunStatus.RUNNING)
        statuses = enumerate((*RunStatus, *ExecutionStatus))
        entries = (Entry(ExecutionId(at), Kind.SCRIPT, "…", status) for at, status in statuses)
        self._timeline.show_story(Story(entries=tuple(entries)))
        self._output.show_lines([(Stream.STDOUT, ("…",))])
        self.grab()
        self._begin(RunId(0))
        self.clear()

    def focus_search(self) -> None:
        """Focus the search in the output."""
        if self._run_id is not None:
            self._output.focus_search()

    # widgets

    def _make(self) -> None:
        self._hint = QLabel(_("Select a run to see what happened."), self)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setForegroundRole(self._hint.palette().ColorRole.PlaceholderText)
        self._content = QWidget(self)
        self._head = RunHead(self._content)
        self._head.run_again_requested.connect(self._on_run_again_requested)
        self._head.stop_requested.connect(self._on_stop_requested)
        self._head.script_requested.connect(self._on_script_requested)
        self._head.report_requested.connect(self._on_report_requested)
        self._error = Banner(self._content)
        self._note = Banner(self._content)
        self._start_again = StartAgain(self._workspace, self._background, self)
        self._start_again.requested.connect(self.owed_run_requested)
        self._restored = RestoreResult(self._workspace, self._background, self._content)
        self._timeline = TimelineTable(self._content)
        self._timeline.row_selected.connect(self._on_row_selected)
        self._timeline.pressed.connect(lambda _: self._on_row_pressed())
        self._output = OutputView(self._content)
        self._output.save_requested.connect(self._on_save_requested)

    def _lay_out(self) -> None:
        splitter = QSplitter(Qt.Orientation.Vertical, self._content)
        splitter.addWidget(self._timeline)
        splitter.addWidget(self._output)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._head)
        column.addWidget(CalmPlace(splitter, self._error, self._note, self._restored))
        column.addWidget(splitter, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._hint, 1)
        outer.addWidget(self._content, 1)

    # past run

    def _begin(self, run_id: RunId) -> None:
        self.clear()
        self._run_id, self._follows = run_id, True
        self._timeline.rows.set_rows([])
        self._output.clear()
        self._output.set_title("")

    def _read(self) -> None:
        run_id = self._run_id
        assert run_id is not None
        self._background.ask(lambda: read_record(self._workspace, run_id), self._show_record, owner=self)

    def _show_record(self, record: RunRecord) -> None:
        if record.run.id != self._run_id or self._live is not None:
            # The answer is outdated: another run is shown, or this one was found to be active since.
            return
        self._record = record
        run = record.run
        if run.status.is_final:
            self._clock.stop()
        else:
            self._clock.start()
        self._reveal()
        self._head.show_finished(run)
        self._show_notices(record)
        selected = self._shown.key if self._shown else None
        if self._follows and run.status not in (RunStatus.SUCCESS, RunStatus.RUNNING):
            # Nobody chose what is selected: it is the last step, not the one that went wrong.
            selected = None
        self._timeline.show_story(record.story)
        self._shown = None
        if selected is None or not self._select_key(selected):
            telling = _most_telling(record.story.entries)
            if telling is not None:
                self._select_key(telling.key)
        self._select(self._timeline.current_row())

    def _reveal(self) -> None:
        self._hint.hide()
        self._content.show()

    def _show_notices(self, record: RunRecord) -> None:
        run = record.run
        tone = theme.tone_of(run.status)
        tone = tone if tone is not theme.Tone.GOOD else theme.Tone.WARNING
        # A run that was stopped has no error, but what happened, and what was put back, is shown all the same.
        self._error.show_message(
            downtime_words.what_happened(record), tone, self._start_again.buttons(run), dismissible=False
        )
        self._note.show_message(run.note or "", theme.Tone.WORKING, dismissible=False)
        self._restored.show_run(run)

    # active run

    def _on_clock_timeout(self) -> None:
        """Update elapsed times, also for runs of other processes."""
        if self._live is not None:
            self._update_live()
        elif self._record is not None:
            self._timeline.show_story(self._record.story)

    def _show_live(self, live: LiveRun) -> None:
        self._live = live
        self._error.hide()
        self._note.hide()
        self._restored.hide()
        self._clock.start()
        self._update_live()

    def _update_live(self) -> None:
        live = self._live
        if live is None:
            return
        self._reveal()
        self._head.show_live(live)
        self._timeline.show_story(live.story)
        active = live.story.active
        if self._follows and active is not None and (self._shown is None or self._shown.key != active.key):
            self._select_key(active.key)

    def _on_events_arrived(self, events: list[Event]) -> None:
        live = self._live
        if live is None:
            return
        mine = [event for event in events if event.run_id == live.run_id]
        if any(not isinstance(event, OutputPrinted | OutputLeftOut) for event in mine):
            self._update_live()
        if mine:
            self._append_output(live)
        if self._shown is not None and any(isinstance(event, OutcomeSettled) for event in mine):
            self._output.append(statistics_of(self._shown, live.story, below=bool(self._output.text())))

    def _append_output(self, live: LiveRun) -> None:
        """Append what the selected entry printed since the last update."""
        if self._shown is None:
            return
        output = live.output(self._shown.key)
        if output.total > self._seen:
            chunks, lost = output.since(self._seen)
            self._seen = output.total
            self._output.append(chunks)
            self._output.leave_out(lost)

    def _on_run_found(self, run_id: RunId) -> None:
        """Switch to the live view if another process works on the run that is shown."""
        live = self._executor.live(run_id)
        if run_id == self._run_id and self._live is None and live is not None:
            self._record = self._shown = None
            self._show_live(live)

    def _on_run_ended(self, run_id: RunId) -> None:
        if self._live is not None and run_id == self._live.run_id:
            self._live = None
            self._clock.stop()
            self._read()
        elif self._record is not None and run_id == self._run_id:
            # What it owed was run after its end.
            self._read()

    # selected entry

    def _select_key(self, key: Key) -> bool:
        """Select an entry, which is not a choice of the user."""
        self._chooses = False
        found = self._timeline.select_key(key)
        self._chooses = True
        return found

    def _on_row_selected(self, row: Row | None) -> None:
        if self._chooses and row is not None:
            self._on_row_pressed()
        self._select(row)

    def _on_row_pressed(self) -> None:
        """Stop following the run when the user selects another entry."""
        row = self._timeline.current_row()
        self._follows = row is None or row.entry.is_active

    def _select(self, row: Row | None) -> None:
        if row is None:
            return
        entry = row.entry
        self._head.offer_script(entry.script_id is not None)
        if self._shown is not None and entry.key == self._shown.key:
            return
        self._shown = entry
        self._output.set_title(run_words.output_title(entry))
        empty = run_words.no_output(entry)
        if self._live is not None:
            printed = printed_by(self._live, entry)
            self._seen = self._live.output(entry.key).total
            self._output.follow_lines(printed.chunks, printed.left_out, empty)
        elif self._record is not None:
            printed = printed_by(self._record, entry)
            self._output.show_lines(printed.chunks, notice=self._notice(printed), empty=empty)
            self._output.leave_out(printed.left_out)

    def _notice(self, printed: Printed) -> str:
        if printed.removed:
            return _("The full output was removed to save space. Its beginning and its end are left.")
        return _("Only the beginning and the end were saved.") if printed.truncated else ""

    def _on_run_again_requested(self) -> None:
        if self._record is not None and self._record.run.repository_id is not None:
            self.run_again_requested.emit(self._record.run.repository_id)

    def _on_stop_requested(self) -> None:
        if self._run_id is not None:
            self.stop_requested.emit(self._run_id)

    def _on_report_requested(self) -> None:
        if self._record is not None:
            QGuiApplication.clipboard().setText(run_report(self._record.run, self._record.story, self._last_lines))

    def _last_lines(self, entry: Entry) -> list[str]:
        assert self._record is not None
        return [line for _stream, lines in self._record.printed(entry).chunks for line in lines]

    def _on_script_requested(self) -> None:
        row = self._timeline.current_row()
        if row is not None and row.entry.script_id is not None:
            self.script_requested.emit(row.entry.script_id, row.entry.revision or "")

    def _on_save_requested(self) -> None:
        if self._run_id is None:
            return
        log = log_in(run_folder(self._workspace, self._run_id))
        target, kind = QFileDialog.getSaveFileName(
            self,
            _("Save output"),
            str(Path.home() / f"borgdesk-run-{self._run_id}.txt"),
            ";;".join([_("The output shown here (*.txt)"), _("The full log of the run (*.log)")]),
        )
        if not target:
            return
        whole, text = kind.endswith("(*.log)"), self._output.text()
        self._background.do(lambda: save_output(Path(target), log if whole else None, text), owner=self)


def _most_telling(entries: Sequence[Entry]) -> Entry | None:
    """Return the entry to select first: the active one, else one that failed, else the backup."""
    for wanted in (
        lambda e: e.is_active,
        lambda e: theme.tone_of(e.status) is theme.Tone.BAD and e.kind is Kind.SCRIPT,
        lambda e: e.is_owed,
        lambda e: theme.tone_of(e.status) in (theme.Tone.BAD, theme.Tone.WARNING),
        lambda e: e.kind is Kind.BORG,
    ):
        for entry in entries:
            if wanted(entry):
                return entry
    return next(iter(entries), None)
