"""Line of the scripts page with the state of a library in git, and the menu of what can be done there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.script import Script
from borgdesk.domain.settings import COMMIT_LIBRARY
from borgdesk.engine.git.library import Kind, Status, commit_saved, stamp, status
from borgdesk.engine.git.pull import Plan, Pulled, carry_out, fetch
from borgdesk.engine.git.push import push
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.stoppable_call import StoppableCall
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.commit_dialog import CommitDialog
from borgdesk.gui.scripts.git_words import status_line
from borgdesk.gui.scripts.log_dialog import LogDialog
from borgdesk.gui.scripts.pull_dialog import PullDialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _, ngettext


class GitLine(QWidget):
    """Hidden unless the library folder is a git work tree."""

    pulled = Signal()
    """Files of the library may have changed."""
    shown = Signal()
    """The line shows the state."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        banner: Banner,
        script: Callable[[], Script | None],
        parent: QWidget | None = None,
    ) -> None:
        """*banner* shows what is going on, *script* returns the script that is open."""
        super().__init__(parent)
        self._workspace, self._background, self._banner, self._script = workspace, background, banner, script
        self._stamp: object = None
        self._busy = self._again = False
        self._call = StoppableCall(background, banner, self)
        self.state = ElidedLabel()
        self.menu = QMenu(self)
        self.menu.addAction(_("&Commit…"), self.open_commit)
        self.menu.addAction(icons.icon("go-down"), _("P&ull…"), self.ask_remote)
        self.menu.addAction(icons.icon("go-up"), _("Pu&sh"), self.push)
        self.menu.addSeparator()
        self.log_of_script = self.menu.addAction(_("Log of the &script…"), self.open_log_of_script)
        self.menu.addAction(_("&Log…"), self.open_log)
        self.menu.addSeparator()
        self.at_once = self.menu.addAction(_("Commit each script when it is sa&ved"))
        self.at_once.setCheckable(True)
        self.at_once.triggered.connect(self._on_at_once_triggered)
        self.menu.aboutToShow.connect(self._on_about_to_show)
        self.button = QPushButton(_("&Git"))
        self.button.setAutoDefault(False)
        self.button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.state, 1)
        row.addWidget(self.button)
        self._call.changed.connect(self.button.setDisabled)
        self.hide()

    # State ------------------------------------------------------------------------------------------------------------

    def refresh(self, *, anyway: bool = False) -> None:
        """Show the present state, if the library or its repository has changed since, or *anyway*."""
        if anyway:
            self._stamp = None
        if self._busy:
            self._again = True
            return
        self._busy = True
        work = partial(_look, self._workspace, self._stamp)
        self._background.ask(work, self._show, self._show_problem, self)

    def _show(self, found: tuple[object, Status | None]) -> None:
        self._busy = False
        self._stamp, state = found
        if self._stamp is None:
            self.hide()
        elif state is not None:
            self.state.setText(status_line(state))
            self.button.setEnabled(not self._call.is_open)
            self.show()
            self.shown.emit()
        self._look_again()

    def _show_problem(self, error: BorgDeskError) -> None:
        self._busy = False
        self._stamp = None  # Otherwise the sentence would stay where the state is the one known before.
        self.state.setText(error.sentence)
        self.button.setEnabled(False)
        self.show()
        self.shown.emit()
        self._look_again()

    def _look_again(self) -> None:
        if self._again:
            self._again = False
            self.refresh()

    def commit_saved(self, scripts: Iterable[Script], kind: Kind) -> None:
        """Commit scripts that were saved, if the library is in git."""

        def work() -> None:
            for script in scripts:
                commit_saved(self._workspace, script, kind)

        self._background.ask(work, lambda _: self.refresh(), owner=self)

    # What can be done -------------------------------------------------------------------------------------------------

    def open_commit(self) -> None:
        """Open the dialog that commits."""
        dialog = CommitDialog(self._workspace, self._background, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.committed.connect(partial(self.refresh, anyway=True))
        dialog.open()

    def ask_remote(self) -> None:
        """Ask the remote what it has changed, and show that."""
        self._call.ask(_("Asking the remote…"), partial(_fetched, self._workspace), self._on_fetched)

    def _on_fetched(self, plan: Plan) -> None:
        if plan.incoming:
            dialog = PullDialog(self._workspace, self._background, plan, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.pulled.connect(self._on_pulled)
            dialog.open()
            self.refresh(anyway=True)
        else:
            # What is the same here already, or is left to git, only moves the branch.
            self._background.ask(partial(carry_out, self._workspace, plan, {}), self._on_pulled, self._on_failed, self)

    def _on_pulled(self, done: Pulled) -> None:
        if done.waiting:
            count = len(done.waiting)
            sentence = ngettext(
                "{count} change of the remote waits for your decision.",
                "{count} changes of the remote wait for your decision.",
                count,
            )
            self._banner.show_message(sentence.format(count=count), Tone.WARNING)
        elif done.moved:
            self._banner.show_message(_("The library now has the remote's changes."), Tone.GOOD)
        else:
            self._banner.show_message(_("The library has everything that the remote has."), Tone.GOOD)
        self.refresh(anyway=True)
        self.pulled.emit()

    def push(self) -> None:
        """Send the commits to the remote."""
        self._call.ask(_("Sending commits to the remote…"), partial(_pushed, self._workspace), self._on_pushed)

    def _on_pushed(self, count: int) -> None:
        sentence = ngettext("{count} commit was sent.", "{count} commits were sent.", count).format(count=count)
        self._banner.show_message(sentence if count else _("The remote already has all commits."), Tone.GOOD)
        self.refresh(anyway=True)

    def open_log(self) -> None:
        """Show all commits."""
        self._open_log(None)

    def open_log_of_script(self) -> None:
        """Show the commits of the open script."""
        self._open_log(self._script())

    def _open_log(self, script: Script | None) -> None:
        dialog = LogDialog(self._workspace, self._background, script, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_about_to_show(self) -> None:
        self.log_of_script.setEnabled(self._script() is not None)
        self.at_once.setChecked(self._workspace.store.settings.latest[COMMIT_LIBRARY])

    def _on_at_once_triggered(self, checked: bool) -> None:
        store = partial(self._workspace.store.settings.set, COMMIT_LIBRARY, checked)
        self._background.ask(store, lambda _: None, self._on_failed, self)

    def _on_failed(self, error: BorgDeskError) -> None:
        self._banner.show_message(error.sentence, Tone.BAD)


def _look(workspace: Workspace, known: object) -> tuple[object, Status | None]:
    now = stamp(workspace)
    return now, None if now is None or now == known else status(workspace)


def _fetched(workspace: Workspace, cancel: Cancel) -> Plan:
    return fetch(workspace, cancel)


def _pushed(workspace: Workspace, cancel: Cancel) -> int:
    return push(workspace, cancel)
