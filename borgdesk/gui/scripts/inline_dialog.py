"""Dialog that writes, edits and tests a script on the board: an inline one, or a new one for the library."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.events import Event, OutputLeftOut, OutputPrinted, Tell
from borgdesk.domain.findings import Edit, Finding
from borgdesk.domain.history import Execution
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import ExecutionStatus, Outcome
from borgdesk.domain.script import NewScript, Script
from borgdesk.domain.settings import EDITOR_FONT, EDITOR_FONT_SIZE, EDITOR_TAB_WIDTH, Values
from borgdesk.domain.variables import descriptions
from borgdesk.engine.lanes.inline_scripts import InlineChange, change_inline
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_text_test
from borgdesk.engine.scripts.checks import Report
from borgdesk.engine.scripts.library import free_script_name
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.inline_scripts import ScriptRequest
from borgdesk.gui.look import icons, script_words, theme, widget_rules, words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import explanation, label_of
from borgdesk.gui.look.output_view import OutputView
from borgdesk.gui.scripts.findings_list import FindingsList
from borgdesk.gui.scripts.live_check import LiveCheck
from borgdesk.gui.scripts.script_text import STARTING_TEXT
from borgdesk.gui.scripts.test_run import TestRun
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.gui.editor.editor import ScriptEditor

_FINDINGS = 6
"""Lines of the list of findings: the text has the room."""


class InlineDialog(Dialog):
    """Text with its findings above, a test of it below. A test runs the text as it is, saved or not."""

    help_page = "scripts"
    changed = Signal(object)
    """The InlineChange, which is stored."""
    made = Signal(object)
    """The new Script of the library, which is to be assigned."""
    became_idle = Signal()
    """A test has ended."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        request: ScriptRequest,
        settings: Values,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._request = workspace, background, request
        self._run: TestRun | None = None
        self._is_leaving = False
        """Whether the dialog closes when the test has ended."""
        title = (
            _("Inline script in {repository}: {lane}")
            if request.is_inline
            else _("New script for {repository}: {lane}")
        )
        self.setWindowTitle(title.format(repository=quoted(request.repository.name), lane=lane_title(request.hook)))
        self.name = QLineEdit()
        self.editor = self._made_editor(settings)
        self.findings = FindingsList()
        self.findings.tree.setMaximumHeight(self.fontMetrics().height() * _FINDINGS)
        self.check = LiveCheck(background, workspace.environment, self._text_to_check, self)
        self.outcome = QComboBox()
        self.outcome.setAccessibleName(_("As if outcome"))
        for outcome in Outcome:
            self.outcome.addItem(words.outcome(outcome), outcome)
        self.test = QPushButton(icons.icon("media-playback-start"), _("&Run test"))
        self.stop = QPushButton(icons.icon("media-playback-stop"), _("S&top"))
        self.ending, self.message = Banner(), Banner()
        self.output = OutputView()
        self.output.set_title(_("Output of the test"))
        self.output.set_can_save(False)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._connect()
        self._propose_name()
        self._adapt()
        (self.editor or self.name).setFocus()

    def entered(self) -> object:
        """Return name and text; how the text is tested is no input."""
        return self.name.text(), self.text()

    def text(self) -> str:
        """Return the text as it is now."""
        return self._request.text if self.editor is None else self.editor.text()

    @property
    def is_running(self) -> bool:
        """Whether a test is running."""
        return self._run is not None

    # Saving ---------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Store the script, and close the dialog if that worked."""
        if self._run is not None:
            return
        self.buttons.setEnabled(False)
        text, request = self.text(), self._request
        if request.is_inline:
            change = InlineChange(request.hook, request.text, text)
            self._background.ask(partial(self._store_inline, change), self._on_changed, self._on_failed, self)
        else:
            new = NewScript(self.name.text().strip(), text.encode())
            self._background.ask(partial(self._workspace.store.scripts.add, new), self._on_made, self._on_failed, self)

    def _store_inline(self, change: InlineChange) -> InlineChange:
        if not change.after.strip():
            raise InvalidInput(_("The inline script is empty."))
        return change_inline(self._workspace, self._request.repository.id, change)

    def _on_changed(self, change: InlineChange) -> None:
        self.accept()
        if change.before != change.after:
            self.changed.emit(change)

    def _on_made(self, script: Script) -> None:
        self.accept()
        self.made.emit(script)

    def _on_failed(self, error: BorgDeskError) -> None:
        self.buttons.setEnabled(True)
        self.message.show_message(error.sentence, theme.Tone.BAD)

    def reject(self) -> None:
        """Stop a test first: without edits, the dialog closes when it has ended; with edits, it stays open."""
        if self._run is None:
            super().reject()
        elif not self.has_edits():
            self._is_leaving = True
            self.stop_test()
        else:
            self.stop_test()

    # Text -----------------------------------------------------------------------------------------------------------

    def _made_editor(self, settings: Values) -> ScriptEditor | None:
        try:
            from borgdesk.gui.editor.editor import ScriptEditor
        except ImportError as error:
            self._missing = str(error)
            return None
        editor: ScriptEditor = widget_rules.built(ScriptEditor)
        editor.set_style(settings[EDITOR_FONT], settings[EDITOR_FONT_SIZE], settings[EDITOR_TAB_WIDTH])
        editor.set_text(self._request.text or STARTING_TEXT)
        if not self._request.text:
            editor.go_to_line(len(STARTING_TEXT))  # Who types at once writes the first command.
        editor.set_language_for("")
        editor.set_variables(descriptions().items())
        return editor

    def _text_to_check(self) -> tuple[str, int] | None:
        return None if self.editor is None else (self.editor.text(), self.editor.revision)

    def _on_text_changed(self) -> None:
        if self.editor is not None and not self.check.covers(self.editor.revision):
            self.findings.outdate()
            self.check.touch()

    def _on_checked(self, report: Report, revision: int) -> None:
        if self.editor is not None and self.editor.set_findings(report.findings, revision):
            self.findings.show_report(report)

    def _go_to(self, finding: Finding) -> None:
        if self.editor is not None:
            self.editor.go_to_line(finding.line, finding.column)

    def _fix(self, edits: tuple[Edit, ...]) -> None:
        if self.editor is not None:
            self.editor.apply_edits(edits)
            self.check.touch(now=True)

    def _propose_name(self) -> None:
        def show(name: str) -> None:
            if not self.name.text():
                self.name.setText(name)
                self._before = self.entered()

        if not self._request.is_inline:
            wanted = _("{repository}: new script").format(repository=self._request.repository.name[:60])
            self._background.ask(partial(free_script_name, self._workspace, wanted), show, owner=self)

    # Test -----------------------------------------------------------------------------------------------------------

    def run_test(self) -> None:
        """Run the text as it is now, as a backup of this repository would."""
        hook, repository, text = self._request.hook, self._request.repository, self.text()
        outcome = Outcome(self.outcome.currentData()) if hook.is_post else None
        name, workspace = self.name.text().strip() or _("Inline script"), self._workspace

        def work(tell: Tell, cancel: Cancel) -> Execution:
            return run_text_test(workspace, name, text, ScriptTestSetup(repository, hook, outcome), tell, cancel)

        self.output.follow_lines([], empty=_("No output yet."))
        self.ending.hide()
        self._run = TestRun(work, self)
        self._run.events_arrived.connect(self._on_events_arrived)
        self._run.ended.connect(self._on_test_ended)
        self._run.failed.connect(self._on_test_failed)
        self._adapt()
        self._run.start()

    def stop_test(self) -> None:
        """Ask a running test to stop, unless that was done already."""
        if self._run is not None and not self._run.is_stopping:
            self._run.stop()
            self.stop.setEnabled(False)

    def _on_events_arrived(self, told: list[Event]) -> None:
        for event in told:
            if isinstance(event, OutputPrinted):
                self.output.append([(event.stream, event.lines)])
            elif isinstance(event, OutputLeftOut):
                self.output.leave_out(event.count)

    def _on_test_ended(self, execution: Execution) -> None:
        good = execution.status is ExecutionStatus.SUCCESS
        tone = theme.Tone.GOOD if good else theme.Tone.BAD
        self._end_test(script_words.test_result(execution), tone)

    def _on_test_failed(self, error: BorgDeskError) -> None:
        self._end_test(error.sentence, theme.Tone.BAD)

    def _end_test(self, said: str, tone: theme.Tone) -> None:
        self.ending.show_message(said, tone, dismissible=False)
        if self._run is not None:
            self._run.deleteLater()
        self._run = None
        self._adapt()
        self.became_idle.emit()
        if self._is_leaving:
            super().reject()

    def _adapt(self) -> None:
        # Both buttons keep their places, so that a late click hits nothing else.
        running = self._run is not None
        self.test.setEnabled(not running)
        self.stop.setEnabled(running)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(not running)

    # Layout ---------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        if not self._request.is_inline:
            layout.addWidget(explanation(self._request.note))
            row = QHBoxLayout()
            row.addWidget(label_of(self.name, _("&Name")))
            row.addWidget(self.name, 1)
            layout.addLayout(row)
        parts = QSplitter(Qt.Orientation.Vertical)
        for widget, share in ((self._upper(), 3), (self._lower(), 2)):
            parts.addWidget(widget)
            parts.setStretchFactor(parts.count() - 1, share)
        parts.setChildrenCollapsible(False)
        layout.addWidget(parts, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.resize(760, 620)

    def _upper(self) -> QWidget:
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(QLabel(self._missing, wordWrap=True) if self.editor is None else self.editor, 1)
        column.addWidget(self.findings)
        return upper

    def _lower(self) -> QWidget:
        buttons = QHBoxLayout()
        buttons.addWidget(self.test)
        buttons.addWidget(self.stop)
        if self._request.hook.is_post:
            buttons.addWidget(label_of(self.outcome, _("As if &outcome")))
            buttons.addWidget(self.outcome)
        buttons.addStretch(1)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(buttons)
        column.addWidget(self.ending)
        column.addWidget(self.output, 1)
        return lower

    def _connect(self) -> None:
        self.check.checked.connect(self._on_checked)
        self.findings.finding_chosen.connect(self._go_to)
        self.findings.fix_requested.connect(self._fix)
        if self.editor is not None:
            self.editor.text_changed.connect(self._on_text_changed)
            self.editor.save_requested.connect(self.save)
            self.editor.finding_activated.connect(self.findings.show_finding)
            self.check.touch(now=True)
        self.test.clicked.connect(self.run_test)
        self.stop.clicked.connect(self.stop_test)
        self.buttons.accepted.connect(self.save)
        self.buttons.rejected.connect(self.reject)
