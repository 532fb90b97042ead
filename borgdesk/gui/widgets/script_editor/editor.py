"""The script editor: QScintilla behind a plain PySide6 widget.

Import this module when the first editor opens, not earlier: it loads PyQt6 (about 0.2 s). The import raises
ImportError, with a sentence for people, when PyQt6 is missing or does not fit PySide6; show it in the editor's place.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QKeyCombination, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QFontDatabase, QFontInfo, QKeyEvent
from PySide6.QtWidgets import QInputDialog, QMenu, QToolTip, QVBoxLayout, QWidget

from borgdesk.domain.findings import Edit, Finding
from borgdesk.gui.widgets.find_bar import FindBar
from borgdesk.gui.widgets.script_editor.actions import Actions, Command
from borgdesk.gui.widgets.script_editor.binding import Qsci, as_widget
from borgdesk.gui.widgets.script_editor.commands import editing_commands, finding_commands, view_commands
from borgdesk.gui.widgets.script_editor.completion import Completion
from borgdesk.gui.widgets.script_editor.editing import apply_edits, as_data, replace_all
from borgdesk.gui.widgets.script_editor.finder import Finder
from borgdesk.gui.widgets.script_editor.languages import Language, language_for
from borgdesk.gui.widgets.script_editor.marks import FindingMarks, findings_as_html
from borgdesk.gui.widgets.script_editor.scheme import scheme_for
from borgdesk.gui.widgets.script_editor.state import EditorState
from borgdesk.gui.widgets.script_editor.styling import Styling
from borgdesk.gui.widgets.script_editor.surface import FINDING_MARGIN, KeyUse, Surface

_S = Qsci.QsciScintilla

CHANGE_PAUSE = 150
"""Milliseconds over which edits are gathered into one `ScriptEditor.text_changed`."""

_FIRST_LINE = 300
_DRESSING = {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange}


class ScriptEditor(QWidget):
    """An editor for one script.

    Lines and columns count from 1, columns in characters; texts have LF line ends. Nothing here reads or writes files.

    What is bounded so that a text of 1 MiB stays fluid: a key press does no work on the whole text (completion looks
    at 64 KiB around the caret); at most 2,000 findings and the 1,000 search matches nearest the caret are drawn; lexing
    and folding go only as far as the last line in view. In a text over 128 KiB, undo and commands that make many edits
    are not told to screen readers edit by edit. Slow all the same: a single line of a megabyte, about 0.1 s a key,
    because Scintilla lays out whole lines.
    """

    text_changed = Signal()
    """The text changed, also by `set_text`; at most one signal in `CHANGE_PAUSE`, the last one always."""
    modified_changed = Signal(bool)
    """Whether the text now differs from what was last loaded or marked as saved."""
    save_requested = Signal()
    """Ctrl+S. Whoever saves calls `mark_saved` when it is done."""
    cursor_moved = Signal(int, int, int)
    """Line and column of the caret, and the number of characters selected."""
    finding_activated = Signal(object)
    """A Finding whose mark in the margin was clicked."""
    language_changed = Signal(str)
    """Name of the language, a proper name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._revision = 0
        self._modified = False
        self._loading = False
        self._findings_revision = -1
        self._file_name = ""
        self._language: Language | None = None
        self._surface = Surface()
        self._view = as_widget(self._surface)
        self._bar = FindBar(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._bar)
        self._styling = Styling(self._surface)
        self._marks = FindingMarks(self._surface)
        self._completion = Completion(self._surface, self._view)
        self._finder = Finder(self._surface, self._bar, lambda: self._revision, self._view.setFocus)
        self._actions = self._make_actions()
        self.setFocusProxy(self._view)
        self.setAccessibleName(self.tr("Script editor"))
        self._view.setAccessibleName(self.tr("Text of the script"))
        self._start_timers()
        self._connect()
        self.set_language_for("")

    # Text -------------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The whole text; about 5 ms for 1 MiB."""
        return self._surface.data().decode()

    def set_text(self, text: str) -> None:
        """Show another text: unmodified, with nothing to undo, no findings, the caret at the top."""
        self._completion.close_list()
        self._marks.clear()
        self._loading = True
        try:
            self._surface.load(as_data(text))
        finally:
            self._loading = False
        self._tell_modified()
        self._follow_first_line()

    def replace_text(self, text: str) -> None:
        """Make the text this one as one undo step, leaving caret, marks and folds outside the changed stretch alone."""
        replace_all(self._surface, as_data(text))

    def apply_edits(self, edits: Sequence[Edit]) -> None:
        """Make all edits as one undo step; they are in coordinates of the present text.

        Raises ValueError, and changes nothing, when two of them overlap.
        """
        apply_edits(self._surface, edits)

    @property
    def revision(self) -> int:
        """A number that grows with every change of the text: take it with `text`, give it back to `set_findings`."""
        return self._revision

    @property
    def is_modified(self) -> bool:
        return self._modified

    def mark_saved(self) -> None:
        """The present text is what is on disk: unmodified from here on; undo remains."""
        self._surface.setModified(False)

    @property
    def read_only(self) -> bool:
        return self._surface.isReadOnly()

    def set_read_only(self, read_only: bool) -> None:
        self._surface.setReadOnly(read_only)
        self._actions.set_writable(writable=not read_only)

    # Language, variables, findings --------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        """Name of the language in use, a proper name ("Shell", "Python", "Plain text")."""
        return self._language.name if self._language is not None else ""

    def set_language_for(self, file_name: str) -> None:
        """Choose the lexer by the text's shebang, else by this file name; an edited shebang is followed by itself."""
        self._file_name = file_name
        self._follow_first_line()

    def set_variables(self, variables: Iterable[tuple[str, str]]) -> None:
        """What to offer after ``$`` and to explain under the mouse: name and description, in the order to show."""
        self._completion.set_variables(variables)

    def set_findings(self, findings: Iterable[Finding], revision: int | None = None) -> bool:
        """Show these findings and no others.

        With the ``revision`` that was checked, findings about a text that has changed since are dropped and False is
        returned: newer ones are on their way.
        """
        if revision is not None and revision != self._revision:
            return False
        self._marks.show(findings)
        self._findings_revision = self._revision
        return True

    # Places -----------------------------------------------------------------------------------------------------

    def cursor_place(self) -> tuple[int, int]:
        """Line and column of the caret."""
        return self._surface.place_of(self._surface.caret())

    def go_to_line(self, line: int, column: int = 1) -> None:
        """Put caret and keyboard there, unfolded and in view; beyond the end means the end."""
        position = self._surface.position_of(line, column)
        self._surface.select(position, position)
        self._view.setFocus()

    def ask_line(self) -> None:
        """Ask for a line number, and go there (Ctrl+G)."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(self.tr("Go to line"))
        lines = self._surface.line_count()
        dialog.setLabelText(self.tr("Line (1 to {last}):").format(last=self.locale().toString(lines)))
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, lines)
        dialog.setIntValue(self.cursor_place()[0])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.intValueSelected.connect(self.go_to_line)
        dialog.open()

    def go_to_finding(self, *, backward: bool = False) -> None:
        """Select where the next finding after the caret begins, or the one before it, and show its text (F8)."""
        start = self._marks.next_start(self._surface.caret(), backward=backward)
        if start is not None:
            self._surface.select(start, start)
            self._show_tip(start, findings_as_html(self._marks.at(start)))

    def state(self) -> EditorState:
        """Where the person is, for `restore_state` after a reload."""
        surface = self._surface
        line, column = self.cursor_place()
        anchor_line, anchor_column = surface.place_of(surface.anchor())
        uppermost = surface.SendScintilla(_S.SCI_DOCLINEFROMVISIBLE, surface.firstVisibleLine()) + 1
        folded = tuple(number + 1 for number in surface.contractedFolds())
        zoom = surface.SendScintilla(_S.SCI_GETZOOM)
        return EditorState(line, column, anchor_line, anchor_column, uppermost, folded, zoom)

    def restore_state(self, state: EditorState) -> None:
        """Go back to where the person was, as far as the text still has that place."""
        surface = self._surface
        surface.zoomTo(state.zoom)
        if state.folded_lines:
            surface.SendScintilla(_S.SCI_COLOURISE, 0, -1)
            surface.setContractedFolds([line - 1 for line in state.folded_lines if line <= surface.lines()])
        anchor = surface.position_of(state.anchor_line, state.anchor_column)
        caret = surface.position_of(state.line, state.column)
        surface.SendScintilla(_S.SCI_SETSELECTION, caret, anchor)
        visible = surface.SendScintilla(_S.SCI_VISIBLEFROMDOCLINE, state.first_visible_line - 1)
        surface.setFirstVisibleLine(visible)

    def open_find_bar(self, *, replace: bool = False) -> None:
        """Show the find bar below the text (Ctrl+F, Ctrl+H)."""
        self._finder.open(replace=replace)

    # Inside -----------------------------------------------------------------------------------------------------

    def _make_actions(self) -> Actions:
        surface = self._surface
        commands = [
            *editing_commands(surface, self._completion, self._comment_prefix),
            *finding_commands(self._finder, self.ask_line, self.go_to_finding),
            *view_commands(surface),
            Command("save", self.tr("&Save"), ("Ctrl+S",), self.save_requested.emit, "document-save", everywhere=True),
        ]
        return Actions(commands, self)

    def _comment_prefix(self) -> str:
        return self._language.comment if self._language is not None else ""

    def _start_timers(self) -> None:
        self._change_timer = QTimer(self, singleShot=True, interval=CHANGE_PAUSE)
        self._change_timer.timeout.connect(self._tell_change)
        self._cursor_timer = QTimer(self, singleShot=True, interval=0)
        self._cursor_timer.timeout.connect(self._tell_cursor)
        self._dress_timer = QTimer(self, singleShot=True, interval=0)
        self._dress_timer.timeout.connect(self._dress)

    def _connect(self) -> None:
        surface = self._surface
        surface.use_key = self._use_key
        surface.wants_key = lambda key: self._actions.action_for(key) is not None
        surface.key_typed = self._completion.after_key
        surface.show_hint = self._show_hint
        surface.textChanged.connect(self._note_change)
        surface.modificationChanged.connect(self._tell_modified)
        surface.cursorPositionChanged.connect(self._note_cursor)
        surface.selectionChanged.connect(self._note_cursor)
        surface.marginClicked.connect(self._click_margin)

    def _note_change(self) -> None:
        self._revision += 1
        if not self._change_timer.isActive():
            self._change_timer.start()

    def _tell_change(self) -> None:
        self._follow_first_line()
        self._finder.text_changed()
        self.text_changed.emit()

    def _tell_modified(self) -> None:
        modified = bool(self._surface.isModified())
        if not self._loading and modified != self._modified:
            self._modified = modified
            self.modified_changed.emit(modified)

    def _note_cursor(self) -> None:
        if not self._cursor_timer.isActive():
            self._cursor_timer.start()

    def _tell_cursor(self) -> None:
        self.cursor_moved.emit(*self.cursor_place(), self._surface.selected_characters())

    def _follow_first_line(self) -> None:
        first = self._surface.part(0, min(self._surface.line_end(1), _FIRST_LINE)).decode(errors="replace")
        language = language_for(first, self._file_name)
        if language != self._language:
            self._language = language
            self._styling.set_language(language, scheme_for(self.palette()), self._fixed_font())
            self._actions["comment"].setEnabled(bool(language.comment) and not self.read_only)
            self.language_changed.emit(language.name)

    def _dress(self) -> None:
        self._styling.dress(scheme_for(self.palette()), self._fixed_font())

    def _fixed_font(self) -> QFont:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(QFontInfo(self.font()).pointSizeF())
        return font

    def _click_margin(self, margin: int, line: int) -> None:
        findings = self._marks.on_line(line + 1) if margin == FINDING_MARGIN else ()
        if findings:
            self.finding_activated.emit(findings[0])

    def _use_key(self, key: int) -> KeyUse:
        bare = QKeyCombination.fromCombined(key).key()
        if self._completion.is_open():
            use = self._completion.use_key(bare)
            if use is not KeyUse.PASS:
                return use
        elif bare == Qt.Key.Key_Escape and not self._bar.isHidden():
            self._bar.close_bar()
            return KeyUse.TAKEN
        action = self._actions.action_for(key)
        if action is None:
            return KeyUse.PASS
        action.trigger()
        return KeyUse.TAKEN

    # Hints and menu ---------------------------------------------------------------------------------------------

    def _show_hint(self, x: int, y: int, position: int) -> bool:
        words = self._hint(x, y, position)
        if not words:
            QToolTip.hideText()
            return False
        QToolTip.showText(QPoint(*self._surface.global_point(x, y)), words, self._view)
        return True

    def _hint(self, x: int, y: int, position: int) -> str:
        line = self._surface.line_at_finding_margin(x, y)
        if line:
            return findings_as_html(self._marks.on_line(line))
        if position < 0:
            return ""
        findings = findings_as_html(self._marks.at(position))
        name = self._surface.word_at(position)
        description = self._completion.description(name)
        if not description:
            return findings
        return f"<p style='margin:2px'><b>{html.escape(name)}</b><br>{html.escape(description)}</p>{findings}"

    def _show_tip(self, position: int, words: str) -> None:
        x, y, height = self._surface.point_of(position)
        QToolTip.showText(QPoint(*self._surface.global_point(x, y + height)), words, self._view)

    def _add_fixes(self, menu: QMenu) -> None:
        """Offer the fixes of the findings at the caret's line, while they are about the present text."""
        if self.read_only or self._findings_revision != self._revision:
            return
        for finding in self._marks.on_line(self.cursor_place()[0]):
            if finding.fix:
                action = menu.addAction(
                    self.tr("Mend {code}: {message}").format(code=finding.code, message=finding.message)
                )
                action.triggered.connect(partial(self.apply_edits, finding.fix))

    # Events -----------------------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            point = event.globalPos()
            self._surface.put_caret_at(point.x(), point.y())
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_fixes(menu)
        self._actions.fill(menu)
        menu.popup(event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _DRESSING:
            self._dress_timer.start()

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._actions.action_for(event.keyCombination().toCombined(), everywhere=True) is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._actions.action_for(event.keyCombination().toCombined(), everywhere=True)
        if action is None:
            super().keyPressEvent(event)
        else:
            action.trigger()
