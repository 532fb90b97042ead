"""Add the stall limit of Borg, and the sources that had files in the last good run."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place: recreating the table would lose its AUTOINCREMENT, and with it the guarantee that ids are never
    # reused.
    for column in (
        sa.Column("stall_limit", sa.Integer(), nullable=False, server_default="600"),
        sa.Column("fail_on_missing_source", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("filled_sources", sa.JSON(), nullable=False, server_default="[]"),
    ):
        op.add_column("repositories", column)
