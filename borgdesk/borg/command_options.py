"""The options of Borg commands that have many, validated when they are created."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.borg.archive_name import check_archive_name, check_placeholders
from borgdesk.borg.options import check_compression, check_pattern
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Retention
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class CreateOptions:
    """Options of ``borg create``. Raises :class:`InvalidInput` for values that Borg would reject."""

    archive_name: str
    """Borg's template, such as ``{hostname}-{now}``."""
    sources: tuple[str, ...]
    """Paths. Borg 1.4 strips what precedes ``/./`` in one, Borg 1.2 ignores it."""
    compression: str = "lz4"
    kept_out: tuple[str, ...] = ()
    """Exclude patterns that nothing overrides."""
    patterns: int | None = None
    """The descriptor of a file for ``--patterns-from``, whose rules come before *excludes*: the first match wins."""
    excludes: tuple[str, ...] = ()
    """Patterns; the default style is ``fm:``."""
    exclude_caches: bool = False
    """Exclude folders with a CACHEDIR.TAG."""
    exclude_if_present: tuple[str, ...] = ()
    """Exclude folders that contain a file of one of these names."""
    keep_exclude_tags: bool = False
    """Keep the tag files of folders excluded because of one."""
    one_file_system: bool = False
    comment: str = ""
    """Borg replaces placeholders in it; double the braces for literal ones."""
    checkpoint_interval: int | None = None
    """Seconds between checkpoints; None for Borg's default of 1800."""
    upload_ratelimit: int | None = None
    """KiB/s to a remote repository; None for no limit."""
    list_files: bool = False
    """Report each file that was added, modified, changed while being read, or could not be read."""
    extra: tuple[str, ...] = ()
    """Further options, from :func:`borgdesk.borg.extra_arguments.extra_arguments`."""

    def __post_init__(self) -> None:
        """Reject values for which Borg prints its usage message or a traceback, or does something unexpected."""
        check_archive_name(self.archive_name)
        check_compression(self.compression)
        check_placeholders(self.comment)
        for pattern in (*self.kept_out, *self.excludes):
            check_pattern(pattern)
        if not self.sources:
            raise InvalidInput(_("There is nothing to back up. Add at least one source."))
        for text in (*self.sources, *self.exclude_if_present):
            if not text or "\0" in text:
                raise InvalidInput(_("“{text!r}” is not a path.").format(text=text))
        if "\0" in self.comment:
            raise InvalidInput(_("The comment contains a NUL character."))
        if self.checkpoint_interval is not None and self.checkpoint_interval < 1:
            raise InvalidInput(_("The checkpoint interval must be at least one second."))
        if self.upload_ratelimit is not None and self.upload_ratelimit < 1:
            raise InvalidInput(_("The upload limit must be at least 1 KiB/s; leave it empty for no limit."))


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """Which archives ``borg prune`` considers, and which of them it keeps. Raises :class:`InvalidInput`."""

    glob: str
    """From :func:`borgdesk.borg.archive_name.series_glob`; required, or other series would be pruned too."""
    retention: Retention
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Reject options that would prune everything, or that Borg rejects."""
        if not self.glob:
            raise InvalidInput(
                _("Prune needs a pattern of archive names; otherwise it would prune the archives of every set-up.")
            )
        if not self.retention:
            raise InvalidInput(_("Prune needs at least one rule that says what to keep."))


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Options of ``borg check``; the default checks repository and archives, without reading the data."""

    repository_only: bool = False
    archives_only: bool = False
    verify_data: bool = False
    max_duration: int | None = None
    """Seconds; Borg continues from there the next time. Only with ``repository_only``."""
    repair: bool = False
    """Delete damaged data, so that the rest becomes usable. The user must have been told what that means."""

    def __post_init__(self) -> None:
        """Reject combinations that Borg rejects."""
        if self.repository_only and (self.archives_only or self.verify_data):
            raise InvalidInput(_("A repository-only check can neither verify data nor be limited to archives."))
        if self.max_duration is not None and self.repair:
            raise InvalidInput(_("A repair cannot have a time limit."))
        if self.max_duration is not None and (not self.repository_only or self.max_duration < 1):
            raise InvalidInput(_("Only a repository-only check can have a time limit, of at least one second."))
