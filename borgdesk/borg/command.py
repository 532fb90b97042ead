"""What BorgDesk wants of Borg 1.x, as the arguments and the environment of one call.

Nothing here starts anything. Whoever starts a :class:`BorgCommand` gives it ``/dev/null`` as stdin, because Borg asks
questions there, a session of its own, because Borg would ask for a passphrase on a terminal, and reads both of its
streams until they end, because Borg blocks when a pipe is full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from borgdesk.borg.archive_name import check_archive_name, check_placeholders
from borgdesk.borg.environment import Consent, Passphrase, PassphraseDescriptor, borg_environment
from borgdesk.borg.options import Encryption, check_compression, check_pattern
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Retention

DEFAULT_LOCK_WAIT = 60
"""Seconds to wait for a lock that another Borg holds; Borg's own default of 1 s fails on any short overlap."""

_LIST_KEYS = "{comment}{hostname}{username}{end}"
_CHANGED_FILES = "AMCE"
"""Added, modified, changed while being read, error: without it Borg prints a line for every unchanged file too."""


class Operation(StrEnum):
    """The commands of Borg that BorgDesk uses, by Borg's names."""

    VERSION = "version"
    INIT = "init"
    INFO = "info"
    CREATE = "create"
    LIST = "list"
    PRUNE = "prune"
    COMPACT = "compact"
    CHECK = "check"
    BREAK_LOCK = "break-lock"

    @property
    def only_reads(self) -> bool:
        """Whether it leaves repository and archives as they are, so that it may be asked to speak UTC."""
        return self in (Operation.VERSION, Operation.INFO, Operation.LIST)


@dataclass(frozen=True, slots=True)
class BorgCommand:
    """One call of Borg, ready to be started."""

    operation: Operation
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    """The whole environment, not additions to one. Not in the repr: it is the user's."""
    pass_fds: tuple[int, ...] = ()
    """Descriptors the child must inherit: the one that the passphrase is read from."""


@dataclass(frozen=True, slots=True)
class CreateOptions:
    """What ``borg create`` is to do. Raises :class:`InvalidInput` for values that Borg would refuse."""

    archive_name: str
    """Borg's template, such as ``{hostname}-{now}``."""
    sources: tuple[str, ...]
    """Paths. Borg 1.4 cuts off what stands before ``/./`` in one, Borg 1.2 ignores it."""
    compression: str = "lz4"
    excludes: tuple[str, ...] = ()
    """Patterns; the style is ``fm:`` where none is given."""
    exclude_caches: bool = False
    """Leave out folders with a CACHEDIR.TAG."""
    exclude_if_present: tuple[str, ...] = ()
    """Leave out folders that contain a file of one of these names."""
    keep_exclude_tags: bool = False
    """Keep the tag files themselves of folders left out for one."""
    one_file_system: bool = False
    comment: str = ""
    """Borg replaces placeholders in it; double the braces for literal ones."""
    checkpoint_interval: int | None = None
    """Seconds between checkpoints; None for Borg's 1800."""
    upload_ratelimit: int | None = None
    """KiB/s to a remote repository; None for no limit."""
    list_files: bool = False
    """Report each file that was added, modified, changed while being read, or could not be read."""

    def __post_init__(self) -> None:
        """Check what Borg would answer with its usage text, a traceback, or a surprise."""
        check_archive_name(self.archive_name)
        check_compression(self.compression)
        check_placeholders(self.comment)
        for pattern in self.excludes:
            check_pattern(pattern)
        if not self.sources:
            raise InvalidInput("There is nothing to back up: name at least one source.")
        for text in (*self.sources, *self.exclude_if_present):
            if not text or "\0" in text:
                raise InvalidInput(f"“{text!r}” is not a path.")
        if "\0" in self.comment:
            raise InvalidInput("The comment contains a NUL.")
        if self.checkpoint_interval is not None and self.checkpoint_interval < 1:
            raise InvalidInput("The checkpoint interval must be at least one second.")
        if self.upload_ratelimit is not None and self.upload_ratelimit < 1:
            raise InvalidInput("The upload limit must be at least 1 KiB/s; leave it empty for no limit.")


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """Which archives ``borg prune`` looks at and which of them it keeps. Raises :class:`InvalidInput`."""

    glob: str
    """From :func:`borgdesk.borg.archive_name.series_glob`; always given, or other series would be pruned too."""
    retention: Retention
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Refuse what would prune everything, or what Borg refuses."""
        if not self.glob:
            raise InvalidInput("Prune needs a pattern of archive names, or it would prune every series.")
        if not self.retention:
            raise InvalidInput("Prune needs at least one rule of what to keep.")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What ``borg check`` looks at; by default repository and archives, without reading the data."""

    repository_only: bool = False
    archives_only: bool = False
    verify_data: bool = False
    max_duration: int | None = None
    """Seconds; Borg goes on there the next time. Only with ``repository_only``."""

    def __post_init__(self) -> None:
        """Refuse combinations that Borg refuses."""
        if self.repository_only and (self.archives_only or self.verify_data):
            raise InvalidInput("A check of the repository only can neither verify data nor check archives only.")
        if self.max_duration is not None and (not self.repository_only or self.max_duration < 1):
            raise InvalidInput("A limited time, of at least a second, is possible in a check of the repository only.")


@dataclass(frozen=True, slots=True)
class Borg:
    """One program, one repository's way to be reached, and one environment: makes the calls."""

    program: str
    """Name or path of Borg, 1.2 or 1.4."""
    base_environment: Mapping[str, str] = field(repr=False)
    """The user's environment; what must not reach Borg is taken out of it."""
    passphrase: Passphrase | None = None
    lock_wait: int = DEFAULT_LOCK_WAIT
    """Seconds."""
    ssh_command: str | None = None
    """Instead of ``ssh -o BatchMode=yes``."""
    remote_path: str | None = None
    """Path of Borg on the other machine."""
    consents: frozenset[Consent] = frozenset()
    """Questions that the user has just answered with yes."""

    def version(self) -> BorgCommand:
        """Ask the program what it is; see :func:`borgdesk.borg.replies.parse_version`."""
        env = borg_environment(self.base_environment)
        return BorgCommand(Operation.VERSION, (self.program, "--version"), env)

    def init(self, location: str, encryption: Encryption) -> BorgCommand:
        """Make a new repository; its parent folder must exist."""
        return self._command(Operation.INIT, [f"--encryption={encryption}"], location, waits=False)

    def info(self, location: str) -> BorgCommand:
        """Open a repository: says whether location and passphrase are right, and what it is and holds.

        Unlike ``list`` it also opens Borg's cache, so the questions about moved and unknown repositories come here
        and not in the first backup.
        """
        return self._command(Operation.INFO, ["--json"], location)

    def create(self, location: str, options: CreateOptions) -> BorgCommand:
        """Make an archive. Its reply on stdout is there if, and only if, the archive was made."""
        arguments = ["--json", "--progress", f"--compression={options.compression}"]
        if options.list_files:
            arguments += ["--list", f"--filter={_CHANGED_FILES}"]
        arguments += [f"--exclude={pattern}" for pattern in options.excludes]
        arguments += [f"--exclude-if-present={name}" for name in options.exclude_if_present]
        flags = {
            "--exclude-caches": options.exclude_caches,
            "--keep-exclude-tags": options.keep_exclude_tags,
            "--one-file-system": options.one_file_system,
        }
        arguments += [flag for flag, wanted in flags.items() if wanted]
        if options.comment:
            arguments.append(f"--comment={options.comment}")
        if options.checkpoint_interval is not None:
            arguments.append(f"--checkpoint-interval={options.checkpoint_interval}")
        if options.upload_ratelimit is not None:
            arguments.append(f"--upload-ratelimit={options.upload_ratelimit}")
        archive = f"{location}::{options.archive_name}"
        return self._command(Operation.CREATE, arguments, archive, *options.sources)

    def list_archives(
        self, location: str, *, glob: str | None = None, last: int | None = None, checkpoints: bool = False
    ) -> BorgCommand:
        """List a repository's archives, oldest first: all, those that match *glob*, the *last* so many of them."""
        arguments = ["--json", f"--format={_LIST_KEYS}"]
        if glob is not None:
            arguments.append(f"--glob-archives={glob}")
        if last is not None:
            arguments.append(f"--last={last}")
        if checkpoints:
            arguments.append("--consider-checkpoints")
        return self._command(Operation.LIST, arguments, location)

    def prune(self, location: str, options: PruneOptions) -> BorgCommand:
        """Delete archives that no rule keeps. The space comes back with :meth:`compact` only."""
        arguments = ["--list"]
        arguments.append("--dry-run" if options.dry_run else "--progress")
        arguments.append(f"--glob-archives={options.glob}")
        if options.retention.within is not None:
            arguments.append(f"--keep-within={options.retention.within}")
        arguments += [f"--keep-{name}={count}" for name, count in options.retention.counts().items()]
        return self._command(Operation.PRUNE, arguments, location)

    def compact(self, location: str) -> BorgCommand:
        """Give the space of deleted archives back; says how much in an INFO message of ``borg.repository``."""
        return self._command(Operation.COMPACT, ["--info", "--progress"], location)

    def check(self, location: str, options: CheckOptions) -> BorgCommand:
        """Look for damage. Never repairs; ends with 1 when it found something."""
        flags = {
            "--repository-only": options.repository_only,
            "--archives-only": options.archives_only,
            "--verify-data": options.verify_data,
        }
        arguments = ["--progress", *(flag for flag, wanted in flags.items() if wanted)]
        if options.max_duration is not None:
            arguments.append(f"--max-duration={options.max_duration}")
        return self._command(Operation.CHECK, arguments, location)

    def break_lock(self, location: str) -> BorgCommand:
        """Remove the locks of a repository and its cache: only when it is certain that no other Borg uses it."""
        return self._command(Operation.BREAK_LOCK, [], location, waits=False)

    def _command(
        self, operation: Operation, arguments: list[str], *positionals: str, waits: bool = True
    ) -> BorgCommand:
        """Positionals come behind ``--``, so that no path is ever taken for an option."""
        common = ["--log-json", f"--lock-wait={self.lock_wait}"] if waits else ["--log-json"]
        env = borg_environment(
            self.base_environment,
            passphrase=self.passphrase,
            consents=self.consents,
            ssh_command=self.ssh_command,
            remote_path=self.remote_path,
            utc=operation.only_reads,
        )
        fds = (self.passphrase.number,) if isinstance(self.passphrase, PassphraseDescriptor) else ()
        return BorgCommand(
            operation, (self.program, operation.value, *common, *arguments, "--", *positionals), env, fds
        )
