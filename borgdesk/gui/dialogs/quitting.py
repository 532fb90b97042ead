"""The question before BorgDesk ends while it works."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from borgdesk.gui import words


def _tr(text: str) -> str:
    return QCoreApplication.translate("quitting", text)


def ask_to_quit(parent: QWidget, running: list[str], stop_and_quit: Callable[[], object]) -> QMessageBox:
    """Ask beside the running window, so that nothing is held up; keeping on is the default.

    *running* names the repositories at work; none of them means that a recovery is under way.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(_tr("Quit BorgDesk?"))
    names = words.listed(words.quoted(name) for name in running)
    if running:
        box.setText(_tr("A backup of {names} is under way.").format(names=names))
        box.setInformativeText(
            _tr("Quitting stops it. Whatever its scripts stopped is started again first, so this may take a moment.")
        )
    else:
        box.setText(_tr("What an interrupted backup left is being put in order."))
        box.setInformativeText(_tr("BorgDesk quits when that is done."))
    keep = box.addButton(_tr("&Keep running"), QMessageBox.ButtonRole.RejectRole)
    stop = box.addButton(_tr("&Stop and quit"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    stop.clicked.connect(lambda: stop_and_quit())  # noqa: PLW0108 - clicked would pass its own argument on
    box.open()
    return box
