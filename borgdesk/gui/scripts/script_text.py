"""Editor, findings and parameters of a script, with checks while the text is edited."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QWidget

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.findings import Finding
from borgdesk.domain.parameters import Header, Parameter, parameters_line
from borgdesk.domain.settings import EDITOR_FONT, EDITOR_FONT_SIZE, EDITOR_TAB_WIDTH, Values
from borgdesk.domain.variables import descriptions
from borgdesk.engine.scripts.checks import Report
from borgdesk.engine.scripts.parameter_block import with_parameter
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import widget_rules
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.live_check import LiveCheck
from borgdesk.gui.scripts.script_layout import ScriptLayout
from borgdesk.gui.workers.background import Background

if TYPE_CHECKING:
    from borgdesk.gui.editor.editor import ScriptEditor

T = TypeVar("T")

STARTING_TEXT = "#!/usr/bin/env bash\nset -euo pipefail\n\n"
"""Initial text of a new script."""

_BREATH = 10
"""Milliseconds left to the event loop between two slow steps."""


def with_editor(load: Callable[[], T]) -> Callable[[], T]:
    """Return *load*, preceded by the import of the editor, for a thread other than the window's, which it would stall.

    If the editor cannot be imported, that is told where one is made.
    """

    def loaded() -> T:
        with suppress(ImportError):
            import borgdesk.gui.editor.editor  # noqa: F401
        return load()

    return loaded


class ScriptText(ScriptLayout):
    """Keeps editor, findings and parameters consistent with the text."""

    text_changed = Signal()
    text_modified = Signal()
    """The text has begun or ceased to differ from the stored one."""
    save_requested = Signal()
    """Ctrl+S was pressed in the text."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(workspace, background, parent)
        self.editor: ScriptEditor | None = None
        self._background = background
        self._asked = 0
        """Grows with each script that is asked for."""
        self._settings = Values()
        self.check = LiveCheck(background, workspace.environment, self._text_to_check, self)
        self.check.checked.connect(self._on_checked)
        self.findings.finding_chosen.connect(self._on_finding_chosen)
        self.findings.fix_requested.connect(self._on_fix_requested)
        self.parameters.header_changed.connect(self._on_header_changed)

    def once_made(self, show: Callable[[], object]) -> None:
        """Call *show* at once, or once the editor is loaded and made, unless another script is asked for meanwhile.

        Making it takes longer than all else that a script needs to be shown, so it has a turn of its own.
        """
        if self.editor is not None:
            show()
            return
        number = self._asked

        def make(_loaded: None) -> None:
            self._made_editor()
            QTimer.singleShot(_BREATH, self, lambda: show() if number == self._asked else None)

        self._background.ask(with_editor(lambda: None), make, owner=self)

    def show_text(self, text: str, path: str) -> None:
        """Show a stored text; the name of its file helps to detect the language."""
        editor = self._made_editor()
        self.show_work(visible=True)
        self.message.hide()
        self.findings.clear()
        if editor is not None:
            editor.set_read_only(False)
            editor.set_text(text)
            editor.set_language_for(path)
            if (line := parameters_line(text)) is not None:
                # What the block says is in the tabs beside the text.
                editor.fold(line)
            self.check.touch(now=True)

    def reload_text(self, text: str) -> None:
        """Show the text as another program changed it, keeping the position."""
        if self.editor is not None:
            self.editor.set_read_only(False)
            state = self.editor.state()
            self.editor.replace_text(text)
            self.editor.mark_saved()
            self.editor.restore_state(state)

    def use_settings(self, settings: Values) -> None:
        """Use the font and indentation that the user has chosen."""
        self._settings = settings
        if self.editor is not None:
            self.editor.set_style(settings[EDITOR_FONT], settings[EDITOR_FONT_SIZE], settings[EDITOR_TAB_WIDTH])

    def focus_text(self) -> None:
        """Focus the editor."""
        if self.editor is not None:
            self.editor.setFocus()

    def add_parameter(self, parameter: Parameter) -> None:
        """Declare a parameter in the text."""
        if self.editor is None:
            return
        try:
            self.editor.replace_text(with_parameter(self.editor.text(), parameter))
        except InvalidInput as error:
            self.message.show_message(str(error), Tone.BAD)

    def _text_to_check(self) -> tuple[str, int] | None:
        if self.editor is None or not self.shows_work or self.editor.read_only:
            return None
        return self.editor.text(), self.editor.revision

    def _on_checked(self, report: Report, revision: int) -> None:
        assert self.editor is not None
        if self.editor.set_findings(report.findings, revision):
            self.findings.show_report(report)
            self.parameters.show_header(report.header)

    def _on_header_changed(self, header: Header) -> None:
        self.test.set_header(header)
        own = [(parameter.name, parameter.description) for parameter in header.parameters]
        if self.editor is not None:
            self.editor.set_variables([*own, *descriptions().items()])

    def _on_finding_chosen(self, finding: Finding) -> None:
        if self.editor is not None:
            self.editor.go_to_line(finding.line, finding.column)

    def _on_fix_requested(self, edits: object) -> None:
        if self.editor is not None:
            self.editor.apply_edits(edits)  # type: ignore[arg-type]
            self.check.touch(now=True)

    def _made_editor(self) -> ScriptEditor | None:
        """Return the editor, created on first use because it loads a second Qt binding."""
        if self.editor is None:
            try:
                from borgdesk.gui.editor.editor import ScriptEditor
            except ImportError as error:
                if not self.editor_place.count():
                    self.editor_place.addWidget(QLabel(str(error), wordWrap=True))
                return None
            self.editor = widget_rules.built(ScriptEditor)
            self.use_settings(self._settings)
            self.editor_place.addWidget(self.editor)
            self.editor.set_variables(descriptions().items())
            self.editor.text_changed.connect(self._on_text_changed)
            self.editor.modified_changed.connect(lambda _: self.text_modified.emit())
            self.editor.save_requested.connect(self.save_requested)
            self.editor.finding_activated.connect(self.findings.show_finding)
        return self.editor

    def _on_text_changed(self) -> None:
        # A text that was just loaded is checked at once, before the editor reports the change.
        if self.editor is not None and not self.check.covers(self.editor.revision):
            self.findings.outdate()
            self.check.touch()
        self.text_changed.emit()
