"""Archives page: archives of a repository, contents of the selected one, and details of an item."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QComboBox, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from borgdesk.domain.events import RunEnded
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList, kept_archives, read_archives
from borgdesk.engine.archives.reachability import Reach, reach_of
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.archive_actions import ArchiveActions
from borgdesk.gui.archives.archive_list_panel import ArchiveListPanel
from borgdesk.gui.archives.archive_mounts import ArchiveMounts, Shown
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.gui.archives.chosen import Chosen
from borgdesk.gui.archives.contents_panel import ContentsPanel
from borgdesk.gui.archives.empty_page import EmptyPage
from borgdesk.gui.archives.item_menu import ItemMenu
from borgdesk.gui.archives.item_panel import ItemPanel, archives_selected
from borgdesk.gui.archives.restore_dialog import RestoreDialog
from borgdesk.gui.archives.unread_archives import UnreadArchives
from borgdesk.gui.look import theme, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.page import Page
from borgdesk.gui.look.page_header import PageHeader
from borgdesk.gui.look.task_result import TaskResult
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.translation import _

_WIDEST = 50
"""Width of the choice of the repository in characters: the button beside it stays where it is."""

_GAP = 10
"""Pixels between the three parts."""


class ArchivesPage(Page):
    """Archives on the left, the contents of one in the middle, the selected item on the right."""

    task_requested = Signal(object, object)
    """A Repository, and the Task to be done with it."""
    restores_requested = Signal(int)
    """The id of the repository whose restores are to be listed."""
    add_requested = Signal()
    """A repository is to be added."""
    backup_requested = Signal(int)
    """The id of a repository to be backed up."""
    repository_chosen = Signal(int)
    """The id of a repository that the user looks at now."""

    def __init__(
        self, workspace: Workspace, background: Background, executor: Executor, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._repositories: list[Repository] = []
        self._has_read = False
        """Whether the list of repositories has been read."""
        self._wanted: RepositoryId | None = None
        """The repository to show once the list of repositories has been read."""
        self._shown_id: RepositoryId | None = None
        """The repository whose archives are shown or being read."""
        self._found: ArchiveList | None = None
        self._opens = False
        """Whether the page was opened, or a repository chosen, and its present archives are not known yet."""
        self._preselected: str | None = None
        """The id of the archive that was selected because it was the newest known, until somebody selects one."""
        self._make()
        self._lay_out()
        self._update()

    # page

    def refresh(self) -> None:
        """Show what is stored. Borg is called only by *Refresh*, after a run, and for a repository not read before."""
        self._background.ask(self._workspace.store.repositories.list, self._show_repositories, owner=self)

    def show_repository(self, repository_id: RepositoryId) -> None:
        """Show the archives of one repository."""
        self._wanted = repository_id
        self.refresh()

    def prefer(self, repository_id: RepositoryId) -> None:
        """Show this repository when the page is opened: the user has looked at it on another page."""
        self._wanted = repository_id

    def focus_search(self) -> None:
        """Focus the search field."""
        self.contents_panel.focus_search()

    def focus_content(self) -> None:
        """Focus the main content."""
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._opens = True
        self.refresh()

    # widgets

    def _make(self) -> None:
        self._make_header()
        self.banner, self.away, self.mounted = Banner(self), Banner(self), Banner(self)
        # The request for the archive selected after a deletion would replace the text of the first banner.
        self.deleted = Banner(self)
        self.working = Banner(self)
        self._question = BorgQuestion(self._background, self.banner, self, working=self.working)
        self.list_panel = ArchiveListPanel(self)
        self.table = self.list_panel.table
        self.table.current_changed.connect(self._on_archive_selected)
        self.table.several_selected.connect(self._show_item)
        self.table.clicked.connect(lambda _place: self._forget_preselection())
        self.mounts = ArchiveMounts(self._workspace, self._background, self._question, self.mounted, self._shown, self)
        self.actions_of_archives = ArchiveActions(
            self._workspace,
            self._background,
            self.table,
            self._question,
            self.deleted,
            self.mounts,
            self._shown,
            self,
        )
        self.actions_of_archives.changed.connect(self.show_archives)
        self.actions_of_archives.task_requested.connect(self.task_requested)
        result = TaskResult(self._workspace.store.runs, self._background, self.deleted, self)
        self.actions_of_archives.task_requested.connect(lambda repository, _task: result.expect(repository))
        self._executor.run_ended.connect(self.actions_of_archives.on_run_ended)
        self._executor.run_ended.connect(result.show_end)
        self._executor.run_ended.connect(self._on_run_ended)
        self.actions_of_archives.restores_requested.connect(self.restores_requested)
        self.empty = EmptyPage(self)
        self.empty.add_requested.connect(self.add_requested)
        self.empty.backup_requested.connect(self.backup_requested)
        self.more_button = self._header.add_menu(_("&More"), self.actions_of_archives.menu)
        self.contents_panel = ContentsPanel(self._workspace, self._background, self._question, self)
        self.contents_panel.selection_changed.connect(self._show_item)
        self.item_panel = ItemPanel(self._workspace, self._background, self)
        self.item_panel.restore_requested.connect(self._on_restore_requested)
        self.item_menu = ItemMenu(self.contents_panel)
        self.item_menu.restore_requested.connect(self.item_panel.restore_button.click)
        self._unread = UnreadArchives(self._workspace, self._question, self._shown, self)
        self.contents_panel.listing_failed.connect(self._on_listing_failed)
        self.contents_panel.unread_requested.connect(self._unread.read_them)
        self.item_panel.unread_requested.connect(self._unread.read_them)
        self._unread.read.connect(self.contents_panel.search_again)
        self._unread.read.connect(self.item_panel.look_for_versions)

    def _make_header(self) -> None:
        self._header = PageHeader(_("Archives"), self)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName(_("Repository"))
        self.choice.setMinimumContentsLength(12)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.setMaximumWidth(_WIDEST * self.fontMetrics().averageCharWidth())
        self.choice.activated.connect(lambda _: self._on_choice_made())
        self._header.row.addWidget(self.choice)
        self.reload_button = self._header.add_button(
            _("Re&fresh"), "view-refresh", self._reload, _("Reload the archives (F5)")
        )
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self).activated.connect(self._reload)

    def _lay_out(self) -> None:
        splitter = QSplitter(self)
        for panel, share in ((self.list_panel, 8), (self.contents_panel, 11), (self.item_panel, 5)):
            splitter.addWidget(panel)
            splitter.setStretchFactor(splitter.count() - 1, share)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(_GAP)
        splitter.setSizes([360, 480, 240])
        self._stack = QStackedWidget(self)
        self._parts = splitter
        self._stack.addWidget(splitter)
        self._stack.addWidget(self.empty)
        outside = QVBoxLayout(self)
        outside.addWidget(self._header)
        outside.addWidget(CalmPlace(self._stack, self.banner, self.deleted, self.away, self.mounted))
        outside.addWidget(self._stack, 1)
        # At the bottom: it comes with every archive that is opened, and the next one must not move under the pointer.
        outside.addWidget(CalmPlace(self._stack, self.working))

    # repositories and archives

    @property
    def repository(self) -> Repository | None:
        """The repository whose archives are shown."""
        number = self.choice.currentData()
        return next((one for one in self._repositories if one.id == number), None)

    def _shown(self) -> Shown | None:
        repository, found = self.repository, self._found
        return None if repository is None or found is None else (repository, found)

    def _show_repositories(self, repositories: list[Repository]) -> None:
        wanted = self._wanted or self.choice.currentData()
        self._repositories, self._wanted, self._has_read = repositories, None, True
        self.choice.blockSignals(True)
        self.choice.clear()
        for one in repositories:
            self.choice.addItem(one.name, one.id)
        self.choice.setCurrentIndex(max(0, self.choice.findData(wanted)))
        self.choice.blockSignals(False)
        self._update()
        if self.choice.currentData() != self._shown_id:
            self._on_repository_chosen()
        else:
            self._look_after()

    def _update(self) -> None:
        has_some = bool(self._repositories)
        for widget in (self.choice, self.reload_button, self.more_button):
            widget.setEnabled(has_some)
        self.choice.setHidden(self._has_read and not has_some)
        nothing = self._found is not None and not self._found.archives
        is_empty = nothing or (self._has_read and not has_some)
        if is_empty:
            self.empty.show_repository(self.repository)
        self._stack.setCurrentWidget(self.empty if is_empty else self._parts)

    def _on_choice_made(self) -> None:
        self._wanted = None
        self.repository_chosen.emit(self.choice.currentData())
        self._on_repository_chosen()

    def _on_repository_chosen(self) -> None:
        self._question.stop()
        self._found, self._opens, self._preselected = None, True, None
        self.list_panel.show_archives(None)
        self.contents_panel.close_archive()
        self.item_panel.clear()
        self.banner.show_message("")
        self.deleted.show_message("")
        self.away.show_message("")
        self._update()
        repository = self.repository
        self._shown_id = repository.id if repository is not None else None
        if repository is not None:
            question = partial(kept_archives, self._workspace, repository)
            self._background.ask(question, partial(self._show_kept, repository), owner=self)

    def _show_kept(self, repository: Repository, found: ArchiveList | None) -> None:
        if repository != self.repository:
            return
        if found is None:
            self._reload()
        else:
            self._show_archives(repository, found)
            self._look_after()

    def _look_after(self) -> None:
        """Say if the repository is unavailable or mounted, and call Borg if a run has changed its archives since."""
        self.mounts.look_for_mounts()
        repository, found = self.repository, self._found
        if repository is not None and found is not None and not self._question.is_open:
            question = partial(reach_of, self._workspace, repository, found)
            self._background.ask(question, partial(self._show_reach, repository, found), owner=self)

    def _show_reach(self, repository: Repository, found: ArchiveList, reach: Reach) -> None:
        if repository != self.repository or found is not self._found:
            return
        if reach is Reach.AWAY:
            self._tell_away(_("The repository is not at {location} now.").format(location=repository.location))
            return
        self.away.show_message("")
        if reach is Reach.CHANGED and not self._question.is_open:
            self._reload()
        elif reach is not Reach.CHANGED:
            self._opens = False

    def _tell_away(self, reason: str) -> None:
        found = self._found
        if found is None:
            self._shown_id = None  # whoever comes back to the page has Borg asked again
            self.banner.show_message(reason, theme.Tone.BAD, [self._try_again()])
            return
        moment = words.moment(found.asked_at)
        if not self._question.is_open:
            self.banner.show_message("")  # that the archive cannot be read is said, too
        text = _("{reason} This is the list of {moment}. Archives that have been opened before can still be browsed.")
        self.away.show_message(text.format(reason=reason, moment=moment), theme.Tone.WARNING, [self._try_again()])

    def _on_run_ended(self, ended: RunEnded) -> None:
        """Show the first archives once there are some, or can be listed; later ones wait until the page is reopened."""
        if not self.isVisible() or self.repository is None:
            return
        if self._found is not None and not self._found.archives:
            self._look_after()
        elif self._shown_id is None and ended.repository == self.repository.name:
            self._on_repository_chosen()

    def _on_listing_failed(self, reason: str) -> None:
        if not self.away.text:
            self.banner.show_message(reason, theme.Tone.BAD)

    def _try_again(self) -> BannerButton:
        return BannerButton(_("&Try again"), self._reload)

    def _reload(self) -> None:
        repository = self.repository
        if repository is not None:
            self._question.ask(
                _("Loading the archives of “{name}”…").format(name=repository.name),
                lambda cancel: read_archives(self._workspace, repository, cancel),
                partial(self._show_read, repository),
                self._tell_away,
            )

    def _show_read(self, repository: Repository, found: ArchiveList) -> None:
        self.away.show_message("")
        if self._opens and self._stays_preselected():
            # What was the newest archive is only the newest of the list that was kept.
            self.table.clearSelection()
        self._opens = False
        self._show_archives(repository, found)

    def _forget_preselection(self) -> None:
        self._preselected = None

    def _stays_preselected(self) -> bool:
        """Return whether nobody has selected an archive, anything in it, or looks for something there."""
        current, contents = self.table.current_row(), self.contents_panel
        is_same = current is not None and current.id == self._preselected
        return is_same and contents.chosen() is None and not contents.search.text()

    def _show_archives(self, repository: Repository, found: ArchiveList) -> None:
        if repository != self.repository:
            return
        self._found = found
        self._update()
        self.list_panel.show_archives(found)
        self.actions_of_archives.update()
        self.mounts.look_for_mounts()
        if not self.table.selected():
            self.table.select_first()
            current = self.table.current_row()
            self._preselected = current.id if current is not None else None
        elif not self.contents_panel.is_whole:
            self._on_archive_selected()
        else:
            self.contents_panel.show_archives(found)
            self._show_item()
            self.item_panel.look_for_versions()

    def show_archives(self, found: ArchiveList, name: str = "") -> None:
        """Show the archives after a change, with one of them selected."""
        repository = self.repository
        if repository is None or (self._found is not None and found.repository_id != self._found.repository_id):
            return
        self._show_archives(repository, found)
        wanted = next((one for one in found.archives if one.name == name), None)
        if wanted is not None:
            self.table.select_archive(wanted.id)

    # selected archive

    def _on_archive_selected(self) -> None:
        archive, repository, found = self.table.current_row(), self.repository, self._found
        self._question.stop()
        self.contents_panel.close_archive()
        if archive is not None and repository is not None and found is not None:
            self.contents_panel.show_archive(repository, found, archive)
        self._show_item()

    def _show_item(self) -> None:
        repository, found, archive = self.repository, self._found, self.table.current_row()
        chosen = self.contents_panel.chosen()
        if repository is None or found is None:
            self.item_panel.clear()
        elif chosen is not None:
            self.item_panel.show_chosen(repository, found, chosen, can_restore=self.contents_panel.is_whole)
        elif len(selected := self.table.selected()) > 1:
            self.contents_panel.tree.show_no_rows(archives_selected(len(selected)))
            self.item_panel.show_archives(selected)
        elif archive is not None:
            can = self.contents_panel.is_whole and not self.contents_panel.is_empty
            self.item_panel.show_archive(archive, can_restore=can)
        else:
            self.item_panel.clear()

    def _on_restore_requested(self, chosen: Chosen) -> None:
        repository = self.repository
        if repository is None:
            return
        if chosen.count > len(chosen.entries):
            chosen = self.contents_panel.chosen(most=chosen.count) or chosen
        paths = tuple(entry.path for entry in chosen.entries)
        executor, archive = self._executor, chosen.archive
        dialog = RestoreDialog(self._workspace, self._background, executor, repository, archive, paths, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
