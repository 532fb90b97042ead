"""Dialog for the overrides of one assignment: condition, timeout, policy and parameter values."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import BorgDeskError, Changed
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.parameters import Header
from borgdesk.domain.run import Hook, OnFailure
from borgdesk.engine.lanes.assignments import Changes, edit_assignment
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import script_words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.duration_edit import DurationEdit
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.override_field import OverrideField
from borgdesk.gui.look.parameter_form import ParameterForm
from borgdesk.gui.look.run_on_edit import RunOnEdit
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class AssignmentDialog(Dialog):
    """Edits one assignment. Nothing is stored before *Save*."""

    help_page = "lanes"
    saved = Signal(object)
    """The stored Assignment."""
    reload_requested = Signal()
    """Another program changed the same fields: a new dialog is to show the stored values. This one is closed."""

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
            _("{script} in {repository}").format(script=assignment.script, repository=assignment.repository)
        )
        self.enabled = QCheckBox(_("&Enabled"))
        self.enabled.setChecked(assignment.enabled)
        self.run_on = RunOnEdit()
        self.timeout = DurationEdit(_("Timeout"))
        self.on_failure = QComboBox()
        self.on_failure.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.on_failure.setMinimumContentsLength(20)
        self.on_failure.setAccessibleName(_("If it fails"))
        self.parameters = ParameterForm()
        self.parameters.set_parameters(header.parameters, assignment.parameters, assignment.secrets)
        self.notice = Banner()
        self._own = self._make_rows()
        self._lay_out(any(parameter.secret for parameter in header.parameters))

    def _make_rows(self) -> dict[str, OverrideField]:
        """Create the three override fields and return them by name."""
        one = self._assignment
        ours = _("For this repository only. Script's default: {value}")
        theirs, back = _("Script's default"), _("Reset to the script's default")
        condition = script_words.condition(Hook.POST_RUN, one.script_run_on)
        time = script_words.timeout(one.script_timeout)
        policy = script_words.policy_explained(one.hook, one.repository_on_failure)
        rows = {
            "run_on": OverrideField(self.run_on, theirs, ours.format(value=condition), back),
            "timeout": OverrideField(self.timeout, theirs, ours.format(value=time), back),
            "on_failure": OverrideField(
                self.on_failure,
                _("Repository's default"),
                _("For this script only. Repository's default: {value}").format(value=policy),
                _("Reset to the repository's default"),
            ),
        }
        for policy_name in (OnFailure.STOP, OnFailure.CONTINUE, OnFailure.SKIP):
            if policy_name is not OnFailure.SKIP or one.hook.is_pre:
                self.on_failure.addItem(script_words.policy_explained(one.hook, policy_name), policy_name)
        for name, row in rows.items():
            self._show_value(name)
            row.set_own(own=getattr(one, name) is not None)
            row.reset_requested.connect(lambda name=name: self._reset(name))
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
        form.addRow(_("Lane"), QLabel(lane_title(self._assignment.hook)))
        form.addRow("", self.enabled)
        if self._assignment.hook.is_pre:
            form.addRow(_("Runs"), QLabel(_("Always, because the outcome of the backup is not known yet")))
        else:
            form.addRow(_("&Runs after"), self._own["run_on"])
        form.addRow(_("&Timeout"), self._own["timeout"])
        form.addRow(_("If it &fails"), self._own["on_failure"])
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.addLayout(form)
        if not self.parameters.is_empty():
            group = QGroupBox(_("Parameters"))
            box = QVBoxLayout(group)
            box.addWidget(self.parameters)
            if has_secrets:
                box.addWidget(SecretStorageNote(self._workspace.secrets, self._background))
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
        # The policies are sentences, each of which should be seen in full.
        policies, text = self.on_failure, self.fontMetrics()
        longest = max(text.horizontalAdvance(policies.itemText(place)) for place in range(policies.count()))
        self.resize(max(560, longest + 220), min(160 + inside.sizeHint().height(), 620))

    def changes(self) -> Changes:
        """Return the changes made in the dialog."""
        one, own = self._assignment, self._own
        cleared = {name for name, row in own.items() if not row.is_own and getattr(one, name) is not None}
        values = {
            "timeout": self.timeout.seconds(),
            "run_on": self.run_on.run_on(),
            "on_failure": OnFailure(self.on_failure.currentData()),
        }
        given = {name: value for name, value in values.items() if own[name].is_own and value != getattr(one, name)}
        enabled = self.enabled.isChecked()
        return Changes(
            enabled=enabled if enabled is not one.enabled else None,
            parameters={k: v for k, v in self.parameters.plain().items() if v != one.parameters.get(k)},
            secrets=self.parameters.secrets(),
            clear=cleared | self.parameters.cleared(),
            **given,  # type: ignore[arg-type]
        )

    def entered(self) -> object:
        """Return what *Save* would store."""
        return self.changes()

    def _save(self) -> None:
        self._store(self._assignment)

    def _store(self, seen: Assignment | None) -> None:
        problem = self.parameters.problem()
        if problem:
            self.notice.show_message(problem, Tone.BAD)
            return
        changes = self.changes()
        self.setEnabled(False)
        self._background.ask(
            lambda: edit_assignment(self._workspace, self._assignment, changes, seen=seen),
            self._on_stored,
            self._on_failed,
            self,
        )

    def _on_stored(self, assignment: Assignment) -> None:
        self.saved.emit(assignment)
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.setEnabled(True)
        if isinstance(error, Changed):
            choices = [
                BannerButton(_("Discard my changes"), self._reload),
                BannerButton(_("Keep my changes"), lambda: self._store(None)),
            ]
            self.notice.show_message(error.sentence, Tone.WARNING, choices, dismissible=False)
        else:
            self.notice.show_message(error.sentence, Tone.BAD)

    def _reload(self) -> None:
        self.reload_requested.emit()
        self.done(Dialog.DialogCode.Rejected)
