"""The window: pages behind a sidebar, and below them what runs now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QIcon,
    QKeySequence,
    QPalette,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.gui import icons, theme
from borgdesk.gui.preferences import Preferences
from borgdesk.gui.widgets.notice import Notice

LEAST = QSize(900, 600)
_FIRST = QSize(1120, 740)
_SIDEBAR = 22
"""Characters the sidebar is wide."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page of the sidebar; it is made when it is first looked at."""

    name: str
    title: str
    icon: str
    """Of our own set."""
    make: Callable[[], QWidget]


class MainWindow(QMainWindow):
    """Knows pages by name only. A page may have ``refresh``, ``focus_search`` and ``can_leave``."""

    close_asked = Signal()
    """The user closed the window; whoever owns it decides whether it hides, minimises or ends."""
    quit_asked = Signal()
    files_dropped = Signal(list)
    """Paths of files that were dropped anywhere on the window where nothing else takes them."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._entries: dict[str, PageEntry] = {}
        self._pages: dict[str, QWidget] = {}
        self._may_close = False
        self.setWindowTitle(self.tr("BorgDesk"))
        self.setMinimumSize(LEAST)
        self._sidebar = _Sidebar(self)
        self._sidebar.currentItemChanged.connect(self._sidebar_moved)
        self._stack = QStackedWidget(self)
        self._opening = QLabel(self.tr("Opening…"), self)
        self._opening.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._opening.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack.addWidget(self._opening)
        self.problem = Notice(self, closable=True)
        """What went wrong last, until somebody closes it."""
        self._lay_out()
        self._add_actions()
        self.resize(_FIRST)
        if not preferences.geometry.isEmpty():
            self.restoreGeometry(preferences.geometry)

    def show_entries(self, entries: Sequence[PageEntry]) -> None:
        """Offer these pages and open the first."""
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
        """Show a page instead of all others, such as one that says why nothing else can be shown."""
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)

    def show_opening(self) -> None:
        """Say that it will take a moment."""
        self._stack.setCurrentWidget(self._opening)

    def set_bar(self, bar: QWidget) -> None:
        """Put what runs now below the pages."""
        self._outer.addWidget(bar)

    def page(self, name: str) -> QWidget:
        """The page of that name; it is made if nobody looked at it yet."""
        if name not in self._pages:
            page = self._entries[name].make()
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    def has_made(self, name: str) -> bool:
        """Whether anybody has looked at the page of that name."""
        return name in self._pages

    def open_page(self, name: str) -> bool:
        """Go to a page; False when the one that is open has something unsaved and the user stays with it."""
        current, page = self._current_name(), self.page(name)
        if current is not None and current != name and not self.can_leave():
            self._sidebar.select(current)
            return False
        self._sidebar.select(name)
        self._stack.setCurrentWidget(page)
        if callable(refresh := getattr(page, "refresh", None)) and current is not None:
            refresh()
        return True

    def can_leave(self) -> bool:
        """Whether the page that is open has nothing unsaved, or the user does not mind."""
        can_leave = getattr(self._stack.currentWidget(), "can_leave", None)
        return can_leave is None or bool(can_leave())

    def tell_problem(self, sentence: str) -> None:
        """Say what went wrong, above the page."""
        self.problem.tell(sentence, theme.Tone.BAD)

    def close_for_good(self) -> None:
        """Close without asking anybody."""
        self._may_close = True
        self.close()

    def come_forward(self) -> None:
        """Be seen, whatever state the window is in."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setContentsMargins(4, 4, 4, 0)
        right.addWidget(self.problem)
        right.addWidget(self._stack, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._sidebar)
        row.addLayout(right, 1)
        middle = QWidget(self)
        self._outer = QVBoxLayout(middle)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._outer.addLayout(row, 1)
        self.setCentralWidget(middle)

    def _add_actions(self) -> None:
        for text, keys, done in (
            (self.tr("Quit"), QKeySequence("Ctrl+Q"), self.quit_asked.emit),
            (self.tr("Refresh"), QKeySequence("F5"), self._refresh),
            (self.tr("Search"), QKeySequence(QKeySequence.StandardKey.Find), self._focus_search),
        ):
            action = QAction(text, self)
            action.setShortcut(keys)
            action.triggered.connect(lambda _=False, done=done: done())
            self.addAction(action)

    def _jump_to(self, name: str) -> None:
        """Open a page and go on there with the keyboard; from the sidebar it would stay in the sidebar."""
        if self.open_page(name) and self.page(name).focusProxy() is not None:
            self.page(name).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _sidebar_moved(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.open_page(item.data(Qt.ItemDataRole.UserRole))

    def _current_name(self) -> str | None:
        current = self._stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is current), None)

    def _refresh(self) -> None:
        refresh = getattr(self._stack.currentWidget(), "refresh", None)
        if callable(refresh):
            refresh()

    def _focus_search(self) -> None:
        focus_search = getattr(self._stack.currentWidget(), "focus_search", None)
        if callable(focus_search):
            focus_search()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _files(event):
            self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.files_dropped.emit(_files(event))

    def closeEvent(self, event: QCloseEvent) -> None:
        self._preferences.keep_geometry(self.saveGeometry())
        if self._may_close:
            super().closeEvent(event)
            return
        event.ignore()
        self.close_asked.emit()


def _files(event: QDropEvent) -> list[Path]:
    """What is dragged, but for folders: those are meant for a list of sources that was missed by a hair."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.is_file()]


class _Sidebar(QListWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Pages"))
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * _SIDEBAR + 24)
        self.setIconSize(QSize(20, 20))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setSpacing(2)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)

    def show_entries(self, entries: Sequence[PageEntry]) -> None:
        self.blockSignals(True)
        self.clear()
        for place, entry in enumerate(entries, start=1):
            item = QListWidgetItem(QIcon(icons.own(entry.icon)), entry.title, self)
            item.setData(Qt.ItemDataRole.UserRole, entry.name)
            item.setToolTip(self.tr("{title} (Ctrl+{number})").format(title=entry.title, number=place))
            item.setSizeHint(QSize(0, self.fontMetrics().height() + 18))
        self.blockSignals(False)

    def select(self, name: str) -> None:
        self.blockSignals(True)
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.setCurrentRow(row)
        self.blockSignals(False)
