"""Dialog that shows the key by which a server is recognised, and accepts it if the user confirms it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.server import Connection
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.servers.host_keys import HostKey, HostKeyState, accept, changed_sentence, host_keys
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import busy_bar, selectable_text
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class HostKeyDialog(Dialog):
    """Asks the hosts on the way one after the other; a key that has changed is never accepted here.

    It is accepted as a dialog when all of them are known.
    """

    help_page = "servers"

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        location: str,
        connection: Connection,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._location, self._connection = location, connection
        self._cancel: Cancel | None = None
        self._key: HostKey | None = None
        self.setWindowTitle(_("Host key"))
        self.about = QLabel(wordWrap=True)
        self.host, self.kind, self.fingerprint = (selectable_text() for _each in range(3))
        self.fingerprint.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.notice = Banner()
        self.progress = busy_bar(_("Asking the server"))
        self.buttons = QDialogButtonBox()
        self.accept_key = self.buttons.addButton(_("&Accept this key"), QDialogButtonBox.ButtonRole.ActionRole)
        self.again = self.buttons.addButton(_("Try a&gain"), QDialogButtonBox.ButtonRole.ActionRole)
        self.stop = self.buttons.addButton(_("S&top"), QDialogButtonBox.ButtonRole.ActionRole)
        self.stop.setIcon(icons.icon("media-playback-stop"))
        self.leave = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.close_it = self.buttons.addButton(QDialogButtonBox.StandardButton.Close)
        for button in (self.accept_key, self.again, self.stop):
            button.setAutoDefault(False)
        self._lay_out()
        self.accept_key.clicked.connect(self._on_accept_clicked)
        self.buttons.rejected.connect(self.reject)
        self.stop.clicked.connect(self._on_stop)
        self.again.clicked.connect(self._ask)
        self._ask()

    def entered(self) -> None:
        """Return nothing: no input here is worth a question."""

    def done(self, result: int) -> None:
        if self._cancel is not None:
            self._cancel.ask()
        super().done(result)

    def _lay_out(self) -> None:
        facts = QWidget()
        form = QFormLayout(facts)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(_("Host"), self.host)
        form.addRow(_("Type of key"), self.kind)
        form.addRow(_("Fingerprint"), self.fingerprint)
        self.facts = facts
        layout = QVBoxLayout(self)
        for widget in (self.about, facts, self.progress, self.notice):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.resize(600, 240)

    def _ask(self) -> None:
        self._set_cancel(cancel := Cancel())
        self._key = None
        self.facts.hide()
        self.notice.hide()
        self.about.setText(_("Asking the server for its key…"))
        self._background.ask(
            lambda: host_keys(self._workspace.environment, self._location, self._connection, cancel),
            self._on_answer,
            self._on_failed,
            self,
            cancel,
        )

    def _set_cancel(self, cancel: Cancel | None) -> None:
        self._cancel = cancel
        self.progress.setVisible(cancel is not None)
        self.stop.setVisible(cancel is not None)
        self.stop.setEnabled(cancel is not None)
        self.accept_key.hide()
        self.again.hide()
        self._offer_to_close(nothing_to_decide=False)

    def _offer_to_close(self, *, nothing_to_decide: bool) -> None:
        """Cancel what is being asked, or only close."""
        self.leave.setVisible(not nothing_to_decide)
        self.close_it.setVisible(nothing_to_decide)
        button = self.close_it if nothing_to_decide else self.leave
        button.setDefault(True)
        button.setFocus()

    def _on_answer(self, keys: Sequence[HostKey]) -> None:
        self._set_cancel(None)
        self.notice.hide()
        self._key = key = keys[-1]
        self.host.setText(key.host)
        self.kind.setText(key.kind)
        self.fingerprint.setText(key.fingerprint)
        self.facts.show()
        match key.state:
            case HostKeyState.KNOWN:
                self.about.setText(_("The server shows the key that was accepted. There is nothing to do."))
                self._offer_to_close(nothing_to_decide=True)
            case HostKeyState.CHANGED:
                self.about.setText(_("Do not go on unless you know why the key has changed."))
                known = _("Known until now: {keys}.").format(keys=", ".join(key.known)) if key.known else ""
                self.notice.show_message(f"{changed_sentence(key)} {known}".strip(), Tone.BAD, dismissible=False)
                self._offer_to_close(nothing_to_decide=True)
            case HostKeyState.UNKNOWN:
                self.about.setText(_question(key))
                self.accept_key.show()

    def _on_accept_clicked(self) -> None:
        key = self._key
        if key is None or self._cancel is not None:
            return
        self._set_cancel(cancel := Cancel())
        self._background.ask(
            lambda: accept(self._workspace.environment, key, cancel), self._on_added, self._on_failed, self, cancel
        )

    def _on_added(self, _nothing: object) -> None:
        key = self._key
        if key is not None and key.is_jump_host:
            # Only now the host behind it can be asked.
            self._ask()
            return
        self._set_cancel(None)
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self._set_cancel(None)
        self.about.setText(_("The key of the server could not be checked."))
        self.notice.show_message(error.sentence, Tone.BAD, dismissible=False)
        self.again.show()
        self._offer_to_close(nothing_to_decide=True)

    def _on_stop(self) -> None:
        if self._cancel is not None:
            self._cancel.ask()
            self.stop.setEnabled(False)


def _question(key: HostKey) -> str:
    if key.is_jump_host:
        return _(
            "The jump host is not known yet. Compare this fingerprint with the one that its administrator gives you: "
            "only then can you be sure that no other machine is answering in its place."
        )
    return _(
        "This server is not known yet. Compare this fingerprint with the one that its administrator gives you or "
        "publishes: only then can you be sure that no other machine is answering in its place."
    )
