"""First step of adding a repository: where it is, how its server is reached, and how it is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from borgdesk.borg.options import Encryption
from borgdesk.domain.location import escaped
from borgdesk.engine.repositories.form_checks import Field
from borgdesk.engine.repositories.places import Place, find_places
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, words
from borgdesk.gui.look.field_note import FieldNote
from borgdesk.gui.look.form_parts import explanation, label_of
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.repositories import repository_words
from borgdesk.gui.repositories.passphrase_entry import PassphraseEntry
from borgdesk.gui.servers.server_edit import ServerEdit
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.translation import _

_SERVER = "ssh://"
_COLUMNS = 2


class WhereForm(QWidget):
    """Whether there is a repository already is found out, not asked: :meth:`show_existing` tells the form."""

    edited = Signal()
    places_shown = Signal()
    """The disks are known."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.location = QLineEdit()
        self.location.setPlaceholderText(_("/mnt/disk/borg or ssh://user@host:22/./borg"))
        self.found = explanation()
        self.notes = {field: FieldNote() for field in (Field.LOCATION, Field.SERVER, Field.PASSPHRASE)}
        self.server = ServerEdit(workspace, background)
        self.encryption = QComboBox()
        self.encryption.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.encryption.setMinimumContentsLength(20)
        for mode in Encryption:
            self.encryption.addItem(repository_words.encryption(mode), mode)
        self.mode_note = explanation()
        self.passphrase = PassphraseEntry()
        self.place = SecretStorageNote(workspace.secrets, background)
        self.is_existing = False
        self._lay_out()
        self._connect()
        self.show_existing(None)
        background.ask(find_places, self._show_places, leave_untold, self)

    def mode(self) -> Encryption:
        """Return the chosen encryption."""
        return Encryption(self.encryption.currentData())

    def init(self) -> Encryption | None:
        """Return the encryption of the repository to create; None to open an existing one."""
        return None if self.is_existing else self.mode()

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is on a server."""
        return not self.server.isHidden()

    @property
    def has_key(self) -> bool:
        """Whether a passphrase is asked for."""
        return not self._key_group.isHidden()

    def given_passphrase(self) -> str | None:
        """Return the passphrase; None if a command prints it, or if there is none."""
        return self.passphrase.unlocking().passphrase if self.has_key else None

    def passcommand(self) -> str | None:
        """Return the command that prints the passphrase, if that was chosen."""
        return self.passphrase.unlocking().passcommand if self.has_key else None

    def key_problem(self) -> str:
        """Return what is wrong with the passphrase, as a sentence, or ""."""
        if not self.has_key:
            return ""
        if problem := self.passphrase.problem():
            return problem
        unlocking = self.passphrase.unlocking()
        if not self.is_existing and unlocking.passphrase is None and unlocking.passcommand is None:
            return _("Enter a passphrase, or a command that prints it.")
        return ""

    def show_existing(self, there: bool | None) -> None:
        """Show the fields for a repository that exists, or for a new one; None if that is not known yet."""
        self.is_existing = bool(there)
        self._adapt()
        if not self.location.text().strip():
            self.found.setText(_("A folder on this computer or on a disk, or the address of a server."))
        elif there is None:
            self.found.setText(_("Continue, and BorgDesk finds out whether there is a repository already."))
        elif there:
            self.found.setText(_("There is already a repository here. It will be used; its archives are kept."))
        else:
            self.found.setText(_("A new repository is created here."))

    # Implementation -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._places = QGridLayout()
        self.buttons: list[QPushButton] = []
        self.to_server = self._add_place(_("A server") + "\n" + _("reached with SSH"), "network-server")
        self.to_server.clicked.connect(self._start_server)
        browse = QPushButton(icons.icon("folder"), _("&Browse…"))
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.location, 1)
        where.addWidget(browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label_of(self.location, _("&Location")), where)
        form.addRow("", self.found)
        form.addRow("", self.notes[Field.LOCATION])
        form.addRow(_("&Encryption"), self.encryption)
        form.addRow("", self.mode_note)
        self._form = form
        self._key_group = QGroupBox(_("Passphrase"))
        inside = QVBoxLayout(self._key_group)
        inside.addWidget(self.passphrase)
        inside.addWidget(self.notes[Field.PASSPHRASE])
        inside.addWidget(self.place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._places)
        column.addLayout(form)
        column.addWidget(self.server)
        column.addWidget(self.notes[Field.SERVER])
        column.addWidget(self._key_group)
        column.addStretch(1)

    def _connect(self) -> None:
        self.encryption.currentIndexChanged.connect(self._on_mode_changed)
        for signal in (self.location.textEdited, self.passphrase.edited, self.server.edited):
            signal.connect(self.edited)
        self.location.textChanged.connect(self.server.set_location)
        self.server.location_changed.connect(self.set_location)

    def set_location(self, location: str) -> None:
        """Enter a location, as if it had been typed."""
        self.location.setText(location)
        self.edited.emit()

    def _on_mode_changed(self) -> None:
        self._adapt()
        self.edited.emit()

    def _adapt(self) -> None:
        """Show the fields that the present choices need."""
        new, mode = not self.is_existing, self.mode()
        self._form.setRowVisible(self.encryption, new)
        self._form.setRowVisible(self.mode_note, new)
        self.mode_note.setText(repository_words.encryption_explained(mode))
        self._key_group.setVisible(not new or mode.needs_passphrase)
        self.passphrase.set_new(new)
        self.passphrase.set_hint("" if new else _("leave empty if the repository is not encrypted"))

    def _show_places(self, places: Sequence[Place]) -> None:
        self._places.removeWidget(self.to_server)
        self.buttons.clear()
        for place in places:
            name = place.name if place.is_disk else _("This computer")
            free = "" if place.free is None else _("{size} free").format(size=words.size(place.free))
            icon = "drive-harddisk" if place.is_disk else "folder"
            button = self._add_place(f"{words.literal(name)}\n{free}", icon)
            button.setToolTip(words.tooltip(place.location))
            button.clicked.connect(partial(self._take, place))
        self._put(self.to_server)
        self.places_shown.emit()

    def _add_place(self, text: str, icon: str) -> QPushButton:
        button = QPushButton(icons.icon(icon), text)
        button.setAutoDefault(False)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._put(button)
        return button

    def _put(self, button: QPushButton) -> None:
        row, column = divmod(len(self.buttons), _COLUMNS)
        self._places.addWidget(button, row, column)
        self.buttons.append(button)

    def _take(self, place: Place, _checked: bool = False) -> None:
        self.set_location(escaped(place.location))
        first = self.passphrase.first
        (first if first.isVisible() else self.location).setFocus(Qt.FocusReason.OtherFocusReason)

    def _start_server(self) -> None:
        if not self.location.text().startswith(_SERVER):
            self.set_location(_SERVER)
        self.location.setFocus(Qt.FocusReason.OtherFocusReason)
        self.location.setCursorPosition(len(self.location.text()))

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _("Choose the repository folder"), self.location.text())
        if chosen:
            self.set_location(escaped(chosen))
