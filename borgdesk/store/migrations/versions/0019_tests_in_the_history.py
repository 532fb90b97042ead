"""Give tests of scripts their places among the runs of the history."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "script_tests",
        sa.Column("execution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after_run", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["script_executions.id"],
            name=op.f("fk_script_tests_execution_id_script_executions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_script_tests")),
    )
    op.create_index(op.f("ix_script_tests_after_run_execution_id"), "script_tests", ["after_run", "execution_id"])
    # When an older test began, the newest run was this one, or one with fewer scripts.
    op.execute(
        "INSERT INTO script_tests (execution_id, after_run) SELECT test.id, coalesce(("
        "SELECT earlier.run_id FROM script_executions AS earlier "
        "WHERE earlier.id < test.id AND earlier.run_id IS NOT NULL ORDER BY earlier.id DESC LIMIT 1"
        "), 0) FROM script_executions AS test WHERE test.run_id IS NULL"
    )
