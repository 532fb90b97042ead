"""States of the dialogs that export and import the whole set-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from borgdesk.engine.configuration.exporting import export
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.settings.export_set_up_dialog import ExportSetUpDialog
from borgdesk.gui.settings.import_set_up_dialog import ImportSetUpDialog
from tests.gui.scene import Scene

if TYPE_CHECKING:
    from tests.gui.tour import Tour

_LONG = "The key of “{}” is a file on this machine, and not in the export. Export it, too, and keep it in a safe place."


def set_up_dialogs(tour: Tour) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the dialogs before, and after they have done something or failed."""
    yield "export set-up", lambda: ExportSetUpDialog(tour.scene.workspace, tour.background, tour.window).open()
    yield "export set-up: encrypted", lambda: _exporting(tour)
    yield "export set-up: written", lambda: _exported(tour)
    yield "import set-up", lambda: _importing_set_up(tour)
    yield "import set-up: wrong passphrase", lambda: _import_fails(tour)
    yield "import set-up: no such file", lambda: _importing_nothing(tour)
    yield "import set-up: imported", lambda: _imported_set_up(tour)


def _exporting(tour: Tour) -> ExportSetUpDialog:
    dialog = ExportSetUpDialog(tour.scene.workspace, tour.background, tour.window)
    dialog.open()
    dialog.with_secrets.setChecked(True)
    for line in (dialog.first, dialog.again):
        line.setText("correct horse")
    dialog.banner.show_message(tour.named("The disk is full."), Tone.BAD)
    return dialog


def _exported(tour: Tour) -> None:
    dialog = ExportSetUpDialog(tour.scene.workspace, tour.background, tour.window)
    dialog.open()
    dialog._show_written(tour.scene.folder / "set-up.json", [tour.named(_LONG)] * 12)


def _set_up_of_others(tour: Tour) -> Path:
    """Return the export of another machine, of which some is here and some is new, with secrets."""
    file = tour.scene.folder / "others.json"
    if not file.exists():
        folder = tour.scene.folder / "others"
        folder.mkdir()
        others = Scene(folder)
        for place in range(6):
            repository = others.repository(tour.named(f"Other {place}"))
            others.schedule(repository, "0 2 * * *")
            others.hook(repository, tour.named(f"Stop {place}"), "true")
        others.repository(tour.named("Documents"))
        others.script(tour.named("Start"), "true")
        export(others.workspace, file, "right")
        others.close()
    return file


def _importing_set_up(tour: Tour) -> ImportSetUpDialog:
    dialog = ImportSetUpDialog(tour.scene.workspace, tour.background, _set_up_of_others(tour), tour.window)
    dialog.open()
    tour.qtbot.waitUntil(dialog.summary.isVisible, timeout=60_000)
    return dialog


def _import_fails(tour: Tour) -> None:
    dialog = _importing_set_up(tour)
    dialog.passphrase.setText("wrong")
    dialog.import_all()
    tour.qtbot.waitUntil(lambda: not dialog.wait.is_open, timeout=60_000)


def _importing_nothing(tour: Tour) -> None:
    dialog = ImportSetUpDialog(tour.scene.workspace, tour.background, tour.scene.folder / "none.json", tour.window)
    dialog.open()
    with tour.qtbot.waitSignal(dialog.looked):
        dialog.look()


def _imported_set_up(tour: Tour) -> None:
    dialog = _importing_set_up(tour)
    found = dialog._plan
    assert found is not None
    dialog._show_imported(found, [tour.named(_LONG)])
