"""A test of a script that is over: when it was, how it ended, and what it printed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.trial import PastTest
from borgdesk.gui import icons, script_words, theme, words
from borgdesk.gui.widgets.message import Message
from borgdesk.gui.widgets.output_view import OutputView


class PastTestDialog(QDialog):
    """The record of one test."""

    revision_asked = Signal(str)
    """The SHA-256 of the text that ran, to be compared with the present one."""

    def __init__(self, test: PastTest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        execution = test.execution
        self._revision = execution.planned.revision or ""
        self.setWindowTitle(self.tr("Test of {script}").format(script=words.quoted(execution.planned.name)))
        self.facts = QLabel(self._facts(test))
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts.setWordWrap(True)
        self.ending = Message()
        self.ending.say(script_words.test_result(execution), theme.tone_of(execution.status), closable=False)
        self.output = OutputView()
        self.output.set_title(self.tr("Output"))
        self.output.set_can_save(False)
        cut = self.tr("Only the beginning and the end were kept.") if test.truncated else ""
        running = execution.status is ExecutionStatus.RUNNING
        empty = self.tr("Nothing printed yet.") if running else self.tr("It printed nothing.")
        self.output.show_lines(test.printed, notice=cut, empty=empty)
        self.output.leave_out(test.left_out)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.compare = buttons.addButton(self.tr("Compare &text…"), QDialogButtonBox.ButtonRole.ActionRole)
        self.compare.setIcon(icons.icon("document-edit"))
        self.compare.setToolTip(self.tr("How the text that ran differs from the present one"))
        self.compare.setEnabled(bool(self._revision))
        self.compare.clicked.connect(self._ask_revision)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.facts)
        layout.addWidget(self.ending)
        layout.addWidget(self.output, 1)
        layout.addWidget(buttons)
        self.resize(720, 480)

    def _facts(self, test: PastTest) -> str:
        execution = test.execution
        lines = [self.tr("Began: {time}").format(time=words.exact_moment(execution.started_at))]
        if execution.finished_at is not None:
            lines.append(self.tr("Ended: {time}").format(time=words.exact_moment(execution.finished_at)))
        if execution.repository:
            lines.append(self.tr("As if for the repository {name}").format(name=words.quoted(execution.repository)))
        return "\n".join(lines)

    def _ask_revision(self) -> None:
        self.accept()
        self.revision_asked.emit(self._revision)
