"""Button below the sidebar with everything that helps: the guide, sample data, and what is known of this program."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from borgdesk.gui.look import icons
from borgdesk.translation import _


class HelpButton(QPushButton):
    """Opens a menu."""

    guide_requested = Signal()
    sample_requested = Signal()
    about_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(icons.icon("help"), _("Help"), parent)
        self.setFlat(True)
        self.setAutoDefault(False)
        menu = QMenu(self)
        guide = menu.addAction(_("&User guide"), self.guide_requested.emit)
        guide.setShortcut(QKeySequence(QKeySequence.StandardKey.HelpContents))
        # The window has this shortcut; here it is only shown.
        guide.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        menu.addAction(_("&Try it with sample data"), self.sample_requested.emit)
        menu.addSeparator()
        menu.addAction(_("&About BorgDesk"), self.about_requested.emit)
        self.setMenu(menu)
