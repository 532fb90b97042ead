"""Create the tables of repositories, scripts, assignments, runs and settings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_repositories()
    _create_scripts()
    _create_script_revisions()
    _create_repository_scripts()
    _create_backup_jobs()
    _create_script_executions()
    _create_settings()


def _create_repositories() -> None:
    op.create_table(
        "repositories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("excludes", sa.JSON(), nullable=False),
        sa.Column("exclude_caches", sa.Boolean(), nullable=False),
        sa.Column("one_file_system", sa.Boolean(), nullable=False),
        sa.Column("compression", sa.Text(), nullable=False),
        sa.Column("archive_name", sa.Text(), nullable=False),
        sa.Column("encryption", sa.Text()),
        sa.Column("passcommand", sa.Text()),
        sa.Column("has_passphrase", sa.Boolean(), nullable=False),
        sa.Column("retention", sa.JSON(), nullable=False),
        sa.Column("schedule", sa.JSON()),
        sa.Column("continue_on_hook_failure", sa.Boolean(), nullable=False),
        sa.Column("pre_script", sa.Text(), nullable=False),
        sa.Column("post_script", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
        sa.UniqueConstraint("name", name=op.f("uq_repositories_name")),
        sqlite_autoincrement=True,
    )


def _create_scripts() -> None:
    op.create_table(
        "scripts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("run_on", sa.String(40), nullable=False),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("last_result", sa.String(20)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scripts")),
        sa.UniqueConstraint("file_name", name=op.f("uq_scripts_file_name")),
        sa.UniqueConstraint("name", name=op.f("uq_scripts_name")),
        sqlite_autoincrement=True,
    )


def _create_script_revisions() -> None:
    op.create_table(
        "script_revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer()),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_revisions_script_id_scripts"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_revisions")),
        sa.UniqueConstraint("script_id", "sha256", name=op.f("uq_script_revisions_script_id_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_script_revisions_sha256"), "script_revisions", ["sha256"])


def _create_repository_scripts() -> None:
    op.create_table(
        "repository_scripts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=False),
        sa.Column("hook", sa.String(20), nullable=False),
        sa.Column("execution_order", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("timeout", sa.Integer()),
        sa.Column("run_on", sa.String(40)),
        sa.Column("on_failure", sa.String(20)),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_repository_scripts_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_repository_scripts_script_id_scripts"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repository_scripts")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_repository_scripts_repository_id_hook_execution_order"),
        "repository_scripts",
        ["repository_id", "hook", "execution_order"],
    )
    op.create_index(op.f("ix_repository_scripts_script_id"), "repository_scripts", ["script_id"])


def _create_backup_jobs() -> None:
    op.create_table(
        "backup_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer()),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("trigger", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20)),
        sa.Column("tainted", sa.Boolean(), nullable=False),
        sa.Column("borg_exit_code", sa.Integer()),
        sa.Column("archive", sa.Text()),
        sa.Column("original_size", sa.BigInteger()),
        sa.Column("deduplicated_size", sa.BigInteger()),
        sa.Column("files", sa.BigInteger()),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("owner_pid", sa.Integer()),
        sa.Column("owner_started", sa.BigInteger()),
        sa.Column("owner_boot_id", sa.Text()),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_backup_jobs_repository_id_repositories"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_jobs")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_backup_jobs_repository_id_id"), "backup_jobs", ["repository_id", "id"])
    op.create_index(op.f("ix_backup_jobs_status_id"), "backup_jobs", ["status", "id"])


def _create_script_executions() -> None:
    op.create_table(
        "script_executions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer()),
        sa.Column("script_id", sa.Integer()),
        sa.Column("assignment_id", sa.Integer()),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text()),
        sa.Column("hook", sa.String(20), nullable=False),
        sa.Column("execution_order", sa.Integer(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("run_on", sa.String(40), nullable=False),
        sa.Column("on_failure", sa.String(20), nullable=False),
        sa.Column("revision", sa.String(64)),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.Column("owner_pid", sa.Integer()),
        sa.Column("owner_started", sa.BigInteger()),
        sa.Column("owner_boot_id", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("stdout", sa.Text(), nullable=False),
        sa.Column("stderr", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["backup_jobs.id"], name=op.f("fk_script_executions_run_id_backup_jobs"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_executions_script_id_scripts"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_executions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_script_executions_run_id"), "script_executions", ["run_id"])
    op.create_index(op.f("ix_script_executions_script_id_id"), "script_executions", ["script_id", "id"])
    op.create_index(op.f("ix_script_executions_status_id"), "script_executions", ["status", "id"])


def _create_settings() -> None:
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
