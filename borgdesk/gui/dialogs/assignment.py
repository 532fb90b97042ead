"""What is special about one assignment: condition, timeout, policy and parameter values, each with a way back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.parameters import Header
from borgdesk.domain.run import Hook, OnFailure
from borgdesk.engine.assigning import Changes, edit_assignment
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import script_words, words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.duration_edit import DurationEdit
from borgdesk.gui.widgets.form_scroll import FormScroll
from borgdesk.gui.widgets.message import Message
from borgdesk.gui.widgets.own_value import OwnValue
from borgdesk.gui.widgets.parameter_form import ParameterForm
from borgdesk.gui.widgets.run_on_edit import RunOnEdit
from borgdesk.gui.widgets.secret_place import SecretPlace


class AssignmentDialog(QDialog):
    """Edits one assignment. Nothing is stored before *Save*."""

    saved = Signal(object)
    """The Assignment as it is stored now."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        assignment: Assignment,
        header: Header,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._assignment = assignment
        self.setWindowTitle(
            self.tr("{script} in {repository}").format(script=assignment.script, repository=assignment.repository)
        )
        self.enabled = QCheckBox(self.tr("S&witched on"))
        self.enabled.setChecked(assignment.enabled)
        self.run_on = RunOnEdit()
        self.timeout = DurationEdit(self.tr("Timeout"))
        self.on_failure = QComboBox()
        self.on_failure.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.on_failure.setMinimumContentsLength(20)
        self.on_failure.setAccessibleName(self.tr("If it fails"))
        self.parameters = ParameterForm()
        self.parameters.set_parameters(header.parameters, assignment.parameters, assignment.secrets)
        self.notice = Message()
        self._own = self._make_rows()
        self._lay_out(any(parameter.secret for parameter in header.parameters))

    def _make_rows(self) -> dict[str, OwnValue]:
        """The three overrides, by the name of their field."""
        one = self._assignment
        ours = self.tr("For this repository only. Script's default: {value}")
        theirs, back = self.tr("Script's default"), self.tr("Back to the script's default")
        condition = script_words.condition(Hook.POST_RUN, one.script_run_on)
        time = script_words.timeout(one.script_timeout)
        policy = script_words.policy_explained(one.hook, one.repository_on_failure)
        rows = {
            "run_on": OwnValue(self.run_on, theirs, ours.format(value=condition), back),
            "timeout": OwnValue(self.timeout, theirs, ours.format(value=time), back),
            "on_failure": OwnValue(
                self.on_failure,
                self.tr("Repository's default"),
                self.tr("For this script only. Repository's default: {value}").format(value=policy),
                self.tr("Back to the repository's default"),
            ),
        }
        for policy_name in (OnFailure.STOP, OnFailure.CONTINUE, OnFailure.SKIP):
            if policy_name is not OnFailure.SKIP or one.hook is Hook.PRE_BACKUP:
                self.on_failure.addItem(script_words.policy_explained(one.hook, policy_name), policy_name)
        for name, row in rows.items():
            self._show_value(name)
            row.set_own(own=getattr(one, name) is not None)
            row.reset_asked.connect(lambda name=name: self._reset(name))
        self.run_on.edited.connect(lambda: rows["run_on"].set_own(own=True))
        self.timeout.edited.connect(lambda: rows["timeout"].set_own(own=True))
        self.on_failure.activated.connect(lambda _: rows["on_failure"].set_own(own=True))
        return rows

    def _show_value(self, name: str, *, default: bool = False) -> None:
        one = self._assignment
        if name == "run_on":
            self.run_on.set_run_on(one.script_run_on if default else one.effective.run_on)
        elif name == "timeout":
            self.timeout.set_seconds(one.script_timeout if default else one.effective.timeout)
        else:
            policy = one.repository_on_failure if default else one.effective.on_failure
            self.on_failure.setCurrentIndex(self.on_failure.findData(policy))

    def _reset(self, name: str) -> None:
        self._show_value(name, default=True)
        self._own[name].set_own(own=False)

    def _lay_out(self, has_secrets: bool) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Lane"), QLabel(words.hook(self._assignment.hook)))
        form.addRow("", self.enabled)
        if self._assignment.hook is Hook.PRE_BACKUP:
            form.addRow(self.tr("Runs"), QLabel(self.tr("Always: it is decided afterwards how the backup ended")))
        else:
            form.addRow(self.tr("&Runs after"), self._own["run_on"])
        form.addRow(self.tr("&Timeout"), self._own["timeout"])
        form.addRow(self.tr("If it &fails"), self._own["on_failure"])
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.addLayout(form)
        if not self.parameters.is_empty():
            group = QGroupBox(self.tr("Parameters"))
            box = QVBoxLayout(group)
            box.addWidget(self.parameters)
            if has_secrets:
                box.addWidget(SecretPlace(self._workspace, self._background))
            column.addWidget(group)
        column.addStretch(1)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Save | buttons.Cancel)
        self.buttons.accepted.connect(self._save)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(FormScroll(inside), 1)
        layout.addWidget(self.notice)
        layout.addWidget(self.buttons)
        self.resize(560, min(160 + inside.sizeHint().height(), 620))

    def changes(self) -> Changes:
        """What is different from before."""
        one, own = self._assignment, self._own
        cleared = {name for name, row in own.items() if not row.is_own and getattr(one, name) is not None}
        return Changes(
            enabled=self.enabled.isChecked(),
            timeout=self.timeout.seconds() if own["timeout"].is_own else None,
            run_on=self.run_on.run_on() if own["run_on"].is_own else None,
            on_failure=OnFailure(self.on_failure.currentData()) if own["on_failure"].is_own else None,
            parameters=self.parameters.plain(),
            secrets=self.parameters.secrets(),
            clear=cleared | self.parameters.cleared(),
        )

    def _save(self) -> None:
        problem = self.parameters.problem()
        if problem:
            self.notice.say(problem, Tone.BAD)
            return
        changes = self.changes()
        self.setEnabled(False)
        self._background.ask(
            lambda: edit_assignment(self._workspace, self._assignment, changes), self._finish, self._fail, self
        )

    def _finish(self, assignment: Assignment) -> None:
        self.saved.emit(assignment)
        self.accept()

    def _fail(self, error: Exception) -> None:
        self.setEnabled(True)
        if not isinstance(error, BorgDeskError):
            raise error
        self.notice.say(error.sentence, Tone.BAD)
