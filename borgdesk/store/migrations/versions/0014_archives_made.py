"""Add the archives that removed runs had made, and an index for removing runs that have slots."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "archives_made",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("original_size", sa.BigInteger()),
        sa.Column("deduplicated_size", sa.BigInteger()),
        sa.Column("files", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_archives_made_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "archive", name=op.f("pk_archives_made")),
    )
    op.create_index(op.f("ix_slots_run_id"), "slots", ["run_id"])
