"""Dialog that takes over the set-up of another program: choose it, look at what was found, import."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.imports.carrying_out import Imported, carry_out
from borgdesk.engine.imports.findings import BORG_UI, BORGMATIC, SCRIPT_FOLDER, VORTA
from borgdesk.engine.imports.planning import Plan, plan
from borgdesk.engine.imports.sources import likely_place, read_source
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.imports.plan_tree import PlanTree
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import explanation, in_row, label_of
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _, ngettext


class ImportDialog(Dialog):
    """Two pages: where the other program's files are, and what will be made of them."""

    help_page = "moving"
    imported = Signal(object)
    """What was added, an Imported."""
    looked = Signal()
    """The files were read, or could not be."""

    def __init__(
        self, workspace: Workspace, background: Background, parent: QWidget | None = None, home: Path | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._home = home or Path.home()
        self._plan: Plan | None = None
        self.setWindowTitle(_("Import from another program"))
        self._make_inputs()
        self._lay_out()
        self._on_program_changed()

    def entered(self) -> object:
        """Return what was chosen of a plan: nothing else is any work."""
        return None if self._plan is None else (self.tree.repositories(), self.tree.scripts())

    # Inputs ---------------------------------------------------------------------------------------------------------

    def _make_inputs(self) -> None:
        self.program = QComboBox()
        for source, name in (
            (VORTA, _("Vorta")),
            (BORGMATIC, _("borgmatic")),
            (BORG_UI, _("borg-ui")),
            (SCRIPT_FOLDER, _("A folder of scripts")),
        ):
            self.program.addItem(name, source)
        self.path, self.scripts = QLineEdit(), QLineEdit()
        self.browse = QPushButton(_("&Browse…"))
        self.browse_scripts = QPushButton(_("B&rowse…"))
        for button in (self.browse, self.browse_scripts):
            button.setAutoDefault(False)
        self._hint = explanation()
        self.message = Banner()
        self.tree = PlanTree()
        self.program.currentIndexChanged.connect(self._on_program_changed)
        self.path.textChanged.connect(self._adapt)
        self.browse.clicked.connect(self._on_browse_clicked)
        self.browse_scripts.clicked.connect(self._on_browse_scripts_clicked)
        self.tree.choice_changed.connect(self._adapt)

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow(_("&Program"), self.program)
        self._form.addRow(label_of(self.path, _("&File")), in_row(self.path, self.browse, wide=self.path))
        self._scripts_row = QWidget()
        self._scripts_row.setLayout(in_row(self.scripts, self.browse_scripts, wide=self.scripts))
        self._form.addRow(label_of(self.scripts, _("S&cripts")), self._scripts_row)
        self._form.addRow("", self._hint)
        for line in (self.path, self.scripts):
            line.setMinimumWidth(line.fontMetrics().averageCharWidth() * 20)
        self.path.setAccessibleName(_("File or folder"))
        self.scripts.setAccessibleName(_("Folder of the scripts"))
        source = QWidget()
        column = QVBoxLayout(source)
        column.addLayout(self._form)
        column.addStretch(1)
        self.pages = QStackedWidget()
        self.pages.addWidget(FormScroll(source))
        self.pages.addWidget(self._preview())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.back = self.buttons.addButton(_("B&ack"), role)
        self.look = self.buttons.addButton(_("&Show what is found"), role)
        self.do_import = self.buttons.addButton(_("&Import"), role)
        self.back.clicked.connect(self._on_back_clicked)
        self.look.clicked.connect(self.read)
        self.do_import.clicked.connect(self._on_import_clicked)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.resize(820, 600)

    def _preview(self) -> QWidget:
        self._summary = QLabel(wordWrap=True)
        self._place = QVBoxLayout()
        preview = QWidget()
        column = QVBoxLayout(preview)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._summary)
        column.addWidget(self.tree, 1)
        column.addLayout(self._place)
        return preview

    def _on_program_changed(self) -> None:
        source = self.program.currentData()
        hints = {
            VORTA: _("A profile that Vorta exported, or its database settings.db with all profiles. Quit Vorta first."),
            BORGMATIC: _("A configuration file, or a folder of them."),
            BORG_UI: _("The database borg.db in borg-ui's data folder, and its folder of scripts. Stop borg-ui first."),
            SCRIPT_FOLDER: _("All scripts in the folder are added to the library."),
        }
        self._hint.setText(hints[source])
        self._form.setRowVisible(self._scripts_row, source == BORG_UI)
        self.message.hide()
        self.path.clear()
        self._background.ask(
            lambda: likely_place(source, self._home), lambda place: self._suggest(source, place), owner=self
        )
        self._adapt()

    def _suggest(self, source: str, place: Path | None) -> None:
        if place is not None and source == self.program.currentData() and not self.path.text():
            self.path.setText(str(place))

    def _on_browse_clicked(self) -> None:
        start = self.path.text() or str(self._home)
        if self.program.currentData() == SCRIPT_FOLDER:
            chosen = QFileDialog.getExistingDirectory(self, _("Choose a folder"), start)
        else:
            chosen, _filter = QFileDialog.getOpenFileName(self, _("Choose a file"), start)
        if chosen:
            self.path.setText(chosen)

    def _on_browse_scripts_clicked(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _("Choose a folder"), self.scripts.text() or self.path.text())
        if chosen:
            self.scripts.setText(chosen)

    def _adapt(self) -> None:
        """Show the buttons that the present page needs."""
        preview = self.pages.currentIndex() == 1
        self.back.setVisible(preview)
        self.do_import.setVisible(preview)
        self.look.setVisible(not preview)
        self.look.setEnabled(bool(self.path.text().strip()))
        self.do_import.setEnabled(bool(self.tree.repositories() or self.tree.scripts()))
        (self.do_import if preview else self.look).setDefault(True)

    # Reading and importing ------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the files of the other program, and show what would be made of them."""
        source, path = self.program.currentData(), Path(self.path.text().strip())
        scripts = Path(self.scripts.text().strip()) if self.scripts.text().strip() else None
        workspace, home = self._workspace, self._home
        self.message.hide()
        self.setEnabled(False)
        self._background.ask(
            lambda: plan(workspace, read_source(source, path, home, scripts)), self._show_plan, self._on_failed, self
        )

    def _show_plan(self, found: Plan) -> None:
        self.setEnabled(True)
        self._plan = found
        self.pages.setCurrentIndex(1)
        self.tree.show_plan(found)
        self._summary.setText(_summary(found))
        while (item := self._place.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        if any(one.is_new and one.passphrase is not None for one in found.repositories):
            self._place.addWidget(QLabel(_("Passphrases:")))
            self._place.addWidget(SecretStorageNote(self._workspace.secrets, self._background))
        self._before = self.entered()
        self._adapt()
        self.tree.setFocus()
        self.looked.emit()

    def _on_back_clicked(self) -> None:
        self._plan = self._before = None
        self.message.hide()
        self.pages.setCurrentIndex(0)
        self._adapt()
        self.path.setFocus()

    def _on_import_clicked(self) -> None:
        found = self._plan
        if found is None:
            return
        repositories, scripts = self.tree.repositories(), self.tree.scripts()
        self.message.hide()
        self.setEnabled(False)
        self._background.ask(
            lambda: carry_out(self._workspace, found, repositories, scripts), self._on_imported, self._on_failed, self
        )

    def _on_imported(self, imported: Imported) -> None:
        self.imported.emit(imported)
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.setEnabled(True)
        self.message.show_message(error.sentence, Tone.BAD)
        self.looked.emit()


def _summary(found: Plan) -> str:
    if not found.changes_anything:
        return _("There is nothing to import: everything is here already, or cannot be imported.")
    return _("Nothing has been changed yet. Found: {things}.").format(things=counted(*found.new_counts))


def outcome(imported: Imported) -> str:
    """Return the sentences about what an import has added."""
    text = _("Imported: {things}.").format(things=counted(len(imported.repositories), len(imported.scripts)))
    waiting = len(imported.repositories) - imported.schedules
    if not waiting:
        return text
    without = ngettext(
        "{count} repository has no schedule yet: set one on its Schedule tab.",
        "{count} repositories have no schedule yet: set one on the Schedule tab of each.",
        waiting,
    )
    return f"{text} {without.format(count=waiting)}"


def counted(repositories: int, scripts: int) -> str:
    """Return how many there are of each, without those that there are none of."""
    return words.amounts((words.repositories, repositories), (words.scripts, scripts))
