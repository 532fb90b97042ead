"""Actions offered when a repository cannot be opened, with their confirmation dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from borgdesk.domain.errors import CannotOpen, Remedy
from borgdesk.gui.look.banner import BannerButton
from borgdesk.gui.look.confirmation import ask_to_confirm
from borgdesk.translation import _


def offers(
    error: CannotOpen,
    *,
    moved: Callable[[], object],
    break_lock: Callable[[], object],
    import_key: Callable[[], object],
    host_key: Callable[[], object],
) -> Sequence[BannerButton]:
    """Return the banner's buttons for *error*."""
    match error.remedy:
        case Remedy.MOVED:
            return [BannerButton(_("Yes, it was moved"), moved)]
        case Remedy.BREAK_LOCK:
            return [BannerButton(_("Break the lock…"), break_lock)]
        case Remedy.IMPORT_KEY:
            return [BannerButton(_("Import its key…"), import_key)]
        case Remedy.HOST_KEY:
            return [BannerButton(_("Check the host key…"), host_key)]
        case None:
            return []


def ask_to_break_lock(parent: QWidget, error: CannotOpen, break_it: Callable[[], object]) -> QMessageBox:
    """Ask whether nothing uses the repository that *error* reports as locked; not breaking the lock is the default."""
    return ask_to_confirm(
        parent,
        _("Break the lock?"),
        error.sentence,
        _(
            "Break the lock? If Borg is still using the repository, on this or any other machine, the repository may "
            "be damaged."
        ),
        yes=_("&Break the lock"),
        no=_("&Cancel"),
        on_yes=break_it,
    )


def ask_for_key(parent: QWidget, take: Callable[[Path], object]) -> QFileDialog:
    """Ask for the file with a repository's key."""
    dialog = QFileDialog(parent, _("Choose a copy of the repository's key (made by “borg key export”)"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda name: take(Path(name)))
    dialog.open()
    return dialog
