"""The text on the desk, checked while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.findings import Finding
from borgdesk.domain.parameters import Header, Parameter
from borgdesk.domain.variables import DESCRIPTIONS
from borgdesk.engine.checking import Report
from borgdesk.engine.parameter_block import with_parameter
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.script_desk.frame import DeskFrame
from borgdesk.gui.widgets.script_desk.live_check import LiveCheck

if TYPE_CHECKING:
    from borgdesk.gui.widgets.script_editor.editor import ScriptEditor


class CheckedText(DeskFrame):
    """Editor, findings and parameters, which all show one text."""

    text_changed = Signal()
    text_modified = Signal()
    """Whether the text differs from what is stored has changed."""
    save_wanted = Signal()
    """Ctrl+S in the text."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(workspace, background, parent)
        self.editor: ScriptEditor | None = None
        self.check = LiveCheck(background, workspace.environment, self._text_to_check, self)
        self.check.checked.connect(self._take_report)
        self.findings.finding_chosen.connect(self._go_to)
        self.findings.fix_asked.connect(self._mend)
        self.parameters.header_changed.connect(self._take_header)

    def show_text(self, text: str, path: str) -> None:
        """Show a text that is stored so, of a file (its name helps to tell the language)."""
        editor = self._made_editor()
        self.show_work(visible=True)
        self.message.hide()
        self.findings.clear()
        if editor is not None:
            editor.set_read_only(False)
            editor.set_text(text)
            editor.set_language_for(path)
            self.check.touch(now=True)

    def reload_text(self, text: str) -> None:
        """Show what another program made of the text, where the person is in it."""
        if self.editor is not None:
            self.editor.set_read_only(False)
            state = self.editor.state()
            self.editor.replace_text(text)
            self.editor.mark_saved()
            self.editor.restore_state(state)

    def focus_text(self) -> None:
        """Put the keyboard into the text."""
        if self.editor is not None:
            self.editor.setFocus()

    def add_parameter(self, parameter: Parameter) -> None:
        """Declare a parameter in the text."""
        if self.editor is None:
            return
        try:
            self.editor.replace_text(with_parameter(self.editor.text(), parameter))
        except InvalidInput as error:
            self.message.say(str(error), Tone.BAD)

    def _text_to_check(self) -> tuple[str, int] | None:
        if self.editor is None or not self.shows_work or self.editor.read_only:
            return None
        return self.editor.text(), self.editor.revision

    def _take_report(self, report: Report, revision: int) -> None:
        assert self.editor is not None
        if self.editor.set_findings(report.findings, revision):
            self.findings.show_report(report)
            self.parameters.show_header(report.header)

    def _take_header(self, header: Header) -> None:
        self.test.set_header(header)
        own = [(parameter.name, parameter.description) for parameter in header.parameters]
        if self.editor is not None:
            self.editor.set_variables([*own, *DESCRIPTIONS.items()])

    def _go_to(self, finding: Finding) -> None:
        if self.editor is not None:
            self.editor.go_to_line(finding.line, finding.column)

    def _mend(self, edits: object) -> None:
        if self.editor is not None:
            self.editor.apply_edits(edits)  # type: ignore[arg-type]
            self.check.touch(now=True)

    def _made_editor(self) -> ScriptEditor | None:
        """The editor, made when it is first needed: it loads a second Qt binding."""
        if self.editor is None:
            try:
                from borgdesk.gui.widgets.script_editor.editor import ScriptEditor
            except ImportError as error:
                self.editor_place.addWidget(QLabel(str(error), wordWrap=True))
                return None
            self.editor = ScriptEditor()
            self.editor_place.addWidget(self.editor)
            self.editor.set_variables(DESCRIPTIONS.items())
            self.editor.text_changed.connect(self._tell_change)
            self.editor.modified_changed.connect(lambda _: self.text_modified.emit())
            self.editor.save_requested.connect(self.save_wanted)
            self.editor.finding_activated.connect(self.findings.show_finding)
        return self.editor

    def _tell_change(self) -> None:
        # A text that was just shown is checked at once, before the editor tells of it.
        if self.editor is not None and not self.check.covers(self.editor.revision):
            self.findings.outdate()
            self.check.touch()
        self.text_changed.emit()
