"""The options of ``borg create`` for a repository, in a run and in a preview of one."""

from __future__ import annotations

from borgdesk.borg.command_options import CreateOptions
from borgdesk.borg.extra_arguments import extra_arguments
from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.sources import Sources


def create_options(
    repository: Repository, sources: Sources | None = None, patterns: int | None = None
) -> CreateOptions:
    """Return the options for *repository*, with its *sources* as they were found.

    *patterns* is the descriptor of a file with its rules, from
    :func:`borgdesk.engine.processes.memory_file.patterns_file`.

    Raises:
        InvalidInput: a setting is invalid, such as an empty list of sources.
    """
    return CreateOptions(
        archive_name=repository.archive_name,
        sources=sources.paths if sources else repository.all_sources,
        compression=repository.compression,
        kept_out=sources.excludes if sources else (),
        patterns=patterns,
        excludes=repository.excludes,
        exclude_caches=repository.exclude_caches,
        one_file_system=repository.one_file_system,
        checkpoint_interval=repository.checkpoint_interval,
        upload_ratelimit=repository.upload_limit,
        extra=extra_arguments(repository.extra_arguments),
    )
