"""QScintilla widget, configured for scripts, with an interface in lines, columns and bytes.

Everything above it is PySide6; only this module, `styles` and `marks` handle PyQt6 objects, all from `binding`. A
*position* is an offset into the UTF-8 text, as in Scintilla. Lines and columns count from 1, columns in characters
(code points).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto

from borgdesk.domain.findings import Edit
from borgdesk.gui.editor.binding import PyQtCore, PyQtGui, PyQtWidgets, Qsci

NUMBER_MARGIN, FINDING_MARGIN, FOLD_MARGIN = range(3)
INDENT = 4
_MIN_DIGITS = 3
_LINES_ABOVE = 5
_LONG_TEXT = 131_072
"""Size in bytes from which bulk edits are reported as one."""

_TAB_SAMPLE = 65_536
"""Bytes examined to detect whether a script is indented by tabs."""


class KeyUse(Enum):
    """How a key was handled before Scintilla."""

    PASS = auto()
    """Scintilla handles it."""
    TAKEN = auto()
    LEAVE = auto()
    """The editor does not handle it: it is passed on (to the completion's list)."""


_S = Qsci.QsciScintilla

_UNBOUND_KEYS = (
    "Ctrl+D Ctrl+L Ctrl+Shift+L Ctrl+T Ctrl+Shift+T Ctrl+U Ctrl+Shift+U Ctrl+/ Ctrl+Shift+/ Ctrl+\\ Ctrl+Shift+\\ "
    "Ctrl+[ Ctrl+] Ctrl++ Ctrl+-"
).split()
"""Keys that Scintilla binds to editing commands users would not expect, or that the editor's actions use."""


class Surface(_S):
    """A QsciScintilla for scripts. Uses callbacks instead of PyQt signals where a return value is needed."""

    def __init__(self) -> None:
        super().__init__()
        self.use_key: Callable[[int], KeyUse] = lambda _key: KeyUse.PASS
        """Called before a key (Qt key code with modifiers) is handled."""
        self.wants_key: Callable[[int], bool] = lambda _key: False
        """Returns whether `use_key` will handle the key, so that no shortcut of the window gets it first."""
        self.key_typed: Callable[[str], None] = lambda _text: None
        """Called after a key was handled, with the text it typed."""
        self.show_hint: Callable[[int, int, int], bool] = lambda _x, _y, _position: False
        """Called for a tooltip at a point of the viewport."""
        self._digits = 0
        self._set_up_text()
        self._set_up_selections()
        self._set_up_margins()
        self._unbind_keys()

    def _set_up_text(self) -> None:
        self.setLayoutDirection(PyQtCore.Qt.LayoutDirection.LeftToRight)  # code is written like that everywhere
        self.setUtf8(True)
        self.setEolMode(_S.EolMode.EolUnix)
        self.set_indentation(INDENT)
        self.setIndentationsUseTabs(False)
        self.setBackspaceUnindents(True)
        self.setAutoIndent(True)
        self.setIndentationGuides(True)
        self.setBraceMatching(_S.BraceMatch.SloppyBraceMatch)
        self.setCaretLineVisible(True)
        self.setCaretWidth(2)
        self.setAutoCompletionSource(_S.AutoCompletionSource.AcsNone)
        self.SendScintilla(_S.SCI_SETCARETLINEVISIBLEALWAYS, 1)
        self.SendScintilla(_S.SCI_SETSCROLLWIDTHTRACKING, 1)
        self.SendScintilla(_S.SCI_SETSCROLLWIDTH, 1)
        self.SendScintilla(_S.SCI_SETENDATLASTLINE, 1)
        self.SendScintilla(_S.SCI_SETMARGINLEFT, 0, 5)
        self.setExtraAscent(1)
        self.setExtraDescent(2)
        self.SendScintilla(_S.SCI_SETLAYOUTCACHE, _S.SC_CACHE_PAGE)
        self.SendScintilla(_S.SCI_SETXCARETPOLICY, _S.CARET_SLOP | _S.CARET_EVEN, 40)

    def _set_up_selections(self) -> None:
        self.SendScintilla(_S.SCI_SETMULTIPLESELECTION, 1)
        self.SendScintilla(_S.SCI_SETADDITIONALSELECTIONTYPING, 1)
        self.SendScintilla(_S.SCI_SETMULTIPASTE, _S.SC_MULTIPASTE_EACH)
        self.SendScintilla(_S.SCI_SETRECTANGULARSELECTIONMODIFIER, _S.SCMOD_ALT)
        self.SendScintilla(_S.SCI_SETMOUSESELECTIONRECTANGULARSWITCH, 1)
        self.SendScintilla(_S.SCI_SETVIRTUALSPACEOPTIONS, _S.SCVS_RECTANGULARSELECTION)
        self.SendScintilla(_S.SCI_SETSEARCHFLAGS, _S.SCFIND_MATCHCASE)

    def _set_up_margins(self) -> None:
        self.setMarginLineNumbers(NUMBER_MARGIN, True)
        self.setMarginType(FINDING_MARGIN, _S.MarginType.SymbolMargin)
        self.setMarginSensitivity(FINDING_MARGIN, True)
        self.setFolding(_S.FoldStyle.BoxedTreeFoldStyle, FOLD_MARGIN)
        self.linesChanged.connect(self.fit_margins)
        self.SCN_ZOOM.connect(self._refit_margins)

    def _unbind_keys(self) -> None:
        commands = self.standardCommands()
        for keys in _UNBOUND_KEYS:
            command = commands.boundTo(PyQtGui.QKeySequence(keys)[0].toCombined())
            if command is not None:
                command.setKey(0)

    def fit_margins(self) -> None:
        """Fit the line number margin to the last line's number, with room for at least three digits."""
        digits = max(_MIN_DIGITS, len(str(self.lines())))
        if digits != self._digits:
            self._digits = digits
            self.setMarginWidth(NUMBER_MARGIN, "0" * (digits + 1))

    def _refit_margins(self) -> None:
        height = self.textHeight(0)
        self.setMarginWidth(FINDING_MARGIN, height)
        self.setMarginWidth(FOLD_MARGIN, max(height - 3, 10))
        self._digits = 0
        self.fit_margins()

    def refit_margins(self) -> None:
        """Fit all margins after a change of font or zoom."""
        self._refit_margins()

    # Events -----------------------------------------------------------------------------------------------------

    def event(self, event: PyQtCore.QEvent | None) -> bool:
        assert event is not None
        if (
            isinstance(event, PyQtGui.QKeyEvent)
            and event.type() == PyQtCore.QEvent.Type.ShortcutOverride
            and self.wants_key(event.keyCombination().toCombined())
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, e: PyQtGui.QKeyEvent | None) -> None:
        assert e is not None
        use = self.use_key(e.keyCombination().toCombined())
        if use is KeyUse.PASS:
            super().keyPressEvent(e)
            self.key_typed(e.text())
        elif use is KeyUse.TAKEN:
            e.accept()
        else:
            e.ignore()

    def viewportEvent(self, event: PyQtCore.QEvent | None) -> bool:
        if isinstance(event, PyQtGui.QHelpEvent) and event.type() == PyQtCore.QEvent.Type.ToolTip:
            x, y = event.pos().x(), event.pos().y()
            position = self.SendScintilla(_S.SCI_POSITIONFROMPOINTCLOSE, x, y)
            if self.show_hint(x, y, position):
                event.accept()
            else:
                event.ignore()
            return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: PyQtGui.QContextMenuEvent | None) -> None:
        """Suppress QScintilla's own menu; the editor shows one of PySide6's."""
        if event is not None:
            event.ignore()

    def dragEnterEvent(self, e: PyQtGui.QDragEnterEvent | None) -> None:
        """Leave files to the window, which imports them as scripts: QScintilla would accept them and do nothing."""
        assert e is not None
        data = e.mimeData()
        if data is not None and data.hasUrls():
            e.ignore()
        else:
            super().dragEnterEvent(e)

    # Text -------------------------------------------------------------------------------------------------------

    def data(self) -> bytes:
        """Return the whole text in UTF-8; takes about 1 ms for 1 MiB."""
        return self.part(0, self.length())

    def set_indentation(self, columns: int) -> None:
        """Indent by a number of columns, which is also the width of a tab."""
        self.setTabWidth(columns)
        self.setIndentationWidth(columns)

    def part(self, start: int, end: int) -> bytes:
        """Return the bytes between two positions, clipped to the text: Scintilla aborts the process beyond its end."""
        start, end = max(start, 0), min(end, self.length())
        return bytes(self.bytes(start, end).data())[: end - start] if end > start else b""

    def load(self, data: bytes) -> None:
        """Load another text: unmodified, without undo history, with the caret at the top."""
        read_only = self.isReadOnly()
        self.setReadOnly(False)
        self.SendScintilla(_S.SCI_SETTEXT, data + b"\0")
        self.SendScintilla(_S.SCI_EMPTYUNDOBUFFER)
        self.setModified(False)
        self.setReadOnly(read_only)
        self.SendScintilla(_S.SCI_SETSCROLLWIDTH, 1)
        by_tabs = data[:_TAB_SAMPLE].count(b"\n\t") > data[:_TAB_SAMPLE].count(b"\n  ")
        self.setIndentationsUseTabs(by_tabs)

    def show_line_beginnings(self) -> None:
        """Scroll to the line starts: Scintilla would stay scrolled beyond a text that is narrower now."""
        self.SendScintilla(_S.SCI_SETSCROLLWIDTH, 1)
        self.SendScintilla(_S.SCI_SETXOFFSET, 0)

    def put(self, start: int, end: int, data: bytes) -> None:
        """Replace the bytes between two positions."""
        self.SendScintilla(_S.SCI_SETTARGETRANGE, start, end)
        self.SendScintilla(_S.SCI_REPLACETARGET, len(data), data)

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Combine many edits into one reported change.

        For every single edit QScintilla counts the characters from the top for accessibility, 7 ms at the end of 1 MiB:
        commenting out its 34,000 lines took minutes. So the edits of a long text are reported once, when all are done.
        """
        if self.length() < _LONG_TEXT:
            yield
            return
        mask = self.SendScintilla(_S.SCI_GETMODEVENTMASK)
        self.SendScintilla(_S.SCI_SETMODEVENTMASK, _S.SC_MOD_CHANGEFOLD)
        try:
            yield
        finally:
            self.SendScintilla(_S.SCI_SETMODEVENTMASK, mask)
            self.linesChanged.emit()
            self.textChanged.emit()

    def undo(self) -> None:
        """Undo the last step, which may consist of many edits."""
        with self.bulk():
            super().undo()

    def redo(self) -> None:
        """Redo the step that was undone last."""
        with self.bulk():
            super().redo()

    def line_count(self) -> int:
        return self.lines()

    def line_bytes(self, line: int) -> bytes:
        """Return a line (from 1) without its line end."""
        return self.part(self.line_start(line), self.line_end(line))

    # Places -----------------------------------------------------------------------------------------------------

    def caret(self) -> int:
        return self.SendScintilla(_S.SCI_GETCURRENTPOS)

    def anchor(self) -> int:
        return self.SendScintilla(_S.SCI_GETANCHOR)

    def line_start(self, line: int) -> int:
        """Return the position at which a line (from 1) begins."""
        return self.SendScintilla(_S.SCI_POSITIONFROMLINE, line - 1)

    def line_end(self, line: int) -> int:
        return self.SendScintilla(_S.SCI_GETLINEENDPOSITION, line - 1)

    def position_of(self, line: int, column: int) -> int:
        """Return the position of a line and column, both limited to the text."""
        line = min(max(line, 1), self.lines())
        start, end = self.line_start(line), self.line_end(line)
        if column - 1 >= self.characters(start, end):
            return end
        return self.SendScintilla(_S.SCI_POSITIONRELATIVE, start, max(column - 1, 0))

    def place_of(self, position: int) -> tuple[int, int]:
        """Return line and column of a position."""
        line = self.SendScintilla(_S.SCI_LINEFROMPOSITION, position) + 1
        return line, self.characters(self.line_start(line), position) + 1

    def characters(self, start: int, end: int) -> int:
        return self.SendScintilla(_S.SCI_COUNTCHARACTERS, start, end) if end > start else 0

    def span_of(self, edit: Edit) -> tuple[int, int]:
        """Return the positions an edit replaces."""
        return self.position_of(edit.line, edit.column), self.position_of(edit.end_line, edit.end_column)

    def select(self, start: int, end: int) -> None:
        """Select a range with the caret at its end, unfolded and visible."""
        for position in (start, end):
            self.SendScintilla(_S.SCI_ENSUREVISIBLE, self.SendScintilla(_S.SCI_LINEFROMPOSITION, position))
        self.SendScintilla(_S.SCI_SETVISIBLEPOLICY, _S.VISIBLE_SLOP, _LINES_ABOVE)
        self.SendScintilla(_S.SCI_ENSUREVISIBLEENFORCEPOLICY, self.SendScintilla(_S.SCI_LINEFROMPOSITION, end))
        self.SendScintilla(_S.SCI_SETSEL, start, end)

    def point_of(self, position: int) -> tuple[int, int, int]:
        """Return where a position is drawn in the viewport: x, y of its top, and the line's height; in pixels."""
        return (
            self.SendScintilla(_S.SCI_POINTXFROMPOSITION, 0, position),
            self.SendScintilla(_S.SCI_POINTYFROMPOSITION, 0, position),
            self.textHeight(0),
        )

    def selected_lines(self) -> list[int]:
        """Return every line that a selection touches, in order; one that ends at a line's start does not touch it."""
        touched: set[int] = set()
        for number in range(self.SendScintilla(_S.SCI_GETSELECTIONS)):
            start = self.SendScintilla(_S.SCI_GETSELECTIONNSTART, number)
            end = self.SendScintilla(_S.SCI_GETSELECTIONNEND, number)
            first = self.SendScintilla(_S.SCI_LINEFROMPOSITION, start) + 1
            last = self.SendScintilla(_S.SCI_LINEFROMPOSITION, end) + 1
            if last > first and end == self.line_start(last):
                last -= 1
            touched.update(range(first, last + 1))
        return sorted(touched)

    def global_point(self, x: int, y: int) -> tuple[int, int]:
        """Return the screen coordinates of a point in the viewport."""
        point = self._viewport().mapToGlobal(PyQtCore.QPoint(x, y))
        return point.x(), point.y()

    def put_caret_at(self, x: int, y: int) -> None:
        """Move the caret to a clicked point, unless that is inside the selection."""
        point = self._viewport().mapFromGlobal(PyQtCore.QPoint(x, y))
        position = self.SendScintilla(_S.SCI_POSITIONFROMPOINT, point.x(), point.y())
        start, end = sorted((self.caret(), self.anchor()))
        if not start <= position <= end:
            self.SendScintilla(_S.SCI_GOTOPOS, position)

    def line_at_finding_margin(self, x: int, y: int) -> int:
        """Return the line (from 1) whose finding margin is at a point of the viewport; 0 outside that margin."""
        left = self.marginWidth(NUMBER_MARGIN)
        if not left <= x < left + self.marginWidth(FINDING_MARGIN):
            return 0
        position = self.SendScintilla(_S.SCI_POSITIONFROMPOINT, x, y)
        return self.SendScintilla(_S.SCI_LINEFROMPOSITION, position) + 1

    def word_at(self, position: int) -> str:
        """Return the word at a position, or ""."""
        start = self.SendScintilla(_S.SCI_WORDSTARTPOSITION, position, 1)
        end = self.SendScintilla(_S.SCI_WORDENDPOSITION, position, 1)
        return self.part(start, end).decode(errors="replace")

    def _viewport(self) -> PyQtWidgets.QWidget:
        viewport = self.viewport()
        assert viewport is not None
        return viewport
