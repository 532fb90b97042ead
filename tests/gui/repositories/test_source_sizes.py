"""Sizes of sources, shown in their list and together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.folder_sizes import End, FolderSize
from borgdesk.gui.repositories import source_sizes
from borgdesk.gui.repositories.path_list import PathList
from borgdesk.gui.repositories.repository_view import RepositoryView
from borgdesk.gui.repositories.source_sizes import SourceSizes, about, size_of
from borgdesk.gui.workers.background import Background
from tests.gui.repositories.stage import kept
from tests.gui.scene import Scene


class Form(QWidget):
    """A list and its sizes."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.paths = PathList("Sources", "none")
        self.sizes = SourceSizes(self.paths, background)
        column = QVBoxLayout(self)
        column.addWidget(self.paths)
        column.addWidget(self.sizes)

    def shown(self) -> list[str]:
        items = [self.paths.list.item(row) for row in range(self.paths.list.count())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items]


@pytest.fixture
def form(background: Background, qtbot: QtBot) -> Form:
    form = Form(background)
    qtbot.addWidget(form)
    form.resize(600, 300)
    return form


class Measurements:
    """Takes the place of what measures: each goes on until the test ends it, or it is stopped."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.threads: set[int] = set()
        self.cancels: dict[str, Cancel] = {}
        self.ends: dict[str, FolderSize] = {}
        self.options: list[bool] = []

    def __call__(
        self, path: str, cancel: Cancel, watch: Callable[[FolderSize], None], *, one_file_system: bool
    ) -> FolderSize:
        self.begun.append(path)
        self.threads.add(threading.get_ident())
        self.cancels[path] = cancel
        self.options.append(one_file_system)
        so_far = FolderSize(size=4_160, files=2, real=path)
        watch(so_far)
        while path not in self.ends:
            if cancel.wait(0.01):
                return FolderSize(End.STOPPED, 4_160, 2, real=path)
        return self.ends[path]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measurements:
    measured = Measurements()
    monkeypatch.setattr(source_sizes, "measure_folder", measured)
    return measured


def test_each_source_shows_its_size_and_all_their_sum(form: Form, tmp_path: Path, qtbot: QtBot) -> None:
    for name, size in (("photos", 2_000_000), ("music", 1_500_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(size))
    with qtbot.waitSignal(form.sizes.settled):
        form.show()
        form.paths.add([str(tmp_path / name) for name in ("photos", "music", "gone")])
    assert form.shown() == ["2.0 MB", "1.5 MB", "not there"]
    assert form.sizes.total.text() == "3.5 MB in 2 files, before excludes"
    assert "2.0 MB in 1 file" in form.paths.list.item(0).toolTip()
    form.grab()


def test_editing_and_removing_paths_changes_what_is_measured(form: Form, measured: Measurements, qtbot: QtBot) -> None:
    form.show()
    form.paths.add(["/a", "/b"])
    qtbot.waitUntil(lambda: form.shown() == ["4.1 kB…", ""])
    assert form.sizes.total.text() == "Measuring… 4.1 kB so far"
    form.paths.list.item(0).setSelected(True)
    form.paths.remove_selected()
    qtbot.waitUntil(lambda: measured.begun == ["/a", "/b"])
    assert measured.cancels["/a"].asked, "nobody wants to know any more"
    measured.ends["/b"] = FolderSize(End.DONE, 5_000_000, 3, real="/b")
    qtbot.waitUntil(lambda: form.shown() == ["5.0 MB"])
    measured.ends["/c"] = FolderSize(End.DONE, 7, 1, real="/c")
    form.paths.list.item(0).setText("/c")
    qtbot.waitUntil(lambda: form.shown() == ["7 bytes"])
    assert form.paths.list.item(0).toolTip().startswith("/c\n")
    assert threading.get_ident() not in measured.threads


def test_sizes_are_no_edit(form: Form, measured: Measurements, qtbot: QtBot) -> None:
    form.show()
    form.paths.add(["/a"])
    edits: list[None] = []
    form.paths.edited.connect(lambda: edits.append(None))
    qtbot.waitUntil(lambda: form.shown() == ["4.1 kB…"])
    measured.ends["/a"] = FolderSize(End.DONE, 1, 1, real="/a")
    qtbot.waitUntil(lambda: form.shown() == ["1 byte"])
    assert (edits, form.paths.paths()) == ([], ("/a",))


def test_a_stop_leaves_what_is_known_and_again_begins_anew(form: Form, measured: Measurements, qtbot: QtBot) -> None:
    form.show()
    form.paths.add(["/a", "/b"])
    qtbot.waitUntil(lambda: form.shown()[0] == "4.1 kB…")
    with qtbot.waitSignal(form.sizes.settled):
        form.sizes.stop.click()
    assert form.shown() == ["at least 4.1 kB", ""]
    assert form.sizes.total.text() == "At least 4.1 kB in 2 files, before excludes"
    assert "stopped" in form.paths.list.item(0).toolTip()
    assert measured.begun == ["/a"]
    assert (form.sizes.stop.isVisible(), form.sizes.again.isVisible()) == (False, True)
    measured.ends |= {path: FolderSize(End.DONE, 10, 1, real=path) for path in ("/a", "/b")}
    with qtbot.waitSignal(form.sizes.settled):
        form.sizes.again.click()
    assert form.shown() == ["10 bytes", "10 bytes"]


def test_only_what_is_seen_is_measured(form: Form, measured: Measurements, qtbot: QtBot) -> None:
    form.paths.set_paths(("/a",))
    assert measured.begun == []
    form.show()
    qtbot.waitUntil(lambda: form.shown() == ["4.1 kB…"])
    form.hide()
    assert (measured.cancels["/a"].asked, form.shown()) == (True, [""])
    form.show()
    qtbot.waitUntil(lambda: measured.begun == ["/a", "/a"])
    measured.ends["/a"] = FolderSize(End.DONE, 10, 1, real="/a")
    qtbot.waitUntil(lambda: form.shown() == ["10 bytes"])
    form.hide()
    form.show()
    assert measured.begun == ["/a", "/a"], "it is known"


def test_other_file_systems_are_measured_only_if_they_are_backed_up(
    form: Form, measured: Measurements, qtbot: QtBot
) -> None:
    measured.ends["/a"] = FolderSize(End.DONE, 10, 1, real="/a")
    form.show()
    with qtbot.waitSignal(form.sizes.settled):
        form.paths.add(["/a"])
    with qtbot.waitSignal(form.sizes.settled):
        form.sizes.set_one_file_system(True)
    form.sizes.set_one_file_system(True)
    assert measured.options == [False, True]


def test_the_program_does_not_wait_for_it(form: Form, measured: Measurements, background: Background) -> None:
    form.show()
    form.paths.add(["/a"])
    assert background.close()


@pytest.mark.parametrize(
    ("found", "size", "told"),
    [
        (FolderSize(End.DONE, 4_160_000, 3), "4.2 MB", ""),
        (FolderSize(End.DONE, 4_160_000, 3, unread=2), "at least 4.1 MB", "2 folders or files in it cannot be read"),
        (FolderSize(End.DONE, 0, 0, unread=1), "unknown", "1 folder or file in it cannot be read"),
        (FolderSize(End.NO_ANSWER, 999_999, 3), "at least 999.9 kB", "did not respond"),
        (FolderSize(End.LATE, 1_000_000, 3), "at least 1.0 MB", "given up"),
        (FolderSize(End.GOES_ON, 0, 0), "0 bytes…", ""),
    ],
)
def test_nothing_is_said_that_is_not_known(found: FolderSize, size: str, told: str) -> None:
    assert size_of(found) == size
    assert told in about(found)


def test_the_tab_of_a_repository_shows_them_too(view: RepositoryView, scene: Scene, qtbot: QtBot) -> None:
    view.show_repository(kept(scene, "Photos"))
    tabs: Any = view.tabs
    with qtbot.waitSignal(view.backup.sizes.settled):
        tabs.setCurrentWidget(view.backup)
    known = view.backup.sizes.of(str(scene.source))
    assert known is not None
    assert known.is_whole
    assert not view.is_modified()
