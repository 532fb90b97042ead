"""Dialog that shows what to add to the server's authorized_keys, so that a key can use one repository."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QFontDatabase, QGuiApplication, QTextOption
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.authorized_keys import authorized_line
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.server import Connection
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.servers.ssh_keys import SshKey, read_key
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import busy_bar
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_LINES = 4


class AuthorizeDialog(Dialog):
    """The public key, and the line that limits it to the repository."""

    help_page = "servers"

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        connection: Connection,
        location: str,
        *,
        append_only: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._connection, self._location = connection, location
        self._public = ""
        self.setWindowTitle(_("Authorise the key"))
        self.notice = Banner()
        self.progress = busy_bar(_("Reading the key"))
        self.append_only = QCheckBox(_("&Append-only: the server keeps what is deleted from here"))
        self.append_only.setChecked(append_only)
        self.append_only.toggled.connect(self._show_line)
        self.line = _text(_("Line for authorized_keys"))
        self.public = _text(_("Public key"))
        self._lay_out()
        cancel = Cancel()
        background.ask(
            lambda: read_key(workspace.environment, connection.ssh_key, cancel),
            self._on_read,
            self._on_failed,
            self,
            cancel,
        )

    def entered(self) -> None:
        """Return nothing: no input here is worth a question."""

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        about = QLabel(
            _(
                "Add this line to ~/.ssh/authorized_keys of the user on the server. With it, the key can use this "
                "repository and do nothing else there, even if it is stolen."
            ),
            wordWrap=True,
        )
        layout.addWidget(about)
        layout.addWidget(self.append_only)
        self.copy_line = _add_copied(layout, self.line, _("&Copy line"))
        layout.addWidget(QLabel(_("The public key alone, for servers that ask for it on a web page:"), wordWrap=True))
        self.copy_public = _add_copied(layout, self.public, _("Copy &public key"))
        layout.addWidget(self.progress)
        layout.addWidget(self.notice)
        layout.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.resize(640, 440)

    def _on_read(self, key: SshKey) -> None:
        self.progress.hide()
        if not key.public:
            self.notice.show_message(
                _(
                    "The public key is not known, because the key has a passphrase. Create its file with “ssh-keygen "
                    "-y -f {path} > {path}.pub”."
                ).format(path=key.path),
                Tone.WARNING,
                dismissible=False,
            )
            return
        self._public = key.public
        self.public.setPlainText(key.public)
        self.copy_public.setEnabled(True)
        self._show_line()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.progress.hide()
        self.notice.show_message(error.sentence, Tone.BAD, dismissible=False)

    def _show_line(self) -> None:
        if not self._public:
            return
        path, only = self._connection.remote_path, self.append_only.isChecked()
        try:
            line = authorized_line(self._public, self._location, path, append_only=only)
        except InvalidInput as error:
            self.notice.show_message(error.sentence, Tone.BAD, dismissible=False)
            return
        self.line.setPlainText(line)
        self.copy_line.setEnabled(True)


def _text(name: str) -> QPlainTextEdit:
    text = QPlainTextEdit(readOnly=True)
    text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    text.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
    text.setTabChangesFocus(True)
    text.setAccessibleName(name)
    text.setFixedHeight(_LINES * text.fontMetrics().lineSpacing() + 16)
    return text


def _add_copied(layout: QVBoxLayout, text: QPlainTextEdit, label: str) -> QPushButton:
    """Add a text with a button that copies it."""
    button = QPushButton(icons.icon("edit-copy"), label)
    button.setEnabled(False)
    button.setAutoDefault(False)
    button.clicked.connect(partial(_copy, text))
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(button)
    layout.addWidget(text)
    layout.addLayout(row)
    return button


def _copy(text: QPlainTextEdit, _checked: bool = False) -> None:
    QGuiApplication.clipboard().setText(text.toPlainText())
