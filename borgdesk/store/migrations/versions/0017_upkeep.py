"""Add backups when a disk is connected, automatic checks, and when freeing space is worth it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    # Added in place: see 0003.
    for column in (
        sa.Column("connected_at", sa.DateTime(timezone=True)),
        sa.Column("check_every", sa.Integer()),
        sa.Column("check_since", sa.DateTime(timezone=True)),
    ):
        op.add_column("schedules", column)
    for column in (
        sa.Column("compact_every", sa.Integer()),
        sa.Column("compacted_at", sa.DateTime(timezone=True)),
        # What older versions have deleted and left is not known.
        sa.Column("has_deleted", sa.Boolean(), nullable=False, server_default=sa.true()),
    ):
        op.add_column("repositories", column)
