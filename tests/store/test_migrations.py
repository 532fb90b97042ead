from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.paths import Paths
from borgdesk.store import schema
from borgdesk.store.store import Store
from borgdesk.store.tables import Base

MIGRATIONS = Path(schema.__file__).parent / "migrations"
VERSIONS = MIGRATIONS / "versions"


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def statements(path: Path) -> dict[str, list[str]]:
    """What each table and index of a database is made of; the order of constraints says nothing."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'alembic%'"
        ).fetchall()
    return {
        name: sorted(part.strip() for part in re.split(r",\s(?=\s)|\n", sql.replace(",\n", "\n")))
        for name, sql in found
    }


@pytest.fixture
def filled(store: Store, paths: Paths) -> Path:
    """A closed database of the newest schema, with an assignment that refers to both sides."""
    repository = store.repositories.add(Repository(0, "Documents", "/backup/documents"))
    script = store.scripts.add("Stop containers", b"docker stop web\n")
    store.assignments.add(repository.id, script.id, Hook.PRE_BACKUP)
    store.close()
    return paths.database


@pytest.fixture
def newer(tmp_path: Path) -> Callable[[str], Path]:
    """Our migrations and one more."""

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
    # What compare_metadata does not look at: ON DELETE, AUTOINCREMENT, primary keys.
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
        "batch.alter_column('schedule', new_column_name='plan')"
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
        ("op.execute('DELETE FROM repositories')", RuntimeError),  # leaves an assignment that refers to nothing
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


def test_the_kept_copy_opens(filled: Path, newer: Callable[[str], Path], tmp_path: Path) -> None:
    schema.prepare(filled, newer(HALF), NEXT)
    home = Paths.below(tmp_path / "back")
    home.make()
    filled.with_name(f"borgdesk.db.schema-{schema.NEWEST}").rename(home.database)
    store = Store(home)
    store.open()
    assert [repository.name for repository in store.repositories.list()] == ["Documents"]
    store.close()
