"""View of one repository, with tabs for its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError, Changed, InvalidInput, Stopped
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import Schedule
from borgdesk.engine.repositories import same_disk
from borgdesk.engine.repositories.sources import source_remarks
from borgdesk.engine.schedule.editing import edit_with_schedule
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.board import AssignmentBoard
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.calm_place import CalmPlace
from borgdesk.gui.look.direction import set_margins
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories.exclude_remarks import ExcludeRemarks
from borgdesk.gui.repositories.key_actions import KeyActions
from borgdesk.gui.repositories.maintenance import Maintenance
from borgdesk.gui.repositories.opening import Opening
from borgdesk.gui.repositories.preview_dialog import PreviewDialog, open_preview
from borgdesk.gui.repositories.repository_header import RepositoryHeader
from borgdesk.gui.repositories.repository_tabs import BackupTab, ConnectionTab, RetentionTab
from borgdesk.gui.repositories.statistics_tab import StatisticsTab
from borgdesk.gui.repositories.work_row import WorkRow
from borgdesk.gui.schedule.schedule_tab import ScheduleTab
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class RepositoryView(QWidget):
    """Stores nothing but assignments before *Save*, which tries a changed location or passphrase with Borg."""

    backup_requested = Signal(int)
    history_requested = Signal(int)
    removal_requested = Signal(object)
    """A Repository."""
    task_requested = Signal(object, object)
    """A Repository, and the Task to run on it."""
    saved = Signal(object)
    """The stored Repository."""
    save_failed = Signal()
    excludes_judged = Signal()
    """The result of checking the excludes is shown."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._repository: Repository | None = None
        self.header = RepositoryHeader()
        self.board = AssignmentBoard(workspace, background)
        self.backup = BackupTab(background)
        self.retention = RetentionTab(workspace, background, self._tried_out)
        self.schedule = ScheduleTab(workspace, background)
        self.connection = ConnectionTab(workspace, background)
        self.statistics = StatisticsTab(workspace, background)
        self.go_on = QCheckBox(_("If a script before the backup &fails, back up anyway"))
        self.notice = Banner()
        self.work = WorkRow(self.notice)
        self.maintenance = Maintenance(workspace, background, self.notice, self)
        self.opening = Opening(workspace, background, self.notice, self.work, lambda: self._repository)
        self._lay_out()
        self.keys = KeyActions(workspace, background, self.notice, self, lambda: self._repository)
        self.header.add_menu(self.keys.menu)
        self.connection.add_key_menu(self.keys.menu)
        self._exclude_remarks = ExcludeRemarks(self.backup, background, self)
        self._connect_header()
        self._connect_tabs()
        self._connect_work()

    def _connect_header(self) -> None:
        self.header.backup_requested.connect(lambda: self._emit_id(self.backup_requested))
        self.header.history_requested.connect(lambda: self._emit_id(self.history_requested))
        self.header.connection_check_requested.connect(self.opening.check)
        self.header.info_requested.connect(lambda: self._maintain(self.maintenance.info))
        self.header.check_requested.connect(lambda: self._maintain(self.maintenance.ask_for_check))
        self.header.prune_requested.connect(lambda: self._maintain(self.maintenance.ask_to_prune))
        self.header.compact_requested.connect(lambda: self._maintain(self.maintenance.compact))
        self.header.removal_requested.connect(lambda: self.removal_requested.emit(self._repository))

    def _connect_tabs(self) -> None:
        for tab in (self.backup, self.schedule, self.retention, self.connection):
            tab.edited.connect(self._adapt)
        self.go_on.clicked.connect(self._adapt)
        self.schedule.backup_requested.connect(lambda: self._emit_id(self.backup_requested))
        self._exclude_remarks.shown.connect(self.excludes_judged)
        self.backup.edited.connect(self._exclude_remarks.start)
        self.backup.excludes.preview_requested.connect(self.show_preview)
        self.connection.key_requested.connect(self.keys.ask_to_save)
        self.connection.server.host_key_accepted.connect(self._check_unmodified)

    def _connect_work(self) -> None:
        self.work.changed.connect(self._adapt)
        self.maintenance.task_requested.connect(self.task_requested)
        self.maintenance.result.shown.connect(self.retention.preview.follow)
        self.keys.import_requested.connect(self.opening.ask_for_key)
        self.opening.moved.connect(self._on_moved)
        self.opening.host_key_wanted.connect(self.connection.server.check_host_key)

    # Content --------------------------------------------------------------------------------------------------------

    def show_repository(self, repository: Repository) -> None:
        """Show a repository, discarding unsaved changes."""
        other = self._repository is None or self._repository.id != repository.id
        self._repository = repository
        self.header.show_repository(repository)
        for tab in (self.backup, self.schedule, self.retention, self.connection, self.statistics):
            tab.show_repository(repository)
        self.go_on.setChecked(repository.continue_on_hook_failure)
        self._exclude_remarks.start()
        self.board.show_repository(repository.id)
        if other:
            self.maintenance.forget_question()
            self.retention.preview.close_preview()
            self.notice.hide()
            self.keys.remind()
        self._adapt()

    def show_running(self, running: bool) -> None:
        """Show whether a backup of the repository is running."""
        self.header.show_running(running)
        self.board.show_running(running)

    def refresh(self, repository: Repository) -> None:
        """Update the repository, keeping unsaved changes."""
        shown = self._repository
        self.schedule.refresh()
        self.statistics.refresh()
        if shown is not None and repository == shown.with_results_of(repository):
            # Only its runs have changed: no field is touched.
            if repository.last_run_at != shown.last_run_at:
                self.retention.preview.follow()
            self._repository = repository
            self.header.show_repository(repository)
            self.board.refresh_if_changed()
            return
        if self._repository is None or self._repository.id != repository.id or not self.is_modified():
            self.show_repository(repository)
            return
        self.board.refresh_if_changed()
        self.header.show_repository(repository)

    def tell_units_problem(self, sentence: str) -> None:
        """Say why the repository is not backed up while the program is closed, after any other message."""
        told = " ".join(filter(None, (self.notice.text, _("Backups start only while BorgDesk is running."), sentence)))
        save = [BannerButton(_("Save the key…"), self.keys.ask_to_save)] if self.notice.text else []
        self.notice.show_message(told, Tone.WARNING, save)

    @property
    def repository(self) -> Repository | None:
        """The stored repository."""
        return self._repository

    @property
    def can_save(self) -> bool:
        """Whether there are unsaved changes and no saving is in progress."""
        return self.is_modified() and not self.work.is_busy

    def is_modified(self) -> bool:
        """Return whether there are unsaved changes."""
        if self._repository is None:
            return False
        if self.connection.passphrase.unlocking().passphrase is not None or self.schedule.is_modified():
            return True
        try:
            return self.edited() != self._repository
        except InvalidInput:
            return True

    def edited(self) -> Repository:
        """Return the repository as it would be saved.

        Raises:
            InvalidInput: a retention rule or the time to wait is invalid.
        """
        assert self._repository is not None
        edited = self.connection.apply(self.retention.apply(self.backup.apply(self._repository)))
        return replace(edited, continue_on_hook_failure=self.go_on.isChecked())

    # Changes --------------------------------------------------------------------------------------------------------

    def save(self, *, over: bool = False, moved: bool = False) -> None:
        """Store the changes; :attr:`saved` or :attr:`save_failed` follows.

        Other fields changed elsewhere meanwhile are kept; *over* overwrites those changed in both places. *moved*: the
        user has confirmed that the repository is now at this location.
        """
        problem = self.connection.passphrase.problem()
        try:
            repository, schedule = self.edited(), self.schedule.edit()
        except InvalidInput as error:
            problem = str(error)
        if problem:
            self._on_save_failed(InvalidInput(problem))
            return
        passphrase, seen = self.connection.passphrase.unlocking().passphrase, self._repository
        assert seen is not None
        cancel = self.work.begin(_("Saving"))
        self._background.ask(
            lambda: edit_with_schedule(
                self._workspace, repository, schedule, passphrase, cancel, seen=seen, over=over, moved=moved
            ),
            self._on_saved,
            self._on_save_failed,
            self,
            cancel,
        )

    def discard(self) -> None:
        """Discard the changes."""
        if self._repository is not None:
            self.notice.hide()
            self.show_repository(self._repository)

    def _on_saved(self, stored: tuple[Repository, Schedule | None]) -> None:
        self.work.end()
        (repository, schedule), before = stored, self._repository
        self.connection.passphrase.clear()
        self.notice.hide()
        self.schedule.show_stored(schedule)
        self.show_repository(repository)
        self.saved.emit(repository)
        added = [source for source in repository.sources if before is None or source not in before.sources]
        if added or (before is not None and before.location != repository.location):
            self._background.ask(
                lambda: (repository.id, [*source_remarks(added), *filter(None, [same_disk.remark(repository)])]),
                lambda found: self._show_source_remarks(*found),
                owner=self,
            )

    def _show_source_remarks(self, repository_id: RepositoryId, remarks: list[str]) -> None:
        """Show warnings about sources that were added, or a location that was changed."""
        if remarks and self._repository is not None and self._repository.id == repository_id:
            self.notice.show_message(" ".join(remarks), Tone.WARNING)

    def _on_save_failed(self, error: BorgDeskError) -> None:
        self.work.end()
        if isinstance(error, Changed):
            choices = [
                BannerButton(_("Discard my changes"), self._reload),
                BannerButton(_("Keep my changes"), lambda: self.save(over=True)),
            ]
            self.notice.show_message(error.sentence, Tone.WARNING, choices, dismissible=False)
        else:
            tone = Tone.MUTED if isinstance(error, Stopped) else Tone.BAD
            self.notice.show_message(error.sentence, tone, self.opening.offers(error))
        self.save_failed.emit()

    def _check_unmodified(self) -> None:
        if not self.is_modified():
            self.opening.check()

    def _on_moved(self) -> None:
        if self.is_modified():
            self.save(moved=True)
        else:
            self.opening.check(moved=True)

    def show_preview(self) -> PreviewDialog:
        """Show what a backup with the values in the form would contain."""
        return open_preview(self._workspace, self._background, self.edited, self.backup.exclude, self)

    def _reload(self) -> None:
        """Show the stored state, discarding the changes."""
        shown = self._repository
        if shown is not None:
            self._background.ask(
                lambda: self._workspace.store.repositories.get(shown.id), self.show_repository, owner=self
            )

    # Implementation -------------------------------------------------------------------------------------------------

    def _maintain(self, what: Callable[[Repository], None]) -> None:
        if self._repository is not None:
            what(self._repository)

    def _tried_out(self) -> Repository | None:
        """Return the stored repository with the entered rules."""
        return None if self._repository is None else self.retention.apply(self._repository)

    def _emit_id(self, signal: SignalInstance) -> None:
        if self._repository is not None:
            signal.emit(self._repository.id)

    def _lay_out(self) -> None:
        scripts = QWidget()
        column = QVBoxLayout(scripts)
        column.addWidget(self.board, 1)
        column.addWidget(self.go_on)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.backup, _("Backup"))
        self.tabs.addTab(scripts, _("Scripts"))
        self.tabs.addTab(self.schedule, _("Schedule"))
        self.tabs.addTab(self.retention, _("Retention"))
        self.tabs.addTab(self.connection, _("Connection"))
        self.tabs.addTab(self.statistics, _("Statistics"))
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Save | buttons.Discard)
        self.buttons.accepted.connect(self.save)
        self.buttons.button(buttons.Discard).clicked.connect(self.discard)
        layout = QVBoxLayout(self)
        set_margins(layout, 8, 0, 0, 0)
        layout.addWidget(self.header)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(CalmPlace(self.tabs, self.notice))
        layout.addWidget(self.work)
        layout.addWidget(self.buttons)

    def _adapt(self) -> None:
        is_busy = self.work.is_busy
        self.buttons.setVisible(self.is_modified() or is_busy)
        self.buttons.setEnabled(not is_busy)
        self.tabs.setEnabled(not is_busy)
