"""Measure listings, differences, searches and the archives page. Run by ``make bench``; asserts nothing about time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from borgdesk.domain.archive import Archive
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList, keep
from borgdesk.engine.archives.listings import listing_file
from borgdesk.engine.archives.search import find_in, versions
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.store.listing_writer import Item, ListingWriter
from tests.benchmarks.test_responsiveness import Heartbeat

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytestmark = [pytest.mark.benchmark, pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support ")]

ARCHIVES = 10_000
IN_ONE_FOLDER = 100_000
IN_ALL = 1_000_000
NEWEST = datetime(2026, 11, 26, 18, tzinfo=UTC)
REPOSITORY = "ab" * 32

CALIBRATION = """
import time
began, counts = time.process_time(), {}
for number in range(3_000_000):
    counts[number % 1000] = number * 2
print(f"{time.process_time() - began:.2f}")
"""
LISTING = """
import json, sys, time
from pathlib import Path
from borgdesk.borg.listing import ListingReader
from borgdesk.store.listing_writer import ListingWriter

def chunks(many):
    lines = []
    for folder in range(many // 100):
        path = f"home/me/project{folder % 50}/module{folder // 50 % 40}/pack{folder}"
        day, minute = folder % 28 + 1, folder % 60
        lines.append(f"drwxr-xr-x\\0{0}\\x002026-11-{day:02d}T12:{minute:02d}:07.000001\\0{path}\\0\\0")
        lines += [
            f"-rw-r--r--\\0{file * 37}\\x002026-11-{day:02d}T12:{minute:02d}:{file % 60:02d}.{file:06d}\\0"
            f"{path}/file-{file}-of-{folder}.txt\\0\\0"
            for file in range(99)
        ]
        if len(lines) >= 700:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()

path, many = Path(sys.argv[1]), int(sys.argv[2])
reader, writer = ListingReader(), ListingWriter(path, "repository", "archive")
cpu, first = 0.0, None
for chunk in chunks(many):
    for start in range(0, len(chunk), 65536):
        began, begun = time.process_time(), time.perf_counter()
        writer.add(reader.feed(chunk[start : start + 65536]))
        if first is None:
            assert writer.children(0)
            first = time.perf_counter() - begun
        cpu += time.process_time() - began
began = time.process_time()
with writer.finish() as listing:
    cpu += time.process_time() - began
    figures = {"rows": listing.rows, "cpu": cpu, "first": first, "file": path.stat().st_size / 2**20}
    # What getrusage says is at least what the parent had when it forked.
    status = Path("/proc/self/status").read_text()
    figures["memory"] = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    for name in ("file-77-of-4321.txt", "no such name"):
        began = time.process_time()
        listing.find(name, 5000)
        figures[name] = time.process_time() - began
print(json.dumps(figures))
"""

DIFFERENCE = """
import json, sys, time
from pathlib import Path
from borgdesk.borg.difference import DifferenceReader
from borgdesk.store.differences import DifferenceWriter

PARTS = (
    '{"added": %d, "removed": 7, "type": "modified"}',
    '{"size": %d, "type": "added"}',
    '{"size": %d, "type": "removed"}, {"new_mode": "-rwxr-xr-x", "old_mode": "-rw-r--r--", "type": "mode"}',
)

def chunks(many):
    for folder in range(many // 100):
        path = f"home/me/project{folder % 50}/module{folder // 50 % 40}/pack{folder}"
        lines = (
            f'{{"changes": [{PARTS[file % 10 % 3] % (file * 37)}], "path": "{path}/file-{file}-of-{folder}.txt"}}\\n'
            for file in range(100)
        )
        yield "".join(lines).encode()

path, many = Path(sys.argv[1]), int(sys.argv[2])
reader, writer = DifferenceReader(), DifferenceWriter(path, {"repository": "repository"})
cpu = 0.0
for chunk in chunks(many):
    began = time.process_time()
    writer.add(reader.feed(chunk))
    cpu += time.process_time() - began
began = time.process_time()
with writer.finish() as difference:
    cpu += time.process_time() - began
    status = Path("/proc/self/status").read_text()
    memory = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    began = time.process_time()
    difference.find_rows("77-of-4321", limit=5000)
    found = time.process_time() - began
    print(json.dumps({"rows": difference.rows, "cpu": cpu, "memory": memory, "found": found}))
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open({**os.environ, "BORGDESK_HOME": str(tmp_path / "home")})
    yield workspace
    workspace.store.close()


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


def child(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", *arguments], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    ).stdout.strip()


def took(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("many", [IN_ALL, 4 * IN_ALL])
def test_listing(tmp_path: Path, many: int) -> None:
    """Its processor time depends on the machine and on who else uses it: compare it with the calibration."""
    before = child(CALIBRATION)
    told = json.loads(child(LISTING, str(tmp_path / "listing.db"), str(many)))
    print(
        f"\n{told['rows']:,} paths: {told['cpu']:.1f} s of CPU, {told['memory']:.0f} MiB at most, "
        f"file {told['file']:.0f} MiB; rows {told['first'] * 1000:.0f} ms after the first chunk; "
        f"name found in {told['file-77-of-4321.txt'] * 1000:.0f} ms, "
        f"not found in {told['no such name'] * 1000:.0f} ms; calibration {before} and {child(CALIBRATION)} s"
    )


@pytest.mark.timeout(300)
def test_difference(tmp_path: Path) -> None:
    """A third of the lines need the parser for JSON."""
    before = child(CALIBRATION)
    told = json.loads(child(DIFFERENCE, str(tmp_path / "difference.db"), str(IN_ALL)))
    print(
        f"\n{told['rows']:,} changes: {told['cpu']:.1f} s of CPU, {told['memory']:.0f} MiB at most; "
        f"name found in {told['found'] * 1000:.0f} ms; calibration {before} and {child(CALIBRATION)} s"
    )


def archives(many: int) -> tuple[Archive, ...]:
    moments = [NEWEST - timedelta(hours=7 * number) for number in range(many)]
    return tuple(
        Archive(
            f"{number:064x}",
            REPOSITORY,
            f"host-{start:%Y-%m-%dT%H:%M}",
            start,
            start,
            "host",
            "me",
            "",
            84 * 10**9,
            number,
        )
        for number, start in enumerate(moments)
    )


def listed(workspace: Workspace, archive: Archive, items: Iterator[Item]) -> None:
    writer = ListingWriter(listing_file(workspace, archive), REPOSITORY, archive.id)
    writer.add(items)
    writer.finish().close()


def files(many: int, changed: int = 0) -> Iterator[Item]:
    for number in range(many):
        yield f"home/me/many/File {number * 7919 % many:06d}.txt", 0o100644, number * 37 % 100_003, changed, ""


@pytest.mark.timeout(300)
def test_versions_and_search_in_100_archives(workspace: Workspace) -> None:
    found = ArchiveList(REPOSITORY, archives(100), NEWEST)
    for number, archive in enumerate(found.archives):
        listed(workspace, archive, files(2000, number // 10))
    path = "home/me/many/File 000077.txt"
    versions(workspace, found, path)
    times = sorted(took(lambda: versions(workspace, found, path)) for _ in range(20))
    assert len(versions(workspace, found, path)) == 10
    print(f"\nversions of a file over 100 archives: median {times[10]:.1f} ms, longest {times[-1]:.1f} ms")
    search = took(lambda: find_in(workspace, found.archives, "77", 5000))
    print(f"a name in 100 archives of 2,000 files: {search:.0f} ms")


def known(workspace: Workspace, found: ArchiveList) -> Repository:
    repository = workspace.store.repositories.add(Repository(RepositoryId(0), "Big", "/nowhere/repository", ("/home",)))
    keep(workspace, repository, found)
    return repository


def page_of(workspace: Workspace, background: Background, qtbot: QtBot, repository: Repository) -> ArchivesPage:
    page = ArchivesPage(workspace, background, Executor(workspace, background))
    qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show_repository(repository.id)
    return page


@pytest.mark.timeout(300)
def test_page_of_10_000_archives(workspace: Workspace, background: Background, qtbot: QtBot) -> None:
    found = ArchiveList(REPOSITORY, archives(ARCHIVES), NEWEST)
    listed(workspace, found.archives[0], files(10))
    repository = known(workspace, found)
    page = page_of(workspace, background, qtbot, repository)
    heart = Heartbeat()
    began = time.perf_counter()
    page.show()
    qtbot.waitUntil(lambda: page.list_panel.model.shown == ARCHIVES)
    print(f"\npage of {ARCHIVES:,} archives: shown in {(time.perf_counter() - began) * 1000:.0f} ms; {heart.figures()}")
    page.table.repaint()
    print(f"search: {took(lambda: page.list_panel.search.setText('2024-03')):.0f} ms")
    print(f"all again: {took(page.list_panel.clear_filter):.0f} ms")
    print(f"by size: {took(lambda: page.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)):.0f} ms")


@pytest.mark.timeout(300)
def test_folder_of_100_000_files(workspace: Workspace, background: Background, qtbot: QtBot) -> None:
    found = ArchiveList(REPOSITORY, archives(1), NEWEST)
    listed(workspace, found.archives[0], files(IN_ONE_FOLDER))
    page = page_of(workspace, background, qtbot, known(workspace, found))
    page.show()
    tree, model = page.contents_panel.tree, page.contents_panel.contents
    qtbot.waitUntil(lambda: model.rowCount() > IN_ONE_FOLDER, timeout=30_000)
    model.close(0)
    page.contents_panel.tree.repaint()
    qtbot.wait(500)

    def measure(what: str, act: Callable[[], object], is_done: Callable[[], bool]) -> None:
        heart = Heartbeat()
        began = time.perf_counter()
        act()
        qtbot.waitUntil(is_done, timeout=30_000)
        shown = (time.perf_counter() - began) * 1000
        qtbot.wait(300)
        print(f"\n{what}: {shown:.0f} ms; {heart.figures()}")
        heart.stop()

    print()
    measure("open", lambda: model.open(0), lambda: model.rowCount() > IN_ONE_FOLDER)
    first = model.key(1)
    measure("sort by size", lambda: tree.sortByColumn(1, Qt.SortOrder.DescendingOrder), lambda: model.key(1) != first)
    second = model.key(1)
    measure("sort by name", lambda: tree.sortByColumn(0, Qt.SortOrder.AscendingOrder), lambda: model.key(1) != second)
    measure("select all", tree.selectAll, lambda: bool(tree.selectionModel().hasSelection()))
    measure("close", lambda: model.close(0), lambda: model.rowCount() == 1)
