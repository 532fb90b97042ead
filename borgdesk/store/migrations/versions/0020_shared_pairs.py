"""Let scripts be shared by runs: which assignments are, and what each run holds by which key."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("repository_scripts", sa.Column("shared", sa.Text(), nullable=True))
    # Behind the output: a value that is missing costs nothing there.
    op.add_column("script_executions", sa.Column("hold", sa.Text(), nullable=True))
