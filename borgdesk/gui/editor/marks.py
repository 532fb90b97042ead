"""Marks of findings and matches: a symbol in the margin, and a squiggle or highlight in the text.

Scintilla moves the marks as the text is edited. The indicator's value tells which finding a squiggle belongs to, so
that tooltips stay correct after edits above it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from borgdesk.domain.findings import Finding, Severity
from borgdesk.gui.editor.binding import PyQtCore, PyQtGui, Qsci
from borgdesk.gui.editor.surface import FINDING_MARGIN, Surface
from borgdesk.gui.editor.text_search import Span
from borgdesk.gui.look import words

_S = Qsci.QsciScintilla

MAX_MARKED = 2_000
"""Maximum number of findings drawn, worst first: more would slow down every repaint."""

SQUIGGLES = {severity: 8 + number for number, severity in enumerate(Severity)}
MATCH = 12
MARKERS = {severity: number for number, severity in enumerate(reversed(Severity))}
"""Scintilla draws higher numbers on top, so the worst severity has the highest."""

_MARKER_MASK = sum(1 << number for number in MARKERS.values())


class FindingMarks:
    """The findings shown in one surface."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._groups: list[tuple[Finding, ...]] = []
        surface.setMarginMarkerMask(FINDING_MARGIN, _MARKER_MASK)
        for number in SQUIGGLES.values():
            surface.indicatorDefine(_S.IndicatorStyle.SquiggleIndicator, number)

    def show(self, findings: Iterable[Finding]) -> None:
        """Replace all marks. Findings of the same range and severity share one mark."""
        self.clear()
        grouped: dict[tuple[int, int, Severity], list[Finding]] = defaultdict(list)
        for finding in sorted(findings, key=_rank)[:MAX_MARKED]:
            grouped[(*self._span(finding), finding.severity)].append(finding)
        # The longest come first: a finding inside a longer one is drawn over it, so that both can be pointed at.
        for (start, end, severity), group in sorted(grouped.items(), key=lambda item: item[0][0] - item[0][1]):
            self._groups.append(tuple(group))
            self._fill(SQUIGGLES[severity], start, end, len(self._groups))
            self._surface.markerAdd(self._surface.place_of(start)[0] - 1, MARKERS[severity])

    def clear(self) -> None:
        """Remove all marks."""
        self._groups = []
        for severity, number in SQUIGGLES.items():
            self._surface.markerDeleteAll(MARKERS[severity])
            self._surface.SendScintilla(_S.SCI_SETINDICATORCURRENT, number)
            self._surface.SendScintilla(_S.SCI_INDICATORCLEARRANGE, 0, self._surface.length())

    def at(self, position: int) -> tuple[Finding, ...]:
        """Return the findings whose squiggle covers a position, worst first."""
        values = (self._value(number, position) for number in SQUIGGLES.values())
        return tuple(finding for value in values if value for finding in self._groups[value - 1])

    def on_line(self, line: int) -> tuple[Finding, ...]:
        """Return the findings whose squiggle touches a line (from 1), worst first, then from left to right."""
        start, end = self._surface.line_start(line), self._surface.line_end(line)
        found: dict[int, None] = {}
        for number in SQUIGGLES.values():
            position = start
            while position <= end:
                found.setdefault(self._value(number, position))
                edge = self._surface.SendScintilla(_S.SCI_INDICATOREND, number, position)
                if edge <= position:
                    break
                position = edge
        return tuple(finding for value in found if value for finding in self._groups[value - 1])

    def next_start(self, position: int, *, backward: bool = False) -> int | None:
        """Return where the next or previous squiggle begins, seen from a position; None if there is none."""
        starts = [self._edge(number, position, backward=backward) for number in SQUIGGLES.values()]
        known = [start for start in starts if start is not None]
        if not known:
            return None
        return max(known) if backward else min(known)

    def _edge(self, number: int, position: int, *, backward: bool) -> int | None:
        end = self._surface.length()
        while 0 <= position <= end:
            if backward:
                begin = self._surface.SendScintilla(_S.SCI_INDICATORSTART, number, max(position - 1, 0))
                if position == 0:
                    return None
            else:
                begin = self._surface.SendScintilla(_S.SCI_INDICATOREND, number, position)
                if begin <= position:
                    return None
            if self._value(number, begin):
                return begin
            position = begin
        return None

    def _span(self, finding: Finding) -> tuple[int, int]:
        start = self._surface.position_of(finding.line, finding.column)
        end = self._surface.position_of(finding.end_line, finding.end_column)
        if end > start:
            return start, end
        length = self._surface.length()
        after = self._surface.SendScintilla(_S.SCI_POSITIONAFTER, start)
        if start < length:
            return start, after
        return self._surface.SendScintilla(_S.SCI_POSITIONBEFORE, start), start

    def _fill(self, number: int, start: int, end: int, value: int) -> None:
        self._surface.SendScintilla(_S.SCI_SETINDICATORCURRENT, number)
        self._surface.SendScintilla(_S.SCI_SETINDICATORVALUE, value)
        self._surface.SendScintilla(_S.SCI_INDICATORFILLRANGE, start, end - start)

    def _value(self, number: int, position: int) -> int:
        return self._surface.SendScintilla(_S.SCI_INDICATORVALUEAT, number, position)


class MatchMarks:
    """The highlighted matches of a search."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        surface.indicatorDefine(_S.IndicatorStyle.StraightBoxIndicator, MATCH)
        surface.setIndicatorDrawUnder(True, MATCH)

    def show(self, spans: Sequence[Span]) -> None:
        """Highlight exactly these ranges."""
        self._surface.SendScintilla(_S.SCI_SETINDICATORCURRENT, MATCH)
        self._surface.SendScintilla(_S.SCI_SETINDICATORVALUE, 1)
        self._surface.SendScintilla(_S.SCI_INDICATORCLEARRANGE, 0, self._surface.length())
        for span in spans:
            self._surface.SendScintilla(_S.SCI_INDICATORFILLRANGE, span.start, span.end - span.start)


def findings_as_text(findings: Iterable[Finding]) -> str:
    """Return findings as a tooltip: code and sentence, one paragraph each."""
    return "\n".join(words.tooltip(f"{f.code} {f.message}".strip()) for f in findings)


def severity_image(
    severity: Severity, colour: PyQtGui.QColor, ink: PyQtGui.QColor, size: int, ratio: float
) -> PyQtGui.QImage:
    """Return a margin symbol that differs in shape as well as colour; ``size`` is in pixels of the widget."""
    image = PyQtGui.QImage(round(size * ratio), round(size * ratio), PyQtGui.QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(PyQtCore.Qt.GlobalColor.transparent)
    painter = PyQtGui.QPainter(image)
    painter.setRenderHint(PyQtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(PyQtCore.Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    box = PyQtCore.QRectF(0.5, 0.5, size - 1, size - 1)
    _SHAPES[severity](painter, box)
    pen = PyQtGui.QPen(ink, max(size / 8, 1.2))
    pen.setCapStyle(PyQtCore.Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    _SIGNS[severity](painter, box)
    painter.end()
    return image


def _disc(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    painter.drawEllipse(box)


def _triangle(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    top = PyQtCore.QPointF(box.center().x(), box.top())
    painter.drawPolygon(PyQtGui.QPolygonF([top, box.bottomRight(), box.bottomLeft()]))


def _square(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 2, 2)


def _diamond(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    middle = box.center()
    corners = [
        PyQtCore.QPointF(middle.x(), box.top() + 1),
        PyQtCore.QPointF(box.right() - 1, middle.y()),
        PyQtCore.QPointF(middle.x(), box.bottom() - 1),
        PyQtCore.QPointF(box.left() + 1, middle.y()),
    ]
    painter.drawPolygon(PyQtGui.QPolygonF(corners))


def _cross(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    reach = box.width() * 0.18
    middle = box.center()
    offset = PyQtCore.QPointF(reach, reach)
    mirrored = PyQtCore.QPointF(reach, -reach)
    painter.drawLine(middle - offset, middle + offset)
    painter.drawLine(middle - mirrored, middle + mirrored)


def _exclamation(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    x = box.center().x()
    painter.drawLine(
        PyQtCore.QPointF(x, box.top() + box.height() * 0.40), PyQtCore.QPointF(x, box.top() + box.height() * 0.62)
    )
    painter.drawPoint(PyQtCore.QPointF(x, box.top() + box.height() * 0.84))


def _letter_i(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    x = box.center().x()
    painter.drawPoint(PyQtCore.QPointF(x, box.top() + box.height() * 0.27))
    painter.drawLine(
        PyQtCore.QPointF(x, box.top() + box.height() * 0.50), PyQtCore.QPointF(x, box.top() + box.height() * 0.75)
    )


def _nothing(painter: PyQtGui.QPainter, box: PyQtCore.QRectF) -> None:
    """Draw nothing inside: a diamond has no symbol."""


_SHAPES = {Severity.ERROR: _disc, Severity.WARNING: _triangle, Severity.INFO: _square, Severity.STYLE: _diamond}
_SIGNS = {Severity.ERROR: _cross, Severity.WARNING: _exclamation, Severity.INFO: _letter_i, Severity.STYLE: _nothing}


def _rank(finding: Finding) -> tuple[int, int, int]:
    return list(Severity).index(finding.severity), finding.line, finding.column
