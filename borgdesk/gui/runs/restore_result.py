"""Banner in the view of a restore: what it did, and the button that undoes it."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.restore import RestoreReport, restored_folder
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.engine.runs.restore_undo import kept_size, undo_restore
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import run_words, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.file_manager import open_folder
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class RestoreResult(Banner):
    """Hidden for all other runs, and for a restore that did nothing."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._run_id: RunId | None = None
        self._is_undoing = False

    def show_run(self, run: Run) -> None:
        """Show what a finished restore did."""
        self._run_id, self._is_undoing = run.id, False
        is_over = run.kind is RunKind.RESTORE and run.status.is_final
        report = RestoreReport.from_json(run.report) if is_over else RestoreReport("")
        if report.undone_at is not None:
            self._show_undone(run.id, report)
        elif report.undo_until is not None:
            self._offer(run, report, 0)
            if report.replaced:
                question = partial(kept_size, self._workspace, run.id)
                self._background.ask(question, partial(self._offer, run, report), owner=self)
        elif run.status is RunStatus.SUCCESS and is_over:
            said = [f"{run_words.restored(report)}.", run_words.restored_beside(report)]
            self.show_message(" ".join(filter(None, said)), Tone.GOOD, _folder_button(report), dismissible=False)
        else:
            self.show_message("")

    def _offer(self, run: Run, report: RestoreReport, kept: int) -> None:
        if run.id != self._run_id or self._is_undoing:
            return
        text = _("{restored}. This can be undone until {moment}.")
        if kept:
            text = _("{restored}. This can be undone until {moment}; the replaced files take up {size} until then.")
        until = words.moment(report.undo_until)
        text = text.format(restored=run_words.restored(report), moment=until, size=words.size(kept))
        text = " ".join(filter(None, (text, run_words.restored_beside(report))))
        tone = Tone.GOOD if run.status is RunStatus.SUCCESS else Tone.MUTED
        self.show_message(text, tone, [*_folder_button(report), self._undo_button(run.id)], dismissible=False)

    def _undo_button(self, run_id: RunId) -> BannerButton:
        return BannerButton(_("&Undo the restore"), partial(self._undo, run_id), hides_banner=False)

    def _undo(self, run_id: RunId) -> None:
        self._is_undoing = True
        self.show_message(_("Undoing the restore…"), Tone.WORKING, dismissible=False)
        question = partial(undo_restore, self._workspace, run_id)
        self._background.ask(question, partial(self._show_undone, run_id), partial(self._fail, run_id), owner=self)

    def _show_undone(self, run_id: RunId, report: RestoreReport) -> None:
        if run_id == self._run_id:
            tone = Tone.WARNING if report.problems else Tone.GOOD
            again = [self._undo_button(run_id)] if report.undo_until else []
            self.show_message(run_words.undone(report), tone, again, dismissible=False)

    def _fail(self, run_id: RunId, error: BorgDeskError) -> None:
        if run_id == self._run_id:
            self.show_message(error.sentence, Tone.BAD, dismissible=False)


def _folder_button(report: RestoreReport) -> list[BannerButton]:
    """Return the button that opens the folder restored into; none for original locations, which may be anywhere."""
    folder = restored_folder(report, ())
    if folder == "/" or not report.restored:
        return []
    return [BannerButton(_("Open fol&der"), partial(open_folder, folder), hides_banner=False)]
