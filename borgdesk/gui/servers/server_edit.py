"""Editor for how a repository on another machine is reached; hidden for one on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QLineEdit,
    QPushButton,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.server import PORTS, Connection, host_of, port_of, with_port
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.servers.ssh_keys import SshKey, key_folder, known_keys, make_key, unused_key_file
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.form_parts import in_row, label_of, show_text
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.servers.authorize_dialog import AuthorizeDialog
from borgdesk.gui.servers.host_key_dialog import HostKeyDialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class ServerEdit(QGroupBox):
    """SSH key, port, jump host and path of Borg. The port is part of the location, which is edited elsewhere."""

    edited = Signal()
    location_changed = Signal(str)
    """The user has changed the port, so the location reads like this now."""
    host_key_accepted = Signal()
    """All hosts on the way are known now."""
    keys_found = Signal()
    """The keys of the user are in the list, or cannot be found."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(_("Server"), parent)
        self._workspace, self._background = workspace, background
        self._location = ""
        self._has_looked = False
        self.append_only = False
        """Whether the line for the server is to be append-only at first."""
        self._make_inputs()
        self._lay_out()
        self.key.editTextChanged.connect(self._on_key_changed)
        self.port.textEdited.connect(self._on_port_edited)
        for line in (self.jump_host, self.remote_path):
            line.textEdited.connect(self._emit_edited)
        self._adapt()
        self.hide()

    def _make_inputs(self) -> None:
        self.key = QComboBox()
        self.key.setEditable(True)
        self.key.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.key.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.key.setMinimumContentsLength(12)
        self.key.setAccessibleName(_("SSH key"))
        line = self.key.lineEdit()
        assert line is not None
        line.setPlaceholderText(_("the keys that ssh uses by itself"))
        self.browse = QPushButton(icons.icon("folder"), _("Choose…"))
        self.browse.setToolTip(_("Choose the file of a private key"))
        self.browse.clicked.connect(self._browse)
        self.make = QPushButton(icons.icon("list-add"), _("Make a key"))
        self.make.setToolTip(
            _("Make a new key in ~/.ssh. It has no passphrase, since nobody can enter one in a backup")
        )
        self.make.clicked.connect(self._make_key)
        self.authorize = QPushButton(icons.icon("edit-copy"), _("Aut&horise the key…"))
        self.authorize.setToolTip(_("Show what to add to authorized_keys on the server"))
        self.authorize.clicked.connect(self._authorize)
        self.host_key = QPushButton(icons.icon("dialog-password"), _("Check the host key…"))
        self.host_key.setToolTip(_("Show the key by which the server is recognised, and accept it"))
        self.host_key.clicked.connect(self.check_host_key)
        self.port = QLineEdit()
        self.port.setValidator(QIntValidator(PORTS[0], PORTS[-1], self))
        self.port.setPlaceholderText("22")
        self.jump_host = QLineEdit()
        self.jump_host.setPlaceholderText(_("none, or user@host:port"))
        self.remote_path = QLineEdit()
        self.remote_path.setPlaceholderText("/usr/bin/borg")
        for button in (self.browse, self.make, self.authorize, self.host_key):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        self.notice = Banner()
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label_of(self.key, _("SSH ke&y")), in_row(self.key, self.browse, wide=self.key))
        form.addRow("", in_row(self.make, self.authorize))
        form.addRow(_("Port"), self.port)
        form.addRow(_("&Jump host"), self.jump_host)
        form.addRow(_("Borg on the server"), self.remote_path)
        form.addRow("", in_row(self.host_key))
        form.addRow(self.notice)

    # Values ---------------------------------------------------------------------------------------------------------

    def connection(self) -> Connection:
        """Return what was entered; empty for a repository on this machine."""
        if self.isHidden():
            return Connection()
        texts = (self.key.currentText(), self.jump_host.text(), self.remote_path.text())
        return Connection(*(text.strip() for text in texts))

    def set_connection(self, connection: Connection) -> None:
        """Show how a repository is reached."""
        self.notice.hide()
        self.key.blockSignals(True)
        self._show_key(connection.ssh_key)
        self.key.blockSignals(False)
        show_text(self.jump_host, connection.jump_host)
        show_text(self.remote_path, connection.remote_path)
        self._adapt()

    def set_location(self, location: str) -> None:
        """Adapt to the location as it reads now: its port, and whether it is on another machine at all."""
        self._location = location.strip()
        is_remote = _is_remote(self._location)
        if not self.port.hasFocus():
            self.port.setText(str(port_of(self._location) or ""))
        if is_remote and not self._has_looked:
            self._has_looked = True
            cancel = Cancel()
            self._background.ask(
                lambda: known_keys(self._workspace.environment, cancel),
                self._on_keys_found,
                self._on_keys_unknown,
                self,
                cancel,
            )
        self.setVisible(is_remote)

    def _on_keys_found(self, keys: Sequence[SshKey]) -> None:
        line = self._key_line()
        text, place = line.text(), line.cursorPosition()  # somebody may be typing
        self.key.blockSignals(True)
        self.key.clear()
        for key in keys:
            self._add_key(key)
        self.key.setCurrentIndex(-1)
        line.setText(text)
        line.setCursorPosition(place)
        self.key.blockSignals(False)
        self.keys_found.emit()

    def _on_keys_unknown(self, error: BorgDeskError) -> None:
        """Leave the list empty: a key can be chosen all the same."""
        self.keys_found.emit()

    def _add_key(self, key: SshKey) -> None:
        self.key.addItem(key.path)
        place = self.key.count() - 1
        about = _("{kind}, with a passphrase") if key.has_passphrase else _("{kind}, without a passphrase")
        self.key.setItemData(place, about.format(kind=key.kind), Qt.ItemDataRole.ToolTipRole)

    def _show_key(self, path: str) -> None:
        show_text(self._key_line(), path)

    def _key_line(self) -> QLineEdit:
        line = self.key.lineEdit()
        assert line is not None  # It is editable.
        return line

    # Actions --------------------------------------------------------------------------------------------------------

    def _on_key_changed(self) -> None:
        self._adapt()
        self.edited.emit()

    def _adapt(self) -> None:
        self.authorize.setEnabled(bool(self.key.currentText().strip()))

    def _on_port_edited(self, text: str) -> None:
        if text and not self.port.hasAcceptableInput():
            return
        try:
            location = with_port(self._location, int(text) if text else None)
        except InvalidInput as error:
            self.notice.show_message(error.sentence, Tone.WARNING)
            return
        self._location = location
        self.location_changed.emit(location)

    def _emit_edited(self) -> None:
        self.edited.emit()

    def _browse(self) -> None:
        start = self.key.currentText().strip() or str(key_folder())
        chosen, _kind = QFileDialog.getOpenFileName(self, _("Choose a private SSH key"), start)
        if chosen:
            self._show_key(chosen)

    def _make_key(self) -> None:
        self.make.setEnabled(False)
        cancel = Cancel()
        self._background.ask(
            lambda: make_key(self._workspace.environment, unused_key_file(), cancel),
            self._on_made,
            self._on_not_made,
            self,
            cancel,
        )

    def _on_made(self, key: SshKey) -> None:
        self.make.setEnabled(True)
        self._add_key(key)
        self._show_key(key.path)
        self.notice.show_message(
            _("The key {file} was made. Authorise it on the server before you go on.").format(file=Path(key.path).name),
            Tone.GOOD,
        )

    def _on_not_made(self, error: BorgDeskError) -> None:
        self.make.setEnabled(True)
        self.notice.show_message(error.sentence, Tone.BAD)

    def _authorize(self) -> None:
        dialog = AuthorizeDialog(
            self._workspace,
            self._background,
            self.connection(),
            self._location,
            append_only=self.append_only,
            parent=self,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def check_host_key(self) -> None:
        """Show the keys of the hosts on the way, so that the user can accept them."""
        dialog = HostKeyDialog(self._workspace, self._background, self._location, self.connection(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._on_host_key_accepted)
        dialog.open()

    def _on_host_key_accepted(self) -> None:
        self.notice.show_message(_("The server is known now."), Tone.GOOD)
        self.host_key_accepted.emit()


def _is_remote(location: str) -> bool:
    try:
        return host_of(location) is not None
    except InvalidInput:
        return location.startswith("ssh://")
