"""Dialog that shows what the remote has changed, and takes what is chosen."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QRadioButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.git.merging import merged
from borgdesk.engine.git.pull import Choice, Decision, Incoming, Plan, Pulled, State, carry_out
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.diff_view import DiffView
from borgdesk.gui.scripts.git_words import KINDS, remark
from borgdesk.gui.scripts.merge_dialog import MergeDialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_ROLE = Qt.ItemDataRole.UserRole


class PullDialog(Dialog):
    """The changed files on the left, the current one beside the file here on the right, with what to do with it."""

    help_page = "library-in-git"
    pulled = Signal(object)
    """A Pulled."""

    def __init__(self, workspace: Workspace, background: Background, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._plan = workspace, background, plan
        self.setWindowTitle(_("Pull changes"))
        self.decisions: dict[str, Decision] = {
            one.path: Choice.THEIRS for one in plan.incoming if one.state is State.FREE
        }
        """Of the files that are not left for later."""
        self.files = QListWidget()
        self.files.setAccessibleName(_("Files changed on the remote"))
        self.files.setWordWrap(True)
        self.comparison = DiffView()
        self.remark = Banner()
        self.message = Banner()
        self.take = QRadioButton(_("&Take it"))
        self.keep = QRadioButton(_("&Keep mine"))
        self.edited = QRadioButton(_("&Edited by hand"))
        self.later = QRadioButton(_("Decide &later"))
        self.edit = QPushButton(_("Edit by &hand…"))
        self._lay_out()
        for one in plan.incoming:
            QListWidgetItem("", self.files).setData(_ROLE, one)
        self.files.currentItemChanged.connect(lambda item, _: self._choose(item))
        self._choices = QButtonGroup(self)
        for button in (self.take, self.keep, self.edited, self.later):
            self._choices.addButton(button)
        self._choices.buttonClicked.connect(lambda _: self._decide())
        self.edit.clicked.connect(self._ask_merged)
        self.files.setCurrentRow(0)
        self._adapt()

    def entered(self) -> dict[str, Decision]:
        """Return the decisions."""
        return dict(self.decisions)

    @property
    def current(self) -> Incoming | None:
        """The change that is shown."""
        row = self.files.currentRow()
        return self._plan.incoming[row] if row >= 0 else None

    def _choose(self, item: QListWidgetItem | None) -> None:
        one = self.current
        if item is None or one is None:
            return
        mine, theirs = (text.decode("utf-8", "replace") for text in (one.mine, one.theirs))
        self.comparison.set_texts(mine, theirs, _("In your library"), _("On the remote"))
        words = remark(one)
        self.remark.show_message(words, Tone.WARNING if words else Tone.MUTED, dismissible=False)
        self.take.setEnabled(one.state is not State.REFUSED)
        self.edit.setVisible(one.state is State.CONFLICT and bool(one.mine and one.theirs))
        self._show_choice()

    def _show_choice(self) -> None:
        one = self.current
        decision = None if one is None else self.decisions.get(one.path)
        self.edited.setVisible(isinstance(decision, bytes))
        buttons = {Choice.THEIRS: self.take, Choice.MINE: self.keep, None: self.later}
        (self.edited if isinstance(decision, bytes) else buttons[decision]).setChecked(True)

    def _decide(self) -> None:
        one = self.current
        if one is None or self.edited.isChecked():
            return
        if self.later.isChecked():
            self.decisions.pop(one.path, None)
        else:
            self.decisions[one.path] = Choice.THEIRS if self.take.isChecked() else Choice.MINE
        self._show_choice()
        self._adapt()

    def _adapt(self) -> None:
        for row in range(self.files.count()):
            item = self.files.item(row)
            one: Incoming = item.data(_ROLE)
            name = one.script.name if one.script is not None else one.path
            item.setText(f"{name}\n{_(KINDS[one.kind])}, {self._decided(one)}")
        waiting = len(self._plan.incoming) - len(self.decisions)
        self.outlook.setText(
            _("The library is then up to date.")
            if not waiting
            else _("As long as a change waits for a decision, the library stays at its commit.")
        )

    def _decided(self, one: Incoming) -> str:
        decision = self.decisions.get(one.path)
        if decision is None:
            return _("waits for you")
        if isinstance(decision, bytes):
            return _("edited by hand")
        return _("is taken") if decision is Choice.THEIRS else _("stays as it is here")

    # By hand ----------------------------------------------------------------------------------------------------------

    def _ask_merged(self) -> None:
        one = self.current
        if one is not None:
            work = partial(merged, self._workspace, one)
            self._background.ask(work, partial(self._edit, one), self._on_failed, self)

    def _edit(self, one: Incoming, text: str) -> None:
        name = one.script.name if one.script is not None else one.path
        dialog = MergeDialog(name, text, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.merged.connect(partial(self._on_merged, one))
        dialog.open()

    def _on_merged(self, one: Incoming, text: str) -> None:
        self.decisions[one.path] = text.encode("utf-8", "replace")
        self._show_choice()
        self._adapt()

    # Taking -----------------------------------------------------------------------------------------------------------

    def _on_accepted(self) -> None:
        self.setEnabled(False)
        work = partial(carry_out, self._workspace, self._plan, dict(self.decisions))
        self._background.ask(work, self._on_pulled, self._on_failed, self)

    def _on_pulled(self, done: Pulled) -> None:
        self.pulled.emit(done)
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.setEnabled(True)
        self.message.show_message(error.sentence, Tone.BAD)

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        for widget in (self.take, self.keep, self.edited, self.later, self.edit):
            choices.addWidget(widget)
        choices.addStretch(1)
        details = QWidget()
        column = QVBoxLayout(details)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.remark)
        column.addWidget(self.comparison, 1)
        column.addLayout(choices)
        splitter = QSplitter()
        splitter.addWidget(self.files)
        splitter.addWidget(details)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([280, 680])
        splitter.setChildrenCollapsible(False)
        self.outlook = QLabel(wordWrap=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.pull: QPushButton = buttons.addButton(_("&Pull"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.outlook)
        layout.addWidget(self.message)
        layout.addWidget(buttons)
        self.resize(960, 600)
