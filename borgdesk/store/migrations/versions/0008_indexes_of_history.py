"""Add indexes for history filtered by script, by name, or by repository and status."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for table, columns in (
        ("backup_jobs", ["repository", "id"]),
        ("backup_jobs", ["repository_id", "status", "id"]),
        ("script_executions", ["script", "run_id"]),
        ("script_executions", ["script_id", "run_id", "id"]),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    op.drop_index(op.f("ix_script_executions_script_id_id"), "script_executions")
