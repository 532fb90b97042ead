from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, Hook, RunKind
from borgdesk.domain.script import NewScript
from borgdesk.paths import Paths
from borgdesk.store import schema
from borgdesk.store.store import Store
from borgdesk.store.tables import Base
from tests.store import first_schema
from tests.store.first_schema import NOTE, REASONS

MIGRATIONS = Path(schema.__file__).parent / "migrations"
VERSIONS = MIGRATIONS / "versions"


def dump(path: Path) -> list[str]:
    """Return statements that make the database again, in no particular order: VACUUM moves triggers to the end."""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.iterdump())


def statements(path: Path) -> dict[str, list[str]]:
    """Return the definitions of each table and index of a database, ignoring the order of columns and constraints.

    A column added later comes after the constraints.
    """
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE sql IS NOT NULL AND type != 'trigger' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'alembic%'"
        ).fetchall()
    return {
        name: sorted(part.strip() for part in re.split(r",\s+(?![^()]*\))", sql[sql.index("(") + 1 : sql.rindex(")")]))
        for name, sql in found
    }


_FAILED_RUN = """
    INSERT INTO backup_jobs (id, repository, location, "trigger", status, step, tainted, queued_at, recovered, error,
        turn, kind, uid, report)
    VALUES (7, 'Documents', '/backup', 'user', 'failure', 'done', 0, '2026-11-23 10:00:00.000000', 0,
        'The disk is “full”.', '/backup', 'backup', '019ab0f0-0000-7000-8000-000000000007', '{}');
    INSERT INTO borg_calls (run_id, step, status, started_at, truncated, error, stdout, stderr)
    VALUES (7, 'create', 'failure', '2026-11-23 10:00:00.000000', 0, 'No space.', '', ''),
        (7, 'prune', 'success', '2026-11-23 10:00:01.000000', 0, NULL, '', '');
"""
"""Of schema 0012, in which what went wrong was a sentence."""


@pytest.fixture
def filled(store: Store, paths: Paths) -> Path:
    """Create a closed database of the newest schema, with an assignment that refers to both sides."""
    repository = store.repositories.add(Repository(RepositoryId(0), "Documents", "/backup/documents"))
    script = store.scripts.add(NewScript("Stop containers", b"docker stop web\n"))
    store.assignments.add(repository.id, script.id, Hook.PRE_BACKUP)
    store.close()
    return paths.database


@pytest.fixture
def newer(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that adds one migration to ours."""

    def make(body: str) -> Path:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder)
        lines = ["import os", "import sqlalchemy as sa", "from alembic import op", f"revision = {NEXT!r}"]
        lines += [f"down_revision = {schema.NEWEST!r}", "def upgrade():"]
        (folder / "versions" / f"{NEXT}_more.py").write_text(
            "\n".join([*lines, *("    " + b for b in body.split("; "))])
        )
        return folder

    return make


NEXT = f"{int(schema.NEWEST) + 1:04}"
HALF = "op.add_column('scripts', sa.Column('colour', sa.Text())); op.execute(\"UPDATE scripts SET name = 'x'\")"


def test_migrations_equal_tables(filled: Path, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{filled}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
    by_tables = tmp_path / "tables.db"
    engine = create_engine(f"sqlite:///{by_tables}")
    Base.metadata.create_all(engine)
    engine.dispose()
    # Parts that compare_metadata does not examine: ON DELETE, AUTOINCREMENT, primary keys.
    assert statements(filled) == statements(by_tables)


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    directory = ScriptDirectory(str(MIGRATIONS))
    assert directory.get_heads() == [schema.NEWEST]
    assert [revision.revision for revision in directory.walk_revisions()][::-1] == [
        f"{number:04}" for number in range(1, int(schema.NEWEST) + 1)
    ]


@pytest.mark.parametrize("migration", sorted(VERSIONS.glob("0*.py")), ids=lambda path: path.stem)
def test_a_migration_is_forward_only_and_knows_nothing_of_the_application(migration: Path) -> None:
    text = migration.read_text()
    assert "borgdesk" not in text
    assert "downgrade" not in text


def test_the_tables_could_live_in_postgresql() -> None:
    for table in Base.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def test_runs_of_the_first_schema_keep_their_turns(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    schema.prepare(path, newest="0001")
    with closing(sqlite3.connect(path)) as connection:
        given = {
            "repository": "Documents",
            "location": "/backup/documents",
            "trigger": "user",
            "status": "queued",
            "step": "queued",
            "queued_at": "2026-11-23 10:00:00.000000",
            "tainted": 0,
            "recovered": 0,
        }
        marks = ", ".join("?" * len(given))
        connection.execute(
            f"INSERT INTO backup_jobs ({', '.join(given)}) VALUES ({marks})",
            tuple(given.values()),
        )
        connection.commit()
    schema.prepare(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT turn FROM backup_jobs").fetchall() == [("/backup/documents",)]


def test_what_went_wrong_before_there_were_codes_comes_along_as_text(paths: Paths) -> None:
    paths.make()
    schema.prepare(paths.database, newest="0012")
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.executescript(_FAILED_RUN)
    store = Store(paths)
    store.open()
    run = store.runs.get(RunId(7))
    assert (run.errors, run.error) == ((text("The disk is “full”."),), "The disk is “full”.")
    assert [(call.step, call.errors) for call in run.borg] == [
        (BorgStep.CREATE, (text("No space."),)),
        (BorgStep.PRUNE, ()),
    ]
    store.close()


def test_a_long_history_of_the_first_schema_comes_along_whole(paths: Paths) -> None:
    paths.make()
    first_schema.make(paths.database, 10_000)
    before = rows(paths.database, "backup_jobs"), rows(paths.database, "script_executions")
    store = Store(paths)
    store.open()
    runs = store.runs.list(limit=20_000)[::-1]
    assert [run.id for run in runs] == list(range(1, 10_001))
    assert {run.kind for run in runs} == {RunKind.BACKUP}
    uids = [UUID(run.uid) for run in runs]
    assert (len(set(uids)), uids, {uid.version for uid in uids}) == (10_000, sorted(uids), {7})
    notes = tuple(map(text, NOTE.split("\n")))
    assert [run.notes for run in runs] == [notes if run.id % 3 == 0 else () for run in runs]
    assert {run.note for run in runs} == {None, NOTE}
    last = store.executions.of_run(runs[-1].id, with_output=True)
    assert [(one.reason, one.reasons) for one in last] == [
        (sentence, () if sentence is None else (text(sentence),)) for sentence in (REASONS[one.id % 3] for one in last)
    ]
    assert {one.stdout for one in last} == {"said\n" * 200}
    assert [run.id for run in store.runs.list(search='outcome was "SUCCESS" \\ {100', limit=3)] == [10_000, 9999, 9997]
    assert [uid.int >> 80 for uid in uids] == [run.queued_at.timestamp() * 1000 for run in runs]
    store.close()
    copy = paths.database.with_name("borgdesk.db.schema-0001")
    assert (rows(copy, "backup_jobs"), rows(copy, "script_executions")) == before


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()


def test_an_old_file_is_copied_and_migrated(filled: Path, newer: Callable[[str], Path]) -> None:
    before = dump(filled)
    schema.prepare(filled, newer(HALF), NEXT)
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("SELECT name, colour FROM scripts").fetchall() == [("x", None)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEXT,)]
    copy = filled.with_name(f"borgdesk.db.schema-{schema.NEWEST}")
    assert dump(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(filled.parent.glob("*.partial"))


def test_rebuilding_a_table_does_not_cascade(filled: Path, newer: Callable[[str], Path]) -> None:
    rebuilt = (
        "with op.batch_alter_table('repositories', recreate='always') as batch: "
        "batch.alter_column('passcommand', new_column_name='plan')"
    )
    schema.prepare(filled, newer(rebuilt), NEXT)
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("SELECT plan FROM repositories").fetchall() == [(None,)]
        assert connection.execute("SELECT count(*) FROM repository_scripts").fetchone() == (1,)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("raise ArithmeticError", ArithmeticError),
        ("op.execute('INSERT INTO nowhere VALUES (1)')", Exception),
        ("op.execute('DELETE FROM repositories')", RuntimeError),  # leaves an assignment with a dangling reference
    ],
)
def test_a_failing_migration_leaves_the_old_file_intact(
    filled: Path, newer: Callable[[str], Path], fault: str, error: type[Exception]
) -> None:
    before = dump(filled)
    with pytest.raises(error):
        schema.prepare(filled, newer(f"{HALF}; {fault}"), NEXT)
    assert dump(filled) == before
    schema.prepare(filled)


MIGRATE = """
import sys
from pathlib import Path
from borgdesk.store import schema
schema.prepare(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
"""


def test_a_migration_that_is_killed_leaves_the_old_file_intact(
    filled: Path, newer: Callable[[str], Path], python: Callable[..., str]
) -> None:
    before = dump(filled)
    with pytest.raises(AssertionError, match="-9"):
        python(MIGRATE, str(filled), str(newer(f"{HALF}; os.kill(os.getpid(), 9)")), NEXT)
    assert dump(filled) == before
    schema.prepare(filled)


MIGRATE_TOGETHER = """
import sys
from pathlib import Path
import alembic.command
from borgdesk.store import schema
print("ready", flush=True)
sys.stdin.readline()
for path in sys.argv[3:]:
    schema.prepare(Path(path), Path(sys.argv[1]), sys.argv[2])
"""


def test_two_starts_at_the_same_moment_migrate_and_copy_once(
    filled: Path, newer: Callable[[str], Path], tmp_path: Path, together: Callable[..., list[str]]
) -> None:
    before = dump(filled)
    paths = [tmp_path / str(number) / "borgdesk.db" for number in range(8)]
    for path in paths:
        path.parent.mkdir()
        shutil.copy(filled, path)
    together(3, MIGRATE_TOGETHER, str(newer(HALF)), NEXT, *map(str, paths))
    for path in paths:
        assert dump(path.with_name(f"borgdesk.db.schema-{schema.NEWEST}")) == before


def test_the_copy_is_on_the_disk_before_anything_is_migrated(
    filled: Path, newer: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    fsync = os.fsync

    def seen_fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    schema.prepare(filled, newer(HALF), NEXT)
    kept = filled.with_name(f"{filled.name}.schema-{schema.NEWEST}")
    assert synced[:2] == [kept.with_name(f"{kept.name}.partial"), filled.parent]


def test_the_kept_copy_opens(filled: Path, newer: Callable[[str], Path], tmp_path: Path) -> None:
    schema.prepare(filled, newer(HALF), NEXT)
    home = Paths.below(tmp_path / "back")
    home.make()
    filled.with_name(f"borgdesk.db.schema-{schema.NEWEST}").rename(home.database)
    store = Store(home)
    store.open()
    assert [repository.name for repository in store.repositories.list()] == ["Documents"]
    store.close()


def test_what_was_set_up_before_gets_the_defaults(paths: Paths, tmp_path: Path) -> None:
    first = tmp_path / "first"
    shutil.copytree(MIGRATIONS, first, ignore=lambda _, names: [n for n in names if n[:4].isdigit() and n[:4] > "0001"])
    schema.prepare(paths.database, first, "0001")
    values = {
        "name": "Old", "location": "/old", "sources": '["/home"]', "excludes": "[]", "exclude_caches": 0,
        "one_file_system": 0, "compression": "lz4", "archive_name": "{now}", "has_passphrase": 0, "retention": "{}",
        "continue_on_hook_failure": 0, "pre_script": "", "post_script": "", "created_at": "2026-01-01 00:00:00.000000",
    }  # fmt: skip
    with closing(sqlite3.connect(paths.database)) as connection:
        connection.execute(
            f"INSERT INTO repositories ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            list(values.values()),
        )
        connection.commit()
    store = Store(paths)
    store.open()
    (old,) = store.repositories.list()
    store.close()
    assert (old.stall_limit, old.fail_on_missing_source, old.filled_sources) == (600, False, frozenset())
