"""Add the kind of each run, and an id that is unique across machines."""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_RUNS = sa.table(
    "backup_jobs", sa.column("id", sa.Integer()), sa.column("queued_at", sa.DateTime()), sa.column("uid", sa.Text())
)


def upgrade() -> None:
    # Added in place: see 0003.
    op.add_column("backup_jobs", sa.Column("kind", sa.String(20), nullable=False, server_default="backup"))
    op.add_column("backup_jobs", sa.Column("uid", sa.String(36), nullable=False, server_default=""))
    connection = op.get_bind()
    runs = connection.execute(sa.select(_RUNS.c.id, _RUNS.c.queued_at)).all()
    change = sa.update(_RUNS).where(_RUNS.c.id == sa.bindparam("run")).values(uid=sa.bindparam("made"))
    if runs:
        connection.execute(change, [{"run": run_id, "made": _uuid7(queued_at)} for run_id, queued_at in runs])
    op.create_index(op.f("ix_backup_jobs_uid"), "backup_jobs", ["uid"], unique=True)


def _uuid7(moment: datetime) -> str:
    milliseconds = int(moment.replace(tzinfo=UTC).timestamp() * 1000)
    digits = f"{milliseconds:012x}7{secrets.randbits(12):03x}{0b10 << 62 | secrets.randbits(62):016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
