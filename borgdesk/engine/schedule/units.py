"""The systemd units of the user that start what is due while no window is open: their text, and where they stand.

systemd knows no schedule: a timer runs ``borgdesk due --start`` every few minutes, and that starts one service per
repository with something due. A backup that starts when a disk is connected has a service of its own, which systemd
starts with the mount. Changes of the user belong into drop-ins (``*.d``), which are never touched.

*disks* are the mount points of such disks, by repository: see :mod:`borgdesk.engine.schedule.disks`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from borgdesk import private
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId
from borgdesk.engine.processes import process
from borgdesk.engine.schedule.unit_texts import (
    DISKS,
    HOME,
    NAMES,
    NO_DISKS,
    RUN,
    TICK,
    TIMER,
    Disks,
    ForeignUnits,
    UnitsUnusable,
    differ,
    home_in,
    render,
    wanted_by,
)
from borgdesk.paths import with_absolute_paths
from borgdesk.private import temporary_folder
from borgdesk.store import files
from borgdesk.translation import N_, _

_MASK = Path("/dev/null")
_LINGER = Path("/var/lib/systemd/linger")
_INSTANCES = RUN.replace("@", "@*")
_UNDER_WAY = "--state=active,activating,deactivating,reloading"
_LIMIT = 10.0
"""Seconds for each call of systemd."""
_NO_MANAGER = N_(
    "systemd does not manage services of this user here, so scheduled backups start only while BorgDesk runs."
)


class NoUserManager(UnitsUnusable):
    """No systemd manages this user's services, so scheduled backups start only while BorgDesk runs."""


class Units(StrEnum):
    """How the units stand."""

    UNAVAILABLE = "unavailable"
    """There is no systemd user manager."""
    MISSING = "missing"
    CURRENT = "current"
    OUTDATED = "outdated"
    """They start another program, or an older BorgDesk has written them; see :func:`refresh`."""
    TURNED_OFF = "turned-off"
    """The user has disabled or masked them; :func:`install` turns on what is disabled."""
    FOREIGN = "foreign"
    """They belong to a BorgDesk with another ``BORGDESK_HOME``, and are left alone."""


@dataclass(frozen=True, slots=True)
class State:
    """What can be expected of the units."""

    units: Units
    lingers: bool
    """Whether the user manager, and so a scheduled backup, goes on when the user is logged out."""


def install(environment: Mapping[str, str], disks: Disks = NO_DISKS) -> None:
    """Write the units, verified by systemd, and turn the timer on; repairs those that are there.

    Raises:
        NoUserManager: there is no systemd user manager; nothing was written.
        UnitsUnusable: systemd refuses them, the user has masked them, or they belong to another ``BORGDESK_HOME``.
        StoreUnusable: their folder cannot be read or written.
    """
    environment = _completed(environment)
    folder, texts = _folder(environment), render(environment, disks)
    before = _checked(folder, environment)
    if masked := _masked(folder):
        raise UnitsUnusable(
            _("{unit} is masked. “systemctl --user unmask {unit}” allows it again.").format(unit=masked[0])
        )
    _replace(environment, before, texts, turn_on=True)


def refresh(environment: Mapping[str, str], disks: Disks = NO_DISKS) -> bool:
    """Write units that are there but outdated; return whether that was necessary. What is turned off stays so.

    Also removes what :func:`uninstall` has left. Quick if there is nothing to do: no program is called.

    Raises:
        BorgDeskError: as for :func:`install`.
    """
    environment = _completed(environment)
    folder = _folder(environment)
    before = _read(folder)
    if not before or _is_foreign(before, environment) or _masked(folder):
        return False
    if TIMER not in before:
        return uninstall(environment)
    texts = render(environment, disks)
    if not differ(before, texts):
        return False
    _replace(environment, before, texts)
    return True


def uninstall(environment: Mapping[str, str]) -> bool:
    """Turn the timer off and remove the units; return whether any were there.

    A backup under way continues, and its unit stays until the next :func:`refresh` or :func:`uninstall`: systemd takes
    a unit without a file for one without settings, and would kill the guardian together with the run.

    Raises:
        UnitsUnusable: they belong to another ``BORGDESK_HOME``, or systemd does not turn the timer off.
        StoreUnusable: they cannot be removed.
    """
    environment = _completed(environment)
    folder, running = _folder(environment), ""
    found = _checked(folder, environment)
    if not found:
        return False
    with contextlib.suppress(NoUserManager):
        if TIMER in found:
            _systemctl(environment, "disable", "--now", TIMER)
        running = _systemctl(environment, "list-units", "--plain", "--no-legend", _UNDER_WAY, _INSTANCES)
    _write(folder, {name: text for name, text in found.items() if name == RUN and running})
    for link in (folder / "timers.target.wants" / TIMER, *_links(folder)):
        with contextlib.suppress(OSError):
            link.unlink()
    with contextlib.suppress(NoUserManager):
        _systemctl(environment, "daemon-reload")
    with contextlib.suppress(BorgDeskError):  # there is nothing to reset
        _systemctl(environment, "reset-failed", TICK, _INSTANCES, DISKS)
    return True


def state(environment: Mapping[str, str], disks: Disks = NO_DISKS) -> State:
    """Return how the units stand; takes one call of systemctl.

    Raises:
        UnitsUnusable: systemd does not respond.
        StoreUnusable: the units cannot be read.
    """
    environment = _completed(environment)
    return State(_units(environment, disks), _lingers())


def can_start_runs(environment: Mapping[str, str]) -> bool:
    """Return whether :func:`start_run` can start runs of this BorgDesk: the unit for it is there, and systemd.

    Raises:
        StoreUnusable: the units cannot be read.
    """
    environment = _completed(environment)
    found = _read(_folder(environment))
    return RUN in found and not _is_foreign(found, environment) and _has_manager(environment)


def start_run(environment: Mapping[str, str], repository_id: RepositoryId) -> None:
    """Start the scheduled run of a repository without waiting for it; one that is under way stays the only one.

    Raises:
        UnitsUnusable: systemd refuses it.
    """
    _systemctl(_completed(environment), "start", "--no-block", RUN.replace("@", f"@{repository_id}"))


def _units(environment: Mapping[str, str], disks: Disks) -> Units:
    folder = _folder(environment)
    try:
        said = _systemctl(environment, "show", "--property=UnitFileState", TIMER)
    except NoUserManager:
        return Units.UNAVAILABLE
    found = _read(folder)
    if _is_foreign(found, environment):
        return Units.FOREIGN
    if _masked(folder):
        return Units.TURNED_OFF
    if TIMER not in found:
        return Units.MISSING
    if "UnitFileState=enabled" not in said.splitlines():
        return Units.TURNED_OFF
    return Units.OUTDATED if differ(found, render(environment, disks)) else Units.CURRENT


def _lingers() -> bool:
    try:
        return (_LINGER / pwd.getpwuid(os.getuid()).pw_name).exists()
    except (KeyError, OSError):
        return False


def _completed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for systemd's programs; after ``su`` it lacks the folder of the user manager."""
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return {**with_absolute_paths(environment), "XDG_RUNTIME_DIR": runtime, "LC_ALL": "C"}


def _folder(environment: Mapping[str, str]) -> Path:
    config = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or Path.home(), ".config")
    return Path(config, "systemd", "user")


def _checked(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the units that are there, unless they are not ours."""
    found = _read(folder)
    if found and _is_foreign(found, environment):
        home = home_in(found)
        sentence = (
            _("The systemd units belong to another BorgDesk. Uninstall them there: BORGDESK_HOME is {folder}.")
            if home
            else _("The systemd units belong to another BorgDesk. Uninstall them there, without BORGDESK_HOME.")
        )
        raise ForeignUnits(sentence.format(folder=home))
    return found


def _is_foreign(found: Mapping[str, str], environment: Mapping[str, str]) -> bool:
    return (TICK in found or RUN in found) and home_in(found) != environment.get(HOME, "")


def _masked(folder: Path) -> list[str]:
    """Return the units that the user keeps from being started at all."""
    names = _names(folder)
    return [name for name in names if (folder / name).is_symlink() and (folder / name).readlink() == _MASK]


def _names(folder: Path) -> list[str]:
    """Return the names of our units, in any case of those that are always there."""
    return sorted({*NAMES, *(path.name for path in folder.glob(DISKS))})


def _links(folder: Path) -> list[Path]:
    """Return the links by which mounts start the units of disks."""
    return sorted(folder.glob(f"*.mount.wants/{DISKS}"))


def _link(folder: Path, links: Iterable[Path]) -> None:
    """Let mounts start exactly these units of disks."""
    wanted = {*links}
    with files.blamed(_("The links in {folder} cannot be changed").format(folder=folder)):
        for link in {*_links(folder)} - wanted:
            link.unlink()
            with contextlib.suppress(OSError):  # there are others in it
                link.parent.rmdir()
        for link in wanted - {*_links(folder)}:
            private.make_missing(link.parent)
            link.symlink_to(folder / link.name)


def _wanted_links(folder: Path, before: Mapping[str, str], texts: Mapping[str, str], *, turn_on: bool) -> set[Path]:
    """Return the links to have: what the user has turned off stays so, unless everything is to be turned on."""
    wanted = {folder / f"{wanted_by(texts[name])}.wants" / name for name in texts if name not in NAMES}
    if turn_on:
        return wanted
    is_on = (folder / "timers.target.wants" / TIMER).is_symlink()
    there = {*_links(folder)}
    same = {
        name
        for name in texts
        if name in before and name not in NAMES and wanted_by(before[name]) == wanted_by(texts[name])
    }
    return {link for link in wanted if link in there or (is_on and link.name not in same)}


def _read(folder: Path) -> dict[str, str]:
    """Return the text of each unit that is there, without masks."""
    found = {}
    with files.blamed(_("The systemd units in {folder} cannot be read").format(folder=folder)):
        for name in sorted({*_names(folder)} - {*_masked(folder)}):
            with contextlib.suppress(FileNotFoundError):
                found[name] = (folder / name).read_bytes().decode(errors="surrogateescape")
    return found


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write these units, each atomically, and remove the others, except for masks."""
    for name in sorted({*_names(folder), *texts} - {*_masked(folder)}):
        if name in texts:
            files.write(folder / name, texts[name].encode(errors="surrogateescape"), 0o644)
        else:
            with files.blamed(_("The file {path} cannot be removed").format(path=folder / name)):
                (folder / name).unlink(missing_ok=True)


def _replace(
    environment: Mapping[str, str], before: Mapping[str, str], texts: Mapping[str, str], *, turn_on: bool = False
) -> None:
    """Let the user manager have other units, which it has verified; if that fails, it has those from *before* again."""
    folder = _folder(environment)
    _systemctl(environment, "show", "--property=Version")
    _verify(environment, texts)
    links = _links(folder)
    try:
        _write(folder, texts)
        _link(folder, _wanted_links(folder, before, texts, turn_on=turn_on))
        _systemctl(environment, "daemon-reload")
        if turn_on:
            _systemctl(environment, "enable", "--now", TIMER)
    except BorgDeskError:
        if turn_on and not before:
            with contextlib.suppress(BorgDeskError):
                _systemctl(environment, "disable", "--now", TIMER)
        with contextlib.suppress(BorgDeskError):
            _write(folder, before)
            _link(folder, links)
            _systemctl(environment, "daemon-reload")
        raise


def _verify(environment: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """Have systemd check units before they are where it finds them; skipped where it has no program for that."""
    with files.blamed(_("A temporary folder cannot be created")), temporary_folder("borgdesk-units-") as folder:
        _write(folder, texts)
        try:
            code, said = _call(
                environment, "systemd-analyze", "--user", "verify", *(str(folder / name) for name in texts)
            )
        except NoUserManager:
            return
    # A line that systemd does not understand is no error to it.
    about = [line for line in said.splitlines() if code or (str(folder) in line and "gnoring" in line)]
    if about:
        raise UnitsUnusable(
            _("systemd refuses the units for scheduled backups, so they were not installed: {reason}").format(
                reason=" ".join(about).replace(f"{folder}/", "")
            )
        )


def _has_manager(environment: Mapping[str, str]) -> bool:
    return Path(environment["XDG_RUNTIME_DIR"], "systemd", "private").exists()


def _systemctl(environment: Mapping[str, str], *words: str) -> str:
    """Return what systemctl prints; raise :class:`NoUserManager` or, if it fails, :class:`UnitsUnusable`."""
    if not _has_manager(environment):
        raise NoUserManager(_(_NO_MANAGER))
    code, said = _call(environment, "systemctl", "--user", *words)
    if code and "Failed to connect to bus" in said:
        raise NoUserManager(_(_NO_MANAGER))
    if code:
        raise UnitsUnusable(
            _("systemd does not accept “{command}”: {reason}").format(
                command=" ".join(("systemctl", "--user", *words)), reason=" ".join(said.splitlines())
            )
        )
    return said


def _call(environment: Mapping[str, str], *argv: str) -> tuple[int, str]:
    try:
        code, answer, complaint = process.capture(argv, environment, _LIMIT)
    except process.StartFailed as error:
        kind = NoUserManager if isinstance(error.__cause__, FileNotFoundError) else UnitsUnusable
        raise kind(str(error)) from error
    return code, (answer + complaint).decode(errors="replace").strip()
