"""Add patterns, upload limit, checkpoint interval and further options of ``borg create``."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # Added in place: recreating the table would lose its AUTOINCREMENT.
    for column in (
        sa.Column("patterns", sa.Text(), nullable=False, server_default=""),
        sa.Column("upload_limit", sa.Integer(), nullable=True),
        sa.Column("checkpoint_interval", sa.Integer(), nullable=True),
        sa.Column("extra_arguments", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("repositories", column)
