"""Group of the settings page for the Borg program: its path and its version."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QGroupBox, QLabel

from borgdesk.borg.replies import BorgVersion
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.settings import BORG_PROGRAM
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.settings.borg_program import advice, version_of
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.form_parts import explanation, label_of
from borgdesk.gui.settings.setting_widgets import SettingsForm
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class BorgGroup(QGroupBox):
    """The program is asked for its version before a path is stored."""

    def __init__(self, form: SettingsForm, workspace: Workspace, background: Background) -> None:
        super().__init__(_("Borg"))
        self._workspace, self._background = workspace, background
        row, self.path = form.program(BORG_PROGRAM, _("“borg” in the search path"))
        self.version = QLabel(wordWrap=True)
        self.version.setTextFormat(Qt.TextFormat.PlainText)
        self.advice = explanation()
        self.advice.hide()
        layout = QFormLayout(self)
        layout.addRow(label_of(self.path, _("&Program")), row)
        layout.addRow(_("Version"), self.version)
        layout.addRow(self.advice)
        if workspace.fixed_borg:
            layout.addRow(
                explanation(
                    _("The variable BORGDESK_BORG is set to {program}, and counts more than this setting.").format(
                        program=workspace.fixed_borg
                    )
                )
            )
        form.changed.connect(self.refresh)
        form.accepted.connect(lambda key: self.refresh() if key == BORG_PROGRAM.key else None)
        self.refresh()

    def refresh(self) -> None:
        """Ask Borg for its version."""
        cancel = Cancel()
        self._background.ask(
            lambda: version_of(self._workspace, cancel=cancel), self._show, self._show_problem, self, cancel
        )

    def _show(self, version: BorgVersion) -> None:
        self.version.setText(_("Borg {version}").format(version=version))
        self._show_advice(advice(version))

    def _show_problem(self, error: BorgDeskError) -> None:
        self.version.setText(error.sentence)
        self._show_advice("")

    def _show_advice(self, text: str) -> None:
        self.advice.setText(text)
        self.advice.setVisible(bool(text))
