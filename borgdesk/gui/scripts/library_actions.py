"""Actions on whole scripts: duplicate, import, export, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.downtime import is_pair
from borgdesk.domain.enumeration import listed, quoted
from borgdesk.domain.pack import ENDING
from borgdesk.domain.script import Script
from borgdesk.engine.git.library import Kind
from borgdesk.engine.scripts import library
from borgdesk.engine.scripts.library import Imported
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.look.confirmation import ask_to_confirm
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.make_pack_dialog import MakePackDialog
from borgdesk.gui.scripts.pack_dialog import PackDialog
from borgdesk.gui.scripts.usage_dialog import UsageDialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

T = TypeVar("T")


class LibraryActions(QObject):
    """Confirms destructive actions, runs all of them in the background, and reports the results."""

    message_requested = Signal(str, object, list)
    """A sentence, its Tone, and BannerButtons."""
    added = Signal(int)
    """Id of a new script that is to be shown."""
    deleted = Signal(int)
    """Id of the deleted script."""
    place_requested = Signal(int)
    """Id of a repository whose lanes are to be shown."""
    stored = Signal(list, object)
    """Scripts whose files were added or removed, and the Kind of that."""

    def __init__(self, workspace: Workspace, background: Background, window: QWidget) -> None:
        """*window* is the parent of the dialogs."""
        super().__init__(window)
        self._workspace = workspace
        self._background = background
        self._window = window

    def duplicate(self, script: Script) -> None:
        """Duplicate a script."""
        self._ask(partial(library.duplicate, self._workspace, script.id), lambda copy: self._add([copy]))

    def choose_import(self) -> None:
        """Choose files to import."""
        chosen, _filter = QFileDialog.getOpenFileNames(self._window, _("Import scripts"), str(Path.home()))
        self.import_files([Path(one) for one in chosen])

    def import_files(self, paths: Sequence[Path]) -> None:
        """Copy files into the library; those that are already in its folder are registered where they are.

        The first script pack among them is shown instead.
        """
        scripts = [path for path in paths if path.suffix != ENDING]
        if scripts:
            self._ask(partial(library.import_files, self._workspace, scripts), self._on_imported)
        if packs := [path for path in paths if path.suffix == ENDING]:
            self.open_pack(packs[0])

    def open_pack(self, file: Path) -> None:
        """Show a script pack, to add its scripts."""
        dialog = PackDialog(self._workspace, self._background, file, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.installed.connect(self._on_installed)
        dialog.open()

    def export(self, script: Script) -> None:
        """Write a script to a file."""
        proposed = str(Path.home() / Path(script.file_path).name)
        target, _filter = QFileDialog.getSaveFileName(self._window, _("Export script"), proposed)
        if target:
            done = _("Exported to {file}.").format(file=target)
            work = partial(library.export_file, self._workspace, script.id, Path(target))
            self._ask(work, lambda _: self.message_requested.emit(done, Tone.GOOD, []))

    def export_all(self, scripts: Sequence[Script]) -> None:
        """Write scripts into a folder."""
        folder = QFileDialog.getExistingDirectory(self._window, _("Export all scripts"), str(Path.home()))
        if folder and scripts:
            done = _("Exported {scripts} to {folder}.").format(scripts=words.scripts(len(scripts)), folder=folder)
            ids = [script.id for script in scripts]
            work = partial(library.export_files, self._workspace, ids, Path(folder))
            self._ask(work, lambda _: self.message_requested.emit(done, Tone.GOOD, []))

    def export_pack(self, scripts: Sequence[Script], chosen: Script | None) -> None:
        """Ask which scripts go into a script pack, at first *chosen* and what starts again what it stops."""
        pair = {one.id for one in scripts if chosen is not None and (one == chosen or is_pair(chosen.name, one.name))}
        dialog = MakePackDialog(self._workspace, self._background, scripts, pair, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.made.connect(self._on_pack_made)
        dialog.open()

    def _on_pack_made(self, file: Path) -> None:
        self.message_requested.emit(_("Exported to {file}.").format(file=file), Tone.GOOD, [])

    def delete(self, script: Script) -> None:
        """Delete a script after confirmation, unless it is assigned anywhere."""
        places = partial(self._workspace.store.assignments.for_script, script.id)
        self._ask(places, partial(self._judge_deletion, script))

    def _judge_deletion(self, script: Script, assignments: list[Assignment]) -> None:
        if assignments:
            self._refuse_deletion(script, assignments)
        else:
            self._ask_deletion(script)

    def _refuse_deletion(self, script: Script, assignments: list[Assignment]) -> None:
        dialog = UsageDialog(script.name, assignments, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.place_requested.connect(self.place_requested)
        dialog.open()

    def _ask_deletion(self, script: Script) -> None:
        lost = _("Its file will be deleted:\n{path}\n\nHistory and past revisions are kept.")
        ask_to_confirm(
            self._window,
            _("Delete script"),
            _("Delete “{name}”?").format(name=script.name),
            lost.format(path=script.file_path),
            yes=_("&Delete"),
            on_yes=partial(self._on_removal_confirmed, script),
        )

    def _on_removal_confirmed(self, script: Script) -> None:
        remove = partial(self._workspace.store.scripts.remove, script.id)
        self._ask(remove, lambda _: self._on_removed(script))

    def _on_removed(self, script: Script) -> None:
        self.deleted.emit(script.id)
        self.stored.emit([script], Kind.REMOVED)

    def _add(self, scripts: list[Script]) -> None:
        self.stored.emit(scripts, Kind.ADDED)
        self.added.emit(scripts[0].id)

    def _on_imported(self, imported: list[Imported]) -> None:
        good = [one.script for one in imported if one.script is not None]
        problems = [one.problem for one in imported if one.script is None]
        said = [_("Imported {scripts}.").format(scripts=words.scripts(len(good)))] if good else []
        problems += [f"{one.path.name}: {one.remark}" for one in imported if one.remark]
        self.message_requested.emit("\n".join([*said, *problems]), Tone.WARNING if problems else Tone.GOOD, [])
        if good:
            self._add(good)

    def _on_installed(self, scripts: list[Script]) -> None:
        names = listed(quoted(script.name) for script in scripts)
        said = _("Added {names}. Nothing is assigned yet.").format(names=names)
        self.message_requested.emit(said, Tone.GOOD, [])
        self._add(scripts)

    def _ask(self, work: Callable[[], T], answer: Callable[[T], None]) -> None:
        self._background.ask(work, answer, owner=self)
