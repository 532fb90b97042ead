"""One run from its first script to its last: the same view while it is under way and when it is history."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.events import ExecutionStarted, OutputPrinted, RunEnded, StepBegan, Stream
from borgdesk.domain.history import Run
from borgdesk.domain.run import ExecutionStatus, RunStatus, Step
from borgdesk.engine.active_run import log_in, run_folder
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import icons, run_words, theme
from borgdesk.gui.background import Background
from borgdesk.gui.executor import Executor
from borgdesk.gui.live_run import LiveRun, OutputLeftOut, Told
from borgdesk.gui.timeline import Entry, Printed, RunRecord, live_entries, live_printed, read_record
from borgdesk.gui.widgets.notice import Notice
from borgdesk.gui.widgets.output_view import OutputView
from borgdesk.gui.widgets.timeline_table import TimelineTable

_ICON = 32
_TICK = 1000
"""Milliseconds between two looks at the clock while a run is shown live."""


class RunView(QWidget):
    """Timeline above, output of the selected entry below."""

    run_again_asked = Signal(int)
    """Repository id."""
    stop_asked = Signal(int)
    """Run id."""
    script_asked = Signal(int, str)
    """Script id and SHA-256: the user wants to see the script of the selected entry, as it was when it ran."""

    def __init__(
        self, workspace: Workspace, background: Background, executor: Executor, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._run_id: int | None = None
        self._live: LiveRun | None = None
        self._record: RunRecord | None = None
        self._shown: Entry | None = None
        self._drawn_status: RunStatus | None = None
        self._seen = 0
        """Lines of the selected entry that were handed to the view, while the run is under way."""
        self._follows = True
        """Whether the entry under way is selected as the run goes on."""
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self._update_live)
        self._make()
        self._lay_out()
        executor.events_arrived.connect(self._hear)
        executor.run_ended.connect(self._hear_end)
        self.clear()

    @property
    def run_id(self) -> int | None:
        """The run that is shown."""
        return self._run_id

    def show_run(self, run_id: int) -> None:
        """Show a run, live when it is under way here."""
        if run_id == self._run_id and (self._live is not None or self._record is not None):
            return
        self._begin(run_id)
        live = self._executor.live(run_id)
        if live is not None:
            self._show_live(live)
        else:
            self._read()

    def clear(self) -> None:
        """Show no run."""
        self._run_id = self._live = self._record = self._shown = None
        self._clock.stop()
        self._content.hide()
        self._hint.show()

    def warm_up(self) -> None:
        """Be laid out and painted where nobody sees it: the first time takes Qt some 50 ms, for fonts and icons."""
        self._show_head("…", "…", "…")
        self._draw_status(RunStatus.RUNNING)
        self._timeline.rows.set_rows([Entry(at, status) for at, status in enumerate((*RunStatus, *ExecutionStatus))])
        self._output.show_lines([(Stream.STDOUT, ("…",))])
        self.grab()
        self._begin(0)
        self.clear()

    def focus_search(self) -> None:
        """Search the output."""
        if self._run_id is not None:
            self._output.focus_search()

    # parts

    def _make(self) -> None:
        self._hint = QLabel(self.tr("Select a run to see what happened in it."), self)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setForegroundRole(self._hint.palette().ColorRole.PlaceholderText)
        self._content = QWidget(self)
        self._icon = QLabel(self._content)
        self._title = _label(self._content, bold=True)
        self._facts = _label(self._content)
        self._archive = _label(self._content, selectable=True)
        self._error = Notice(self._content)
        self._note = Notice(self._content)
        self._again = self._button(self.tr("Run &again"), "view-refresh")
        self._again.clicked.connect(self._ask_again)
        self._stop = self._button(self.tr("S&top"), "media-playback-stop")
        self._stop.clicked.connect(self._ask_stop)
        self._open = self._button(self.tr("&Open the script"), "document-edit")
        self._open.setToolTip(self.tr("Open the script of the selected step as it was when it ran"))
        self._open.clicked.connect(self._ask_script)
        self._timeline = TimelineTable(self._content)
        self._timeline.row_selected.connect(self._select)
        self._timeline.pressed.connect(lambda _: self._let_go())
        self._output = OutputView(self._content)
        self._output.save_asked.connect(self._save)

    def _button(self, text: str, icon: str) -> QPushButton:
        button = QPushButton(icons.icon(icon), text, self._content)
        button.setAutoDefault(False)
        return button

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for label in (self._title, self._facts, self._archive):
            texts.addWidget(label)
        head = QHBoxLayout()
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(texts, 1)
        for button in (self._open, self._again, self._stop):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        splitter = QSplitter(Qt.Orientation.Vertical, self._content)
        splitter.addWidget(self._timeline)
        splitter.addWidget(self._output)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self._error)
        column.addWidget(self._note)
        column.addWidget(splitter, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._hint, 1)
        outer.addWidget(self._content, 1)

    # a run of history

    def _begin(self, run_id: int) -> None:
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
        if record.run.id != self._run_id:
            return
        self._live, self._record = None, record
        self._clock.stop()
        run = record.run
        self._show_head(run_words.headline(run), run_words.facts(run), run_words.archive_facts(run))
        self._draw_status(run.status)
        self._show_notices(run)
        self._again.setVisible(run.repository_id is not None and run.status.is_final)
        self._stop.hide()
        selected = self._shown.key if self._shown else None
        entries = record.entries()
        self._timeline.rows.set_rows(entries)
        self._shown = None
        if selected is None or not self._timeline.select_key(selected):
            self._timeline.select_key(_most_telling(entries).key)
        self._select(self._timeline.current_row())

    def _draw_status(self, status: RunStatus) -> None:
        self._drawn_status = status
        self._icon.setPixmap(icons.status_icon(status).pixmap(_ICON, _ICON))

    def _show_head(self, title: str, facts: str, archive: str) -> None:
        self._hint.hide()
        self._content.show()
        self._title.setText(title)
        self._facts.setText(facts)
        self._archive.setText(archive)
        self._archive.setVisible(bool(archive))

    def _show_notices(self, run: Run) -> None:
        tone = theme.tone_of(run.status)
        self._error.tell(run.error or "", tone if tone is not theme.Tone.GOOD else theme.Tone.WARNING)
        self._note.tell(run.note or "", theme.Tone.WORKING)

    # a run under way

    def _show_live(self, live: LiveRun) -> None:
        self._live = live
        self._error.tell("", theme.Tone.BAD)
        self._note.tell("", theme.Tone.WORKING)
        self._again.hide()
        self._stop.show()
        self._clock.start()
        self._update_live()
        if not live.executions and live.step is not Step.QUEUED:
            self._ask_scripts(live)

    def _update_live(self) -> None:
        live = self._live
        if live is None:
            return
        doing = run_words.doing(live)
        if live.status is not self._drawn_status:
            self._draw_status(live.status)
        self._show_head(live.repository, doing[:1].upper() + doing[1:], " · ".join(run_words.live_facts(live)))
        self._stop.setEnabled(not live.hurried)
        self._stop.setText(self.tr("Hurry") if live.stopping else self.tr("S&top"))
        entries = live_entries(live)
        self._timeline.rows.set_rows(entries)
        active = next((entry for entry in entries if entry.is_active), None)
        if self._follows and active is not None and (self._shown is None or self._shown.key != active.key):
            self._timeline.select_key(active.key)

    def _ask_scripts(self, live: LiveRun) -> None:
        runs, run_id = self._workspace.store.runs, live.run_id

        def learn(executions: tuple) -> None:  # type: ignore[type-arg]
            live.learn(executions)
            if self._live is live:
                self._update_live()

        self._background.ask(lambda: runs.executions(run_id), learn, owner=self)

    def _hear(self, events: list[Told]) -> None:
        live = self._live
        if live is None:
            return
        mine = [event for event in events if event.run_id == live.run_id]
        if not live.executions and any(isinstance(event, StepBegan | ExecutionStarted) for event in mine):
            self._ask_scripts(live)
        if any(not isinstance(event, OutputPrinted | OutputLeftOut) for event in mine):
            self._update_live()
        if mine:
            self._append_output(live)

    def _append_output(self, live: LiveRun) -> None:
        """Show what the selected entry printed since the last look."""
        if self._shown is None:
            return
        output = live.output(self._shown.execution.id if self._shown.execution else None)
        if output.total > self._seen:
            chunks, lost = output.since(self._seen)
            self._seen = output.total
            self._output.append(chunks)
            self._output.leave_out(lost)

    def _hear_end(self, ended: RunEnded) -> None:
        if self._live is not None and ended.run_id == self._live.run_id:
            self._live = None
            self._clock.stop()
            self._read()

    # the selected entry

    def _let_go(self) -> None:
        """The user looks at an entry of his choice; the run goes on without changing it."""
        row = self._timeline.current_row()
        self._follows = row is None or row.is_active

    def _select(self, entry: Entry | None) -> None:
        if entry is None:
            return
        script = entry.execution.planned.script_id if entry.execution else None
        self._open.setVisible(script is not None)
        if self._shown is not None and entry.key == self._shown.key:
            return
        self._shown = entry
        self._output.set_title(run_words.output_title(entry))
        empty = run_words.no_output(entry)
        if self._live is not None:
            printed = live_printed(self._live, entry)
            self._seen = self._live.output(entry.execution.id if entry.execution else None).total
            self._output.follow_lines(printed.chunks, printed.left_out, empty)
        elif self._record is not None:
            printed = self._record.printed(entry)
            self._output.show_lines(printed.chunks, notice=self._notice(printed), empty=empty)
            self._output.leave_out(printed.left_out)

    def _notice(self, printed: Printed) -> str:
        return self.tr("Only the beginning and the end were kept.") if printed.truncated else ""

    def _ask_again(self) -> None:
        if self._record is not None and self._record.run.repository_id is not None:
            self.run_again_asked.emit(self._record.run.repository_id)

    def _ask_stop(self) -> None:
        if self._run_id is not None:
            self.stop_asked.emit(self._run_id)

    def _ask_script(self) -> None:
        entry = self._timeline.current_row()
        planned = entry.execution.planned if entry is not None and entry.execution is not None else None
        if planned is not None and planned.script_id is not None:
            self.script_asked.emit(planned.script_id, planned.revision or "")

    def _save(self) -> None:
        if self._run_id is None:
            return
        log = log_in(run_folder(self._workspace, self._run_id))
        target, kind = QFileDialog.getSaveFileName(
            self,
            self.tr("Save output"),
            str(Path.home() / f"borgdesk-run-{self._run_id}.txt"),
            ";;".join([self.tr("What is shown (*.txt)"), self.tr("The whole log of the run (*.log)")]),
        )
        if not target:
            return
        whole, text = kind.endswith("(*.log)"), self._output.text()
        self._background.do(lambda: _write(Path(target), log if whole else None, text), owner=self)


def _write(target: Path, log: Path | None, text: str) -> None:
    """Write what the user wants to keep.

    Raises:
        BorgDeskError: it cannot be written there.
    """
    from borgdesk.domain.errors import BorgDeskError

    try:
        if log is not None:
            target.write_bytes(log.read_bytes())
        else:
            target.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BorgDeskError(f"{error.filename} could not be saved: {error.strerror}.") from error


def _most_telling(entries: list[Entry]) -> Entry:
    """What people want to see first: what is under way, else what went wrong, else the backup."""
    for wanted in (
        lambda e: e.is_active,
        lambda e: theme.tone_of(e.status) is theme.Tone.BAD and e.execution is not None,
        lambda e: e.execution is not None and e.status is ExecutionStatus.PENDING and bool(e.execution.reason),
        lambda e: theme.tone_of(e.status) in (theme.Tone.BAD, theme.Tone.WARNING),
        lambda e: e.execution is None,
    ):
        for entry in entries:
            if wanted(entry):
                return entry
    return entries[0]


def _label(parent: QWidget, *, bold: bool = False, selectable: bool = False) -> QLabel:
    label = QLabel(parent)
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
