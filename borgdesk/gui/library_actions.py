"""What can be done with scripts as wholes: copy, bring in, give out, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.script import Script
from borgdesk.engine import library
from borgdesk.engine.library import Imported
from borgdesk.engine.workspace import Workspace
from borgdesk.gui import words
from borgdesk.gui.background import Background
from borgdesk.gui.dialogs.places import PlacesDialog
from borgdesk.gui.theme import Tone

T = TypeVar("T")


class LibraryActions(QObject):
    """Asks where there is something to lose, works beside the window, and tells what came of it."""

    told = Signal(str, object, list)
    """A sentence, its Tone, and pairs of a label and what to do."""
    added = Signal(int)
    """There is a new script, which shall be shown."""
    deleted = Signal(int)
    """That script is gone."""
    place_asked = Signal(int)
    """The lanes of a repository shall be shown."""

    def __init__(self, workspace: Workspace, background: Background, window: QWidget) -> None:
        """*window* is what the dialogs belong to."""
        super().__init__(window)
        self._workspace = workspace
        self._background = background
        self._window = window

    def duplicate(self, script: Script) -> None:
        """Copy a script."""
        self._ask(partial(library.duplicate, self._workspace, script.id), lambda copy: self.added.emit(copy.id))

    def choose_import(self) -> None:
        """Choose files to import."""
        chosen, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Import scripts"), str(Path.home()))
        self.import_files([Path(one) for one in chosen])

    def import_files(self, paths: Sequence[Path]) -> None:
        """Copy files into the library; those that are in its folder are registered where they are."""
        if paths:
            self._ask(partial(library.import_files, self._workspace, list(paths)), self._tell_imported)

    def export(self, script: Script) -> None:
        """Write a script to a file."""
        proposed = str(Path.home() / Path(script.file_path).name)
        target, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export script"), proposed)
        if target:
            done = self.tr("Exported to {file}.").format(file=target)
            work = partial(library.export_file, self._workspace, script.id, Path(target))
            self._ask(work, lambda _: self.told.emit(done, Tone.GOOD, []))

    def export_all(self, scripts: Sequence[Script]) -> None:
        """Write scripts into a folder."""
        folder = QFileDialog.getExistingDirectory(self._window, self.tr("Export all scripts"), str(Path.home()))
        if folder and scripts:
            done = self.tr("Exported {scripts} to {folder}.").format(scripts=words.scripts(len(scripts)), folder=folder)
            ids = [script.id for script in scripts]
            work = partial(library.export_files, self._workspace, ids, Path(folder))
            self._ask(work, lambda _: self.told.emit(done, Tone.GOOD, []))

    def delete(self, script: Script) -> None:
        """Delete a script, if it is assigned nowhere, after a question."""
        places = partial(self._workspace.store.assignments.for_script, script.id)
        self._ask(places, partial(self._judge_deletion, script))

    def _judge_deletion(self, script: Script, assignments: list[Assignment]) -> None:
        if assignments:
            self._refuse_deletion(script, assignments)
        else:
            self._ask_deletion(script)

    def _refuse_deletion(self, script: Script, assignments: list[Assignment]) -> None:
        dialog = PlacesDialog(script.name, assignments, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.place_asked.connect(self.place_asked)
        dialog.open()

    def _ask_deletion(self, script: Script) -> None:
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Delete script"))
        box.setText(self.tr("Delete “{name}”?").format(name=script.name))
        lost = self.tr("Its file is deleted:\n{path}\n\nHistory keeps what it did, and the texts that ran.")
        box.setInformativeText(lost.format(path=script.file_path))
        remove = box.addButton(self.tr("&Delete"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        remove.clicked.connect(partial(self._delete, script))
        box.open()

    def _delete(self, script: Script) -> None:
        remove = partial(self._workspace.store.scripts.remove, script.id)
        self._ask(remove, lambda _: self.deleted.emit(script.id))

    def _tell_imported(self, imported: list[Imported]) -> None:
        good = [one.script for one in imported if one.script is not None]
        problems = [one.problem for one in imported if one.script is None]
        said = [self.tr("Imported {scripts}.").format(scripts=words.scripts(len(good)))] if good else []
        self.told.emit("\n".join([*said, *problems]), Tone.WARNING if problems else Tone.GOOD, [])
        if good:
            self.added.emit(good[0].id)

    def _ask(self, work: Callable[[], T], answer: Callable[[T], None]) -> None:
        self._background.ask(work, answer, owner=self)
