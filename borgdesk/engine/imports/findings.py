"""What was found in the set-up of another program, in BorgDesk's terms; nothing of it is stored yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from borgdesk.domain.repository import DEFAULT_COMPRESSION, Retention
from borgdesk.domain.run import Hook, OnFailure, RunOn
from borgdesk.domain.schedule import Conditions
from borgdesk.domain.script import NewScript

TIMEOUT = 3600
"""Seconds that an imported command may take: the other programs have no limit, and a dump may take long."""

VORTA, BORGMATIC, BORG_UI, SCRIPT_FOLDER = "vorta", "borgmatic", "borg-ui", "script-folder"
"""The sources of an import, as they are named on the command line."""


@dataclass(frozen=True, slots=True)
class FoundUse:
    """A script in a lane of a repository; uses are in the order in which they run."""

    script: NewScript
    hook: Hook
    run_on: RunOn | None = None
    timeout: int | None = None
    on_failure: OnFailure | None = None
    enabled: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Something that BorgDesk has no counterpart for, or cannot read."""

    what: str
    """What it is, with its place: "Photos: option “umask”"."""
    reason: str
    """Why, and what can be done, as a sentence."""


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """A set-up that becomes a repository."""

    name: str
    location: str
    sources: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    patterns: str = ""
    """Lines of a Borg patterns file."""
    exclude_caches: bool = False
    one_file_system: bool = False
    compression: str = DEFAULT_COMPRESSION
    archive_name: str = ""
    retention: Retention = field(default_factory=Retention)
    continue_on_hook_failure: bool = False
    passphrase: str | None = field(default=None, repr=False)
    passcommand: str | None = None
    upload_limit: int | None = None
    """KiB per second."""
    checkpoint_interval: int | None = None
    """Seconds."""
    extra_arguments: str = ""
    """Further options of ``borg create``."""
    ssh_key: str = ""
    """Path of the private key, for a repository on another machine."""
    remote_path: str = ""
    """Borg's path there."""
    cron: str | None = None
    """When it backs up by itself; None if it does not."""
    check_every: int | None = None
    """Days after which it is checked again; only with a schedule."""
    conditions: Conditions = field(default_factory=Conditions)
    uses: tuple[FoundUse, ...] = ()
    notes: tuple[str, ...] = ()
    """What is different in BorgDesk, as sentences."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that was found."""

    program: str
    """:data:`VORTA`, :data:`BORGMATIC`, :data:`BORG_UI` or :data:`SCRIPT_FOLDER`."""
    repositories: tuple[FoundRepository, ...] = ()
    scripts: tuple[NewScript, ...] = ()
    """Scripts that no repository uses."""
    not_taken: tuple[NotTaken, ...] = ()
