"""Builds the arguments of each Borg 1.x command that BorgDesk uses.

Nothing here starts a process. The caller runs a :class:`BorgCommand` with ``/dev/null`` as stdin, because Borg asks
questions there; in a session of its own, because Borg would prompt for a passphrase on a terminal; and reads both
output streams to their end, because Borg blocks when a pipe is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from borgdesk.borg.command_options import CheckOptions, CreateOptions, PruneOptions
from borgdesk.borg.environment import (
    CONNECT_LIMIT,
    Consent,
    PassphraseDescriptor,
    borg_environment,
    ssh_command,
    with_new_passphrase,
)
from borgdesk.borg.hashes import FORMAT as HASHES
from borgdesk.borg.item_path import below, from_file
from borgdesk.borg.listing import FORMAT as LISTING
from borgdesk.borg.options import Encryption
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.server import DIRECT, Connection
from borgdesk.translation import _

DEFAULT_LOCK_WAIT = 60
"""Seconds to wait for a lock held by another Borg; Borg's default of 1 s fails on any short overlap."""

LIST_KEYS = "{comment}{hostname}{username}{end}"
"""Keys of an archive that Borg prints only on request."""
_CHANGED_FILES = "AMCE"
"""Added, modified, changed while being read, error: without the filter Borg also prints every unchanged file."""


class Operation(StrEnum):
    """The Borg commands that BorgDesk uses, by Borg's names."""

    VERSION = "version"
    INIT = "init"
    INFO = "info"
    CREATE = "create"
    PREVIEW = "create --dry-run"
    LIST = "list"
    DIFF = "diff"
    EXTRACT = "extract"
    RENAME = "rename"
    RECREATE = "recreate"
    MOUNT = "mount"
    PRUNE = "prune"
    DELETE = "delete"
    COMPACT = "compact"
    CHECK = "check"
    BREAK_LOCK = "break-lock"
    KEY_IMPORT = "key import"
    KEY_EXPORT = "key export"
    CHANGE_PASSPHRASE = "key change-passphrase"  # noqa: S105 - a command

    @property
    def only_reads(self) -> bool:
        """Whether it changes neither repository nor archives, so that it can be run in UTC."""
        return self in (Operation.VERSION, Operation.INFO, Operation.LIST, Operation.DIFF)


class KeyForm(StrEnum):
    """The form of an exported key."""

    FILE = "file"
    """A file that Borg can import."""
    PAPER = "paper"
    """Text to be printed, with checksums for typing it in."""
    QR = "qr"
    """An HTML page to be printed, with a QR code."""


@dataclass(frozen=True, slots=True)
class BorgCommand:
    """One call of Borg, ready to be started."""

    operation: Operation
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    """The complete environment, not additions to one. Left out of the repr, since it is the user's."""
    pass_fds: tuple[int, ...] = ()
    """Descriptors that the child must inherit: the one for the passphrase."""
    folder: str = ""
    """The working directory; empty if it does not matter."""
    location: str = ""
    """The repository's location, if the call is for one."""


@dataclass(frozen=True, slots=True)
class Borg:
    """Builds commands for one Borg program, one way to reach a repository, and one environment."""

    program: str
    """Name or path of Borg, 1.2 or 1.4."""
    base_environment: Mapping[str, str] = field(repr=False)
    """The user's environment; what must not reach Borg is removed from it."""
    passphrase: PassphraseDescriptor | None = None
    lock_wait: int = DEFAULT_LOCK_WAIT
    """Seconds."""
    connection: Connection = DIRECT
    """How another machine is reached."""
    connect_limit: int = CONNECT_LIMIT
    """Seconds that ssh tries to connect."""
    consents: frozenset[Consent] = frozenset()
    """Questions that the user has just answered with yes."""

    def version(self) -> BorgCommand:
        """Print the program's version; see :func:`borgdesk.borg.replies.parse_version`."""
        env = borg_environment(self.base_environment)
        return BorgCommand(Operation.VERSION, (self.program, "--version"), env)

    def init(self, location: str, encryption: Encryption) -> BorgCommand:
        """Create a repository; its parent folder must exist."""
        return self._command(Operation.INIT, [f"--encryption={encryption}"], location, waits=False)

    def info(self, location: str) -> BorgCommand:
        """Open a repository, to check location and passphrase and get its metadata.

        Unlike ``list`` it also opens Borg's cache, so that the questions about moved and unknown repositories are asked
        here and not in the first backup.
        """
        return self._command(Operation.INFO, ["--json"], location)

    def create(self, location: str, options: CreateOptions) -> BorgCommand:
        """Create an archive. There is a reply on stdout if, and only if, the archive was made."""
        arguments = ["--json", "--progress", f"--compression={options.compression}"]
        if options.list_files:
            arguments += ["--list", f"--filter={_CHANGED_FILES}"]
        if options.comment:
            arguments.append(f"--comment={options.comment}")
        if options.checkpoint_interval is not None:
            arguments.append(f"--checkpoint-interval={options.checkpoint_interval}")
        if options.upload_ratelimit is not None:
            arguments.append(f"--upload-ratelimit={options.upload_ratelimit}")
        return self._create(Operation.CREATE, location, options, arguments)

    def preview(self, location: str, options: CreateOptions) -> BorgCommand:
        """List what :meth:`create` would back up or leave out. Borg 1.x does not open the repository for that."""
        return self._create(Operation.PREVIEW, location, options, ["--list"])

    def _create(self, operation: Operation, location: str, options: CreateOptions, arguments: list[str]) -> BorgCommand:
        # The first pattern that matches decides, so their order matters.
        arguments += [f"--exclude={pattern}" for pattern in options.kept_out]
        if options.patterns is not None:
            arguments.append(f"--patterns-from=/dev/fd/{options.patterns}")
        arguments += [f"--exclude={pattern}" for pattern in options.excludes]
        arguments += [f"--exclude-if-present={name}" for name in options.exclude_if_present]
        flags = {
            "--exclude-caches": options.exclude_caches,
            "--keep-exclude-tags": options.keep_exclude_tags,
            "--one-file-system": options.one_file_system,
        }
        arguments += [flag for flag, wanted in flags.items() if wanted]
        arguments += options.extra
        command = self._command(operation, arguments, f"{location}::{options.archive_name}", *options.sources)
        if options.patterns is None:
            return command
        return replace(command, pass_fds=(*command.pass_fds, options.patterns))

    def list_archives(
        self, location: str, *, glob: str | None = None, last: int | None = None, checkpoints: bool = False
    ) -> BorgCommand:
        """List a repository's archives, oldest first: all, those matching *glob*, or the *last* n of them."""
        arguments = ["--json", f"--format={LIST_KEYS}"]
        if glob is not None:
            arguments.append(f"--glob-archives={glob}")
        if last is not None:
            arguments.append(f"--last={last}")
        if checkpoints:
            arguments.append("--consider-checkpoints")
        return self._command(Operation.LIST, arguments, location)

    def list_items(self, location: str, archive: Archive) -> BorgCommand:
        """List the contents of an archive; see :mod:`borgdesk.borg.listing`."""
        return self._command(Operation.LIST, [f"--format={LISTING}"], _archive(location, archive.name))

    def list_hashes(
        self, location: str, archive: Archive, paths: Sequence[str] = (), *, patterns: str = ""
    ) -> BorgCommand:
        """Print the hashes of the contents of *paths*, or of the whole archive; see :mod:`borgdesk.borg.hashes`.

        *patterns* is a file, as for :meth:`extract`.
        """
        options = [f"--format={HASHES}", *from_file(patterns)]
        return self._command(Operation.LIST, options, _archive(location, archive.name), *below(paths))

    def archive_info(self, location: str, archive: Archive) -> BorgCommand:
        """Get the sizes of one archive: Borg reads its metadata, and its cache for the deduplicated size."""
        return self._command(Operation.INFO, ["--json"], _archive(location, archive.name))

    def diff(self, location: str, first: str, second: str, path: str = "") -> BorgCommand:
        """List the changes in *second*, at *path* and below it; see :mod:`borgdesk.borg.difference`."""
        paths = below([path] if path else [])
        return self._command(Operation.DIFF, ["--json-lines"], _archive(location, first), literal(second), *paths)

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
        """Extract *paths* and everything below them, or the whole archive, into the empty folder *folder*.

        Borg removes what is in its way before it writes, so the folder must not contain the user's files. With *names*
        it prints each path before it extracts it, which for small files takes half as long again. What matches one of
        the patterns *without* is left out. *patterns* is a file with those for more paths than arguments can be, from
        :func:`borgdesk.borg.item_path.pattern_lines`. Long runs of zeros become holes: Borg does not store where a
        file had them, and one of a virtual machine may otherwise not fit on the disk that it came from.
        """
        options = ["--sparse", *(["--list"] if names else []), *(f"--exclude={pattern}" for pattern in without)]
        options += from_file(patterns)
        command = self._command(Operation.EXTRACT, options, _archive(location, archive.name), *below(paths))
        return replace(command, folder=folder)

    def print_file(self, location: str, archive: Archive, path: str) -> BorgCommand:
        """Print the contents of a file; *path* is from :func:`borgdesk.borg.item_path.exact_path`."""
        return self._command(Operation.EXTRACT, ["--stdout"], _archive(location, archive.name), path)

    def look(self, location: str) -> BorgCommand:
        """Open a repository as quickly as possible, to see whether it responds: no lock, no cache, one archive."""
        return self._command(Operation.LIST, ["--json", "--last=1", "--bypass-lock"], location)

    def prune(self, location: str, options: PruneOptions) -> BorgCommand:
        """Delete archives that no rule keeps. Only :meth:`compact` frees the space."""
        arguments = ["--list"]
        arguments.append("--dry-run" if options.dry_run else "--progress")
        arguments.append(f"--glob-archives={options.glob}")
        if options.retention.within is not None:
            arguments.append(f"--keep-within={options.retention.within}")
        arguments += [f"--keep-{name}={count}" for name, count in options.retention.counts().items()]
        return self._command(Operation.PRUNE, arguments, location)

    def delete(self, location: str, names: Sequence[str]) -> BorgCommand:
        """Delete the archives with exactly these *names*, without placeholders. Their space stays in use."""
        if not names or not all(names):
            raise InvalidInput(_("Name the archives to delete. Without a name, Borg would delete the repository."))
        return self._command(Operation.DELETE, ["--list", "--progress"], location, *names)

    def rename(self, location: str, archive: str, name: str) -> BorgCommand:
        """Rename an archive, which also changes its id."""
        return self._command(Operation.RENAME, [], _archive(location, archive), literal(name))

    def comment(self, location: str, archive: str, comment: str) -> BorgCommand:
        """Change the comment of an archive and thereby its id: Borg writes a new archive with the same items."""
        return self._command(Operation.RECREATE, [f"--comment={literal(comment)}"], _archive(location, archive))

    def mount(self, location: str, archive: str, folder: str) -> BorgCommand:
        """Mount an archive, or all of them, at *folder*; Borg runs in the background until it is unmounted."""
        return self._command(Operation.MOUNT, [], _archive(location, archive) if archive else location, folder)

    def compact(self, location: str) -> BorgCommand:
        """Free the space of deleted archives; how much is in an INFO message of ``borg.repository``."""
        return self._command(Operation.COMPACT, ["--info", "--progress"], location)

    def check(self, location: str, options: CheckOptions) -> BorgCommand:
        """Check for damage, and repair it only if requested; exits with 1 if it found something."""
        flags = {
            "--repository-only": options.repository_only,
            "--archives-only": options.archives_only,
            "--verify-data": options.verify_data,
            "--repair": options.repair,
        }
        arguments = ["--progress", *(flag for flag, wanted in flags.items() if wanted)]
        if options.max_duration is not None:
            # Only a message says whether it came to the end.
            arguments += [f"--max-duration={options.max_duration}", "--info"]
        borg = replace(self, consents=self.consents | {Consent.REPAIR}) if options.repair else self
        return borg._command(Operation.CHECK, arguments, location)

    def break_lock(self, location: str) -> BorgCommand:
        """Remove the locks of a repository and its cache, only if it is certain that no other Borg uses it."""
        return self._command(Operation.BREAK_LOCK, [], location, waits=False)

    def import_key(self, location: str, path: str) -> BorgCommand:
        """Import a repository's key from a file, to this machine or the repository, depending on the encryption."""
        return self._command(Operation.KEY_IMPORT, [], location, path)

    def export_key(self, location: str, path: str, form: KeyForm = KeyForm.FILE) -> BorgCommand:
        """Export a repository's key to a file, overwriting an existing one."""
        options = {KeyForm.FILE: [], KeyForm.PAPER: ["--paper"], KeyForm.QR: ["--qr-html"]}
        return self._command(Operation.KEY_EXPORT, options[form], location, path)

    def change_passphrase(self, location: str, passphrase: str) -> BorgCommand:
        """Encrypt the key with another *passphrase*, which is in the environment; the archives stay as they are."""
        command = self._command(Operation.CHANGE_PASSPHRASE, [], location)
        return replace(command, env=with_new_passphrase(command.env, passphrase))

    def _command(
        self, operation: Operation, arguments: list[str], *positionals: str, waits: bool = True
    ) -> BorgCommand:
        """Positional arguments follow ``--``, so that no path is ever taken for an option."""
        common = ["--log-json", f"--lock-wait={self.lock_wait}"] if waits else ["--log-json"]
        argv = (*operation.value.split(), *common, *arguments, "--", *positionals)
        return self._call(operation, argv, positionals[0].partition("::")[0])

    @property
    def ssh_command(self) -> str:
        """The ssh command: the user's own, completed."""
        return ssh_command(self.base_environment.get("BORG_RSH"), self.connection, self.connect_limit)

    def _call(self, operation: Operation, argv: Sequence[str], location: str, rsh: str | None = None) -> BorgCommand:
        env = borg_environment(
            self.base_environment,
            passphrase=self.passphrase,
            consents=self.consents,
            rsh=rsh or self.ssh_command,
            remote_path=self.connection.remote_path,
            utc=operation.only_reads,
        )
        # Otherwise the ssh of a jump host that is set in the user's configuration could ask in a window.
        env["SSH_ASKPASS_REQUIRE"] = "never"
        fds = () if self.passphrase is None else (self.passphrase.number,)
        return BorgCommand(operation, (self.program, *argv), env, fds, location=location)


def literal(text: str) -> str:
    """Escape *text* where Borg would replace placeholders."""
    return text.replace("{", "{{").replace("}", "}}")


def _archive(location: str, name: str) -> str:
    return f"{location}::{literal(name)}"
