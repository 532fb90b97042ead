"""Dialog with the record of a past test: time, result and output."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.enumeration import quoted
from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.script_tests.script_test import PastTest
from borgdesk.gui.look import icons, script_words, theme, words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.output_view import OutputView
from borgdesk.translation import _


class PastTestDialog(Dialog):
    """Shows the record of one test."""

    help_page = "scripts"
    revision_requested = Signal(str)
    """The SHA-256 of the tested text, to be compared with the present one."""

    def __init__(self, test: PastTest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        execution = test.execution
        self._revision = execution.planned.revision or ""
        self.setWindowTitle(_("Test of {script}").format(script=quoted(execution.planned.name)))
        self.facts = QLabel(self._facts(test))
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.facts.setWordWrap(True)
        self.ending = Banner()
        self.ending.show_message(
            script_words.test_result(execution), theme.tone_of(execution.status), dismissible=False
        )
        self.output = OutputView()
        self.output.set_title(_("Output"))
        self.output.set_can_save(False)
        cut = _("Only the beginning and the end were saved.") if test.truncated else ""
        running = execution.status is ExecutionStatus.RUNNING
        empty = _("No output yet.") if running else _("No output.")
        self.output.show_lines(test.printed, notice=cut, empty=empty)
        self.output.leave_out(test.left_out)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.compare = buttons.addButton(_("Compare &text…"), QDialogButtonBox.ButtonRole.ActionRole)
        self.compare.setIcon(icons.icon("document-edit"))
        self.compare.setToolTip(_("Compare the text that ran with the current one"))
        # A script that was removed has no current text.
        self.compare.setEnabled(bool(self._revision) and execution.planned.script_id is not None)
        self.compare.clicked.connect(self._on_compare_clicked)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.facts)
        layout.addWidget(self.ending)
        layout.addWidget(self.output, 1)
        layout.addWidget(buttons)
        self.resize(720, 480)

    def entered(self) -> None:
        """Return nothing: the dialog has no input."""

    def _facts(self, test: PastTest) -> str:
        execution = test.execution
        lines = [_("Started: {time}").format(time=words.exact_moment(execution.started_at))]
        if execution.finished_at is not None:
            lines.append(_("Finished: {time}").format(time=words.exact_moment(execution.finished_at)))
        if execution.repository:
            lines.append(_("As if for repository {name}").format(name=quoted(execution.repository)))
        return "\n".join(lines)

    def _on_compare_clicked(self) -> None:
        self.accept()
        self.revision_requested.emit(self._revision)
