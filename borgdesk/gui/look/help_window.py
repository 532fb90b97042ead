"""Window with the guide; works without network access."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from borgdesk.gui.look import icons, screen_fit, tab_order
from borgdesk.paths import document
from borgdesk.translation import _

_OF_PAGES = {
    "overview": "Overview",
    "repositories": "Repositories",
    "archives": "Archives and restoring",
    "scripts": "Scripts",
    "history": "History",
    "settings": "Settings",
}


class HelpWindow(QDialog):
    """Shows the guide, starting at a heading. Its links open the other pages of the documentation."""

    report_requested = Signal()
    """The user wants to copy a problem report."""

    def __init__(self, chapter: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("BorgDesk user guide"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QTextBrowser()
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
        self.text.setSource(QUrl.fromLocalFile(str(document("guide.md"))))

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
            if block.blockFormat().headingLevel() and block.text() == self._chapter:
                top = self.text.document().documentLayout().blockBoundingRect(block).top()
                self.text.verticalScrollBar().setValue(round(top))
                return
            block = block.next()


def show_help(parent: QWidget, page: str = "") -> HelpWindow:
    """Open the guide beside a window, at the chapter of one of its pages."""
    window = HelpWindow(_OF_PAGES.get(page, ""), parent)
    window.show()
    return window
