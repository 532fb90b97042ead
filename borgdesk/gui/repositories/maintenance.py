"""Prepares manual pruning, compacting and checking of a repository, and reading its size; the shell starts the runs."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.retention_preview import Verdict, retention_preview
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.maintenance import Check, Compact, Info, Prune
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.confirmation import ask_to_confirm
from borgdesk.gui.look.task_result import TaskResult
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories.check_dialog import CheckDialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import N_, _, ngettext

_MOST_NAMED = 8
"""Maximum number of archives named in a question."""


_FOR_GOOD = N_("{names}\n\nThis cannot be undone.")
_WITHOUT_SPACE = N_(
    "{names}\n\nThe repository is append-only: the archives disappear from the list, but keep their space until the "
    "repository is compacted on its own machine."
)


class Maintenance(QObject):
    """Actions in a repository's menu."""

    task_requested = Signal(object, object)
    """A Repository, and the Task to run on it."""

    def __init__(self, workspace: Workspace, background: Background, notice: Banner, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._notice, self._parent = workspace, background, notice, parent
        self._cancel: Cancel | None = None
        self.result = TaskResult(workspace.store.runs, background, notice, self)
        self.task_requested.connect(lambda repository, _task: self.result.expect(repository))

    def compact(self, repository: Repository) -> None:
        """Free the space of deleted archives; where that is unlikely to work, say so first."""
        if not repository.append_only:
            self.task_requested.emit(repository, Compact())
            return
        self._notice.show_message(
            _(
                "“{name}” is append-only: its machine keeps what is deleted from here, so compacting frees nothing. To "
                "free the space, compact the repository on that machine."
            ).format(name=repository.name),
            Tone.MUTED,
            [BannerButton(_("Try it anyway"), lambda: self.task_requested.emit(repository, Compact()))],
        )

    def info(self, repository: Repository) -> None:
        """Read what it is, and how large."""
        self.task_requested.emit(repository, Info())

    def ask_for_check(self, repository: Repository) -> None:
        """Ask for the options of a check."""
        dialog = CheckDialog(repository.name, self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.check_requested.connect(lambda options: self.task_requested.emit(repository, Check(options)))
        dialog.open()

    def ask_to_prune(self, repository: Repository) -> None:
        """Prune after showing which archives would be deleted."""
        if not repository.retention:
            self._notice.show_message(
                _("“{name}” has no rules, so nothing is ever pruned. Set some on the Retention tab.").format(
                    name=repository.name
                ),
                Tone.MUTED,
            )
            return
        self.forget_question()
        cancel = self._cancel = Cancel()
        stop = BannerButton(_("S&top"), self.forget_question)
        self._notice.show_message(
            _("Finding out which archives would be pruned…"), Tone.WORKING, [stop], dismissible=False
        )
        self._background.ask(
            partial(retention_preview, self._workspace, repository, None, cancel),
            partial(self._confirm_prune, cancel, repository),
            partial(self._on_failed, cancel),
            self,
            cancel,
        )

    def forget_question(self) -> None:
        """Discard the pending question about which archives would be deleted."""
        if self._cancel is not None:
            self._cancel.ask()
            self._cancel = None
            self._notice.hide()

    def _confirm_prune(self, cancel: Cancel, repository: Repository, verdicts: list[Verdict]) -> None:
        if cancel is not self._cancel:
            return
        self.forget_question()
        going = [one for one in verdicts if not one.keep]
        if not going:
            self._notice.show_message(_("The rules keep all archives: there is nothing to prune."), Tone.MUTED)
            return
        question = ngettext(
            "Delete {count} archive of “{name}” that no rule keeps?",
            "Delete {count} archives of “{name}” that no rule keeps?",
            len(going),
        ).format(count=words.number(len(going)), name=repository.name)
        names = [words.file_name(one.archive) for one in going[:_MOST_NAMED]]
        if rest := len(going) - len(names):
            names.append(ngettext("and {count} more", "and {count} more", rest).format(count=words.number(rest)))
        ask_to_confirm(
            self._parent,
            _("Prune old archives"),
            question,
            _(_WITHOUT_SPACE if repository.append_only else _FOR_GOOD).format(names="\n".join(names)),
            yes=_("&Prune"),
            on_yes=lambda: self.task_requested.emit(repository, Prune()),
        )

    def _on_failed(self, cancel: Cancel, error: BorgDeskError) -> None:
        if cancel is self._cancel:
            self._cancel = None
            tone = Tone.MUTED if isinstance(error, Stopped) else Tone.BAD
            self._notice.show_message(error.sentence, tone)
