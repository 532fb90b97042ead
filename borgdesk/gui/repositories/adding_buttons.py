"""The buttons below the steps of adding a repository."""

from __future__ import annotations

from PySide6.QtWidgets import QDialogButtonBox, QPushButton

from borgdesk.gui.look import icons
from borgdesk.gui.repositories.adding_steps import Step
from borgdesk.translation import _


class StepButtons(QDialogButtonBox):
    """Shows those that have a meaning in the present step; the one that goes on is the default."""

    def __init__(self) -> None:
        super().__init__()
        role = QDialogButtonBox.ButtonRole
        self.leave = self.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.stop = self._button(_("S&top"), "media-playback-stop", role.RejectRole)
        self.stop.hide()
        self.back = self._button(_("&Back"), "go-previous", role.ResetRole)
        self.proceed = self._button(_("Co&ntinue"), "go-next", role.AcceptRole)
        self.add = self._button(_("Add repository"), "list-add", role.AcceptRole)
        self.back_up = self._button(_("&Back up now"), "media-playback-start", role.AcceptRole)

    def _button(self, text: str, icon: str, role: QDialogButtonBox.ButtonRole) -> QPushButton:
        button = self.addButton(text, role)
        button.setIcon(icons.icon(icon))
        return button

    def show_step(self, step: Step, *, is_added: bool) -> None:
        """Show the buttons of a step, before or after the repository was added."""
        last = step is Step.READY
        self.back.setVisible(step > Step.WHERE and not is_added)
        self.proceed.setVisible(not last)
        self.add.setVisible(last and not is_added)
        self.back_up.setVisible(is_added)
        for button in (self.proceed, self.add, self.back_up):
            button.setDefault(False)
        (self.back_up if is_added else self.add if last else self.proceed).setDefault(True)

    def show_busy(self, busy: bool) -> None:
        """Show whether Borg is working; then it can only be stopped."""
        for button in (self.add, self.proceed, self.back):
            button.setEnabled(not busy)
        self.leave.setVisible(not busy)
        self.stop.setVisible(busy)
        self.stop.setEnabled(busy)
