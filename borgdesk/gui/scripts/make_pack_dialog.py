"""Dialog that writes scripts of the library to a script pack."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.pack import ENDING
from borgdesk.domain.script import Script
from borgdesk.engine.packs.making import Title, make_pack
from borgdesk.engine.servers.ssh_keys import SshKey, known_keys
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_ROLE = Qt.ItemDataRole.UserRole


class MakePackDialog(Dialog):
    """Which scripts, what the author says about them, and the key that signs the file."""

    help_page = "packs"
    made = Signal(Path)
    """The file was written."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        scripts: Sequence[Script],
        chosen: Collection[ScriptId],
        parent: QWidget | None = None,
    ) -> None:
        """*chosen* are the ids of the scripts that are proposed."""
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self.setWindowTitle(_("Export as script pack"))
        self.scripts = QListWidget()
        self.scripts.setAccessibleName(_("Scripts"))
        for script in scripts:
            item = QListWidgetItem(script.name, self.scripts)
            item.setData(_ROLE, script.id)
            item.setCheckState(Qt.CheckState.Checked if script.id in chosen else Qt.CheckState.Unchecked)
        self.scripts.setCurrentRow(0)
        self.name, self.version, self.author, self.licence, self.description = (QLineEdit() for _ in range(5))
        self.version.setText("1.0")
        self.name.setText(next((one.name for one in scripts if one.id in chosen), ""))
        self.key = QComboBox()
        self.key.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.key.addItem(_("Do not sign"), None)
        self.message = Banner()
        self.missing = explanation()
        """Why the pack cannot be written yet."""
        self._lay_out()
        self.scripts.itemChanged.connect(self._adapt)
        self.name.textChanged.connect(self._adapt)
        self._adapt()
        background.ask(partial(known_keys, workspace.environment), self._show_keys, lambda _: None, self)

    def chosen(self) -> list[ScriptId]:
        """Return the ids of the scripts that go into the pack."""
        items = (self.scripts.item(row) for row in range(self.scripts.count()))
        return [item.data(_ROLE) for item in items if item.checkState() is Qt.CheckState.Checked]

    def write(self, file: Path) -> None:
        """Write the pack, and close."""
        title = Title(
            self.name.text(),
            self.version.text().strip(),
            self.author.text(),
            self.licence.text(),
            self.description.text(),
        )
        work = partial(make_pack, self._workspace, file, self.chosen(), title, self.key.currentData())
        self.setEnabled(False)
        self._background.ask(work, lambda _made: self._on_written(file), self._on_failed, self)

    def _show_keys(self, keys: list[SshKey]) -> None:
        for key in keys:
            if not key.has_passphrase or key.in_agent:
                self.key.addItem(f"{key.comment or Path(key.path).name} ({Path(key.path).name})", Path(key.path))

    def _adapt(self) -> None:
        if not self.chosen():
            self.missing.setText(_("Choose at least one script."))
        elif not self.name.text().strip():
            self.missing.setText(_("Enter a name for the pack."))
        else:
            self.missing.clear()
        self.export.setEnabled(not self.missing.text())

    def _on_accepted(self) -> None:
        proposed = Path.home() / f"{self.name.text().strip().replace('/', '-')}{ENDING}"
        chosen, _filter = QFileDialog.getSaveFileName(
            # What exists is refused.
            self, self.windowTitle(), str(proposed), options=QFileDialog.Option.DontConfirmOverwrite
        )  # fmt: skip
        if chosen:
            self.write(Path(chosen if chosen.endswith(ENDING) else chosen + ENDING))

    def _on_written(self, file: Path) -> None:
        self.made.emit(file)
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.setEnabled(True)
        self.message.show_message(error.sentence, Tone.BAD)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_("&Name"), self.name)
        form.addRow(_("&Version"), self.version)
        form.addRow(_("&Author"), self.author)
        form.addRow(_("&Licence"), self.licence)
        form.addRow(_("&Description"), self.description)
        form.addRow(_("Si&gn with"), self.key)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export: QPushButton = self.buttons.addButton(_("&Export…"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.export.setIcon(icons.icon("document-export"))
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(explanation(_("The pack contains the texts of these scripts, and no values or secrets.")))
        layout.addWidget(self.scripts, 1)
        layout.addLayout(form)
        layout.addWidget(self.message)
        beside = QHBoxLayout()
        beside.addWidget(self.missing, 1)
        beside.addWidget(self.buttons)
        layout.addLayout(beside)
        self.resize(560, 560)
