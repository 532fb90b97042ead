"""Dialog about unsaved changes of a repository, or of a script it runs, when a backup is started."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from borgdesk.translation import _


def ask_before_backup(
    parent: QWidget, name: str, save_first: Callable[[], object], go_on: Callable[[], object]
) -> QMessageBox:
    """Ask whether the changes of *name*, a repository or a script, are to be saved before the backup."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(_("Unsaved changes"))
    box.setText(_("“{name}” has unsaved changes.").format(name=name))
    box.setInformativeText(_("Backups use the saved settings."))
    saving = box.addButton(_("&Save and back up"), QMessageBox.ButtonRole.AcceptRole)
    going_on = box.addButton(_("Back up with saved s&ettings"), QMessageBox.ButtonRole.ActionRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(saving)
    box.setEscapeButton(cancel)
    saving.clicked.connect(lambda: save_first())  # noqa: PLW0108 - clicked would pass its own argument on
    going_on.clicked.connect(lambda: go_on())  # noqa: PLW0108
    box.open()
    return box
