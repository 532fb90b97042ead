"""Colour scheme of the editor, derived from the desktop's palette with sufficient contrast.

Contrast is that of WCAG 2.1 ("relative luminance", "contrast ratio"): text has at least 4.5 to 1 against every
background it can be on, marks at least 3 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette

from borgdesk.domain.findings import Severity
from borgdesk.gui.editor.languages import Role

TEXT_CONTRAST = 4.5
MARK_CONTRAST = 3.0
MATCH_ALPHA = 24
"""Opacity of the match colour, out of 255, in a highlighted match."""

_DEGREES = {
    Role.COMMENT: (110, 0.22),
    Role.STRING: (130, 0.75),
    Role.NUMBER: (290, 0.65),
    Role.KEYWORD: (215, 0.90),
    Role.VARIABLE: (25, 0.90),
    Role.FUNCTION: (185, 0.85),
    Role.OPERATOR: (330, 0.35),
    Role.COMMAND: (265, 0.75),
    Role.ERROR: (0, 0.90),
}
"""Hue in degrees and saturation of each role with its own colour; the lightness depends on the background."""

_SEVERITIES = {
    Severity.ERROR: (0, 0.85),
    Severity.WARNING: (36, 0.95),
    Severity.INFO: (212, 0.85),
    Severity.STYLE: (150, 0.55),
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """All colours of one editor, each as ``#rrggbb``."""

    dark: bool
    base: str
    text: str
    current_line: str
    margin: str
    margin_text: str
    selection: str
    selection_text: str
    caret: str
    guide: str
    whitespace: str
    brace: str
    brace_text: str
    match: str
    roles: dict[Role, str]
    severities: dict[Severity, str]


def scheme_for(palette: QPalette) -> Scheme:
    """Return the colours that match a palette's text fields (Base, Text) and selections."""
    group = QPalette.ColorGroup.Active
    base = palette.color(group, QPalette.ColorRole.Base)
    wanted = palette.color(group, QPalette.ColorRole.Text)
    dark = _luminance(base) < _luminance(wanted)
    text, line = wanted, _mix(base, wanted, 0.07)
    if contrast(line, text) < TEXT_CONTRAST:
        text = QColor("white" if dark else "black")
        line = _mix(base, text, 0.07)
    margin = _mix(base, text, 0.04)
    selection = palette.color(group, QPalette.ColorRole.Highlight)
    selected = palette.color(group, QPalette.ColorRole.HighlightedText)
    if contrast(selection, selected) < TEXT_CONTRAST:
        selected = (
            QColor("white")
            if contrast(selection, QColor("white")) > contrast(selection, QColor("black"))
            else QColor("black")
        )
    brace = _mix(base, selection, 0.35)
    match = _readable(48, 0.95, (base, line), MARK_CONTRAST, dark=dark)
    grounds = (base, line, _mix(base, match, MATCH_ALPHA / 255), _mix(line, match, MATCH_ALPHA / 255))
    return Scheme(
        dark=dark,
        base=base.name(),
        text=text.name(),
        current_line=line.name(),
        margin=margin.name(),
        margin_text=_readable(0, 0.0, (margin,), TEXT_CONTRAST, dark=dark).name(),
        selection=selection.name(),
        selection_text=selected.name(),
        caret=text.name(),
        guide=_mix(base, text, 0.25).name(),
        whitespace=_mix(base, text, 0.40).name(),
        brace=brace.name(),
        brace_text=_readable(215, 0.9, (brace,), TEXT_CONTRAST, dark=dark).name(),
        match=match.name(),
        roles={Role.TEXT: text.name()}
        | {r: _readable(hue, sat, grounds, TEXT_CONTRAST, dark=dark).name() for r, (hue, sat) in _DEGREES.items()},
        severities={
            s: _readable(hue, sat, (*grounds, margin), MARK_CONTRAST, dark=dark).name()
            for s, (hue, sat) in _SEVERITIES.items()
        },
    )


def contrast(one: QColor, other: QColor) -> float:
    """Return WCAG's contrast ratio, 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable(hue: int, saturation: float, grounds: tuple[QColor, ...], minimum: float, *, dark: bool) -> QColor:
    """Return the colour of that hue, as close to medium lightness as the contrast allows, else white or black."""
    for step in range(101):
        share = 0.45 + 0.0055 * step if dark else 0.55 - 0.0055 * step
        colour = _rounded(QColor.fromHslF(hue / 360, saturation, min(max(share, 0.0), 1.0)))
        if all(contrast(ground, colour) >= minimum for ground in grounds):
            return colour
    return QColor("white" if dark else "black")


def _luminance(colour: QColor) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(one: QColor, other: QColor, share: float) -> QColor:
    mixed = QColor.fromRgbF(
        one.redF() + (other.redF() - one.redF()) * share,
        one.greenF() + (other.greenF() - one.greenF()) * share,
        one.blueF() + (other.blueF() - one.blueF()) * share,
    )
    return _rounded(mixed)


def _rounded(colour: QColor) -> QColor:
    """Return the colour rounded to 8 bits as it is drawn, for which the contrast must hold."""
    return QColor(colour.name())
