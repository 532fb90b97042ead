"""The documentation: in the web browser, or in a window with the guide where there is none; without a network."""

from __future__ import annotations

import os
from typing import Any

from PySide6.QtCore import QByteArray, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from borgdesk.engine.desktop.browser import has_browser
from borgdesk.gui.look import icons, screen_fit, tab_order
from borgdesk.gui.look.chapters import START, Chapter, chapter, web_page
from borgdesk.paths import document
from borgdesk.translation import _

_WIDEST = 740
"""Pixels of a picture that the window shows without scrolling."""


class _Pages(QTextBrowser):
    """Shows pages of the documentation, with pictures that are not wider than the window."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        found = super().loadResource(kind, name)
        if kind != QTextDocument.ResourceType.ImageResource or not isinstance(found, QByteArray):
            return found
        picture = QImage.fromData(found)
        if picture.width() <= _WIDEST:
            return picture
        return picture.scaledToWidth(_WIDEST, Qt.TransformationMode.SmoothTransformation)


class HelpWindow(QDialog):
    """Shows the guide, starting at a heading. Its links open the other pages of the documentation."""

    report_requested = Signal()
    """The user wants to copy a problem report."""

    def __init__(self, chapter: Chapter = START, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("BorgDesk user guide"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = _Pages()
        self.text.setOpenExternalLinks(True)
        self.text.setAccessibleName(_("User guide"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.copy_report = QPushButton(icons.icon("edit-copy"), _("Copy report"))
        self.copy_report.setToolTip(_("Copy versions, folders and the last lines of BorgDesk's log, without secrets"))
        self.copy_report.setAutoDefault(False)
        self.copy_report.clicked.connect(self.report_requested)
        buttons.addButton(self.copy_report, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)
        self.resize(820, 640)
        self._chapter = chapter
        self.text.setSource(QUrl.fromLocalFile(str(document(f"{chapter.page}.md"))))

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        return tab_order.go_on(self, forward=next)

    def setVisible(self, visible: bool) -> None:
        if visible and not self.isVisible():
            screen_fit.fit(self)
        super().setVisible(visible)
        if visible:
            self._scroll_to_chapter()

    def _scroll_to_chapter(self) -> None:
        """Scroll to the heading by its text: headings of Markdown have no anchors in Qt."""
        block = self.text.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and block.text() == self._chapter.heading:
                top = self.text.document().documentLayout().blockBoundingRect(block).top()
                self.text.verticalScrollBar().setValue(round(top))
                return
            block = block.next()


def open_help(parent: QWidget, page: str = "") -> HelpWindow | None:
    """Open the chapter of a page in the web browser; without one, return the window that shows it."""
    file = web_page(page)
    if file is not None and has_browser(os.environ) and QDesktopServices.openUrl(QUrl.fromLocalFile(str(file))):
        return None
    return show_help(parent, page)


def show_help(parent: QWidget, page: str = "") -> HelpWindow:
    """Open the guide beside a window, at the chapter of one of its pages."""
    window = HelpWindow(chapter(page), parent)
    window.show()
    return window
