"""Main window: a sidebar, the pages, and a bar with the active runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.gui.look import icons, screen_fit, tab_order, theme, widget_rules
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.help_window import open_help
from borgdesk.gui.look.overflow_area import OverflowArea
from borgdesk.gui.look.page import Page
from borgdesk.gui.shell.help_button import HelpButton
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.translation import _

_FIRST = QSize(1120, 740)
_ENOUGH = 690
"""Width that suffices for every page: what the smallest usual window has left beside the sidebar."""
_SIDEBAR = 22
"""Width of the sidebar in characters."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """Sidebar entry of a page, which is created when it is first opened."""

    name: str
    title: str
    icon: str
    """Name of an icon in BorgDesk's own set."""
    make: Callable[[], Page]


class MainWindow(QMainWindow):
    """Shows pages, which it knows only by their names."""

    close_requested = Signal()
    """The user closed the window; the receiver decides whether it hides, is minimised or ends the program."""
    report_requested = Signal()
    """The user wants to copy a problem report."""
    quit_requested = Signal()
    files_dropped = Signal(list)
    """Paths of files dropped on a part of the window that does not handle them itself."""

    def __init__(self, settings: WindowSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._entries: dict[str, PageEntry] = {}
        self._pages: dict[str, Page] = {}
        self.prepare: Callable[[Callable[[], None]], None] = lambda make: make()
        """Calls what makes a page once its modules are loaded, which takes a while: not in this thread."""
        self._chosen = ""
        """The page that opens as soon as it can be made."""
        self._may_close = False
        self._waiting = ""
        """The latest message of show_waiting."""
        self._done = ""
        """The latest message of show_done."""
        self.setWindowTitle(_("BorgDesk"))
        self.setMinimumSize(screen_fit.LEAST)
        self._sidebar = _Sidebar(self)
        self._sidebar.currentItemChanged.connect(self._on_entry_chosen)
        # Clicking the entry of the open page returns to the page's start.
        self._sidebar.itemClicked.connect(self._on_entry_chosen)
        self.help_button = HelpButton(self)
        self.help_button.guide_requested.connect(self._show_help)
        self._stack = QStackedWidget(self)
        self._opening = QLabel(_("Opening…"), self)
        self._opening.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._opening.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack.addWidget(self._opening)
        self._area = OverflowArea(self._stack, screen_fit.for_letters(_ENOUGH, self))
        self.problem = Banner(self)
        """Banner with the latest problem, until the user closes it."""
        self._lay_out()
        self._add_actions()
        self.resize(screen_fit.for_letters(_FIRST.width(), self), screen_fit.for_letters(_FIRST.height(), self))
        if not settings.geometry.isEmpty():
            self.restoreGeometry(settings.geometry)
        screen_fit.fit(self)

    def show_entries(self, entries: Sequence[PageEntry]) -> None:
        """Show these entries in the sidebar and open the first page."""
        self._entries = {entry.name: entry for entry in entries}
        self.setAcceptDrops(True)
        self._sidebar.show_entries(entries)
        for place, entry in enumerate(entries, start=1):
            action = QAction(entry.title, self)
            action.setShortcut(QKeySequence(f"Ctrl+{place}"))
            action.triggered.connect(lambda _=False, name=entry.name: self._jump_to(name))
            self.addAction(action)
        self.open_page(entries[0].name)

    def show_alone(self, page: QWidget) -> None:
        """Show one page instead of all others, for example the one that explains why the store cannot be opened."""
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)

    def show_opening(self) -> None:
        """Show that the store is being opened."""
        self._stack.setCurrentWidget(self._opening)

    def set_bar(self, bar: QWidget) -> None:
        """Show *bar* below the pages."""
        self._outer.addWidget(bar)

    def page(self, name: str) -> Page:
        """Return the page of that name, creating it if necessary."""
        if name not in self._pages:
            page = widget_rules.built(self._entries[name].make)
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    def has_made(self, name: str) -> bool:
        """Return whether the page of that name has been created."""
        return name in self._pages

    def open_page(self, name: str) -> bool:
        """Open a page; return False if the open one has unsaved changes and the user stays with it."""
        self._chosen = ""
        current, page = self._current_name(), self.page(name)
        if current is not None and current != name and not self.can_leave():
            self._sidebar.select(current)
            return False
        self._sidebar.select(name)
        self._stack.setCurrentWidget(page)
        if current != name and self._done and self.problem.text == self._done:
            self.problem.hide()
        if current is not None:
            page.refresh()
        return True

    def has_unsaved(self) -> bool:
        """Return whether the open page has unsaved changes."""
        page = self._current_page()
        return page is not None and page.has_unsaved()

    def lost_at_end(self) -> list[str]:
        """Return the names of the dialogs and pages whose unsaved input would be lost if the program ended now."""
        dialogs = [one for one in QApplication.topLevelWidgets() if isinstance(one, Dialog) and one.isVisible()]
        names = [dialog.windowTitle() for dialog in dialogs if dialog.has_edits()]
        page = self._current_page()
        return names + [name for name in [page.lost_at_end() if page is not None else ""] if name]

    def can_leave(self) -> bool:
        """Return whether the open page has no unsaved changes, or the user agrees to leave them."""
        page = self._current_page()
        return page is None or page.can_leave()

    def show_problem(self, sentence: str) -> None:
        """Show a problem above the page."""
        self.problem.show_message(sentence, theme.Tone.BAD)

    def show_done(self, sentence: str) -> None:
        """Show above the page what came of something that the user did; it goes when another page is opened."""
        self.problem.show_message(sentence, theme.Tone.GOOD)
        self._done = sentence

    def show_exception(self, sentence: str) -> None:
        """Show that an internal error occurred, and offer to copy a problem report."""
        copy = BannerButton(_("Copy report"), self.report_requested.emit, "edit-copy", hides_banner=False)
        self.problem.show_message(sentence, theme.Tone.BAD, [copy])

    def show_copied(self) -> None:
        """Show that the report is on the clipboard."""
        self.problem.show_message(
            _("The report was copied. Secrets are masked, but check it before you share it."),
            theme.Tone.GOOD,
        )

    def show_waiting(self, sentence: str) -> None:
        """Show above the page what is being waited for; an empty sentence removes such a message, but no other."""
        if sentence or self.problem.text == self._waiting:
            self.problem.show_message(sentence, theme.Tone.WORKING)
        self._waiting = sentence

    def close_for_good(self) -> None:
        """Close without asking."""
        self._may_close = True
        self.close()

    def come_forward(self) -> None:
        """Show, restore and activate the window."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setContentsMargins(4, 4, 4, 0)
        right.addWidget(CalmPlace(self._area, self.problem))
        right.addWidget(self._area, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._side())
        row.addLayout(right, 1)
        middle = QWidget(self)
        self._outer = QVBoxLayout(middle)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._outer.addLayout(row, 1)
        self.setCentralWidget(middle)

    def _side(self) -> QWidget:
        side = QWidget(self)
        side.setBackgroundRole(QPalette.ColorRole.Base)
        side.setAutoFillBackground(True)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addWidget(self._sidebar, 1)
        column.addWidget(self.help_button, 0, Qt.AlignmentFlag.AlignLeft)
        return side

    def _add_actions(self) -> None:
        for text, keys, done in (
            (_("Quit"), QKeySequence("Ctrl+Q"), self.quit_requested.emit),
            (_("Help"), QKeySequence(QKeySequence.StandardKey.HelpContents), self._show_help),
            (_("Refresh"), QKeySequence("F5"), self._refresh),
            (_("Search"), QKeySequence(QKeySequence.StandardKey.Find), self._focus_search),
        ):
            action = QAction(text, self)
            action.setShortcut(keys)
            action.triggered.connect(lambda _=False, done=done: done())
            self.addAction(action)

    def _jump_to(self, name: str) -> None:
        """Open a page and focus its content; otherwise the focus would stay in the sidebar."""
        self._choose(name, focuses=True)

    def _on_entry_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._choose(item.data(Qt.ItemDataRole.UserRole))

    def _choose(self, name: str, *, focuses: bool = False) -> None:
        """Open a page chosen by its name, as soon as that does not stall the window."""
        if self.has_made(name):
            self._open_from_start(name, focuses)
        elif self._chosen != name:
            self._chosen = name
            self.prepare(partial(self._open_chosen, name, focuses))

    def _open_chosen(self, name: str, focuses: bool) -> None:
        if self._chosen == name:
            self._open_from_start(name, focuses)

    def _open_from_start(self, name: str, focuses: bool) -> None:
        """Open a page at its start rather than at what was last opened in it."""
        if self.open_page(name):
            self.page(name).show_start()
            if focuses:
                self.page(name).focus_content()

    def _current_page(self) -> Page | None:
        current = self._stack.currentWidget()
        return current if isinstance(current, Page) else None

    def _current_name(self) -> str | None:
        current = self._stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is current), None)

    def _show_help(self) -> None:
        if (help_window := open_help(self, self._current_name() or "")) is not None:
            help_window.report_requested.connect(self.report_requested)

    def _refresh(self) -> None:
        if (page := self._current_page()) is not None:
            page.refresh()

    def _focus_search(self) -> None:
        if (page := self._current_page()) is not None:
            page.focus_search()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # Files are examined here and not at each move: once an event is refused here, Qt sends neither moves nor a
        # drop.
        from borgdesk.engine.scripts.library import may_be_scripts

        if may_be_scripts(_files(event)):
            self.dragMoveEvent(event)
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _files(event):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        files = _files(event)
        if not files:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.files_dropped.emit(files)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        return tab_order.go_on(self, forward=next)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = event.size()
        is_narrow = size.width() < screen_fit.LEAST.width()
        self._sidebar.fit(narrow=is_narrow)
        self._area.let_scroll(is_narrow or size.height() < screen_fit.LEAST.height())

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settings.keep_geometry(self.saveGeometry())
        if self._may_close:
            super().closeEvent(event)
            return
        event.ignore()
        self.close_requested.emit()


def _files(event: QDropEvent) -> list[Path]:
    """Return the dragged files without folders: a dropped folder was probably meant for a list of sources."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.is_file()]


class _Sidebar(QListWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Pages"))
        self.fit(narrow=False)
        self.setIconSize(QSize(20, 20))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setSpacing(2)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)

    def fit(self, *, narrow: bool) -> None:
        """Be as wide as usual, or only as wide as the entries: on a tiny screen, the pages need the rest."""
        text = self.fontMetrics()
        usual = text.averageCharWidth() * _SIDEBAR + 24
        longest = max((text.horizontalAdvance(self.item(row).text()) for row in range(self.count())), default=usual)
        self.setFixedWidth(min(usual, longest + self.iconSize().width() + 24) if narrow else usual)

    def show_entries(self, entries: Sequence[PageEntry]) -> None:
        self.blockSignals(True)
        self.clear()
        for place, entry in enumerate(entries, start=1):
            item = QListWidgetItem(icons.icon(entry.icon), entry.title, self)
            item.setData(Qt.ItemDataRole.UserRole, entry.name)
            item.setToolTip(_("{title} (Ctrl+{number})").format(title=entry.title, number=place))
            item.setSizeHint(QSize(0, self.fontMetrics().height() + 18))
        self.blockSignals(False)
        self.fit(narrow=self.window().width() < screen_fit.LEAST.width())

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Qt marks a pressed entry after it has become the current one, even if that was undone meanwhile."""
        super().setSelection(rect, command)
        self.setCurrentItem(self.currentItem())

    def select(self, name: str) -> None:
        self.blockSignals(True)
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.setCurrentRow(row)
        self.blockSignals(False)
