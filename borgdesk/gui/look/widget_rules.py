"""Application-wide rules for all widgets, including those that Qt creates itself.

* Labels show plain text: ``<b>x</b>`` in a name is not markup. A label with markup sets its format explicitly.
* The wheel scrolls the page. It changes a value only in the focused widget.
* Tab leaves every text and table, and stops only where something can be done.
* The outlines of controls are visible.
* Icons of dialog buttons are of the family of all others.
* The mnemonic of a label focuses the first field of its buddy.
* Paths and times are read from left to right, also where sentences are not.
* Screen readers learn what widgets are that draw themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDateTimeEdit,
    QDialogButtonBox,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QStyle,
    QStyledItemDelegate,
    QTabBar,
    QTableView,
    QTextEdit,
    QTreeView,
    QWidget,
)

from borgdesk.gui.look import accessible, icons, outlines, theme
from borgdesk.gui.look.direction import Isolating

W = TypeVar("W", bound=QWidget)

_VALUES = (QAbstractSpinBox, QAbstractSlider, QComboBox, QTabBar)
"""Widgets whose value the wheel changes; editors of dates and times are spin boxes."""


_STANDARD = {
    QDialogButtonBox.StandardButton.Save: "document-save",
    QDialogButtonBox.StandardButton.Discard: "edit-undo",
}
"""Icons of buttons that have one elsewhere, too."""

QUESTIONS = {
    QMessageBox.Icon.Information: ("dialog-information", theme.Tone.WORKING),
    QMessageBox.Icon.Question: ("help", theme.Tone.WORKING),
    QMessageBox.Icon.Warning: ("status-warning", theme.Tone.WARNING),
    QMessageBox.Icon.Critical: ("status-failure", theme.Tone.BAD),
}
"""The signs of message boxes, and their colours."""

_REPAINTED = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


class WidgetRules(QObject):
    """Event filter that prepares each widget before it is shown and keeps the wheel from changing values."""

    is_building = False
    """Whether :func:`built` applies the rules at present."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Polish and isinstance(watched, QWidget):
            _polish(watched)
        elif kind in _REPAINTED and isinstance(watched, outlines.CONTROLS):
            outlines.outline(watched)
        elif kind == QEvent.Type.Wheel and _is_left_alone(watched):
            # The event is ignored, not consumed, so that the enclosing scroll area scrolls.
            event.ignore()
            return True
        return False


def install(application: QApplication) -> None:
    """Apply the rules to all widgets of the application; a second call changes nothing."""
    if not application.findChildren(WidgetRules):
        application.installEventFilter(WidgetRules(application))
        accessible.install()


def built(make: Callable[[], W]) -> W:
    """Return the page or dialog that *make* makes, to which the rules are applied once it is complete.

    Each of its hundreds of widgets gets a dozen events while it is made, and a call of Python for each of them takes
    longer than all else: everything else in the window would wait for that.
    """
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    rules = application.findChild(WidgetRules)
    if rules is None or rules.is_building:
        return make()
    application.removeEventFilter(rules)
    rules.is_building = True
    try:
        made = make()
        widgets: list[QWidget] = [made, *made.findChildren(QWidget)]
        for widget in widgets:
            # The others are polished when they are shown, or asked for their size.
            if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
                _polish(widget)
    finally:
        rules.is_building = False
        application.installEventFilter(rules)
    return made


def _is_left_alone(widget: QObject) -> bool:
    return isinstance(widget, _VALUES) and not isinstance(widget, QScrollBar) and not widget.hasFocus()


def _polish(widget: QWidget) -> None:
    _dress(widget)
    if widget.isRightToLeft():
        _read_from_left(widget)
    if isinstance(widget, QLabel):
        if widget.textFormat() is Qt.TextFormat.AutoText:
            widget.setTextFormat(Qt.TextFormat.PlainText)
        _lead_into_field(widget)
    elif isinstance(widget, _VALUES):
        if widget.focusPolicy() is Qt.FocusPolicy.WheelFocus:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    elif isinstance(widget, QPlainTextEdit | QTextEdit):
        widget.setTabChangesFocus(True)
    elif isinstance(widget, QTableView | QTreeView):
        widget.setTabKeyNavigation(False)
    elif isinstance(widget, QScrollArea):
        # Qt would stop there without drawing a focus frame. Keys that scroll reach the area from the fields inside.
        widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)


def _read_from_left(widget: QWidget) -> None:
    """Keep the order of what is not a sentence."""
    if isinstance(widget, QDateTimeEdit):
        wanted = widget.displayFormat()  # it is reversed now, and would show 02:30 as 30:02
        widget.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        widget.setDisplayFormat(wanted)
    elif isinstance(widget, QAbstractItemView):
        delegate = widget.itemDelegate()
        if type(delegate) is QStyledItemDelegate:
            widget.setItemDelegate(Isolating(widget))


def _dress(widget: QWidget) -> None:
    if isinstance(widget, outlines.CONTROLS):
        outlines.outline(widget)
    elif isinstance(widget, QDialogButtonBox):
        _use_own_icons(widget)
    elif isinstance(widget, QMessageBox):
        _use_own_sign(widget)


def _use_own_sign(box: QMessageBox) -> None:
    """Replace the sign of a question or warning by that of our banners."""
    label = box.findChild(QLabel, "qt_msgboxex_icon_label")
    if label is not None and box.icon() in QUESTIONS:
        name, tone = QUESTIONS[box.icon()]
        side = box.style().pixelMetric(QStyle.PixelMetric.PM_MessageBoxIconSize, None, box)
        label.setPixmap(icons.toned(name, tone).pixmap(QSize(side, side), box.devicePixelRatio()))


def _use_own_icons(box: QDialogButtonBox) -> None:
    """Replace the icons that the style gives buttons such as *Cancel*, where it gives any, by ours or none."""
    for button in box.buttons():
        if not button.icon().isNull() and not icons.is_ours(button.icon()):
            name = _STANDARD.get(box.standardButton(button))
            button.setIcon(icons.icon(name) if name else QIcon())


def _lead_into_field(label: QLabel) -> None:
    """Focus a field of a buddy that consists of several fields and takes no focus itself.

    Such a buddy cannot use one of them as focus proxy: Qt then moves it before its first child in the tab order. If
    that child is a menu, which is a window of its own, Tab goes round in a circle from then on.
    """
    buddy: QWidget | None = label.buddy()
    if buddy is not None and buddy.focusPolicy() is Qt.FocusPolicy.NoFocus:
        fields = (one for one in buddy.findChildren(QWidget) if one.focusPolicy() & Qt.FocusPolicy.TabFocus)
        first = next(fields, None)
        if first is not None:
            label.setBuddy(first)
