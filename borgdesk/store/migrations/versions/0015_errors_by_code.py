"""Store what went wrong in runs and in Borg's steps as codes with values, like reasons and notes."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for name in ("backup_jobs", "borg_calls"):
        table = sa.table(name, sa.column("rowid", sa.Integer()), sa.column("error", sa.Text()))
        connection = op.get_bind()
        kept = connection.execute(sa.select(table.c.rowid, table.c.error).where(table.c.error.is_not(None))).all()
        change = sa.update(table).where(table.c.rowid == sa.bindparam("row")).values({"error": sa.bindparam("made")})
        rows = [{"row": row_id, "made": _by_code(error)} for row_id, error in kept]
        if rows:
            connection.execute(change, rows)


def _by_code(error: str) -> str | None:
    reasons = [{"code": "text", "values": {"sentence": error}}]
    return json.dumps(reasons, ensure_ascii=False) if error else None
