"""Store reasons and notes as codes with values; existing sentences are kept under a code of their own."""

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TEXT = "text"


def upgrade() -> None:
    _rewrite("script_executions", "reason", lambda reason: [reason])
    _rewrite("backup_jobs", "note", lambda note: note.split("\n"))


def _rewrite(table_name: str, column: str, sentences: Callable[[str], list[str]]) -> None:
    connection = op.get_bind()
    table = sa.table(table_name, sa.column("id", sa.Integer()), sa.column(column, sa.Text()))
    kept = connection.execute(sa.select(table.c.id, table.c[column]).where(table.c[column].is_not(None))).all()
    change = sa.update(table).where(table.c.id == sa.bindparam("row")).values({column: sa.bindparam("made")})
    rows = [{"row": row_id, "made": _by_code(sentences(text))} for row_id, text in kept]
    if rows:
        connection.execute(change, rows)


def _by_code(sentences: list[str]) -> str:
    reasons = [{"code": _TEXT, "values": {"sentence": sentence}} for sentence in sentences]
    return json.dumps(reasons, ensure_ascii=False)
