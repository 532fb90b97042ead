"""Add the secret values that are kept for a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """No secrets have been kept so far."""
    op.create_table(
        "kept_secrets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer()),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_secrets")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_kept_secrets_run_id"), "kept_secrets", ["run_id"])
