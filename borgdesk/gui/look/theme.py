"""Colours with a meaning, in shades that are readable on the current palette, light or dark."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus


class Tone(Enum):
    """Meaning of a colour; the values are its shades on light and on dark backgrounds."""

    GOOD = ("#187633", "#57c878")
    WARNING = ("#9a6000", "#e5b048")
    BAD = ("#c01c28", "#ff7b74")
    WORKING = ("#1c62b9", "#7ab3f5")
    MUTED = ("#62676d", "#a3a8ae")


_RUN_TONES = {
    RunStatus.SUCCESS: Tone.GOOD,
    RunStatus.WARNING: Tone.WARNING,
    RunStatus.FAILURE: Tone.BAD,
    RunStatus.CANCELLED: Tone.MUTED,
    RunStatus.INTERRUPTED: Tone.BAD,
    RunStatus.SKIPPED: Tone.MUTED,
    RunStatus.QUEUED: Tone.MUTED,
    RunStatus.RUNNING: Tone.WORKING,
}
_EXECUTION_TONES = {
    ExecutionStatus.PENDING: Tone.MUTED,
    ExecutionStatus.RUNNING: Tone.WORKING,
    ExecutionStatus.SUCCESS: Tone.GOOD,
    ExecutionStatus.FAILED: Tone.BAD,
    ExecutionStatus.TIMED_OUT: Tone.BAD,
    ExecutionStatus.CANCELLED: Tone.MUTED,
    ExecutionStatus.INTERRUPTED: Tone.BAD,
    ExecutionStatus.SKIPPED: Tone.MUTED,
}


def tone_of(status: RunStatus | ExecutionStatus | Outcome) -> Tone:
    """Return the tone of a status."""
    if isinstance(status, ExecutionStatus):
        return _EXECUTION_TONES[status]
    return _RUN_TONES[RunStatus(status.value)]


def is_dark(palette: QPalette | None = None) -> bool:
    """Return whether text is lighter than its background."""
    palette = palette or QGuiApplication.palette()
    return palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.Text).lightness()


def color(tone: Tone) -> QColor:
    """Return the shade of *tone* for the current palette."""
    light, dark = tone.value
    return QColor(dark if is_dark() else light)


def tint(tone: Tone, strength: int = 28) -> QColor:
    """Return a background of that tone for text in the palette's colour; *strength* is its opacity out of 255."""
    shade = color(tone)
    shade.setAlpha(strength)
    return shade


def outline(palette: QPalette) -> QColor:
    """Return the colour of the outline of a control: 3:1 on the palette's backgrounds."""
    return QColor(_OUTLINES[is_dark(palette)])


def frame(palette: QPalette) -> QColor:
    """Return the colour of the frame of a card, fainter than :func:`outline`: what is in the card matters more."""
    return QColor(_FRAMES[is_dark(palette)])


_FRAMES = ("#bcc1c7", "#5d6269")
"""Of cards on light and on dark backgrounds."""

_OUTLINES = ("#767b80", "#9399a0")
"""Of controls on light and on dark backgrounds."""


def use_scheme(name: str) -> None:
    """Use "light" or "dark", or follow the desktop with "system"; call it again when the desktop's scheme changes."""
    application = QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    QGuiApplication.styleHints().setColorScheme(schemes.get(name, Qt.ColorScheme.Unknown))
    QGuiApplication.setPalette(QPalette())
    if name in schemes and is_dark() != (name == "dark"):
        # Use our own colours if the platform cannot switch its scheme.
        QGuiApplication.setPalette(_palette(_DARK if name == "dark" else _LIGHT))
    else:
        # Use the desktop's palette except for placeholder text, which Qt draws at half opacity, too faint to read.
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.PlaceholderText, color(Tone.MUTED))
        QGuiApplication.setPalette(palette)


_DARK = ("#34373c", "#17191c", "#e8e9eb", "#474b51", "#2f74c9", "#ffffff", "#8ab8ec")
_LIGHT = ("#efefef", "#ffffff", "#16181a", "#f4f4f4", "#308cc6", "#ffffff", "#1c62b9")


def _palette(shades: tuple[str, ...]) -> QPalette:
    """Return a palette for window, base, text, button, highlight, highlighted text and link; Qt derives the rest."""
    window, base, text, button, highlight, highlighted, link = map(QColor, shades)
    role = QPalette.ColorRole
    palette = QPalette(button, window)
    dark = window.lightness() < text.lightness()
    for which, shade in {
        role.Window: window,
        role.Base: base,
        role.AlternateBase: base.lighter(118) if dark else base.darker(103),
        role.ToolTipBase: button,
        role.Text: text,
        role.WindowText: text,
        role.ButtonText: text,
        role.ToolTipText: text,
        role.BrightText: text,
        role.Button: button,
        role.Highlight: highlight,
        role.HighlightedText: highlighted,
        role.Link: link,
        role.LinkVisited: link,
    }.items():
        palette.setColor(which, shade)
    faint = QColor(text)
    faint.setAlpha(128)
    palette.setColor(role.PlaceholderText, QColor(Tone.MUTED.value[dark]))
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faint)
    return palette
