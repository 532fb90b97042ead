"""Panel for testing a script: parameters of the test, output and result."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.enumeration import listed
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import Event, OutputLeftOut, OutputPrinted, Stream, Tell
from borgdesk.domain.history import Execution
from borgdesk.domain.ids import ExecutionId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.parameters import Header
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES, ExecutionStatus, Hook, Outcome
from borgdesk.domain.script import Script
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests import pair_test
from borgdesk.engine.script_tests.pair_test import Context, PairTest
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, script_words, theme, words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.direction import set_margins
from borgdesk.gui.look.form_parts import busy_bar
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.output_view import OutputView
from borgdesk.gui.look.parameter_form import ParameterForm
from borgdesk.gui.scripts.test_run import TestRun
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.engine_thread import EngineCall
from borgdesk.translation import _

_LEAST_SETTINGS, _LEAST_OUTPUT = 3, 8
"""Lines that stay visible of the settings, and of the output with its title, on a low screen."""


class TestPanel(QWidget):
    """Test settings above, output below. The test runs the file, so unsaved text is saved first."""

    __test__ = False

    start_requested = Signal()
    """*Run* was pressed; call :meth:`begin` once the text is saved."""
    ended = Signal()
    """A test has ended and is recorded."""
    became_idle = Signal()
    """A test has ended, recorded or not."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._script: Script | None = None
        self._header = Header()
        self._context: Context | None = None
        self._run: TestRun | None = None
        self._rehearsing = False
        self._began = 0.0
        self._make_inputs()
        self._lay_out()
        self._clock = QTimer(self, interval=200)
        self._clock.timeout.connect(self._on_clock_timeout)
        self._adapt()

    # Tested script --------------------------------------------------------------------------------------------------

    def show_script(self, script: Script | None, repositories: list[Repository]) -> None:
        """Set the script to test; None if it was never saved."""
        changed = script is None or self._script is None or script.id != self._script.id
        self._script = script
        self._fill_repositories(repositories)
        if changed:
            if not self.is_running:
                self.output.clear()
                self.result.hide()
                self._elapsed.clear()
            self._choose_repository()
        self._adapt()

    def set_header(self, header: Header) -> None:
        """Set the header with the script's parameters."""
        values = self.values.plain()
        self._header = header
        self.values.set_parameters(header.parameters, {})
        self.values.fill({name: value for name, value in values.items() if header.parameter(name)})
        self._values_group.setVisible(bool(header.parameters))
        if self._context is not None:
            self._fill_values(self._context)

    @property
    def is_running(self) -> bool:
        """Whether a test is running."""
        return self._run is not None

    def stop_test(self) -> None:
        """Ask a running test to stop, unless that was done already."""
        if self._run is not None and not self._run.is_stopping:
            self._stop()

    def shut_down(self) -> None:
        """Stop a running test and wait for its end."""
        if self._run is not None:
            self._run.wait()

    # Running --------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Run the requested test."""
        script = self._script
        if script is None or self._run is not None:
            return
        work = self._run_pair_test() if self._rehearsing else self._test(script)
        self.output.follow_lines([], empty=_("No output yet."))
        self.result.hide()
        self._began = time.monotonic()
        self._run = TestRun(work, self)
        self._run.events_arrived.connect(self._on_events_arrived)
        self._run.ended.connect(self._on_ended)
        self._run.failed.connect(self._on_failed)
        self._clock.start()
        self._adapt()
        self._run.start()

    def _test(self, script: Script) -> EngineCall:
        hook = Hook(self.hook.currentData())
        outcome = self.outcome.currentData() if hook.is_post else None
        given = self.values.plain() | self.values.secrets()
        repository = self._context.repository if self._context else None
        assignment = self._assignment()
        workspace = self._workspace

        def work(tell: Tell, cancel: Cancel) -> Execution:
            kept = pair_test.kept_secrets(workspace, assignment, given) if assignment else {}
            wanted = Outcome(outcome) if outcome else None
            setup = ScriptTestSetup(repository, hook, wanted, {**kept, **given}, frozenset(kept))
            return run_test(workspace, script, setup, tell, cancel)

        return work

    def _run_pair_test(self) -> EngineCall:
        context, other = self._context, self.other_side.currentData()
        assert context is not None
        doing = next(one for one in context.assignments if one.hook is Hook.PRE_BACKUP)
        undoing = next(one for one in context.undoing if one.id == other)
        both = PairTest(context.repository, doing, undoing)
        titles = {
            "do": _("— Do: {script}").format(script=doing.script),
            "undo": _("— Undo: {script}").format(script=undoing.script),
            "again": _("— Undo again: it must find nothing to do"),
        }

        def work(tell: Tell, cancel: Cancel) -> list[Execution]:
            def began(part: str) -> None:
                tell(OutputPrinted(None, ExecutionId(0), Stream.STDOUT, (f"\x1b[1m{titles[part]}\x1b[0m",)))

            return pair_test.run_pair_test(self._workspace, both, began, tell, cancel)

        return work

    def _on_events_arrived(self, told: list[Event]) -> None:
        for event in told:
            if isinstance(event, OutputPrinted):
                self.output.append([(event.stream, event.lines)])
            elif isinstance(event, OutputLeftOut):
                self.output.leave_out(event.count)

    def _on_ended(self, result: Execution | list[Execution]) -> None:
        executions = result if isinstance(result, list) else [result]
        self._end()
        bad = [one for one in executions if one.status is not ExecutionStatus.SUCCESS]
        sentences = [f"{one.planned.name}: {script_words.test_result(one)}" for one in executions]
        tone = theme.Tone.BAD if bad else theme.Tone.GOOD
        self.result.show_message("\n".join(sentences), tone, dismissible=False)
        self.ended.emit()

    def _on_failed(self, error: BorgDeskError) -> None:
        self._end()
        self.result.show_message(error.sentence, theme.Tone.BAD, dismissible=False)

    def _end(self) -> None:
        self._clock.stop()
        self._on_clock_timeout()
        if self._run is not None:
            self._run.deleteLater()
        self._run = None
        self._adapt()
        self.became_idle.emit()

    def _on_clock_timeout(self) -> None:
        self._elapsed.setText(words.duration(time.monotonic() - self._began))

    # Test settings --------------------------------------------------------------------------------------------------

    def _fill_repositories(self, repositories: list[Repository]) -> None:
        chosen = self.repository.currentData()
        before = self.repository.blockSignals(True)
        self.repository.clear()
        self.repository.addItem(_("No repository"), None)
        for repository in repositories:
            self.repository.addItem(repository.name, repository.id)
        self.repository.setCurrentIndex(max(self.repository.findData(chosen), 0))
        self.repository.blockSignals(before)

    def _choose_repository(self) -> None:
        repository_id, script = self.repository.currentData(), self._script
        self._context = None
        self._adapt()
        if repository_id is None or script is None:
            return
        self._background.ask(
            partial(pair_test.context, self._workspace, repository_id, script), self._on_context_read, owner=self
        )

    def _on_context_read(self, context: Context) -> None:
        if self.repository.currentData() != context.repository.id:
            return
        self._context = context
        self.other_side.clear()
        for one in context.undoing:
            self.other_side.addItem(one.script, one.id)
        if context.assignments:
            self.hook.setCurrentIndex(self.hook.findData(context.assignments[0].hook))
        self._fill_values(context)
        self._adapt()

    def _fill_values(self, context: Context) -> None:
        """Show the values from the repository; secrets stay in the keyring until they are needed."""
        assignment = self._assignment()
        if assignment is not None:
            self.values.set_parameters(self._header.parameters, assignment.parameters, assignment.secrets)
            self._values_group.setVisible(not self.values.is_empty())

    def _assignment(self) -> Assignment | None:
        if self._context is None:
            return None
        hook = self.hook.currentData()
        own = self._context.assignments
        return next((one for one in own if one.hook == hook), own[0] if own else None)

    def _choose_hook(self) -> None:
        if self._context is not None:
            self._fill_values(self._context)
        self._adapt()

    # Implementation -------------------------------------------------------------------------------------------------

    def _make_inputs(self) -> None:
        self.repository = _combo(_("Repository"))
        self.hook = _combo(_("Lane"))
        for hook in (Hook.TEST, *LANES):
            self.hook.addItem(_("None (test only)") if hook is Hook.TEST else lane_title(hook), hook)
        self.outcome = _combo(_("Outcome"))
        for outcome in Outcome:
            self.outcome.addItem(words.outcome(outcome), outcome)
        self.values = ParameterForm()
        self.other_side = _combo(_("Counterpart"))
        self.run = QPushButton(icons.icon("media-playback-start"), _("&Run test"))
        self.both = QPushButton(_("Do, undo, undo a&gain"))
        self.both.setToolTip(
            _("Runs this script, then its counterpart twice: the second time it must find nothing to do")
        )
        self.stop = QPushButton(icons.icon("media-playback-stop"), _("S&top"))
        self.output = OutputView()
        self.output.set_can_save(False)
        self.output.set_title(_("Output"))
        self.result = Banner()
        self._elapsed = QLabel()
        self._progress = busy_bar(_("Testing the script"))
        self._progress.setTextVisible(False)
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self.repository.activated.connect(lambda _: self._choose_repository())
        self.hook.activated.connect(lambda _: self._choose_hook())
        self.run.clicked.connect(partial(self._on_start_clicked, False))
        self.both.clicked.connect(partial(self._on_start_clicked, True))
        self.stop.clicked.connect(self._stop)

    def _stop(self) -> None:
        if self._run is not None:
            self._run.stop()
        self.stop.setEnabled(False)

    def _on_start_clicked(self, rehearsing: bool, _checked: bool = False) -> None:
        missing = [] if rehearsing else self.values.missing()
        problem = "" if rehearsing else self.values.problem()
        if missing:
            problem = _("Enter a value for {names}.").format(names=listed(missing))
        if problem:
            self.result.show_message(problem, theme.Tone.BAD, dismissible=False)
            return
        self._rehearsing = rehearsing
        self.start_requested.emit()

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow(_("Re&pository"), self.repository)
        self._form.addRow(_("As if in &lane"), self.hook)
        self._form.addRow(_("As if &outcome"), self.outcome)
        self._values_group = QGroupBox(_("Values"))
        box = QVBoxLayout(self._values_group)
        box.addWidget(self.values)
        self._values_group.hide()
        self._both_group = QGroupBox(_("Test together with its counterpart"))
        box = QVBoxLayout(self._both_group)
        box.addWidget(self.other_side)
        box.addWidget(self.both)
        inside = QWidget()
        column = QVBoxLayout(inside)
        set_margins(column, 0, 6, 4, 0)
        column.addLayout(self._form)
        column.addWidget(self._values_group)
        column.addWidget(self._both_group)
        column.addStretch(1)
        # The form takes no more than it needs, and leaves its room to the output.
        self._settings = FormScroll(inside)
        line = self.fontMetrics().height()
        self._settings.setMinimumHeight(line * _LEAST_SETTINGS)
        self.output.setMinimumHeight(line * _LEAST_OUTPUT)
        self._settings.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._settings)
        layout.addWidget(self._below(), 1)

    def _below(self) -> QWidget:
        buttons = QHBoxLayout()
        buttons.addWidget(self.run)
        buttons.addWidget(self.stop)
        buttons.addWidget(self._progress, 1)
        buttons.addWidget(self._elapsed)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(buttons)
        column.addWidget(self.result)
        column.addWidget(self.output, 1)
        return below

    def _adapt(self) -> None:
        running = self._run is not None
        waits = self._context is None and self.repository.currentData() is not None
        self.run.setEnabled(not running and not waits)
        # Both buttons keep their places, so that a late click hits nothing else.
        self.stop.setEnabled(running)
        self._progress.setVisible(running)
        post = Hook(self.hook.currentData()).is_post
        self._form.setRowVisible(self.outcome, post)
        self._both_group.setVisible(self._context is not None and bool(self._context.undoing))
        self.both.setEnabled(not running)


def _combo(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(10)
    return box
