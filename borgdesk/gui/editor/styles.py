"""Applies lexer, font and colour scheme to the editor."""

from __future__ import annotations

from PySide6.QtGui import QFont

from borgdesk.domain.findings import Severity
from borgdesk.gui.editor.binding import PyQtGui, Qsci
from borgdesk.gui.editor.languages import Language, Role, role_of
from borgdesk.gui.editor.marks import MARKERS, MATCH, SQUIGGLES, severity_image
from borgdesk.gui.editor.scheme import MATCH_ALPHA, Scheme
from borgdesk.gui.editor.surface import Surface

_S = Qsci.QsciScintilla
_STYLES = 128

_FOLD_MARKERS = range(_S.SC_MARKNUM_FOLDEREND, _S.SC_MARKNUM_FOLDEROPEN + 1)


class Styles:
    """Keeps language, font and colours of one surface consistent; each may change at any time."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._lexers: dict[str, Qsci.QsciLexer] = {}
        self._lexer: Qsci.QsciLexer | None = None

    def set_language(self, language: Language, scheme: Scheme, font: QFont) -> None:
        """Use a language's lexer, created on first use; a language without one is shown as plain text."""
        self._lexer = self._lexer_for(language) if language.lexer else None
        self._surface.setLexer(self._lexer)
        self.dress(scheme, font)

    def dress(self, scheme: Scheme, font: QFont) -> None:
        """Apply colours and font to everything the surface draws."""
        theirs = _pyqt_font(font)
        if self._lexer is None:
            self._surface.setFont(theirs)
            self._surface.setColor(_colour(scheme.text))
            self._surface.setPaper(_colour(scheme.base))
        else:
            _dress_lexer(self._lexer, scheme, theirs)
        _dress_text(self._surface, scheme)
        _dress_margins(self._surface, scheme, theirs)
        _dress_marks(self._surface, scheme)
        self._surface.refit_margins()

    def _lexer_for(self, language: Language) -> Qsci.QsciLexer:
        lexer = self._lexers.get(language.lexer)
        if lexer is None:
            lexer = getattr(Qsci, language.lexer)(self._surface)
            if isinstance(lexer, Qsci.QsciLexerBash):
                lexer.setFoldCompact(False)
                lexer.setFoldComments(True)
            self._lexers[language.lexer] = lexer
        return lexer


def _dress_lexer(lexer: Qsci.QsciLexer, scheme: Scheme, font: PyQtGui.QFont) -> None:
    paper = _colour(scheme.base)
    lexer.setDefaultFont(font)
    lexer.setDefaultColor(_colour(scheme.text))
    lexer.setDefaultPaper(paper)
    lexer.setFont(font)
    lexer.setPaper(paper)
    for style in range(_STYLES):
        description = lexer.description(style)
        if not description:
            continue
        role = role_of(description)
        lexer.setColor(_colour(scheme.roles[role]), style)
        lexer.setEolFill(False, style)
        if role in {Role.KEYWORD, Role.COMMENT}:
            own = PyQtGui.QFont(font)
            own.setBold(role is Role.KEYWORD)
            own.setItalic(role is Role.COMMENT)
            lexer.setFont(own, style)


def _dress_text(surface: Surface, scheme: Scheme) -> None:
    surface.setCaretForegroundColor(_colour(scheme.caret))
    surface.setCaretLineBackgroundColor(_colour(scheme.current_line))
    surface.setSelectionBackgroundColor(_colour(scheme.selection))
    surface.setSelectionForegroundColor(_colour(scheme.selection_text))
    surface.SendScintilla(_S.SCI_SETADDITIONALSELBACK, _colour(scheme.selection))
    surface.SendScintilla(_S.SCI_SETADDITIONALSELFORE, _colour(scheme.selection_text))
    surface.SendScintilla(_S.SCI_SETADDITIONALCARETFORE, _colour(scheme.caret))
    surface.setIndentationGuidesForegroundColor(_colour(scheme.guide))
    surface.setIndentationGuidesBackgroundColor(_colour(scheme.base))
    surface.setWhitespaceForegroundColor(_colour(scheme.whitespace))
    surface.setMatchedBraceBackgroundColor(_colour(scheme.brace))
    surface.setMatchedBraceForegroundColor(_colour(scheme.brace_text))
    surface.setUnmatchedBraceBackgroundColor(_colour(scheme.base))
    surface.setUnmatchedBraceForegroundColor(_colour(scheme.roles[Role.ERROR]))


def _dress_margins(surface: Surface, scheme: Scheme, font: PyQtGui.QFont) -> None:
    surface.setMarginsFont(font)
    surface.setMarginsBackgroundColor(_colour(scheme.margin))
    surface.setMarginsForegroundColor(_colour(scheme.margin_text))
    surface.setFoldMarginColors(_colour(scheme.margin), _colour(scheme.margin))
    for marker in _FOLD_MARKERS:
        # Not setMarkerForegroundColor: it only knows markers defined through QsciScintilla, unlike these.
        surface.SendScintilla(_S.SCI_MARKERSETFORE, marker, _colour(scheme.margin))
        surface.SendScintilla(_S.SCI_MARKERSETBACK, marker, _colour(scheme.margin_text))


def _dress_marks(surface: Surface, scheme: Scheme) -> None:
    size = max(surface.textHeight(0) - 4, 8)
    ratio = surface.devicePixelRatioF()
    for severity in Severity:
        colour = _colour(scheme.severities[severity])
        surface.markerDefine(severity_image(severity, colour, _colour(scheme.margin), size, ratio), MARKERS[severity])
        surface.setIndicatorForegroundColor(colour, SQUIGGLES[severity])
    surface.setIndicatorForegroundColor(_colour(scheme.match), MATCH)
    surface.SendScintilla(_S.SCI_INDICSETALPHA, MATCH, MATCH_ALPHA)
    surface.SendScintilla(_S.SCI_INDICSETOUTLINEALPHA, MATCH, 255)


def _colour(name: str) -> PyQtGui.QColor:
    return PyQtGui.QColor(name)


def _pyqt_font(font: QFont) -> PyQtGui.QFont:
    theirs = PyQtGui.QFont()
    theirs.fromString(font.toString())
    theirs.setStyleHint(PyQtGui.QFont.StyleHint.Monospace)
    return theirs
