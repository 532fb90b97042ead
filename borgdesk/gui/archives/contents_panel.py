"""Panel with the tree of the selected archive, and search results from it or from all archives."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.listings import listing_of
from borgdesk.engine.archives.search import Found, Hit, find_in
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.gui.archives.chosen import Chosen
from borgdesk.gui.archives.hit_texts import hit_tip, modified
from borgdesk.gui.contents.contents_model import ContentsModel
from borgdesk.gui.contents.contents_view import ContentsView
from borgdesk.gui.contents.listing_questions import how_many, kept_path, totals
from borgdesk.gui.contents.listing_reader import ListingReader
from borgdesk.gui.look import longest, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.search_field import SearchField
from borgdesk.gui.look.selection import leave_header_alone, selected_places
from borgdesk.gui.look.table import ROW_ROLE, TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _, ngettext

_PAUSE = 200
"""Milliseconds without a key press before a search begins."""

_MOST_FOUND = 5000
"""Maximum number of search results shown."""

_ALL = "all"
_HIT_ARCHIVE = 4
"""The column that says of which archive a hit is."""


class ContentsPanel(QWidget):
    """A search field above the tree, which results replace during a search."""

    selection_changed = Signal()
    listing_failed = Signal(str)
    """Borg cannot list the archive; the sentence says why."""
    unread_requested = Signal()
    """Archives that were never opened are to be searched, too."""

    def __init__(
        self, workspace: Workspace, background: Background, question: BorgQuestion, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._question = workspace, background, question
        self._repository: Repository | None = None
        self._archive: Archive | None = None
        self._found: ArchiveList | None = None
        self._made_anew = False
        """Whether the listing was damaged, and was listed again."""
        self._search_cancel: Cancel | None = None
        self.contents = ContentsModel(self)
        self.tree = ContentsView(self.contents, self)
        self.listing = ListingReader(self.contents, background, self)
        self._make_search()
        self._make_hits()
        self._base = ElidedLabel(self, mode=Qt.TextElideMode.ElideLeft)
        self._base.hide()
        self._about = ElidedLabel(self)
        self.unread_button = QPushButton(_("Search them too"), self)
        self.unread_button.clicked.connect(self.unread_requested)
        self.unread_button.hide()
        self._lay_out()
        self.listing.rows_changed.connect(self._on_rows_changed)
        self.listing.lost.connect(self._list_again)
        self.tree.selection_changed.connect(self.selection_changed)

    def _make_search(self) -> None:
        self.search = SearchField(_("Search by name (Ctrl+F)"), self)
        self.scope = QComboBox(self)
        self.scope.setAccessibleName(_("Where to search"))
        self.scope.addItem(_("This archive"), "")
        self.scope.addItem(_("All listed archives"), _ALL)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._begin_search)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.search.returnPressed.connect(self._begin_search)
        self.scope.currentIndexChanged.connect(self._begin_search)

    def _make_hits(self) -> None:
        columns: list[Column[Hit]] = [
            Column(_("Name"), lambda hit: words.file_name(hit.entry.name), stretch=True, tooltip=hit_tip),
            Column(
                _("Folder"),
                lambda hit: "/" + words.file_name(hit.entry.path.rpartition("/")[0]),
                width=18,
                optional=True,
            ),
            Column(
                _("Size"),
                lambda hit: words.size(hit.entry.size),
                lambda hit: hit.entry.size,
                right=True,
                whole=longest.sizes(),
            ),
            Column(
                _("Modified"),
                lambda hit: modified(hit.entry),
                lambda hit: hit.entry.mtime,
                whole=longest.moments(),
                optional=True,
            ),
            Column(_("Archive"), lambda hit: words.file_name(hit.archive.name), width=14),
        ]
        model = TableModel[Hit](columns, lambda hit: hit.entry.path, self)
        self.hits = TableView(model, _("Search results"), _("Nothing found."))
        self.hits.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        # Names of archives, and folders, differ most at their ends.
        self.hits.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        leave_header_alone(self.hits)
        self.hits.row_selected.connect(lambda _hit: self.selection_changed.emit())

    def _lay_out(self) -> None:
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self.hits)
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.scope)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._base)
        column.addWidget(self._stack, 1)
        below = QHBoxLayout()
        below.addWidget(self._about, 1)
        below.addWidget(self.unread_button)
        column.addLayout(below)

    # interface

    @property
    def is_whole(self) -> bool:
        """Whether the complete archive is known, so that items can be restored."""
        return self.listing.path is not None

    @property
    def is_empty(self) -> bool:
        """Whether the archive is empty."""
        return self.contents.rowCount() == 0

    def chosen(self, most: int = 1) -> Chosen | None:
        """Return the selection in the tree or the results; None if it is empty or spans several archives.

        Only the first *most* entries are built: 100,000 selected items are needed only when they are restored.
        """
        if self._stack.currentWidget() is self.tree:
            places = selected_places(self.tree)
            if self._archive is None or not places:
                return None
            entries = tuple(self.contents.entry(place) for place in places[:most])
            return Chosen(self._archive, entries, len(places), self.contents.size_of(places))
        hits: list[Hit] = [self.hits.model().index(place, 0).data(ROW_ROLE) for place in selected_places(self.hits)]
        if len({hit.archive.id for hit in hits}) != 1:
            return None
        entries = tuple(hit.entry for hit in hits[:most])
        return Chosen(hits[0].archive, entries, len(hits), sum(hit.entry.size for hit in hits))

    def close_archive(self) -> None:
        """Show nothing."""
        self._stop_search()
        self._archive = None
        self._about.setText("")
        self.listing.clear()
        self.tree.show_no_rows(_("Select an archive to see what is in it."))
        self._tell_base()
        self._show_tree()

    def show_archive(self, repository: Repository, found: ArchiveList, archive: Archive) -> None:
        """Show the contents of an archive from the cache, or while Borg lists them."""
        self.close_archive()
        self._repository, self._archive, self._found, self._made_anew = repository, archive, found, False
        question = partial(kept_path, self._workspace, archive)
        self._background.ask(question, partial(self._show_or_ask, repository, archive), owner=self)

    def _show_or_ask(self, repository: Repository, archive: Archive, path: Path | None) -> None:
        if archive != self._archive:
            return
        if path is not None:
            self._show_listing(archive, path)
            return
        live = self.listing.follow()
        self.tree.show_no_rows(_("Borg is listing the archive…"))

        def read(cancel: Cancel) -> Path:
            with listing_of(self._workspace, repository, archive, cancel, live.look) as listing:
                return listing.path

        what = _("Reading the contents of “{name}”…").format(name=words.file_name(archive.name))
        self._question.ask(what, read, partial(self._show_listing, archive), self._on_failed, self.close_archive)

    def _on_failed(self, reason: str) -> None:
        self.tree.show_no_rows(reason)
        self.listing_failed.emit(reason)

    def _tell_base(self) -> None:
        path = self.contents.base_path
        self._base.setText("/" + words.file_name(path) if path else "")
        self._base.setVisible(bool(path) and self._stack.currentWidget() is self.tree)

    def _show_listing(self, archive: Archive, path: Path) -> None:
        if archive != self._archive:
            return
        self.tree.show_no_rows(_("The archive is empty."))
        self.listing.show(path)
        self._ask_totals(path)
        if self.search.text().strip():
            self._begin_search()

    def _on_rows_changed(self) -> None:
        self._tell_base()
        if self.is_whole:
            self.selection_changed.emit()

    def _ask_totals(self, path: Path) -> None:
        self.listing.ask(partial(totals, path), self._show_totals)

    def _show_totals(self, totals: tuple[int, int]) -> None:
        size, listed = totals
        files = how_many(self._found, self._archive, listed)
        self._about.setText(_("{files}, {size}").format(files=files, size=words.size(size)))
        self.selection_changed.emit()

    def _list_again(self, reason: str) -> None:
        """List the archive again, because the cached listing is missing or damaged; a second time, say so."""
        if self._repository is None or self._found is None or self._archive is None:
            return
        if self._made_anew:
            self.close_archive()
            self.tree.show_no_rows(reason)
            return
        self.show_archive(self._repository, self._found, self._archive)
        self._made_anew = True

    # search

    def show_archives(self, found: ArchiveList) -> None:
        """Search these archives from now on, while the same one is shown."""
        self._found = found
        self.search_again()

    def search_again(self) -> None:
        """Search once more, if there is a search: more archives were opened."""
        if self._stack.currentWidget() is self.hits:
            self._begin_search()

    def _begin_search(self) -> None:
        self._pause.stop()
        self._stop_search()
        self.unread_button.hide()
        text = self.search.text().strip()
        if not text or self._found is None or self._archive is None:
            self._show_tree()
            return
        everywhere = self.scope.currentData() == _ALL
        self._arrange_hits()
        archives = self._found.archives if everywhere else (self._archive,)
        cancel = self._search_cancel = Cancel()
        self._about.setText(_("Searching…"))
        question = partial(find_in, self._workspace, archives, text, _MOST_FOUND, cancel)
        self._background.ask(
            question, partial(self._show_found, cancel), partial(self._fail_search, cancel), owner=self, cancel=cancel
        )

    def _show_found(self, cancel: Cancel, found: Found) -> None:
        if cancel is not self._search_cancel:
            return
        self.hits.rows.set_rows(found.hits)
        self._stack.setCurrentWidget(self.hits)
        self._base.hide()
        said = [words.found(len(found.hits), is_cut=found.is_cut)]
        if found.left_out:
            left = ngettext(
                "{count} archive was not searched",
                "{count} archives were not searched",
                found.left_out,
            )
            said.append(left.format(count=words.number(found.left_out)))
        self.unread_button.setVisible(bool(found.left_out))
        self._about.setText(_("{some}.").format(some="; ".join(said)))
        self.selection_changed.emit()

    def _arrange_hits(self) -> None:
        """Say of which archive a hit is unless all are of one."""
        self.hits.show_columns({_HIT_ARCHIVE: self.scope.currentData() == _ALL})

    def _fail_search(self, cancel: Cancel, error: BorgDeskError) -> None:
        if isinstance(error, Stopped):
            return
        if cancel is self._search_cancel:
            self._about.setText(error.sentence)

    def _stop_search(self) -> None:
        if self._search_cancel is not None:
            self._search_cancel.ask()
            self._search_cancel = None

    def _show_tree(self) -> None:
        if self._stack.currentWidget() is not self.tree:
            self._stack.setCurrentWidget(self.tree)
            self._tell_base()
            self.hits.rows.set_rows([])
            self.selection_changed.emit()
        if self.listing.path is not None:
            self._ask_totals(self.listing.path)

    def focus_search(self) -> None:
        """Focus the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()
