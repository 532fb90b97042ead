"""Add a random token to each run and test, by which their processes are recognised."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("backup_jobs", sa.Column("token", sa.Text()))
    op.add_column("script_executions", sa.Column("token", sa.Text()))
