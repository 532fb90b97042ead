"""Add schedules, and the slots that they made due."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("jitter", sa.Integer()),
        sa.Column("overdue_after", sa.Integer()),
        sa.Column("paused_until", sa.DateTime(timezone=True)),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_schedules_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_schedules")),
    )
    op.create_table(
        "slots",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True)),
        sa.Column("run_id", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name=op.f("fk_slots_repository_id_repositories"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["backup_jobs.id"], name=op.f("fk_slots_run_id_backup_jobs"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("repository_id", "due_at", name=op.f("pk_slots")),
    )
    # It never had a value.
    op.drop_column("repositories", "schedule")
