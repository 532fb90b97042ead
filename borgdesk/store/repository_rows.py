"""Converts rows of repositories to values."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import RunStatus

if TYPE_CHECKING:
    from borgdesk.store.records import Record
    from borgdesk.store.tables import RepositoryRow


def repository_from(
    row: RepositoryRow | Record,
    started: datetime | None,
    queued: datetime | None,
    status: RunStatus | None,
    succeeded: datetime | None,
) -> Repository:
    """Convert a row, and what is known of the repository's last backups, to a value."""
    return Repository(
        id=row.id,
        name=row.name,
        location=row.location,
        sources=tuple(row.sources),
        excludes=tuple(row.excludes),
        exclude_caches=row.exclude_caches,
        one_file_system=row.one_file_system,
        compression=row.compression,
        archive_name=row.archive_name,
        encryption=row.encryption,
        passcommand=row.passcommand,
        has_passphrase=row.has_passphrase,
        retention=Retention(**row.retention),
        continue_on_hook_failure=row.continue_on_hook_failure,
        pre_script=row.pre_script,
        post_script=row.post_script,
        stall_limit=row.stall_limit,
        fail_on_missing_source=row.fail_on_missing_source,
        patterns=row.patterns,
        upload_limit=row.upload_limit,
        checkpoint_interval=row.checkpoint_interval,
        extra_arguments=row.extra_arguments,
        ssh_key=row.ssh_key,
        jump_host=row.jump_host,
        remote_path=row.remote_path,
        append_only=row.append_only,
        filled_sources=frozenset(row.filled_sources),
        created_at=row.created_at,
        last_run_at=started or queued,
        last_status=status,
        last_success_at=succeeded,
        borg_id=row.borg_id,
        compact_every=row.compact_every or 0,
        compacted_at=row.compacted_at,
        has_deleted=row.has_deleted,
    )
