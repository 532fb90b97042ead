"""Actions on the key and the passphrase of a repository: their menu, dialogs and messages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from borgdesk.borg.command import KeyForm
from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.emergency_sheet import save_sheet
from borgdesk.engine.repositories.key_reminder import forget_reminder, is_key_to_be_saved
from borgdesk.engine.repositories.passphrase_memory import can_be_asked
from borgdesk.engine.repositories.passphrases import ChangedPassphrase, old_copies
from borgdesk.engine.repositories.repository_keys import export_key
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.stoppable_call import StoppableCall
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.repositories import repository_words
from borgdesk.gui.repositories.change_passphrase_dialog import ChangePassphraseDialog
from borgdesk.gui.repositories.emergency_sheet_dialog import EmergencySheetDialog
from borgdesk.gui.repositories.known_passphrase_dialog import KnownPassphraseDialog
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.translation import _


class KeyActions(QObject):
    """What can be done with the key of the repository that is shown."""

    import_requested = Signal()
    finished = Signal()
    """A key or a sheet was saved, or that failed or was stopped."""
    reminder_settled = Signal()
    """The key was saved, or that was done before."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        notice: Banner,
        window: QWidget,
        shown: Callable[[], Repository | None],
    ) -> None:
        """*window* is the parent of the dialogs; *shown* returns the repository."""
        super().__init__(window)
        self._workspace, self._background = workspace, background
        self._notice, self._window, self._shown = notice, window, shown
        self.wait = StoppableCall(background, notice, self)
        self.wait.changed.connect(self._on_wait_changed)
        self.menu = QMenu(_("&Key and passphrase"), window)
        self.menu.setIcon(icons.icon("dialog-password"))
        self._change = self._add("document-edit", _("&Change the passphrase…"), self.ask_to_change)
        self._known = self._add("edit-find", _("Do you still &know the passphrase?…"), self.ask_whether_known)
        self.menu.addSeparator()
        self._save = self._add("document-export", _("&Save the key…"), self.ask_to_save)
        self._import = self._add("document-import", _("&Import a key…"), self.import_requested.emit)
        self.menu.addSeparator()
        self._sheet = self._add("text-x-generic", _("&Emergency sheet…"), self.ask_for_sheet)
        self.menu.aboutToShow.connect(self.adapt)

    def _add(self, icon: str, text: str, act: Callable[[], object]) -> QAction:
        action = self.menu.addAction(icons.icon(icon), text)
        action.triggered.connect(lambda: act())  # noqa: PLW0108 - triggered would pass its own argument on
        return action

    def _on_wait_changed(self, waits: bool) -> None:
        if not waits:
            self.finished.emit()

    def adapt(self) -> None:
        """Enable what the repository has."""
        repository = self._shown()
        has_key = repository is not None and repository.encryption != "none"
        for action in (self._change, self._save, self._import):
            action.setEnabled(has_key)
        self._known.setEnabled(repository is not None and can_be_asked(repository))

    def advise_to_save(self) -> None:
        """Advise to keep the key of the repository just created, and offer to save it."""
        save = BannerButton(_("Save the key…"), self.ask_to_save)
        done = BannerButton(_("Already done"), self._remind_no_more)
        self._notice.show_message(repository_words.key_advice(), Tone.WARNING, [save, done])

    def remind(self) -> None:
        """Repeat that advice, unless it was followed or something else is said."""
        if (repository := self._shown()) is not None:
            question = partial(is_key_to_be_saved, self._workspace, repository.id)
            self._background.ask(question, partial(self._on_reminder_found, repository), leave_untold, owner=self)

    def _on_reminder_found(self, repository: Repository, is_to_be_saved: bool) -> None:
        shown = self._shown()
        if is_to_be_saved and shown is not None and shown.id == repository.id and not self._notice.text:
            self.advise_to_save()

    def _remind_no_more(self) -> None:
        if (repository := self._shown()) is not None:
            self._forget_reminder(repository)
            self.reminder_settled.emit()

    def _forget_reminder(self, repository: Repository) -> None:
        forget = partial(forget_reminder, self._workspace, repository.id)
        self._background.ask(forget, lambda _nothing: None, leave_untold)

    def ask_to_save(self) -> None:
        """Ask for a file for the key; it may exist, since the file dialog asks about overwriting it."""
        if (repository := self._shown()) is None:
            return
        forms = {
            _("Key file, for Borg to import (*.key)"): KeyForm.FILE,
            _("Printable text (*.txt)"): KeyForm.PAPER,
            _("Printable page with a QR code (*.html)"): KeyForm.QR,
        }
        chosen, kind = QFileDialog.getSaveFileName(
            self._window,
            _("Save the key of “{name}”").format(name=repository.name),
            _suggested(repository, "key"),
            ";;".join(forms),
        )
        if chosen:
            self.save(repository, Path(chosen), forms.get(kind, KeyForm.FILE))

    def save(self, repository: Repository, file: Path, form: KeyForm = KeyForm.FILE) -> None:
        """Save the key to *file*, which may exist; a message follows."""
        self.wait.ask(
            _("Borg is saving the key…"),
            lambda cancel: export_key(self._workspace, repository, file, form, over=True, cancel=cancel),
            lambda _nothing: self._on_saved(repository, file),
        )

    def _on_saved(self, repository: Repository, file: Path) -> None:
        self._forget_reminder(repository)
        self._notice.show_message(
            _(
                "The key was saved to {file}. Keep it in a safe place together with the passphrase, and not on the "
                "disk that you back up."
            ).format(file=file),
            Tone.GOOD,
        )
        self.reminder_settled.emit()

    def ask_to_change(self) -> None:
        """Ask for the old passphrase and a new one."""
        if (repository := self._shown()) is not None:
            dialog = ChangePassphraseDialog(self._workspace, self._background, repository, self._window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.passphrase_changed.connect(partial(self._on_changed, repository))
            dialog.open()

    def _on_changed(self, repository: Repository, changed: ChangedPassphrase) -> None:
        said = [_("The passphrase of “{repository}” was changed.").format(repository=repository.name)]
        if changed.unkept:
            said.append(
                _("It is not stored yet: {reason} It will be when the repository is next used.").format(
                    reason=changed.unkept
                )
            )
        said += [
            _("The command of “{repository}” has to print the new passphrase from now on: {command}").format(
                repository=one.name, command=one.passcommand
            )
            for one in changed.by_command
        ]
        said.append(old_copies(repository))
        buttons = [
            BannerButton(_("Save the key…"), self.ask_to_save),
            BannerButton(_("Emergency sheet…"), self.ask_for_sheet),
        ]
        tone = Tone.WARNING if changed.unkept or changed.by_command else Tone.GOOD
        self._notice.show_message(" ".join(said), tone, buttons)

    def ask_whether_known(self) -> None:
        """Ask whether the user still knows the passphrase."""
        repository = self._shown()
        if repository is not None and can_be_asked(repository):
            dialog = KnownPassphraseDialog(self._workspace, self._background, repository, self._window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.change_requested.connect(self.ask_to_change)
            dialog.sheet_requested.connect(self.ask_for_sheet)
            dialog.open()

    def ask_for_sheet(self) -> None:
        """Ask what the emergency sheet contains, and where to save it."""
        if (repository := self._shown()) is not None:
            dialog = EmergencySheetDialog(repository, self._window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.save_requested.connect(partial(self._ask_for_file, repository))
            dialog.open()

    def _ask_for_file(self, repository: Repository, with_passphrase: bool) -> None:
        chosen, _kind = QFileDialog.getSaveFileName(
            self._window,
            _("Save the emergency sheet of “{name}”").format(name=repository.name),
            _suggested(repository, "pdf", _("emergency sheet")),
            _("PDF (*.pdf)"),
        )
        if chosen:
            self.save_sheet(repository, Path(chosen), with_passphrase=with_passphrase)

    def save_sheet(self, repository: Repository, file: Path, *, with_passphrase: bool = False) -> None:
        """Save the emergency sheet to *file*, which may exist; a message follows."""
        self.wait.ask(
            _("Making the emergency sheet…"),
            lambda cancel: save_sheet(
                self._workspace, repository, file, with_passphrase=with_passphrase, over=True, cancel=cancel
            ),
            lambda _nothing: self._on_sheet_saved(repository, file),
        )

    def _on_sheet_saved(self, repository: Repository, file: Path) -> None:
        # The key is on it.
        self._forget_reminder(repository)
        self._notice.show_message(
            _(
                "The emergency sheet was saved to {file}. Print it, write down the passphrase if it is not on it, "
                "and delete the file."
            ).format(file=file),
            Tone.GOOD,
        )


def _suggested(repository: Repository, ending: str, what: str = "") -> str:
    name = f"{repository_words.file_name(repository)} {what}".rstrip()
    return str(Path.home() / f"{name}.{ending}")
