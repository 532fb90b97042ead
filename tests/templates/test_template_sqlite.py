"""SQLite copies, with the real sqlite3."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.templates.bench import Bench


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / 'it\'s "my" app' / "data base.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (x)")
        database.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(1000)])
        database.commit()
    return path


@pytest.fixture
def sqlite(bench: Bench) -> Bench:
    bench.spy("sqlite3", "mv")
    return bench


def _copy(tmp_path: Path, source: Path) -> Path:
    return Path(f"{tmp_path / 'copies'}{source}")


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        count = database.execute("SELECT count(*) FROM t").fetchone()
    return int(count[0])


def test_copies_while_the_application_writes(sqlite: Bench, tmp_path: Path, source: Path) -> None:
    with closing(sqlite3.connect(source)) as writer:
        writer.execute("INSERT INTO t VALUES (-1)")
        writer.commit()
        writer.execute("INSERT INTO t VALUES (-2)")
        done = sqlite.run("sqlite-backup.sh", {"DATABASES": f"\n{source}\n", "OUTPUT_DIR": str(tmp_path / "copies")})
    assert done.code == 0, done.stderr
    copy = _copy(tmp_path, source)
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert _rows(copy) == 1001, "what is in the write-ahead log is in the copy, what is not committed is not"


def test_missing_source_is_not_made(sqlite: Bench, tmp_path: Path, source: Path) -> None:
    missing = source.with_name("missing.db")
    values = {"DATABASES": f"{missing}\nrelative.db\n{source}", "OUTPUT_DIR": str(tmp_path / "copies")}
    done = sqlite.run("sqlite-backup.sh", values)
    assert done.code == 1
    assert f"'{missing}' was not copied" in done.stderr
    assert "'relative.db' was not copied" in done.stderr
    assert not missing.exists()
    assert _rows(_copy(tmp_path, source)) == 1000, "the others are copied all the same"


def test_waits_for_a_lock(sqlite: Bench, tmp_path: Path, source: Path) -> None:
    with closing(sqlite3.connect(source)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    locker = sqlite3.connect(source, check_same_thread=False)
    locker.execute("BEGIN EXCLUSIVE")
    values = {"DATABASES": str(source), "OUTPUT_DIR": str(tmp_path / "copies")}
    refused = sqlite.run("sqlite-backup.sh", values | {"BUSY_TIMEOUT": "0"})
    assert refused.code == 1
    assert "locked" in refused.stderr
    # The lock is released once the copy has begun to wait for it; the refusal above has shown that it must wait.
    release = threading.Timer(0.5, locker.rollback)
    release.start()
    done = sqlite.run("sqlite-backup.sh", values)
    release.join()
    locker.close()
    assert done.code == 0, done.stderr


def test_damaged_database_leaves_the_old_copy(sqlite: Bench, tmp_path: Path, source: Path) -> None:
    values = {"DATABASES": str(source), "OUTPUT_DIR": str(tmp_path / "copies")}
    assert sqlite.run("sqlite-backup.sh", values).code == 0
    data = bytearray(source.read_bytes())
    data[4096:8192] = b"\x07" * 4096
    source.write_bytes(data)
    done = sqlite.run("sqlite-backup.sh", values)
    assert done.code == 1
    assert "was not copied" in done.stderr
    assert _rows(_copy(tmp_path, source)) == 1000


def test_failure_leaves_the_old_copy(sqlite: Bench, tmp_path: Path, source: Path) -> None:
    copy = _copy(tmp_path, source)
    copy.parent.mkdir(parents=True)
    copy.write_text("old")
    values = {"DATABASES": str(source), "OUTPUT_DIR": str(tmp_path / "copies")}
    assert sqlite.run("sqlite-backup.sh", values, fail="sqlite3 * -readonly *").code == 1
    assert copy.read_text() == "old"


@pytest.mark.parametrize("moment", [f"{call}:{when}" for call in (1, 2, 3) for when in ("before", "after")])
def test_killed_anywhere_leaves_no_half_copy(sqlite: Bench, tmp_path: Path, source: Path, moment: str) -> None:
    values = {"DATABASES": str(source), "OUTPUT_DIR": str(tmp_path / "copies")}
    assert sqlite.run("sqlite-backup.sh", values, kill=moment).code == -9
    copy = _copy(tmp_path, source)
    assert not copy.exists() or _rows(copy) == 1000
    assert sqlite.run("sqlite-backup.sh", values).code == 0
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
