"""Files that others could change are not used and not run."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from borgdesk.domain.errors import ScriptUnreadable, StoreUnusable
from borgdesk.paths import Paths
from borgdesk.store.exposure import FolderExposed, exposure
from borgdesk.store.store import Store

ME = os.geteuid()
OTHER = 54321
"""A user id that no system has."""

needs_root = pytest.mark.skipif(ME != 0, reason="only root can give files away")


def place(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


def opened(paths: Paths) -> Store:
    store = Store(paths)
    store.open()
    return store


FOLDERS = ("home", "config", "data", "state", "cache", "library", "revisions", "runs")


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("mode", [0o777, 0o707, 0o1777], ids=oct)
def test_a_folder_that_everybody_can_write_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    paths = Paths.below(place(tmp_path / "home"))
    opened(paths).close()
    folder = getattr(paths, name)
    folder.chmod(mode)
    with pytest.raises(FolderExposed, match="can be changed by every user of this machine") as refused:
        opened(paths)
    assert f"“chmod go-w {folder}”" in str(refused.value)
    folder.chmod(mode & ~0o1022)
    opened(paths).close()


@pytest.mark.parametrize("name", ["database", "secrets.json"])
def test_a_file_that_everybody_can_write_is_refused(tmp_path: Path, name: str) -> None:
    paths = Paths.below(place(tmp_path / "home"))
    opened(paths).close()
    file = paths.database if name == "database" else paths.config / name
    file.touch()
    file.chmod(0o666)
    with pytest.raises(FolderExposed, match="every user"):
        opened(paths)


def test_what_is_refused_is_not_touched(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(FolderExposed):
        opened(Paths.below(home))
    assert list(home.iterdir()) == []


def test_a_folder_above_counts_unless_it_is_sticky(tmp_path: Path) -> None:
    above = place(tmp_path / "above")
    paths = Paths.below(above / "home")
    above.chmod(0o777)
    with pytest.raises(FolderExposed, match=f"“chmod go-w {above}”"):
        opened(paths)
    above.chmod(0o1777)
    opened(paths).close()


def test_links_are_followed(tmp_path: Path) -> None:
    open_to_all = place(tmp_path / "open")
    (tmp_path / "real").mkdir()
    (open_to_all / "link").symlink_to(tmp_path / "real")
    (tmp_path / "first").symlink_to("open/../open/link")
    assert exposure(tmp_path / "first" / "home") is None
    open_to_all.chmod(0o777)
    found = exposure(tmp_path / "first" / "home")
    assert found is not None
    assert found.place == open_to_all
    (tmp_path / "loop").symlink_to("loop")
    assert exposure(tmp_path / "loop" / "home") is None


def test_the_group_that_a_user_has_alone_is_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place(tmp_path / "home")
    folder.chmod(0o770)
    user = pwd.getpwuid(ME)
    alone = grp.struct_group((user.pw_name, "x", user.pw_gid, []))
    for group, private in (
        (alone, True),
        (grp.struct_group((user.pw_name, "x", user.pw_gid, [user.pw_name])), True),
        (grp.struct_group((user.pw_name, "x", user.pw_gid, ["somebody"])), False),
        (grp.struct_group(("users", "x", user.pw_gid, [])), False),
    ):
        monkeypatch.setattr(grp, "getgrgid", lambda _gid, group=group: group)
        found = exposure(folder)
        assert (found is None) is private
        if found is not None:
            assert found.why == f"{folder} can be changed by the group {group.gr_name}"


@needs_root
def test_a_group_that_may_not_write_is_no_danger(tmp_path: Path) -> None:
    folder = place(tmp_path / "home")
    os.chown(folder, -1, OTHER)
    for mode, is_exposed in ((0o700, False), (0o755, False), (0o710, False), (0o720, True), (0o775, True)):
        folder.chmod(mode)
        assert (exposure(folder) is not None) is is_exposed


@needs_root
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    paths = Paths.below(place(tmp_path / "home"))
    check_refused(paths, tmp_path / "home")
    opened(paths).close()
    check_refused(paths, paths.library)


def check_refused(paths: Paths, folder: Path) -> None:
    os.chown(folder, OTHER, OTHER)
    with pytest.raises(FolderExposed, match=f"{folder} belongs to the user {OTHER}") as refused:
        opened(paths)
    assert f"“chown root {folder}”" in str(refused.value)
    os.chown(folder, 0, 0)


@needs_root
def test_a_link_of_somebody_else_is_refused(tmp_path: Path) -> None:
    sticky = place(tmp_path / "sticky")
    sticky.chmod(0o1777)
    (tmp_path / "real").mkdir(mode=0o700)
    link = sticky / "home"
    link.symlink_to(tmp_path / "real")
    opened(Paths.below(link)).close()
    os.lchown(link, OTHER, OTHER)
    with pytest.raises(FolderExposed, match=f"{link} belongs to the user {OTHER}"):
        opened(Paths.below(link))


@pytest.mark.parametrize("what", ["file", "folder", "target"])
def test_a_script_that_others_can_change_is_not_run(store: Store, paths: Paths, tmp_path: Path, what: str) -> None:
    file = paths.library / "sub" / "stop.sh"
    file.parent.mkdir()
    file.write_text("#!/bin/sh\ntrue\n")
    file.chmod(0o755)
    if what == "target":
        file.rename(tmp_path / "real.sh")
        file.symlink_to(tmp_path / "real.sh")
    script = store.scripts.register(file)
    assert store.scripts.freeze(script.id)
    exposed = file.parent if what == "folder" else tmp_path / "real.sh" if what == "target" else file
    exposed.chmod(0o777)
    with pytest.raises(ScriptUnreadable, match=r"The script “stop” is not run: .* by every user") as refused:
        store.scripts.freeze(script.id)
    assert f"“chmod go-w {exposed}”" in str(refused.value)
    store.scripts.protect(script.id)
    assert exposed.stat().st_mode & 0o777 == 0o755
    assert store.scripts.freeze(script.id)


@needs_root
def test_a_script_of_somebody_else_becomes_mine(store: Store, paths: Paths) -> None:
    file = paths.library / "stop.sh"
    file.write_text("#!/bin/sh\ntrue\n")
    os.chown(file, OTHER, OTHER)
    script = store.scripts.register(file)
    with pytest.raises(ScriptUnreadable, match=f"belongs to the user {OTHER}"):
        store.scripts.freeze(script.id)
    store.scripts.protect(script.id)
    assert (file.stat().st_uid, file.read_text()) == (0, "#!/bin/sh\ntrue\n")
    assert store.scripts.freeze(script.id)


@needs_root
def test_what_cannot_be_protected_says_so(store: Store, paths: Paths) -> None:
    folder = place(paths.library / "sub")
    (folder / "stop.sh").write_text("#!/bin/sh\ntrue\n")
    script = store.scripts.register(folder / "stop.sh")
    os.chown(folder, OTHER, OTHER)
    with pytest.raises(StoreUnusable, match=f"belongs to the user {OTHER}"):
        store.scripts.protect(script.id)


def test_as_many_links_are_followed_as_linux_follows(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    target = place
    for number in range(41):
        link = tmp_path / f"link-{number}"
        link.symlink_to(target)
        target = link
    found = exposure(tmp_path / "link-39")
    assert found is not None
    assert found.place == place
    assert exposure(tmp_path / "link-40") is None
    with pytest.raises(OSError, match="Too many levels"):
        (tmp_path / "link-40").stat()
