"""Panel with details of the selection: an archive, several items, or a file with its versions and a preview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QStyle, QTabWidget, QVBoxLayout, QWidget

from borgdesk.domain.archive import Archive
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.search import Version, unread, versions
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.chosen import Chosen
from borgdesk.gui.archives.file_view import FileView
from borgdesk.gui.look import icons, longest, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.workers.background import Background
from borgdesk.store.listings import Entry
from borgdesk.translation import _, ngettext

_AROUND = 3
"""Characters that have room around a date."""
_SIZE = 1
"""Column of the table of versions."""


class ItemPanel(QWidget):
    """Details, versions, preview, and *Restore*."""

    restore_requested = Signal(Chosen)
    """What to restore; the whole archive if no items are given."""
    unread_requested = Signal()
    """Versions in archives that were never opened are wanted, too."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._repository: Repository | None = None
        self._found: ArchiveList | None = None
        self._chosen: Chosen | None = None
        self._title = ElidedLabel(self, mode=Qt.TextElideMode.ElideMiddle)
        font = QFont(self._title.font())
        font.setBold(True)
        self._title.setFont(font)
        self._path = ElidedLabel(self, mode=Qt.TextElideMode.ElideMiddle)
        self._facts = QLabel(self)
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        self._facts.setWordWrap(True)
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._archives = ElidedLabel(self, mode=Qt.TextElideMode.ElideMiddle)
        self._make_versions()
        self.file_view = FileView(workspace, background, self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.unread_button = QPushButton(self)
        self.unread_button.clicked.connect(self.unread_requested)
        self.unread_button.hide()
        versions_tab = QWidget(self)
        inside = QVBoxLayout(versions_tab)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.versions, 1)
        inside.addWidget(self.unread_button)
        self.tabs.addTab(versions_tab, _("Versions"))
        self.tabs.addTab(self.file_view, _("Preview"))
        self.restore_button = QPushButton(icons.icon("edit-undo"), _("&Restore…"), self)
        self.restore_button.clicked.connect(self._on_restore_clicked)
        self.setMinimumWidth(self._least_width())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for one in (self._title, self._path, self._facts, self._archives):
            column.addWidget(one)
        column.addWidget(self.tabs, 1)
        column.addStretch(0)
        column.addWidget(self.restore_button)
        self.clear()

    def _make_versions(self) -> None:
        columns: list[Column[Version]] = [
            Column(
                _("Modified"),
                lambda one: _modified(one.entry),
                lambda one: one.entry.mtime,
                stretch=True,
                whole=longest.moments(),
                tooltip=_version_tip,
            ),
            Column(
                _("Size"),
                lambda one: words.size(one.entry.size),
                lambda one: one.entry.size,
                right=True,
                whole=longest.sizes(),
            ),
        ]
        model = TableModel[Version](columns, lambda one: one.archives[0].id, self)
        self.versions = TableView(model, _("All versions of the file"))
        self.versions.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        self.versions.row_selected.connect(self._on_version_selected)

    def _least_width(self) -> int:
        """Return the width of a date and a size beside a scroll bar: versions may differ in their minutes only."""
        metrics, bar = self.fontMetrics(), self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        date = metrics.horizontalAdvance(words.moment(datetime(2028, 12, 28, 22, 58, tzinfo=UTC)))
        return date + _AROUND * metrics.averageCharWidth() + self.versions.columnWidth(_SIZE) + bar

    def clear(self) -> None:
        """Show nothing."""
        self._chosen = None
        self._title.setText("")
        self._tell([])
        self.tabs.hide()
        self.restore_button.setEnabled(False)
        self.file_view.clear()

    def show_archive(self, archive: Archive, *, can_restore: bool) -> None:
        """Show an archive without selected items: *Restore* applies to all of it."""
        self.clear()
        self._chosen = Chosen(archive)
        self._title.setText(words.file_name(archive.name))
        self._tell(archive_facts(archive))
        self.restore_button.setText(_("&Restore all…"))
        self.restore_button.setEnabled(can_restore)

    def show_archives(self, archives: Sequence[Archive]) -> None:
        """Show how many archives are selected, and their size if it is known of all."""
        self.clear()
        self._title.setText(archives_selected(len(archives)))
        sizes = [(one.original_size, one.deduplicated_size) for one in archives]
        known = [(size, new) for size, new in sizes if size is not None and new is not None]
        if len(known) == len(archives):
            size, new = (words.size(sum(those)) for those in zip(*known, strict=True))
            self._tell([_("{size}, {new} of it new").format(size=size, new=new)])

    def show_chosen(self, repository: Repository, found: ArchiveList, chosen: Chosen, *, can_restore: bool) -> None:
        """Show one or several items."""
        is_other = self._chosen is None or (self._chosen.entries, self._chosen.count) != (chosen.entries, chosen.count)
        self._repository, self._found, self._chosen = repository, found, chosen
        self.restore_button.setText(_("&Restore…"))
        self.restore_button.setEnabled(can_restore)
        if chosen.count == 1:
            if is_other:
                self._show_one(chosen)
            return
        self.tabs.hide()
        self.file_view.clear()
        many = chosen.count
        said = ngettext("{count} item selected", "{count} items selected", many)
        self._title.setText(said.format(count=words.number(many)))
        self._tell([words.size(chosen.size)])

    def _show_one(self, chosen: Chosen) -> None:
        (entry,) = chosen.entries
        self._title.setText(words.file_name(entry.name))
        self._tell(_item_facts(entry), entry.path, _archives_of((chosen.archive,)))
        self.tabs.setVisible(not entry.is_folder)
        self.versions.rows.set_rows([])
        self.versions.set_empty("")
        self.file_view.show_file(self._repository, chosen.archive, entry)
        self.look_for_versions()

    def look_for_versions(self) -> None:
        """Look for the versions of the shown file, also after more archives were opened."""
        if self._found is None or self._chosen is None or self._chosen.count != 1:
            return
        (entry,) = self._chosen.entries
        if not entry.is_folder:
            question = partial(_versions, self._workspace, self._found, entry.path)
            self._background.ask(question, partial(self._show_versions, entry), owner=self)

    def _show_versions(self, entry: Entry, seen: tuple[list[Version], int]) -> None:
        if self._chosen is None or self._chosen.entries != (entry,):
            return
        found, unread_count = seen
        said = ngettext("Look in {count} more archive", "Look in {count} more archives", unread_count)
        self.unread_button.setText(said.format(count=words.number(unread_count)))
        self.unread_button.setVisible(bool(unread_count))
        self.versions.set_empty(_("No versions in archives that were opened"))
        self.versions.rows.set_rows(found)
        archives = sum(len(one.archives) for one in found)
        said = ngettext("{count} version", "{count} versions", len(found)).format(count=words.number(len(found)))
        inside = ngettext("in {count} archive", "in {count} archives", archives).format(count=words.number(archives))
        self.tabs.setTabText(0, words.literal(_("Versions ({count})").format(count=words.number(len(found)))))
        self.versions.setToolTip(_("{versions} {archives}").format(versions=said, archives=inside))
        for one in found:
            if self._chosen.archive in one.archives:
                self._archives.setText(_archives_of(one.archives))
                self.versions.select_key(one.archives[0].id)

    def _tell(self, facts: list[str], path: str = "", archives: str = "") -> None:
        """Show details. A file always has the line with its archives: its list of versions stays where it is."""
        self._path.setText("/" + words.file_name(path) if path else "")
        self._path.setVisible(bool(path))
        self._facts.setText("\n".join(facts))
        self._archives.setText(archives)
        self._archives.setVisible(bool(archives))

    def _on_version_selected(self, version: Version | None) -> None:
        """Show a version of the file, to which *Restore* then applies."""
        if version is None or self._chosen is None or self._chosen.archive in version.archives:
            return
        self._chosen = Chosen(version.archives[0], (version.entry,), 1, version.entry.size)
        self._tell(_item_facts(version.entry), version.entry.path, _archives_of(version.archives))
        self.file_view.show_file(self._repository, version.archives[0], version.entry)

    def _on_restore_clicked(self) -> None:
        if self._chosen is not None:
            self.restore_requested.emit(self._chosen)


def _versions(workspace: Workspace, found: ArchiveList, path: str) -> tuple[list[Version], int]:
    """Return the versions of a file, and the number of archives that were never opened."""
    return versions(workspace, found, path), len(unread(workspace, found))


def archives_selected(count: int) -> str:
    """Return how many archives are selected."""
    return ngettext("{count} archive selected", "{count} archives selected", count).format(count=words.number(count))


def archive_facts(archive: Archive) -> list[str]:
    """Return the details of an archive, one per line."""
    facts = [words.exact_moment(archive.start)]
    seconds = archive.duration.total_seconds()
    if seconds >= 1:  # Borg's precision
        facts.append(_("Took {duration}").format(duration=words.duration(seconds)))
    if archive.original_size is not None:
        size, new = words.size(archive.original_size), words.size(archive.deduplicated_size)
        facts.append(_("{size}, {new} of it new").format(size=size, new=new))
    if archive.files is not None:
        facts.append(words.files(archive.files))
    if archive.hostname:
        facts.append(_("Made by {user} on {host}").format(user=archive.username or "?", host=archive.hostname))
    return [*facts, *([words.file_name(archive.comment)] if archive.comment else [])]


def _item_facts(entry: Entry) -> list[str]:
    facts = []
    if not entry.is_link:
        facts.append(words.size(entry.size))
    if entry.modified:
        facts.append(_("Modified {moment}").format(moment=_modified(entry)))
    if entry.target:
        facts.append(_("Points to {target}").format(target=words.file_name(entry.target)))
    if "?" in entry.name:
        facts.append(_("A “?” may stand for a byte that is not UTF-8."))
    return facts


def _archives_of(archives: Sequence[Archive]) -> str:
    names = [words.file_name(one.name) for one in archives]
    if len(names) == 1:
        return _("In {archive}").format(archive=names[0])
    return _("In {first} to {last}").format(first=names[-1], last=names[0])


def _version_tip(version: Version) -> str:
    return words.tooltip(f"{words.size(version.entry.size)}\n{_archives_of(version.archives)}")


def _modified(entry: Entry) -> str:
    return words.moment(entry.modified) if entry.modified else words.NOTHING
