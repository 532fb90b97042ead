"""Note which finished runs were changed afterwards, for the text index of the history."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_NOTE = "BEGIN INSERT INTO history_changes (run_id) VALUES ({run}); END"
_UNFINISHED = "('queued', 'running')"
_OF_FINISHED_RUN = "(SELECT status FROM backup_jobs WHERE id = NEW.run_id) NOT IN ('queued', 'running')"
_OF_RUN = _NOTE.format(run="NEW.run_id")


def upgrade() -> None:
    op.create_table(
        "history_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_changes")),
        sqlite_autoincrement=True,
    )
    op.execute(
        "CREATE TRIGGER note_changed_run AFTER UPDATE OF status, repository, archive, error, note ON backup_jobs "
        f"WHEN OLD.status NOT IN {_UNFINISHED} {_NOTE.format(run='NEW.id')}"
    )
    # A script between two others pays for this one comparison only: it is not in a finished state before.
    op.execute(
        "CREATE TRIGGER note_changed_execution AFTER UPDATE OF status, script, reason, stdout, stderr "
        "ON script_executions WHEN OLD.status NOT IN ('pending', 'running') AND OLD.run_id IS NOT NULL " + _OF_RUN
    )
    op.execute(f"CREATE TRIGGER note_added_borg_call AFTER INSERT ON borg_calls WHEN {_OF_FINISHED_RUN} {_OF_RUN}")
    op.execute(
        "CREATE TRIGGER note_changed_borg_call AFTER UPDATE OF error, stdout, stderr ON borg_calls "
        f"WHEN {_OF_FINISHED_RUN} {_OF_RUN}"
    )
