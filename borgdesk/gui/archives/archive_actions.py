"""Actions on archives: their menu, questions and messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QMenu, QWidget

from borgdesk.domain.archive import Archive
from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, RunStatus
from borgdesk.engine.archives.archive_changes import comment_archive, delete_archives, rename_archive
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.runs.maintenance import Compact
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.archive_details import ArchiveDetails
from borgdesk.gui.archives.archive_mounts import ArchiveMounts, Shown
from borgdesk.gui.archives.archive_table import ArchiveTable
from borgdesk.gui.archives.archive_text_dialog import ArchiveTextDialog
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.gui.archives.difference_dialog import DifferenceDialog
from borgdesk.gui.look import icons, theme, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.confirmation import ask_to_confirm
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _, ngettext

_MOST_NAMED = 8
"""Maximum number of archives named in a question."""


class ArchiveActions(QObject):
    """Acts on the selection in the table of a repository's archives."""

    changed = Signal(ArchiveList, str)
    """The present archives, and the name of the one to select, or ""."""
    task_requested = Signal(object, object)
    """A repository, and the task to start on it."""
    restores_requested = Signal(int)
    """The id of the repository whose restores are to be listed."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        table: ArchiveTable,
        question: BorgQuestion,
        banner: Banner,
        mounts: ArchiveMounts,
        shown: Callable[[], Shown | None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._table, self._question, self._banner, self._mounts, self._shown = table, question, banner, mounts, shown
        self._page = parent
        self._told = ("", "")
        """The repository whose archives were deleted last, and what was said about it."""
        self.menu = QMenu(parent)
        self.details = self._action(_("&Details…"), "dialog-information", self.show_details, QKeySequence("Alt+Return"))
        self.compare = self._action(_("Co&mpare…"), "edit-copy", self.compare_selected)
        self.open_folder = self._action(_("&Open in file manager"), "folder", self.open_selected)
        self.rename = self._action(_("&Rename…"), "document-edit", self.ask_for_name, QKeySequence("F2"))
        self.comment = self._action(_("Change &comment…"), "document-edit", self.ask_for_comment)
        self.menu.addSeparator()
        self.restores = self._action(_("Past re&stores"), "history", self.ask_for_restores)
        self.menu.addSeparator()
        self.delete = self._action(_("De&lete…"), "edit-delete", self.ask_to_delete, QKeySequence("Delete"))
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        table.selectionModel().selectionChanged.connect(lambda *_args: self.update())
        table.delete_pressed.connect(self.ask_to_delete)
        table.rename_pressed.connect(self.ask_for_name)
        table.details_pressed.connect(self.show_details)
        self.update()

    def _action(self, text: str, icon: str, act: Callable[[], None], key: QKeySequence | None = None) -> QAction:
        action = self.menu.addAction(icons.icon(icon), text)
        if key is not None:
            # For display only: the table handles its keys itself, so that Delete in a text field deletes a character.
            action.setShortcut(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked: act())
        return action

    def update(self) -> None:
        """Enable the actions that apply to the selection."""
        many = len(self._table.selected())
        for action in (self.details, self.open_folder, self.rename, self.comment):
            action.setEnabled(many == 1)
        self.compare.setEnabled(self._pair() is not None)
        self.delete.setEnabled(many > 0)

    def _open_menu(self, place: QPoint) -> None:
        if self._table.selected():
            self.menu.popup(self._table.viewport().mapToGlobal(place))

    def _repository(self) -> Repository | None:
        shown = self._shown()
        return None if shown is None else shown[0]

    def _pair(self) -> tuple[Archive, Archive] | None:
        """Return the archives to compare, the older one first: both selected ones, or one and its predecessor."""
        shown, selected = self._shown(), self._table.selected()
        if shown is None or len(selected) not in (1, 2):
            return None
        newest_first = shown[1].archives
        wanted = {one.id for one in selected}
        places = [place for place, one in enumerate(newest_first) if one.id in wanted]
        if len(places) == 1:
            # The oldest has no predecessor: it is compared with its successor.
            places = [places[0], places[0] + 1] if places[0] + 1 < len(newest_first) else [places[0] - 1, places[0]]
        if len(places) != 2 or places[0] < 0:
            return None
        return newest_first[places[1]], newest_first[places[0]]

    # actions

    def show_details(self) -> None:
        """Show the details of one archive."""
        repository, archive = self._repository(), self._table.current_row()
        if repository is not None and archive is not None:
            dialog = ArchiveDetails(self._workspace, self._background, repository, archive, self._page)
            dialog.measured.connect(lambda found: self.changed.emit(found, archive.name))
            _open(dialog)

    def compare_selected(self) -> None:
        """Open the dialog that compares two archives."""
        shown, pair = self._shown(), self._pair()
        if shown is not None and pair is not None:
            _open(DifferenceDialog(self._workspace, self._background, *shown, pair, self._page))

    def open_selected(self) -> None:
        """Open one archive in the file manager."""
        repository, archive = self._repository(), self._table.current_row()
        if repository is not None and archive is not None:
            self._mounts.open_archive(repository, archive)

    def ask_for_restores(self) -> None:
        """List the restores from the repository: some can still be undone."""
        repository = self._repository()
        if repository is not None:
            self.restores_requested.emit(repository.id)

    def ask_for_name(self) -> None:
        """Rename one archive."""
        repository, archive = self._repository(), self._table.current_row()
        if repository is None or archive is None:
            return
        dialog = ArchiveTextDialog(self._workspace, self._background, _("Rename archive"), _("&Name"), self._page)
        change = partial(rename_archive, self._workspace, repository, archive)
        dialog.ask(archive.name, _("&Rename"), change, self.changed.emit, repository)
        _open(dialog)

    def ask_for_comment(self) -> None:
        """Change the comment of one archive."""
        repository, archive = self._repository(), self._table.current_row()
        if repository is None or archive is None:
            return
        title = _("Comment of {archive}").format(archive=words.file_name(archive.name))
        dialog = ArchiveTextDialog(self._workspace, self._background, title, _("&Comment"), self._page)
        change = partial(comment_archive, self._workspace, repository, archive)
        dialog.ask(archive.comment, _("&Save"), change, lambda found, _text: self.changed.emit(found, archive.name))
        _open(dialog)

    def ask_to_delete(self) -> None:
        """Delete all selected archives after a question that names them."""
        repository, archives = self._repository(), self._table.selected()
        if repository is None or not archives:
            return
        many = len(archives)
        question = ngettext(
            "Delete {count} archive of “{repository}”?", "Delete {count} archives of “{repository}”?", many
        ).format(count=words.number(many), repository=repository.name)
        ask_to_confirm(
            self._page,
            ngettext("Delete archive", "Delete archives", many),
            question,
            ngettext(
                "{names}\n\nWhat is only in it cannot be restored any more. This cannot be undone.",
                "{names}\n\nWhat is only in them cannot be restored any more. This cannot be undone.",
                many,
            ).format(names=_named(archives)),
            yes=_("&Delete"),
            on_yes=partial(self._delete, repository, tuple(archives)),
        )

    def _delete(self, repository: Repository, archives: tuple[Archive, ...]) -> None:
        many = len(archives)
        self._question.ask(
            ngettext("Deleting {count} archive…", "Deleting {count} archives…", many).format(count=words.number(many)),
            lambda cancel: delete_archives(
                self._workspace, repository, archives, cancel, partial(self._question.tell_progress, cancel)
            ),
            partial(self._tell_deleted, repository, many),
        )

    def _tell_deleted(self, repository: Repository, many: int, left: ArchiveList) -> None:
        self.changed.emit(left, "")
        said = ngettext("{count} archive was deleted.", "{count} archives were deleted.", many)
        text = _("{deleted} The disk space is not free yet.")
        compact = BannerButton(_("&Free disk space"), lambda: self.task_requested.emit(repository, Compact()))
        deleted = said.format(count=words.number(many))
        self._told = (repository.name, text.format(deleted=deleted))
        self._banner.show_message(self._told[1], theme.Tone.GOOD, [compact])

    def on_run_ended(self, ended: RunEnded) -> None:
        """Take back the offer to free disk space, if the run has done that."""
        if ended.repository == self._told[0]:
            question = partial(self._workspace.store.runs.get, ended.run_id, with_output=False)
            self._background.ask(question, self._forget_offer, owner=self)

    def _forget_offer(self, run: Run) -> None:
        freed = run.borg_call(BorgStep.COMPACT)
        if freed is not None and freed.status is RunStatus.SUCCESS and self._banner.text == self._told[1]:
            self._banner.show_message("")


def _named(archives: Sequence[Archive]) -> str:
    """Return names and times of the first archives."""
    lines = [f"{words.file_name(one.name)}, {words.moment(one.start)}" for one in archives[:_MOST_NAMED]]
    rest = len(archives) - len(lines)
    if rest:
        lines.append(ngettext("and {count} more", "and {count} more", rest).format(count=words.number(rest)))
    return "\n".join(lines)


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
