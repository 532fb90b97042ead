"""Add the recoveries that the user has not seen yet."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "untold_recoveries",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["backup_jobs.id"], name=op.f("fk_untold_recoveries_run_id_backup_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_untold_recoveries")),
    )
