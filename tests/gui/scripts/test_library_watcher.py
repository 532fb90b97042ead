"""Detection of changes by other programs, with real files and file system events."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import StoreUnusable
from borgdesk.engine.scripts.library_scan import LibraryScan
from borgdesk.gui.scripts import library_watcher
from borgdesk.gui.scripts.library_watcher import LibraryWatcher
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene
from tests.gui.stage import Overtaken


class Ear:
    """Records the watcher's signals."""

    def __init__(self, watcher: LibraryWatcher) -> None:
        self.told: list[LibraryScan] = []
        watcher.scanned.connect(self.told.append)


@pytest.fixture
def watcher(scene: Scene, background: Background, qapp: QApplication) -> LibraryWatcher:
    return LibraryWatcher(scene.workspace, background, qapp)


def start(watcher: LibraryWatcher, qtbot: QtBot) -> Ear:
    ear = Ear(watcher)
    with qtbot.waitSignal(watcher.scanned):
        watcher.start()
    return ear


def test_the_first_look_is_told_and_quiet_after_it(watcher: LibraryWatcher, qtbot: QtBot, scene: Scene) -> None:
    scene.script("Stop", "true")
    ear = start(watcher, qtbot)
    assert [script.name for script in ear.told[0].scripts] == ["Stop"]
    with qtbot.waitSignal(watcher._poll.timeout):
        pass
    qtbot.waitUntil(lambda: not watcher._busy)
    assert len(ear.told) == 1
    watcher.stop()


def test_the_system_tells_of_new_and_removed_files(watcher: LibraryWatcher, qtbot: QtBot, scene: Scene) -> None:
    script = scene.script("Stop", "true")
    start(watcher, qtbot)
    watcher._poll.stop()
    with qtbot.waitSignal(watcher.scanned) as told:
        (scene.workspace.paths.library / "new.sh").write_text("#!/bin/sh\n")
    assert told.args is not None
    assert [path.name for path in told.args[0].unregistered] == ["new.sh"]
    with qtbot.waitSignal(watcher.scanned) as told:
        Path(script.file_path).unlink()
    assert told.args is not None
    assert told.args[0].missing == {script.id}
    watcher.stop()


def test_a_watched_file_tells_of_itself(watcher: LibraryWatcher, qtbot: QtBot, scene: Scene) -> None:
    script = scene.script("Stop", "true")
    start(watcher, qtbot)
    watcher._poll.stop()
    watcher.watch_file(script.file_path)
    with qtbot.waitSignal(watcher.scanned), Path(script.file_path).open("a") as file:
        file.write("# more\n")
    watcher.stop()


def test_without_a_sign_the_poll_finds_it(
    scene: Scene, background: Background, qapp: QApplication, qtbot: QtBot
) -> None:
    """Changes in a subfolder of the library, or on a network disk, cause no event."""
    script = scene.script("Stop", "true")
    watcher = LibraryWatcher(scene.workspace, background, qapp)
    watcher._watcher.removePaths([*watcher._watcher.directories(), *watcher._watcher.files()])
    start(watcher, qtbot)
    with qtbot.waitSignal(watcher.scanned):
        Path(script.file_path).write_text("#!/bin/sh\nother\n")
    watcher.stop()
    assert library_watcher._POLL + library_watcher._SETTLING < 2000, "the contract says within two seconds"


def test_a_storm_of_changes_is_told_few_times(watcher: LibraryWatcher, qtbot: QtBot, scene: Scene) -> None:
    ear = start(watcher, qtbot)
    library = scene.workspace.paths.library
    subprocess.run(
        ["sh", "-c", 'for i in $(seq 300); do printf "#!/bin/sh\\necho $i\\n" > "s$i.sh"; done'],
        cwd=library, check=True,
    )  # fmt: skip
    qtbot.waitUntil(lambda: bool(ear.told) and len(ear.told[-1].unregistered) == 300)
    assert len(ear.told) < 10
    watcher.stop()


def test_a_folder_that_is_gone_is_survived(watcher: LibraryWatcher, qtbot: QtBot, scene: Scene) -> None:
    scene.script("Stop", "true")
    ear = start(watcher, qtbot)
    library = scene.workspace.paths.library
    library.rename(library.with_name("away"))
    qtbot.waitUntil(lambda: len(ear.told[-1].missing) == 1)
    library.with_name("away").rename(library)
    qtbot.waitUntil(lambda: not ear.told[-1].missing)
    watcher.stop()


def test_a_sign_during_a_look_leads_to_one_more_look(
    scene: Scene, overtaken: Overtaken, qapp: QApplication, qtbot: QtBot
) -> None:
    watcher = LibraryWatcher(scene.workspace, overtaken, qapp)
    ear = Ear(watcher)
    overtaken.keep_next()
    watcher.scan()
    scene.script("Stop", "true")
    overtaken.keep_next()
    watcher.scan()
    watcher.scan()
    assert overtaken.waits(), "nothing was asked while there was no answer"
    overtaken.deliver()
    assert not overtaken.waits()
    overtaken.deliver()
    assert [[script.name for script in one.scripts] for one in ear.told] == [[], ["Stop"]]
    assert not watcher._busy


def test_what_may_pass_is_asked_again_and_a_defect_is_told_once(
    watcher: LibraryWatcher, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = start(watcher, qtbot)
    count = len(ear.told)

    def failing(error: Exception) -> None:
        """Scan once while the library cannot be read, and wait for the end of that."""

        def fail(_library: Path) -> None:
            raise error

        monkeypatch.setattr(library_watcher, "read_stamps", fail)
        watcher._look()
        qtbot.waitUntil(lambda: not watcher._busy)

    for error in (StoreUnusable("locked"), OSError("no answer")):
        failing(error)
        assert watcher._poll.isActive()
    with qtbot.captureExceptions() as met:
        failing(ZeroDivisionError())
    assert [kind for kind, _error, _trace in met] == [ZeroDivisionError]
    assert not watcher._poll.isActive()
    assert len(ear.told) == count
    watcher.stop()
