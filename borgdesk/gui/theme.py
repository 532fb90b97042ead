"""Colours that mean something, in a shade that can be read on the palette in use, light or dark."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus


class Tone(Enum):
    """What a colour says; the values are the shades on a light and on a dark ground."""

    GOOD = ("#1a7f37", "#57c878")
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
    """The tone in which a status is shown."""
    if isinstance(status, ExecutionStatus):
        return _EXECUTION_TONES[status]
    return _RUN_TONES[RunStatus(status.value)]


def is_dark(palette: QPalette | None = None) -> bool:
    """Whether text is lighter than its ground."""
    palette = palette or QGuiApplication.palette()
    return palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.Text).lightness()


def color(tone: Tone) -> QColor:
    """The shade of *tone* for the palette in use."""
    light, dark = tone.value
    return QColor(dark if is_dark() else light)


def tint(tone: Tone, strength: int = 28) -> QColor:
    """A ground of that tone behind text in the palette's own colour; *strength* is its opacity of 255."""
    shade = color(tone)
    shade.setAlpha(strength)
    return shade


def use_scheme(name: str) -> None:
    """Follow the desktop ("system"), or be "light" or "dark" whatever it says."""
    application = QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    QGuiApplication.styleHints().setColorScheme(schemes.get(name, Qt.ColorScheme.Unknown))
    QGuiApplication.setPalette(QPalette())
    if name in schemes and is_dark() != (name == "dark"):
        # Without a desktop that can be asked for another scheme, the colours are our own.
        QGuiApplication.setPalette(_palette(_DARK if name == "dark" else _LIGHT))


_DARK = ("#2a2c30", "#1e2023", "#e8e9eb", "#3a3d42", "#3d7ec2", "#ffffff", "#8ab8ec")
_LIGHT = ("#efefef", "#ffffff", "#16181a", "#f4f4f4", "#308cc6", "#ffffff", "#1c62b9")


def _palette(shades: tuple[str, ...]) -> QPalette:
    """A palette of window, base, text, button, highlight, highlighted text and link; Qt makes the rest of it."""
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
    palette.setColor(role.PlaceholderText, faint)
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faint)
    return palette
