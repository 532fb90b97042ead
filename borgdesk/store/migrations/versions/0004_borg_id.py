"""Add Borg's id to each repository, and the turn to each run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Until now the location identified the turn."""
    op.add_column("repositories", sa.Column("borg_id", sa.Text()))
    op.add_column("backup_jobs", sa.Column("turn", sa.Text()))
    op.execute("UPDATE backup_jobs SET turn = location")
