"""Add reports: results that are specific to the kind of a run."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # Added in place: see 0003.
    op.add_column("backup_jobs", sa.Column("report", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index(op.f("ix_backup_jobs_kind_id"), "backup_jobs", ["kind", "id"])
