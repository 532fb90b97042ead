"""Script editor: a PySide6 widget around QScintilla.

Import this module when the first editor opens, not earlier: it loads PyQt6 (about 0.2 s). The import raises
ImportError, with a sentence for the user, if PyQt6 is missing or incompatible with PySide6; show that sentence in place
of the editor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QKeyCombination, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QFontDatabase, QFontInfo, QKeyEvent
from PySide6.QtWidgets import QInputDialog, QMenu, QVBoxLayout, QWidget

from borgdesk.domain.findings import Edit, Finding
from borgdesk.gui.editor.actions import Actions, Command
from borgdesk.gui.editor.binding import Qsci, as_widget
from borgdesk.gui.editor.commands import editing_commands, finding_commands, view_commands
from borgdesk.gui.editor.completion import Completion
from borgdesk.gui.editor.finder import Finder
from borgdesk.gui.editor.hints import Hints
from borgdesk.gui.editor.languages import Language, language_for
from borgdesk.gui.editor.marks import FindingMarks
from borgdesk.gui.editor.scheme import scheme_for
from borgdesk.gui.editor.state import EditorState
from borgdesk.gui.editor.styles import Styles
from borgdesk.gui.editor.surface import FINDING_MARGIN, KeyUse, Surface
from borgdesk.gui.editor.text_edits import apply_edits, as_data, replace_all
from borgdesk.gui.look import words
from borgdesk.gui.look.find_bar import FindBar
from borgdesk.translation import _

_S = Qsci.QsciScintilla

CHANGE_PAUSE = 150
"""Milliseconds over which edits are combined into one `ScriptEditor.text_changed`."""

_FIRST_LINE = 300
_DRESSING = {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange}

_BACKWARD = ("Ctrl+Shift+Tab", "Ctrl+Shift+Backtab", "Ctrl+Backtab")
"""Shift+Tab is a separate key on most keyboards, reported with or without Shift."""


class ScriptEditor(QWidget):
    """Editor for one script.

    Lines and columns count from 1, columns in characters; texts have LF line ends. Nothing here reads or writes files.

    Limits that keep a text of 1 MiB responsive: a key press does no work on the whole text (completion searches 64 KiB
    around the caret); at most 2,000 findings and the 1,000 search matches nearest the caret are drawn; lexing and
    folding end at the last visible line. In a text over 128 KiB, undo and commands that make many edits are not
    reported to screen readers edit by edit. One case remains slow: a single line of a megabyte takes about 0.1 s per
    key, because Scintilla lays out whole lines.
    """

    text_changed = Signal()
    """The text changed, also by `set_text`; emitted at most once per `CHANGE_PAUSE`, always after the last change."""
    modified_changed = Signal(bool)
    """Whether the text differs from what was last loaded or marked as saved."""
    save_requested = Signal()
    """Ctrl+S was pressed. The receiver calls `mark_saved` after saving."""
    finding_activated = Signal(object)
    """A Finding whose margin symbol was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._revision = 0
        self._modified = False
        self._loading = False
        self._findings_revision = -1
        self._file_name = ""
        self._font_family, self._font_size = "", 0
        self._language: Language | None = None
        self._surface = Surface()
        self._view = as_widget(self._surface)
        self._bar = FindBar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._bar)
        self._styles = Styles(self._surface)
        self._marks = FindingMarks(self._surface)
        self._completion = Completion(self._surface, self._view)
        self._hints = Hints(self._surface, self._view, self._marks, self._completion)
        self._finder = Finder(self._surface, self._bar, lambda: self._revision, self._view.setFocus)
        self._actions = self._make_actions()
        self.setFocusProxy(self._view)
        self.setAccessibleName(_("Script editor"))
        self._view.setAccessibleName(_("Text of the script"))
        self._view.setAccessibleDescription(_("Tab indents; Ctrl+Tab moves to the next field"))
        self._start_timers()
        self._connect()
        self.set_language_for("")

    def set_style(self, family: str, size: int, indentation: int) -> None:
        """Use a font (empty and 0 for the desktop's), and a number of columns per indentation."""
        self._surface.set_indentation(indentation)
        if (family, size) != (self._font_family, self._font_size):
            self._font_family, self._font_size = family, size
            self._on_dress_timeout()

    # Text -------------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """Return the whole text; takes about 5 ms for 1 MiB."""
        return self._surface.data().decode()

    def set_text(self, text: str) -> None:
        """Load another text: unmodified, without undo history and findings, with the caret at the top."""
        self._completion.close_list()
        self._marks.clear()
        self._loading = True
        try:
            self._surface.load(as_data(text))
        finally:
            self._loading = False
        self._on_modification_changed()
        self._follow_first_line()

    def replace_text(self, text: str) -> None:
        """Replace the text in one undo step; caret, marks and folds outside the changed part stay."""
        replace_all(self._surface, as_data(text))
        self._surface.show_line_beginnings()

    def apply_edits(self, edits: Sequence[Edit]) -> None:
        """Make all edits in one undo step; their coordinates refer to the present text.

        Raises ValueError, and changes nothing, if two of them overlap.
        """
        apply_edits(self._surface, edits)

    @property
    def revision(self) -> int:
        """A number that grows with every change of the text: read it with `text` and pass it to `set_findings`."""
        return self._revision

    @property
    def is_modified(self) -> bool:
        return self._modified

    def mark_saved(self) -> None:
        """Mark the present text as saved and thus unmodified; the undo history remains."""
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
        return _(self._language.name) if self._language is not None else ""

    def set_language_for(self, file_name: str) -> None:
        """Choose the lexer by the text's shebang, else by this file name; later edits of the shebang are followed."""
        self._file_name = file_name
        self._follow_first_line()

    def set_variables(self, variables: Iterable[tuple[str, str]]) -> None:
        """Set the variables offered after ``$`` and explained in tooltips: name and description, in display order."""
        self._completion.set_variables(variables)

    def set_findings(self, findings: Iterable[Finding], revision: int | None = None) -> bool:
        """Show these findings and no others.

        If ``revision``, the text that was checked, is outdated, the findings are dropped and False is returned: newer
        ones will follow.
        """
        if revision is not None and revision != self._revision:
            return False
        self._marks.show(findings)
        self._findings_revision = self._revision
        return True

    # Places -----------------------------------------------------------------------------------------------------

    def cursor_place(self) -> tuple[int, int]:
        """Return line and column of the caret."""
        return self._surface.place_of(self._surface.caret())

    def go_to_line(self, line: int, column: int = 1) -> None:
        """Focus the editor and move the caret there, unfolded and visible; places beyond the end mean the end."""
        position = self._surface.position_of(line, column)
        self._surface.select(position, position)
        self._view.setFocus()

    def ask_line(self) -> None:
        """Ask for a line number and go there (Ctrl+G)."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(_("Go to line"))
        lines = self._surface.line_count()
        dialog.setLabelText(_("Line (1 to {last}):").format(last=self.locale().toString(lines)))
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, lines)
        dialog.setIntValue(self.cursor_place()[0])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.intValueSelected.connect(self.go_to_line)
        dialog.open()

    def go_to_finding(self, *, backward: bool = False) -> None:
        """Select the start of the next or previous finding and show its text (F8)."""
        start = self._marks.next_start(self._surface.caret(), backward=backward)
        if start is not None:
            self._surface.select(start, start)
            self._hints.show_findings(start)

    def state(self) -> EditorState:
        """Return the state of the view, for `restore_state` after a reload."""
        surface = self._surface
        line, column = self.cursor_place()
        anchor_line, anchor_column = surface.place_of(surface.anchor())
        uppermost = surface.SendScintilla(_S.SCI_DOCLINEFROMVISIBLE, surface.firstVisibleLine()) + 1
        folded = tuple(number + 1 for number in surface.contractedFolds())
        zoom = surface.SendScintilla(_S.SCI_GETZOOM)
        return EditorState(line, column, anchor_line, anchor_column, uppermost, folded, zoom)

    def restore_state(self, state: EditorState) -> None:
        """Restore the state of the view, as far as the text still has these places."""
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

    def fold(self, line: int) -> None:
        """Fold the block that a line, from 1, belongs to; nothing happens if it belongs to none."""
        surface, at = self._surface, line - 1
        surface.SendScintilla(_S.SCI_COLOURISE, 0, -1)
        is_header = surface.SendScintilla(_S.SCI_GETFOLDLEVEL, at) & _S.SC_FOLDLEVELHEADERFLAG
        header = at if is_header else surface.SendScintilla(_S.SCI_GETFOLDPARENT, at)
        if header >= 0:
            surface.SendScintilla(_S.SCI_FOLDLINE, header, _S.SC_FOLDACTION_CONTRACT)

    # Implementation ---------------------------------------------------------------------------------------------

    def _make_actions(self) -> Actions:
        surface = self._surface
        commands = [
            *editing_commands(surface, self._completion, self._comment_prefix),
            *finding_commands(self._finder, self.ask_line, self.go_to_finding),
            *view_commands(surface),
            # Tab indents, so Ctrl+Tab leaves the text, as in other programs.
            Command("leave", _("Next field"), ("Ctrl+Tab",), self.focusNextChild),
            Command("leave_back", _("Previous field"), _BACKWARD, self.focusPreviousChild),
            Command("save", _("&Save"), ("Ctrl+S",), self.save_requested.emit, "document-save", everywhere=True),
        ]
        return Actions(commands, self)

    def _comment_prefix(self) -> str:
        return self._language.comment if self._language is not None else ""

    def _start_timers(self) -> None:
        self._change_timer = QTimer(self, singleShot=True, interval=CHANGE_PAUSE)
        self._change_timer.timeout.connect(self._on_change_timeout)
        self._dress_timer = QTimer(self, singleShot=True, interval=0)
        self._dress_timer.timeout.connect(self._on_dress_timeout)

    def _connect(self) -> None:
        surface = self._surface
        surface.use_key = self._use_key
        surface.wants_key = lambda key: self._actions.action_for(key) is not None
        surface.key_typed = self._completion.after_key
        surface.show_hint = self._hints.show_at
        surface.textChanged.connect(self._on_text_changed)
        surface.modificationChanged.connect(self._on_modification_changed)
        surface.marginClicked.connect(self._on_margin_clicked)

    def _on_text_changed(self) -> None:
        self._revision += 1
        if not self._change_timer.isActive():
            self._change_timer.start()

    def _on_change_timeout(self) -> None:
        self._follow_first_line()
        self._finder.text_changed()
        self.text_changed.emit()

    def _on_modification_changed(self) -> None:
        modified = bool(self._surface.isModified())
        if not self._loading and modified != self._modified:
            self._modified = modified
            self.modified_changed.emit(modified)

    def _follow_first_line(self) -> None:
        first = self._surface.part(0, min(self._surface.line_end(1), _FIRST_LINE)).decode(errors="replace")
        language = language_for(first, self._file_name)
        if language != self._language:
            self._language = language
            self._styles.set_language(language, scheme_for(self.palette()), self._fixed_font())
            self._actions["comment"].setEnabled(bool(language.comment) and not self.read_only)

    def _on_dress_timeout(self) -> None:
        self._styles.dress(scheme_for(self.palette()), self._fixed_font())

    def _fixed_font(self) -> QFont:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        if self._font_family:
            font.setFamily(self._font_family)
        font.setPointSizeF(self._font_size or QFontInfo(self.font()).pointSizeF())
        return font

    def _on_margin_clicked(self, margin: int, line: int) -> None:
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

    # Context menu -------------------------------------------------------------------------------------

    def _add_fixes(self, menu: QMenu) -> None:
        """Add the fixes of the findings on the caret's line, if they apply to the present text."""
        if self.read_only or self._findings_revision != self._revision:
            return
        for finding in self._marks.on_line(self.cursor_place()[0]):
            if finding.fix:
                text = _("Fix {code}: {message}").format(code=finding.code, message=finding.message)
                action = menu.addAction(words.literal(text))
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
