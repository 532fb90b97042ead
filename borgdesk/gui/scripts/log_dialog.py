"""Dialog with the commits of a library in git."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QSplitter, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.script import Script
from borgdesk.engine.git.library import Commit, log, text_at
from borgdesk.engine.scripts.script_editing import load
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.diff_view import DiffView
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_MOST = 500


class LogDialog(Dialog):
    """The commits, newest first; for one script, with the text of each beside the present one."""

    help_page = "library-in-git"
    loaded = Signal()
    """The commits are shown."""

    def __init__(
        self, workspace: Workspace, background: Background, script: Script | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._script = workspace, background, script
        self.setWindowTitle(_("Log of “{name}”").format(name=script.name) if script else _("Log of the library"))
        columns: list[Column[Commit]] = [
            Column(
                _("When"),
                lambda one: words.ago(one.at),
                sort_key=lambda one: -one.at.timestamp(),
                tooltip=lambda one: f"{words.exact_moment(one.at)}\n{one.oid}",
                width=14,
            ),
            Column(_("Message"), lambda one: one.message, stretch=True),
            Column(_("Author"), lambda one: one.author, tooltip=lambda one: one.address, width=16),
        ]
        self._model = TableModel(columns, lambda one: one.oid, self)
        self.table = TableView(self._model, _("Commits"), _("There is no commit yet."))
        self.comparison = DiffView()
        self.comparison.setVisible(script is not None)
        self.message = Banner()
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(self.comparison)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(splitter, 1)
        layout.addWidget(buttons)
        self.resize(760, 600)
        self.table.row_selected.connect(self._choose)
        ref = None if script is None else str(script.id)
        background.ask(partial(log, workspace, _MOST, ref), self._fill, self._on_failed, self)

    def entered(self) -> None:
        """Return nothing: the dialog has no input."""

    def _fill(self, commits: list[Commit]) -> None:
        self._model.set_rows(commits)
        if commits:
            self.table.select_key(commits[0].oid)
        self.loaded.emit()

    def _choose(self, commit: Commit | None) -> None:
        if commit is not None and self._script is not None:
            work = partial(_texts, self._workspace, commit, self._script)
            self._background.ask(work, partial(self._compare, commit), self._on_failed, self)

    def _compare(self, commit: Commit, texts: tuple[str, str]) -> None:
        current = self.table.current_row()
        if current is not None and current.oid == commit.oid:
            self.comparison.set_texts(*texts, words.ago(commit.at), _("Now"))

    def _on_failed(self, error: BorgDeskError) -> None:
        self.message.show_message(error.sentence, Tone.BAD)
        self.loaded.emit()


def _texts(workspace: Workspace, commit: Commit, script: Script) -> tuple[str, str]:
    return text_at(workspace, commit.oid, script), load(workspace, script.id).text
