"""Add how a repository on another machine is reached, and whether it is append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place: recreating the table would lose its AUTOINCREMENT.
    for name in ("ssh_key", "jump_host", "remote_path"):
        op.add_column("repositories", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("repositories", sa.Column("append_only", sa.Boolean(), nullable=False, server_default=sa.false()))
