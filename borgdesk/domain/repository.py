"""A Borg repository as configured in BorgDesk, with the sources that are backed up into it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.location import escaped, parse_location
from borgdesk.domain.merging import Facts, merged
from borgdesk.domain.numbers import grouped
from borgdesk.domain.pattern_roots import roots_in
from borgdesk.domain.run import OnFailure, RunStatus
from borgdesk.domain.server import Connection
from borgdesk.translation import N_, _

DEFAULT_COMPRESSION = "lz4"

DEFAULT_STALL_LIMIT = 600
"""Seconds that Borg may make no progress."""

LONGEST_STALL_LIMIT = 24 * 3600

HIGHEST_UPLOAD_LIMIT = 10_000_000
"""KiB per second."""

DEFAULT_CHECKPOINT_INTERVAL = 1800
"""Seconds: Borg's default."""

_CHECKPOINT_INTERVALS = range(60, 7 * 24 * 3600 + 1)
"""Seconds. At each checkpoint, Borg stops reading and commits what it has."""

LONGEST_COMPACT_EVERY = 366
"""Days."""

PERIODS = ("hourly", "daily", "weekly", "monthly", "yearly")
COUNTING_RULES = ("last", *PERIODS)
"""Borg's retention rules that count archives: the newest of all, and of each period."""

MOST_KEPT = 999_999
"""Largest number of archives in a retention rule. Whoever enters more means "all" (-1)."""

_HOURS = {"H": 1, "d": 24, "w": 7 * 24, "m": 31 * 24, "y": 365 * 24}
"""Hours per unit of an interval, as Borg counts."""

_LONGEST_INTERVAL = 1000
"""Years. Borg fails with an internal error if an interval begins before the year 1."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Which archives ``borg prune`` keeps; without any rule nothing is ever pruned."""

    within: str | None = None
    """Borg's ``--keep-within``: a number and H, d, w, m or y."""
    last: int | None = None
    hourly: int | None = None
    daily: int | None = None
    weekly: int | None = None
    monthly: int | None = None
    yearly: int | None = None

    def __post_init__(self) -> None:
        """Raise :class:`InvalidInput` for values that Borg would reject or that would delete everything."""
        if self.within is not None:
            check_interval(self.within)
        for name, count in self.counts().items():
            check_kept(count, f"keep-{name}")

    def counts(self) -> dict[str, int]:
        """The rules that are set, by Borg's names (``"daily": 7``)."""
        return {name: value for name in COUNTING_RULES if (value := getattr(self, name)) is not None}

    def __bool__(self) -> bool:
        """Return whether any rule is set."""
        return self.within is not None or bool(self.counts())


@dataclass(frozen=True, slots=True)
class Repository:
    """One configured repository."""

    id: RepositoryId
    name: str
    location: str
    """An absolute path or an ssh URL, in Borg's syntax."""
    sources: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    exclude_caches: bool = False
    one_file_system: bool = False
    compression: str = DEFAULT_COMPRESSION
    archive_name: str = ""
    """Borg's template, with placeholders."""
    encryption: str | None = None
    """The mode that Borg reported, e.g. ``repokey-blake2``; None while unknown."""
    passcommand: str | None = None
    has_passphrase: bool = False
    """Whether its passphrase is in the keyring."""
    retention: Retention = field(default_factory=Retention)
    continue_on_hook_failure: bool = False
    pre_script: str = ""
    """Text of the inline script of the pre-backup lane; empty for none."""
    post_script: str = ""
    """Text of the inline script of the post-backup lane; empty for none."""
    stall_limit: int = DEFAULT_STALL_LIMIT
    """Seconds without progress after which Borg is terminated."""
    fail_on_missing_source: bool = False
    """Whether a run fails if one source is missing; otherwise the rest is backed up, with a warning."""
    patterns: str = ""
    """Lines of a Borg patterns file: rules that come before *excludes*, and further sources."""
    upload_limit: int | None = None
    """KiB per second to a remote repository; None for no limit."""
    checkpoint_interval: int | None = None
    """Seconds after which Borg saves what it has so far; None for Borg's default."""
    extra_arguments: str = ""
    """Further options of ``borg create``, as the user wrote them."""
    ssh_key: str = ""
    """Path of the private key for a repository on another machine; empty for what ssh uses by itself."""
    jump_host: str = ""
    """``user@host:port`` of the host through which ssh connects; empty for none."""
    remote_path: str = ""
    """Borg's path on the other machine; empty for the one that its shell finds."""
    append_only: bool = False
    """Whether the repository keeps the space of what is deleted here. Set by the user, or when Borg has shown it."""
    filled_sources: frozenset[str] = frozenset()
    """Sources that had files in a good run. Set by runs, not editable."""
    compact_every: int = 0
    """Days that have to pass before retention frees disk space again; 0 for whenever archives were deleted."""
    compacted_at: datetime | None = None
    """When disk space was last freed. Set by runs, not editable."""
    has_deleted: bool = True
    """Whether archives were deleted, as far as known, without freeing their space. Set by runs, not editable."""
    created_at: datetime | None = None
    last_run_at: datetime | None = None
    last_status: RunStatus | None = None
    last_success_at: datetime | None = None
    borg_id: str | None = None
    """Borg's own id of the repository, independent of how its location is written. None until Borg has opened it."""

    @property
    def all_sources(self) -> tuple[str, ...]:
        """The sources, and those that :attr:`patterns` names."""
        return tuple(dict.fromkeys((*self.sources, *roots_in(self.patterns))))

    @property
    def on_failure(self) -> OnFailure:
        """The default policy for failing scripts."""
        return OnFailure.CONTINUE if self.continue_on_hook_failure else OnFailure.STOP

    @property
    def connection(self) -> Connection:
        """How ssh and Borg reach it, besides the location."""
        return Connection(self.ssh_key, self.jump_host, self.remote_path)

    def with_results_of(self, newer: Repository) -> Repository:
        """Return this repository with what runs have found out, as *newer* has it."""
        return replace(self, **{name: getattr(newer, name) for name in _RESULTS})


_RESULTS = ("last_run_at", "last_status", "last_success_at", "filled_sources", "compacted_at", "has_deleted")
"""Fields that runs set."""
_HISTORY = ("id", "created_at", *_RESULTS)
"""Fields that are not editable."""
_UNLOCKING = "passphrase"
"""The passphrase and the passcommand are one fact: storing one removes the other."""
_RULE = "keep "
NAMES_OF_FACTS = (
    N_("append only"),
    N_("archive name"),
    N_("borg id"),
    N_("checkpoint interval"),
    N_("compact every"),
    N_("compression"),
    N_("continue on hook failure"),
    N_("encryption"),
    N_("exclude caches"),
    N_("excludes"),
    N_("extra arguments"),
    N_("fail on missing source"),
    N_("jump host"),
    N_("keep daily"),
    N_("keep hourly"),
    N_("keep last"),
    N_("keep monthly"),
    N_("keep weekly"),
    N_("keep within"),
    N_("keep yearly"),
    N_("location"),
    N_("name"),
    N_("one file system"),
    N_("passphrase"),
    N_("patterns"),
    N_("post script"),
    N_("pre script"),
    N_("remote path"),
    N_("sources"),
    N_("ssh key"),
    N_("stall limit"),
    N_("upload limit"),
)
"""The facts that two editors can both have changed, with the words for them in the error message."""


def merged_repository(seen: Repository, wanted: Repository, stored: Repository, *, over: bool = False) -> Repository:
    """Return *stored* with the differences between *seen* and *wanted*; each retention rule counts separately.

    Raises:
        Changed: *stored* and *seen* differ in one of them, and *over* was not given.
    """
    parts = _facts(seen), _facts(wanted), _facts(stored)
    facts = merged(*parts, quoted(stored.name), over=over)
    rules = {name.removeprefix(_RULE): facts.pop(name) for name in list(facts) if name.startswith(_RULE)}
    passcommand, has_passphrase = facts.pop(_UNLOCKING)
    fields = {name.replace(" ", "_"): value for name, value in facts.items()}
    return replace(
        stored, **fields, retention=Retention(**rules), passcommand=passcommand, has_passphrase=has_passphrase
    )


def _facts(repository: Repository) -> Facts:
    """Return the facts by display name: fields with spaces, retention rules under Borg's names."""
    fields = {name: value for name, value in asdict(repository).items() if name not in _HISTORY}
    rules = {_RULE + name: value for name, value in fields.pop("retention").items()}
    unlocking = fields.pop("passcommand"), fields.pop("has_passphrase")
    return {**{name.replace("_", " "): value for name, value in fields.items()}, **rules, _UNLOCKING: unlocking}


def check_kept(count: int, rule: str) -> int:
    """Validate the number of archives that *rule* keeps; -1 means all.

    Raises:
        InvalidInput: Borg would reject it, it would delete everything, or it is unreasonably large.
    """
    if count < -1 or count == 0:
        raise InvalidInput(
            _("{rule} must be at least 1 (or -1 for no limit), not {count}.").format(rule=rule, count=count)
        )
    if count > MOST_KEPT:
        raise InvalidInput(
            _("{rule} must be at most {limit}; -1 keeps all.").format(rule=rule, limit=grouped(MOST_KEPT))
        )
    return count


def check_interval(interval: str) -> str:
    """Validate an interval for Borg's ``--keep-within``: a number above 0 and H, d, w, m or y, at most 1000 years.

    Raises:
        InvalidInput: Borg 1.x would refuse it, or fail with it.
    """
    if not re.fullmatch(r"0*[1-9][0-9]*[Hdwmy]", interval):
        raise InvalidInput(
            _("“{interval}” is not an interval. Use a number above 0 followed by H, d, w, m or y, such as 10d.").format(
                interval=interval
            )
        )
    digits = interval[:-1].lstrip("0")
    longest = _LONGEST_INTERVAL * _HOURS["y"] // _HOURS[interval[-1]]
    if len(digits) > len(str(longest)) or int(digits) > longest:
        raise InvalidInput(
            _("The interval must be at most {limit} years; keep-last -1 keeps all archives.").format(
                limit=_LONGEST_INTERVAL
            )
        )
    return interval


def check_stall_limit(seconds: int) -> int:
    """Validate the number of seconds without progress after which Borg is terminated.

    Raises:
        InvalidInput: it is less than one, or more than a day.
    """
    if not 1 <= seconds <= LONGEST_STALL_LIMIT:
        raise InvalidInput(
            _("The stall limit must be between 1 second and {limit} hours.").format(limit=LONGEST_STALL_LIMIT // 3600)
        )
    return seconds


def check_upload_limit(limit: int) -> int:
    """Validate an upload limit in KiB per second.

    Raises:
        InvalidInput: it is less than one, or larger than any connection needs.
    """
    if not 1 <= limit <= HIGHEST_UPLOAD_LIMIT:
        raise InvalidInput(
            _("The upload limit must be between 1 and {most} KiB/s.").format(most=grouped(HIGHEST_UPLOAD_LIMIT))
        )
    return limit


def check_checkpoint_interval(seconds: int) -> int:
    """Validate the number of seconds between checkpoints.

    Raises:
        InvalidInput: it is less than a minute, or more than a week.
    """
    if seconds not in _CHECKPOINT_INTERVALS:
        raise InvalidInput(_("The time between checkpoints must be between 1 minute and 7 days."))
    return seconds


def check_compact_every(days: int) -> int:
    """Validate the number of days that have to pass before disk space is freed again.

    Raises:
        InvalidInput: it is negative, or more than a year.
    """
    if not 0 <= days <= LONGEST_COMPACT_EVERY:
        raise InvalidInput(
            _("Disk space cannot be freed every {days} days: 0 to {most}.").format(
                days=days, most=LONGEST_COMPACT_EVERY
            )
        )
    return days


def is_local(location: str) -> bool:
    """Return whether Borg would take *location* as a local path."""
    return location.startswith("/")


def check_location(location: str) -> str:
    """Return the location as it is stored: a URL unchanged, a local path without ``file://``.

    Raises:
        InvalidInput: it is neither an absolute path nor a URL that Borg knows.
    """
    location = location.strip()
    if not location:
        raise InvalidInput(_("The location is empty."))
    if "\0" in location or "\n" in location:
        raise InvalidInput(_("The location contains characters that are not allowed in a path."))
    parsed = parse_location(location)
    return escaped(parsed.path) if parsed.host is None else location


def local_path(location: str) -> str:
    """Return the path of a stored local location, in which braces are doubled for Borg."""
    return location.replace("{{", "{").replace("}}", "}")


def is_encodable(text: str) -> bool:
    """Return whether a text can be the name of a file, or an argument of a program: both consist of bytes."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def check_source(source: str) -> str:
    """Return a source as it is stored.

    Raises:
        InvalidInput: it is not an absolute path.
    """
    if not source.strip():
        raise InvalidInput(_("A source is empty: enter a folder or a file."))
    if "\0" in source or "\n" in source or not is_encodable(source):
        raise InvalidInput(
            _("The source {source!r} contains characters that are not allowed in a path.").format(source=source)
        )
    if not PurePosixPath(source).is_absolute():
        raise InvalidInput(_("The source “{source}” must be an absolute path.").format(source=source))
    return source


def default_archive_name(name: str) -> str:
    """Return a template that keeps this repository's archives apart from others in the same Borg repository."""
    slug = re.sub(r"[^\w.-]+", "-", name.strip().lower()).strip("-.") or "backup"
    return "{hostname}-" + slug + "-{now:%Y-%m-%dT%H:%M:%S}"
