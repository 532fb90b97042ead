"""Dialog for restoring from an archive: destination, handling of existing files, and progress."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.archive import Archive
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.repository import Repository
from borgdesk.domain.restore import RestoreReport, restored_folder
from borgdesk.domain.run import BorgStep, RunKind, RunStatus
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.archives.conflicts import Conflicts, conflicts
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.restore_preview import Preview, owners_note, preview
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore import Restore
from borgdesk.engine.runs.restore_undo import undo_restore
from borgdesk.engine.runs.story import Entry, Key
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.conflict_question import ask_about_conflicts
from borgdesk.gui.archives.running_services import RunningServices
from borgdesk.gui.look import icons, run_words, theme, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.file_manager import open_folder
from borgdesk.gui.look.run_progress import RunProgress
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.translation import _

_ASK = "ask"
_TICK = 1000
"""Milliseconds between two updates of the elapsed time during a restore."""

_PAUSE = 300
"""Milliseconds without a key press before the summary of destinations is updated."""


class RestoreDialog(Dialog):
    """Starts a restore, shows its progress and result, and can undo it."""

    help_page = "archives"

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        executor: Executor,
        repository: Repository,
        archive: Archive,
        paths: tuple[str, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._repository, self._archive, self._paths = repository, archive, paths
        self._busy = False
        """Whether a restore started here is in progress."""
        self._looking: Cancel | None = None
        """Of the comparison with existing files, before the restore starts."""
        self._run_id: RunId | None = None
        """The id of the current or last restore."""
        self.setWindowTitle(_("Restore from {archive}").format(archive=archive.name))
        self._make()
        self._lay_out()
        executor.run_began.connect(self._on_run_began)
        executor.events_arrived.connect(lambda _events: self._show_progress())
        executor.run_ended.connect(self._on_run_ended)
        executor.became_idle.connect(self._on_executor_idle)
        self._on_place_changed()

    def _make(self) -> None:
        self._what = QLabel(self._selection(), self)
        self._what.setTextFormat(Qt.TextFormat.PlainText)
        self._what.setWordWrap(True)
        self.in_place = QRadioButton(_("To the &original location"), self)
        self.to_folder = QRadioButton(_("To a &folder:"), self)
        self.to_folder.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.in_place)
        group.addButton(self.to_folder)
        self.folder = QLineEdit(self)
        downloads = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
        self.folder.setText(str(Path(downloads or Path.home()) / _("Restored")))
        self.folder.setAccessibleName(_("Folder"))
        self.browse = QPushButton(icons.icon("folder"), _("&Browse…"), self)
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._on_browse_clicked)
        self.full_paths = QCheckBox(_("&With all folders above them"), self)
        self.full_paths.setToolTip(_("Restores /home/me/letter.txt as home/me/letter.txt in the folder"))
        self.on_conflict = QComboBox(self)
        self.on_conflict.addItem(_("Ask once, before anything is restored"), _ASK)
        self.on_conflict.addItem(_("Keep the existing file"), OnConflict.KEEP)
        self.on_conflict.addItem(_("Replace it (can be undone for 7 days)"), OnConflict.REPLACE)
        self.on_conflict.addItem(_("Keep both"), OnConflict.BOTH)
        self._make_progress()
        self.on_conflict.currentIndexChanged.connect(lambda _place: self.banner.show_message(""))
        self.folder.textChanged.connect(self._on_place_changed)
        self.to_folder.toggled.connect(self._on_place_changed)
        self.in_place.toggled.connect(lambda wanted: self.services.ask(wanted=wanted))
        self.full_paths.toggled.connect(self._on_place_changed)

    def _make_progress(self) -> None:
        self._sentence = QLabel(self)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self.services = RunningServices(self._workspace, self._background, self._repository, self)
        self.banner = Banner(self)
        self.progress = RunProgress(self)
        self.progress.hide()
        self._timer = QTimer(self, interval=_TICK)
        self._timer.timeout.connect(self._show_progress)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._preview)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.restore_button = self._buttons.addButton(_("&Restore"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.restore_button.setDefault(True)
        self._buttons.accepted.connect(self._on_restore_clicked)
        self._buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(self.browse)
        form = QFormLayout()
        form.addRow(self.to_folder, place)
        form.addRow("", self.full_paths)
        form.addRow(self.in_place)
        form.addRow(_("If a different file already exis&ts"), self.on_conflict)
        column = QVBoxLayout(self)
        column.addWidget(self._what)
        column.addLayout(form)
        column.addWidget(self._sentence)
        column.addWidget(self.services)
        column.addWidget(self.banner)
        column.addWidget(self.progress)
        column.addStretch(1)
        column.addWidget(self._buttons)
        self.resize(620, 280)

    def _selection(self) -> str:
        if not self._paths:
            return _("All of {archive}").format(archive=self._archive.name)
        if len(self._paths) == 1:
            return words.file_name(f"/{self._paths[0]}")
        return _("{number} selected items").format(number=words.number(len(self._paths)))

    def entered(self) -> None:
        """Return nothing: no input here is worth a question; :meth:`reject` asks about a restore in progress."""

    def request(self) -> RestoreRequest:
        """Return the request that the fields describe."""
        folder = Path(self.folder.text().strip()).expanduser() if self.to_folder.isChecked() else None
        chosen = self.on_conflict.currentData()
        on_conflict = OnConflict.KEEP if chosen == _ASK else OnConflict(chosen)
        return RestoreRequest(self._paths, folder, on_conflict, self.full_paths.isChecked() and folder is not None)

    def reject(self) -> None:
        """Stop the restore in progress, or else close the dialog."""
        if self._looking is not None:
            self._looking.ask()
            self._looking = None
            self._set_busy(busy=False)
        elif self._busy:
            if self._run_id is not None:
                self._executor.stop(self._run_id)
            else:
                self._executor.stop_repository(self._repository.id)
            self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setEnabled(False)
        else:
            super().reject()

    def _on_browse_clicked(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _("Restore to"), self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _on_place_changed(self) -> None:
        self.banner.show_message("")  # it is about what was entered before
        is_folder = self.to_folder.isChecked()
        self.folder.setEnabled(is_folder)
        self.browse.setEnabled(is_folder)
        # All of an archive always comes with all folders.
        self.full_paths.setEnabled(is_folder and bool(self._paths))
        self._pause.start()

    def _preview(self) -> None:
        request = self.request()
        if request.folder is not None and not request.folder.is_absolute():
            self._refuse(_("Enter the full path of a folder, such as /home/me/Restored."))
            return
        question = partial(preview, self._workspace, self._repository, self._archive, request)
        self._background.ask(
            question, partial(self._show_preview, request), partial(self._fail_preview, request), owner=self
        )

    def _show_preview(self, request: RestoreRequest, seen: Preview) -> None:
        if request != self.request() or self._busy:
            return
        amount = f"{words.files(seen.items)} ({words.size(seen.size)})"
        first = words.file_name(seen.target)
        if seen.is_all:
            text = _("{amount} will be restored as {path}.").format(amount=amount, path=first)
        else:
            text = _("{amount} will be restored, the first of them to {path}.").format(amount=amount, path=first)
        self._sentence.setText(" ".join(filter(None, (text, owners_note()))))
        self.restore_button.setEnabled(True)

    def _fail_preview(self, request: RestoreRequest, error: BorgDeskError) -> None:
        if request == self.request():
            self._refuse(error.sentence)

    def _refuse(self, sentence: str) -> None:
        self._sentence.clear()
        self.restore_button.setEnabled(False)
        self._tell(sentence, theme.Tone.BAD)

    def _tell(self, sentence: str, tone: theme.Tone, *buttons: BannerButton) -> None:
        self.banner.show_message(sentence, tone, buttons, dismissible=False)

    # restore

    def _on_restore_clicked(self) -> None:
        request = self.request()
        if self.on_conflict.currentData() != _ASK:
            self._begin(request)
            return
        cancel = self._looking = Cancel()
        self._set_busy(busy=True)
        self._sentence.setText(_("Comparing with what is there…"))
        question = partial(conflicts, self._workspace, self._repository, self._archive, request, cancel)
        answer, failed = partial(self._ask_once, request, cancel), partial(self._fail_look, cancel)
        self._background.ask(question, answer, failed, owner=self, cancel=cancel)

    def _ask_once(self, request: RestoreRequest, cancel: Cancel, met: Conflicts) -> None:
        if cancel is not self._looking:
            return
        self._looking = None
        self._set_busy(busy=False)
        if met.count:
            ask_about_conflicts(self, met, lambda chosen: self._begin(replace(request, on_conflict=chosen)))
        else:
            self._begin(request)

    def _fail_look(self, cancel: Cancel, error: BorgDeskError) -> None:
        if cancel is self._looking:
            self._looking = None
            self._on_failed(error)

    def _begin(self, request: RestoreRequest) -> None:
        if not self._executor.start_task(self._repository, Restore(self._archive, request)):
            name = quoted(self._repository.name)
            self._tell(_("A restore from {name} is already running.").format(name=name), theme.Tone.BAD)
            return
        self._run_id = None
        self._set_busy(busy=True)

    def _on_run_began(self, run_id: RunId) -> None:
        live = self._executor.live(run_id)
        is_ours = live is not None and live.repository_id == self._repository.id
        if live is not None and is_ours and live.story.kind is RunKind.RESTORE and self._busy and self._run_id is None:
            self._run_id = run_id

    def _show_progress(self) -> None:
        if not self._busy or self._looking is not None:
            return
        live = None if self._run_id is None else self._executor.live(self._run_id)
        if live is None:
            self._sentence.setText(_("Starting…"))
            return
        self.progress.show_live(live)
        doing = run_words.doing(live)
        active = live.story.active
        if active is not None and not live.story.stopping:
            doing = _doing(active)
        self._sentence.setText(" · ".join([doing[:1].upper() + doing[1:], *run_words.live_facts(live)]))

    def _on_run_ended(self, ended: RunEnded) -> None:
        if self._busy and ended.run_id == self._run_id:
            get = partial(self._workspace.store.runs.get, ended.run_id, with_output=False)
            self._background.ask(get, self._on_restored, self._on_failed, owner=self)

    def _on_executor_idle(self) -> None:
        """Handle that a restore ended without being recorded in the history; the window shows the reason."""
        if self._busy and self._run_id is None and self._looking is None:
            self._set_busy(busy=False)

    def _set_busy(self, *, busy: bool) -> None:
        entered = (self.in_place, self.to_folder, self.folder, self.browse, self.full_paths, self.on_conflict)
        for one in (*entered, self.restore_button):
            one.setEnabled(not busy)
        self._busy = busy
        self.progress.setRange(0, 0)
        self.progress.setVisible(busy)
        cancel = self._buttons.button(QDialogButtonBox.StandardButton.Cancel)
        cancel.setEnabled(True)
        cancel.setText(_("S&top") if busy else _("&Close"))
        if busy:
            self.banner.show_message("")
            self._timer.start()
            self._show_progress()
        else:
            self._timer.stop()
            self._sentence.clear()
            self.folder.setEnabled(self.to_folder.isChecked())
            self.browse.setEnabled(self.to_folder.isChecked())
            self.full_paths.setEnabled(self.to_folder.isChecked() and bool(self._paths))

    def _on_restored(self, run: Run) -> None:
        self._set_busy(busy=False)
        report = RestoreReport.from_json(run.report)
        tone = {RunStatus.SUCCESS: theme.Tone.GOOD, RunStatus.CANCELLED: theme.Tone.MUTED}.get(run.status)
        if tone is None:
            tone = theme.Tone.WARNING if report.restored else theme.Tone.BAD
        text = f"{run_words.restored(report)}." if run.status is RunStatus.SUCCESS else run_sentence(run)
        text = " ".join(filter(None, (text, run_words.restored_beside(report))))
        buttons = []
        if report.restored:
            show = partial(open_folder, restored_folder(report, self._paths))
            buttons.append(BannerButton(_("Open fol&der"), show, hides_banner=False))
        if report.undo_until is not None:
            buttons.append(BannerButton(_("&Undo"), self._on_undo_clicked))
        self._tell(text, tone, *buttons)

    def _on_failed(self, error: BorgDeskError) -> None:
        self._set_busy(busy=False)
        self._tell(error.sentence, theme.Tone.BAD)

    def _on_undo_clicked(self) -> None:
        if self._run_id is not None:
            question = partial(undo_restore, self._workspace, self._run_id)
            self._background.ask(question, self._show_undone, self._on_failed, owner=self)

    def _show_undone(self, undone: RestoreReport) -> None:
        self._tell(run_words.undone(undone), theme.Tone.WARNING if undone.problems else theme.Tone.GOOD)


def _doing(entry: Entry) -> str:
    names: dict[Key, str] = {
        BorgStep.LIST: _("Reading the archive"),
        BorgStep.EXTRACT: _("Extracting"),
        BorgStep.VERIFY: _("Verifying"),
        BorgStep.PLACE: _("Moving into place"),
    }
    return names.get(entry.key) or run_words.entry_title(entry)
