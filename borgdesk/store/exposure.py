"""Checks that no other user can modify the files BorgDesk stores or executes.

A script planted by another user would run with all rights of the user of BorgDesk, perhaps as root. So every folder on
the path to BorgDesk's files is checked, symbolic links included. Folders of the system are fine unless they are
world-writable; in a world-writable one (``/tmp``) the sticky bit keeps users from renaming files of others. A user
private group, which many systems create and let write by default, does not count as another user.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from borgdesk.domain.errors import StoreUnusable
from borgdesk.paths import Paths
from borgdesk.store import files
from borgdesk.translation import N_, _

_MAX_LINKS = 40
"""The limit that Linux has."""
_WHOLE = ["0", "0", "4294967295"]
"""The uid map of a machine, as opposed to that of a container."""


class FolderExposed(StoreUnusable):
    """Another user can modify a folder that BorgDesk would use; nothing was read or written there."""


class Who(Enum):
    """The users who can modify something besides its owner."""

    USER = "user"
    GROUP = "group"
    EVERYONE = "everyone"


_WHY = {
    Who.USER: N_("{place} belongs to the user {name}"),
    Who.GROUP: N_("{place} can be changed by the group {name}"),
    Who.EVERYONE: N_("{place} can be changed by every user of this machine"),
}


@dataclass(frozen=True, slots=True)
class Exposure:
    """A file or folder that another user can modify or replace."""

    place: Path
    status: os.stat_result
    who: Who
    name: str = ""
    """Name of the user or group."""

    @property
    def is_foreign(self) -> bool:
        """Whether it belongs to another user; otherwise it is ours and others may write."""
        return self.status.st_uid != os.geteuid()

    @property
    def why(self) -> str:
        """The problem, as a sentence without its full stop."""
        return _(_WHY[self.who]).format(place=self.place, name=self.name)

    @property
    def remedy(self) -> str:
        """The shell command that fixes it."""
        place = shlex.quote(str(self.place))
        if self.who is Who.USER:
            return f"chown {_user_name(os.geteuid())} {place}"
        return f"chmod go-w {place}"


def check_folders(paths: Paths) -> None:
    """Reject folders, or a database, that another user can modify.

    Raises:
        FolderExposed: there is one; the sentence says who can, and what to do.
    """
    folders = (paths.home, paths.config, paths.data, paths.state, paths.cache, paths.library, paths.revisions)
    more = (paths.runs, paths.tests, paths.turns, paths.database, paths.config / "secrets.json")
    for path in (*folders, *more):
        found = None if path is None else exposure(path)
        if found is not None:
            raise FolderExposed(
                _(
                    "BorgDesk does not use {path}: {why}, who could make it run their own scripts. Check its contents. "
                    "If everything in it is yours, run “{remedy}” and start again."
                ).format(path=path, why=found.why, remedy=found.remedy)
            )


def exposure(path: Path) -> Exposure | None:
    """Return the first component of *path*, itself included, that another user can modify; None if there is none.

    Components that do not exist yet are ignored.
    """
    system = _system_users()
    for place, status, is_last in _steps(path):
        if who := _who_else(status, system, is_last=is_last):
            return Exposure(Path(place), status, *who)
    return None


def protect(path: Path, mode: int) -> None:
    """Make a file inaccessible to other users; if another user owns it, replace it with a copy of our own.

    Raises:
        ScriptUnreadable: the file cannot be read.
        StoreUnusable: BorgDesk cannot protect it; the message gives the command that can.
    """
    tried: set[Path] = set()
    while (found := exposure(path)) is not None:
        try:
            if found.place in tried:  # the file system has no permissions
                raise PermissionError
            tried.add(found.place)
            if found.is_foreign and found.place.is_file():
                content = files.read(path)
                if path.is_symlink():
                    path.unlink()
                files.write(path, content, mode)
            elif found.is_foreign:
                raise PermissionError
            else:
                found.place.chmod(stat.S_IMODE(found.status.st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH))
        except PermissionError as error:
            raise StoreUnusable(
                _("{why}. Only “{remedy}” fixes that, run by someone with the permission to do it.").format(
                    why=found.why, remedy=found.remedy
                )
            ) from error


def _who_else(status: os.stat_result, system: frozenset[int], *, is_last: bool) -> tuple[Who, str] | None:
    if status.st_uid != os.geteuid() and status.st_uid not in system:
        return Who.USER, _user_name(status.st_uid)
    if stat.S_ISLNK(status.st_mode):
        return None
    sticky = bool(status.st_mode & stat.S_ISVTX) and not is_last
    if status.st_mode & stat.S_IWOTH and not sticky:
        return Who.EVERYONE, ""
    of_system = status.st_uid in system and not is_last
    if status.st_mode & stat.S_IWGRP and not sticky and not of_system and not _is_private(status.st_gid):
        return Who.GROUP, _group_name(status.st_gid)
    return None


def _steps(path: Path) -> Iterator[tuple[str, os.stat_result, bool]]:
    """Yield all folders and symbolic links on the way to the target of *path*, from the root; the target is marked."""
    # Without pathlib, which takes longer per component than the kernel: a run checks the path of each script.
    yield "/", os.lstat("/"), False
    here, links = "", 0
    pending = _parts(str(path.absolute()))
    while pending:
        name = pending.pop(0)
        if name in ("/", ".."):
            here = "" if name == "/" else here.rpartition("/")[0]
            continue
        place = f"{here}/{name}"
        try:
            status = os.lstat(place)
        except OSError:
            return
        is_link = stat.S_ISLNK(status.st_mode)
        yield place, status, not pending and not is_link
        if not is_link:
            here = place
            continue
        links += 1
        if links > _MAX_LINKS:
            return
        pending = [*_parts(os.readlink(place)), *pending]  # noqa: PTH115


def _parts(path: str) -> list[str]:
    names = [name for name in path.split("/") if name not in ("", ".")]
    return ["/", *names] if path.startswith("/") else names


def _is_private(group: int) -> bool:
    """Return whether a group is a user private group: the main group of its only member, with the same name."""
    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


@cache
def _system_users() -> frozenset[int]:
    """Return root's uid and, in an unprivileged container, the uid that the host's users are mapped to."""
    try:
        if Path("/proc/self/uid_map").read_text().split() != _WHOLE:
            return frozenset({0, int(Path("/proc/sys/kernel/overflowuid").read_text())})
    except (OSError, ValueError):
        pass
    return frozenset({0})


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
