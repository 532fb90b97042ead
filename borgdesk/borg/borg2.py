"""The calls of Borg 2, which is in beta: those that list archives and extract from them, and no others.

Commands and options have other names; archives are identified by id, since names need not be unique; and locations on
another host are written in another way.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from borgdesk.borg.command import LIST_KEYS, Borg, BorgCommand, Operation
from borgdesk.borg.hashes import FORMAT as HASHES
from borgdesk.borg.item_path import below, from_file
from borgdesk.borg.listing import FORMAT
from borgdesk.borg.replies import BorgVersion, only_for_reading
from borgdesk.domain.archive import Archive
from borgdesk.domain.location import Location, parse_location

_LIST_KEYS = "{start}" + LIST_KEYS
_LISTING = FORMAT.replace("{source}", "{target}")
_FROM_HOME = ("/./", "/~/")


@dataclass(frozen=True, slots=True)
class Borg2(Borg):
    """Builds the calls of Borg 2; all others raise :class:`borgdesk.domain.errors.BorgUnusable`."""

    def info(self, location: str) -> BorgCommand:
        """Open a repository; Borg 2 does not report its size."""
        return self._read(Operation.INFO, "repo-info", location, ["--json"])

    def list_archives(
        self,
        location: str,
        *,
        glob: str | None = None,
        last: int | None = None,
        checkpoints: bool = False,  # noqa: ARG002 - there are none
    ) -> BorgCommand:
        """List archives, oldest first, as :meth:`Borg.list_archives`."""
        arguments = ["--json", f"--format={_LIST_KEYS}"]
        if glob is not None:
            arguments.append(f"--match-archives=sh:{glob}")
        if last is not None:
            arguments.append(f"--last={last}")
        return self._read(Operation.LIST, "repo-list", location, arguments)

    def list_items(self, location: str, archive: Archive) -> BorgCommand:
        """List the contents of an archive; all names of a hard link have its size."""
        return self._read(Operation.LIST, "list", location, [f"--format={_LISTING}"], _address(archive))

    def list_hashes(
        self, location: str, archive: Archive, paths: Sequence[str] = (), *, patterns: str = ""
    ) -> BorgCommand:
        """Print the hashes of the contents, as :meth:`Borg.list_hashes`."""
        options = [f"--format={HASHES}", *from_file(patterns)]
        return self._read(Operation.LIST, "list", location, options, _address(archive), *below(paths))

    def archive_info(self, location: str, archive: Archive) -> BorgCommand:
        """Get the sizes of one archive; Borg 2 does not report the deduplicated size."""
        return self._read(Operation.INFO, "info", location, ["--json"], _address(archive))

    def extract(
        self,
        location: str,
        archive: Archive,
        folder: str,
        paths: Sequence[str] = (),
        *,
        patterns: str = "",
        names: bool = False,
        without: Sequence[str] = (),
    ) -> BorgCommand:
        """Extract into an empty folder, as :meth:`Borg.extract`."""
        options = ["--sparse", *(["--list"] if names else []), *(f"--exclude={pattern}" for pattern in without)]
        options += from_file(patterns)
        command = self._read(Operation.EXTRACT, "extract", location, options, _address(archive), *below(paths))
        return replace(command, folder=folder)

    def print_file(self, location: str, archive: Archive, path: str) -> BorgCommand:
        """Print the contents of a file."""
        return self._read(Operation.EXTRACT, "extract", location, ["--stdout"], _address(archive), path)

    def look(self, location: str) -> BorgCommand:
        """Open a repository as quickly as possible; Borg 2 cannot leave the lock out."""
        return self._read(Operation.LIST, "repo-list", location, ["--json", "--last=1"])

    def _read(
        self, operation: Operation, command: str, location: str, arguments: list[str], *positionals: str
    ) -> BorgCommand:
        place = parse_location(location)
        repository = location if place.host is None else _remote(place)
        common = ["--log-json", f"--lock-wait={self.lock_wait}", f"--repo={repository}"]
        # Commands without positional arguments do not accept “--”.
        last = ["--", *positionals] if positionals else []
        return self._call(operation, [command, *common, *arguments, *last], location, self._rsh(place))

    def _rsh(self, place: Location) -> str | None:
        """Add the port to the ssh command: with one of our own, Borg 2 ignores the port of the location."""
        if place.port is None:
            return None
        return f"{self.ssh_command} -p {place.port}"

    def _command(self, *_: object, **__: object) -> BorgCommand:
        raise only_for_reading()


def adapter(version: BorgVersion | None) -> type[Borg]:
    """Return the class that builds the calls of a Borg version; None means 1.x."""
    return Borg2 if version is not None and version.is_experimental else Borg


def _address(archive: Archive) -> str:
    return f"aid:{archive.id}"


def _remote(place: Location) -> str:
    """Return the location in Borg 2's form, whose path is relative to the home folder unless it begins with ``//``."""
    user = f"{place.user}@" if place.user else ""
    path = place.path
    for prefix in _FROM_HOME:
        path = path.removeprefix(prefix)
    # Borg 2 makes the path part of a shell command on the host.
    return f"rest://{user}{place.host}/{shlex.quote(path)}"
