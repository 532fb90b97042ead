"""Mounted archives, with real Borg and real FUSE if this machine has both."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput, NotFound
from borgdesk.domain.run import RunStatus
from borgdesk.engine.archives import mounts as mounts_module
from borgdesk.engine.archives.archive_changes import delete_archives
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.archives.mounts import mount, recover_mounts, unmount, unmount_ours
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories.mounted import mounts, refuse_while_mounted
from tests.engine.archives.lab import back_up
from tests.engine.desk import Desk, wait_until
from tests.real_borg import PROGRAM


def is_disconnected(folder: Path) -> bool:
    """Return whether the Borg behind a mounted folder is gone."""
    try:
        list(folder.iterdir())
    except OSError as error:
        return error.errno == errno.ENOTCONN
    return False


def can_mount() -> bool:
    """Return whether there is FUSE, and a Borg that supports it."""
    if PROGRAM is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return False
    if not (shutil.which("fusermount3") or shutil.which("fusermount")):
        return False
    said = subprocess.run(
        [PROGRAM, "mount", "--", "/nowhere", "/nowhere"], capture_output=True, text=True, check=False
    ).stderr
    return "no FUSE support" not in said


needs_fuse = pytest.mark.skipif(not can_mount(), reason="this machine, or its Borg, cannot mount")


@pytest.fixture
def folder(real: Desk) -> Iterator[Path]:
    place = real.folder / "mount point"
    place.mkdir()
    yield place
    for one in mounts(real.workspace):
        unmount(real.workspace, Path(one.folder), even_in_use=True)


@needs_fuse
def test_an_archive_is_mounted_and_unmounted(real: Desk, folder: Path) -> None:
    name = back_up(real)
    archive = read_archives(real.workspace, real.repository).archives[0]
    mounted = mount(real.workspace, real.repository, archive, folder)
    shown = folder / str(real.source)[1:]
    assert {path.name for path in shown.iterdir()} == {path.name for path in real.source.iterdir()}
    assert mounts(real.workspace) == [mounted]
    assert mounted.is_there
    assert (mounted.archive, mounted.folder) == (name, str(folder))
    with pytest.raises(InvalidInput, match=r"mounted at .* already"):
        mount(real.workspace, real.repository, archive, folder)
    servers = mounted.servers()
    assert len(servers) == 1
    unmount(real.workspace, folder)
    assert not any(map(procfs.look_up, [server.pid for server in servers]))
    assert list(folder.iterdir()) == []
    assert mounts(real.workspace) == []
    with pytest.raises(NotFound, match="No archive is mounted"):
        unmount(real.workspace, folder)


@needs_fuse
def test_nothing_waits_for_the_lock_of_a_mount(real: Desk, folder: Path) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    mount(real.workspace, real.repository, None, folder)
    assert [path.name for path in folder.iterdir()] == [found.archives[0].name]
    # Reading is still allowed.
    assert read_archives(real.workspace, real.repository).archives == found.archives
    # The line can be pasted into a shell, although the name of the folder has a blank.
    how = f"mounted at {folder}, which locks it. Unmount it on the page Archives, or with: borgdesk umount '{folder}'"
    with pytest.raises(InUse, match=how):
        delete_archives(real.workspace, real.repository, found.archives)
    run = real.run(repository=real.repository)
    assert run.status is RunStatus.FAILURE
    assert f"mounted at {folder}" in (run.error or "")
    unmount(real.workspace, folder)
    refuse_while_mounted(real.workspace, real.repository)
    assert delete_archives(real.workspace, real.repository, found.archives).archives == ()


@needs_fuse
def test_what_is_open_there_keeps_it(real: Desk, folder: Path) -> None:
    back_up(real)
    mount(real.workspace, real.repository, None, folder)
    with subprocess.Popen(["sleep", "60"], cwd=folder) as user:
        with pytest.raises(InUse, match="Close the files and programs"):
            unmount(real.workspace, folder)
        unmount(real.workspace, folder, even_in_use=True)
        assert mounts(real.workspace) == []
        user.kill()


@needs_fuse
def test_a_mount_of_the_window_ends_with_it(real: Desk, folder: Path) -> None:
    back_up(real)
    ours = mount(real.workspace, real.repository, None, belongs_to_us=True)
    assert Path(ours.folder).parent == real.workspace.paths.cache / "mounted"
    theirs = mount(real.workspace, real.repository, None, folder)
    unmount_ours(real.workspace)
    assert mounts(real.workspace) == [theirs]
    assert not Path(ours.folder).exists()


_WINDOW = """
import os, signal
from pathlib import Path
from borgdesk.engine.archives.mounts import mount
from borgdesk.engine.workspace import Workspace
workspace = Workspace.open()
mount(workspace, workspace.store.repositories.get("Papers"), None, Path({folder!r}), belongs_to_us=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@needs_fuse
def test_the_next_start_unmounts_what_a_dead_window_left(real: Desk, folder: Path) -> None:
    back_up(real)
    environment = {**real.environment, "PYTHONPATH": str(Path(__file__).parents[3])}
    died = subprocess.run(
        [sys.executable, "-c", _WINDOW.format(folder=str(folder))], env=environment, check=False
    ).returncode
    assert died == -signal.SIGKILL
    (left,) = mounts(real.workspace)
    assert recover_mounts(real.workspace) == [left]
    assert not left.is_there
    assert left.servers() == []
    assert mounts(real.workspace) == []


@needs_fuse
def test_a_borg_that_died_leaves_no_dead_folder(real: Desk, folder: Path) -> None:
    back_up(real)
    mounted = mount(real.workspace, real.repository, None, folder)
    (server,) = mounted.servers()
    procfs.send(server, signal.SIGKILL)
    wait_until(lambda: not mounted.servers())
    assert mounted.is_there
    # The kernel ends the connection a little later than the process.
    wait_until(lambda: is_disconnected(folder))
    # It no longer holds a lock.
    refuse_while_mounted(real.workspace, real.repository)
    assert recover_mounts(real.workspace) == [mounted]
    assert list(folder.iterdir()) == []
    assert mounts(real.workspace) == []


@needs_fuse
def test_a_folder_whose_borg_died_can_be_mounted_again(real: Desk, folder: Path) -> None:
    back_up(real)
    dead = mount(real.workspace, real.repository, None, folder)
    (server,) = dead.servers()
    procfs.send(server, signal.SIGKILL)
    wait_until(lambda: not dead.servers())
    again = mount(real.workspace, real.repository, None, folder)
    assert len(list(folder.iterdir())) == 1
    assert mounts(real.workspace) == [again]


@needs_fuse
def test_a_disk_that_disappears_under_a_mount(real: Desk, folder: Path) -> None:
    name = back_up(real)
    repository = Path(real.repository.location)
    mount(real.workspace, real.repository, None, folder)
    repository.rename(real.folder / "unplugged")
    with suppress(OSError):  # Borg may have read it before
        (folder / name / str(real.source)[1:] / "letter.txt").read_bytes()
    unmount(real.workspace, folder)
    assert mounts(real.workspace) == []
    assert list(folder.iterdir()) == []
    assert "repository" in refused(real, folder)


@needs_fuse
def test_a_folder_inside_a_mounted_archive(real: Desk, folder: Path) -> None:
    (real.source / "empty").mkdir()
    name = back_up(real)
    mounted = mount(real.workspace, real.repository, None, folder)
    inside = folder / name / str(real.source)[1:] / "empty"
    with pytest.raises(InvalidInput, match=r"cannot be written. Choose a folder of your own"):
        mount(real.workspace, real.repository, None, inside)
    assert mounts(real.workspace) == [mounted]


def refused(desk: Desk, folder: Path) -> str:
    with pytest.raises(BorgDeskError) as error:
        mount(desk.workspace, desk.repository, None, folder)
    assert mounts(desk.workspace) == []
    return str(error.value)


@needs_fuse
def test_where_nothing_can_be_mounted(real: Desk, folder: Path) -> None:
    assert refused(real, real.folder / "nowhere").startswith("There is no folder ")
    (folder / "file").touch()
    assert refused(real, folder).endswith("is not empty. Choose an empty folder.")
    assert refused(real, folder / "file").startswith("There is no folder ")
    inside = Path(real.repository.location) / "data" / "9"
    inside.mkdir()
    assert "is in the repository itself" in refused(real, inside)
    (folder / "file").unlink()
    away = Path(real.repository.location)
    away.rename(real.folder / "away")
    assert "repository" in refused(real, folder)
    assert list(folder.iterdir()) == []


def test_a_machine_without_fuse_says_so(real: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts_module, "DEVICE", real.folder / "no-device")
    assert refused(real, folder).endswith("no-device is missing. Install the package fuse3.")
    monkeypatch.setattr(mounts_module, "DEVICE", Path("/dev/null"))
    bare = replace(real.workspace, environment=real.environment | {"PATH": str(real.folder)})
    with pytest.raises(BorgDeskError, match="program fusermount3 is missing"):
        mount(bare, real.repository, None, folder)


def test_a_borg_without_fuse_says_so(real: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts_module, "DEVICE", Path("/dev/null"))
    tools = real.folder / "tools"
    tools.mkdir()
    for name, text in {
        "fusermount3": "exit 1",
        "borg": f'case "$1" in mount) echo "borg mount not available: no FUSE support." >&2; exit 2;; '
        f'*) exec {real.program} "$@";; esac',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o700)
    environment = real.environment | {"PATH": f"{tools}:{real.environment['PATH']}"}
    bare = replace(real.workspace, environment=environment, fixed_borg=str(tools / "borg"))
    with pytest.raises(BorgDeskError, match="This Borg cannot mount archives"):
        mount(bare, real.repository, None, folder)


def test_a_record_that_nobody_can_read_is_none(real: Desk) -> None:
    kept = real.workspace.paths.state / "mounts"
    kept.mkdir()
    (kept / "a.json").write_text("{}")
    assert mounts(real.workspace) == []


def test_a_folder_for_an_archive_with_any_name(real: Desk) -> None:
    """Names may be longer than those of folders, in bytes, and their last character is not cut in two."""
    repository = replace(real.repository, name="写" * 90)
    place = mounts_module._made_folder(real.workspace, repository, None)
    assert place.name == "写" * 33
    assert mounts_module._made_folder(real.workspace, repository, None).name == "写" * 33 + " 2"


def test_no_folder_can_be_made_for_an_archive(real: Desk) -> None:
    cache = real.workspace.paths.cache
    (cache / "mounted").write_text("in the way")
    with pytest.raises(BorgDeskError, match=f"{cache}/mounted cannot be created: File exists"):
        mounts_module._made_folder(real.workspace, real.repository, None)
