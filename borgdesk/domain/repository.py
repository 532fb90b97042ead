"""A Borg repository together with what is backed up into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.run import OnFailure, RunStatus

DEFAULT_COMPRESSION = "lz4"


@dataclass(frozen=True, slots=True)
class Retention:
    """Which archives ``borg prune`` keeps; everything empty means that nothing is ever pruned."""

    within: str | None = None
    """Borg's ``--keep-within``: a number and H, d, w, m or y."""
    last: int | None = None
    hourly: int | None = None
    daily: int | None = None
    weekly: int | None = None
    monthly: int | None = None
    yearly: int | None = None

    def __post_init__(self) -> None:
        """Raise :class:`InvalidInput` for values Borg would refuse or that would delete everything."""
        if self.within is not None:
            check_interval(self.within)
        for name, count in self.counts().items():
            if count < -1 or count == 0:
                raise InvalidInput(f"keep-{name} must be at least 1 (or -1 for no limit), not {count}.")

    def counts(self) -> dict[str, int]:
        """The rules that are set, by Borg's names ("daily": 7)."""
        names = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return self.within is not None or bool(self.counts())


@dataclass(frozen=True, slots=True)
class Repository:
    """What BorgDesk knows of one repository."""

    id: int
    name: str
    location: str
    """As Borg takes it: an absolute path or an ssh URL."""
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
    """Whether a passphrase is kept for it in the keyring."""
    retention: Retention = field(default_factory=Retention)
    continue_on_hook_failure: bool = False
    pre_script: str = ""
    """Text of the inline script of the pre-backup lane; empty for none."""
    post_script: str = ""
    """Text of the inline script of the post-backup lane; empty for none."""
    created_at: datetime | None = None
    last_run_at: datetime | None = None
    last_status: RunStatus | None = None
    last_success_at: datetime | None = None

    @property
    def on_failure(self) -> OnFailure:
        """What a failing script does where its assignment says nothing."""
        return OnFailure.CONTINUE if self.continue_on_hook_failure else OnFailure.STOP


def check_interval(interval: str) -> str:
    """The interval of Borg's ``--keep-within``: a number above 0 and H, d, w, m or y.

    Raises:
        InvalidInput: Borg 1.x would refuse it.
    """
    if not re.fullmatch(r"0*[1-9][0-9]*[Hdwmy]", interval):
        raise InvalidInput(f"“{interval}” is not an interval: use a number above 0 and H, d, w, m or y, such as 10d.")
    return interval


def is_local(location: str) -> bool:
    """Whether Borg would take *location* as a path of this machine."""
    return location.startswith("/")


def check_location(location: str) -> str:
    """The location as it is stored.

    Raises:
        InvalidInput: it is neither an absolute path nor an address Borg knows.
    """
    location = location.strip()
    if not location:
        raise InvalidInput("The location is empty.")
    if "\0" in location or "\n" in location:
        raise InvalidInput("The location contains characters no path can have.")
    if "::" in location:
        raise InvalidInput("The location must not name an archive (“::”).")
    if location.startswith("ssh://") or is_local(location) or re.match(r"[^/\s]+@?[^/\s]*:.+", location):
        return location
    raise InvalidInput(f"“{location}” is not a location: give an absolute path, or ssh://user@host:port/path.")


def check_source(source: str) -> str:
    """A source as it is stored.

    Raises:
        InvalidInput: it is not an absolute path.
    """
    if not source.strip():
        raise InvalidInput("A source is empty: name a folder or a file.")
    if "\0" in source or "\n" in source:
        raise InvalidInput(f"The source {source!r} contains characters no path can have.")
    if not PurePosixPath(source).is_absolute():
        raise InvalidInput(f"The source “{source}” must be an absolute path.")
    return source


def default_archive_name(name: str) -> str:
    """A template that keeps this repository's archives apart from others in the same place."""
    slug = re.sub(r"[^\w.-]+", "-", name.strip().lower()).strip("-.") or "backup"
    return "{hostname}-" + slug + "-{now:%Y-%m-%dT%H:%M:%S}"
