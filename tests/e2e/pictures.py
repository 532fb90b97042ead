"""Takes the pictures of the documentation, of the window on a made-up home server: ``make pictures``.

python -m tests.e2e.pictures [FOLDER]

FOLDER is docs/pictures unless it is given. Dates and the free space of the disk differ each time; all else is the same.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImageWriter
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QWidget

from borgdesk import app
from borgdesk.borg.options import Encryption
from borgdesk.domain import settings
from borgdesk.domain.run import Outcome
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.repositories import same_disk
from borgdesk.engine.scripts.templates import templates
from borgdesk.engine.services import detection
from borgdesk.engine.services.service import Service, ServiceKind
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.archives.restore_dialog import RestoreDialog
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.adding_steps import Step
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.shell.shell import Shell
from tests.e2e.event_loop import pause, wait_until
from tests.e2e.sample_home import STOP, SampleHome
from tests.gui.scene import Scene

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
WINDOW = (1120, 720)
_SETTLE = 600
_Dialog = TypeVar("_Dialog", bound=QDialog)
_Page = TypeVar("_Page", bound=QWidget)


class Picture(NamedTuple):
    """One of the pictures."""

    name: str
    take: Callable[[Photographer], QWidget]
    """Brings the window into its state, and returns what to take."""
    scheme: str = "light"

    @property
    def file_name(self) -> str:
        return f"{self.name}.webp"


class Photographer:
    """The window on the home server, and what to do in it for each picture."""

    def __init__(self, scene: Scene) -> None:
        self._home = SampleHome(scene)
        self._workspace = scene.workspace
        self._opened = app.Application(app.make_application(), scene.workspace.paths)
        self._opened.window.resize(*WINDOW)
        wait_until(lambda: self._opened.shell is not None and not self._opened.shell.executor.is_busy)

    @property
    def shell(self) -> Shell:
        assert self._opened.shell is not None
        return self._opened.shell

    def take(self, picture: Picture, folder: Path) -> None:
        """Write a picture."""
        self.shell.settings.change(settings.COLOURS, picture.scheme)
        pause(_SETTLE)
        widget = picture.take(self)
        pause(_SETTLE)
        self._name_usual_folders(widget)
        writer = QImageWriter(str(folder / picture.file_name))
        # Without loss, for webp.
        writer.setQuality(100)
        if not writer.write(widget.grab().toImage()):
            raise OSError(writer.errorString())
        if isinstance(widget, QDialog):
            widget.done(0)
            pause(100)

    def _name_usual_folders(self, widget: QWidget) -> None:
        """Show the folders that BorgDesk has on a usual computer instead of those of this scene."""
        own = {
            str(self._workspace.paths.data): "/home/ada/.local/share/borgdesk",
            str(self._workspace.paths.config): "/home/ada/.config/borgdesk",
            str(self._workspace.paths.cache): "/media/ada/Backup",
        }
        labels: list[QLabel | QLineEdit] = [*widget.findChildren(QLabel), *widget.findChildren(QLineEdit)]
        for label in labels:
            for folder, usual in own.items():
                if folder in label.text():
                    label.setText(label.text().replace(folder, usual))

    def close(self) -> None:
        self._opened.close()

    def archives(self) -> QWidget:
        read_archives(self._workspace, self._home.documents)
        page = self._page("archives", ArchivesPage)
        page.show_repository(self._home.documents.id)
        wait_until(lambda: page.table.selected() and page.contents_panel.is_whole)
        panel = page.contents_panel
        for folder in ("home", "ada", "Documents", "Taxes", "2026"):
            model = panel.contents
            found = next((row for row in range(model.rowCount()) if model.entry(row).name.endswith(folder)), None)
            if found is not None and not model.is_open(found):
                model.open(found)
                pause(200)
        return self._opened.window

    def file(self) -> QWidget:
        page = self._page("archives", ArchivesPage)
        panel = page.contents_panel
        panel.search.setText("Rent")
        panel.search.returnPressed.emit()
        wait_until(lambda: panel.hits.model().rowCount() and panel.hits.model().index(0, 0).data() == "Rent.odt")
        panel.hits.selectRow(0)
        pause(_SETTLE)
        return self._opened.window

    def restore(self) -> QWidget:
        # Only named, as the folder to restore to.
        os.environ["HOME"] = "/home/ada"
        self._page("archives", ArchivesPage).item_panel.restore_button.click()
        dialog = self._dialog(RestoreDialog)
        wait_until(dialog.restore_button.isEnabled)
        return dialog

    def where(self) -> QWidget:
        dialog = self._adding()
        dialog.where.set_location(str(self._workspace.paths.cache / "music"))
        for note in dialog.findChildren(SecretStorageNote):
            # As on a desktop with a keyring.
            note.hide()
        return dialog

    def scripts_to_add(self) -> QWidget:
        dialog = self._adding()
        dialog.where.set_location(str(self._workspace.paths.cache / "music"))
        dialog.encryption.setCurrentIndex(dialog.encryption.findData(Encryption.NONE))
        dialog.name.setText("Music")
        dialog.sources.add(["/etc"])
        wait_until(dialog.add.isEnabled)
        dialog.go_to(Step.SCRIPTS)
        stop = ("docker-stop.sh", "docker-start.sh")
        names = ("nextcloud", "redis")
        containers = Service(ServiceKind.CONTAINERS, stop, {"CONTAINERS": " ".join(names)}, "", names, "CONTAINERS")
        dialog.scripts.show_services([containers], templates())
        return dialog

    def overview(self) -> QWidget:
        self._home.rename_places()
        self._opened.window.open_page("overview")
        page = self._opened.window.page("overview")
        page.refresh()
        pause(_SETTLE)
        return self._opened.window

    def board(self) -> QWidget:
        return self._tab("scripts")

    def what_if(self) -> QWidget:
        self._tab("scripts")
        pause(_SETTLE)
        self._page("repositories", RepositoriesPage).view.board.outcomes.button(Outcome.FAILURE).click()
        return self._opened.window

    def schedule(self) -> QWidget:
        return self._tab("schedule")

    def script(self) -> QWidget:
        page = self._page("scripts", ScriptsPage)
        page.show_script(self._workspace.store.scripts.get(STOP).id)
        wait_until(lambda: page.view.script is not None and page.view.script.name == STOP)
        return self._opened.window

    def run(self) -> QWidget:
        self.shell.navigation.show_run(self._home.good.id)
        return self._opened.window

    def failed_run(self) -> QWidget:
        self.shell.navigation.show_run(self._home.failed.id)
        return self._opened.window

    def history(self) -> QWidget:
        self._opened.window.open_page("history")
        self._opened.window.page("history").show_start()
        return self._opened.window

    def _adding(self) -> AddRepositoryDialog:
        self._page("repositories", RepositoriesPage).ask_for_new()
        return self._dialog(AddRepositoryDialog)

    def _tab(self, name: str) -> QWidget:
        page = self._page("repositories", RepositoriesPage)
        self.shell.navigation.show_repository(self._home.nextcloud.id)
        wait_until(page.view.isVisible)
        tabs = page.view.tabs
        tabs.setCurrentIndex({"scripts": 1, "schedule": 2}[name])
        return self._opened.window

    def _page(self, name: str, kind: type[_Page]) -> _Page:
        self._opened.window.open_page(name)
        page = self._opened.window.page(name)
        assert isinstance(page, kind)
        pause(_SETTLE)
        return page

    def _dialog(self, kind: type[_Dialog]) -> _Dialog:
        def shown() -> _Dialog | None:
            return next((one for one in self._opened.window.findChildren(kind) if one.isVisible()), None)

        wait_until(shown)
        dialog = shown()
        assert dialog is not None
        return dialog


PICTURES = (
    # These need the repositories where they are.
    Picture("archives", Photographer.archives),
    Picture("file", Photographer.file),
    Picture("restore", Photographer.restore),
    Picture("add-where", Photographer.where),
    Picture("add-scripts", Photographer.scripts_to_add),
    # From here on, other places are named.
    Picture("overview", Photographer.overview),
    Picture("board", Photographer.board),
    Picture("board-dark", Photographer.board, "dark"),
    Picture("what-if", Photographer.what_if),
    Picture("schedule", Photographer.schedule),
    Picture("script", Photographer.script),
    Picture("run", Photographer.run),
    Picture("failed-run", Photographer.failed_run),
    Picture("history", Photographer.history),
)
"""All pictures, in the order in which they are taken."""


def main(words: Sequence[str]) -> int:
    if words[1:] or (words[:1] and words[0].startswith("-")):
        sys.stderr.write(__doc__ or "")
        return 64
    folder = Path(words[0]) if words else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["LANGUAGE"] = "en"
    # What this machine has is not in the pictures.
    same_disk.remark = lambda _repository: ""  # type: ignore[assignment]
    detection._PROBES = ()  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as place:
        os.environ["BORG_BASE_DIR"] = place + "/borg"
        scene = Scene(Path(place))
        os.environ["BORGDESK_HOME"] = str(scene.workspace.paths.home)
        photographer = Photographer(scene)
        for picture in PICTURES:
            photographer.take(picture, folder)
        photographer.close()
        scene.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
