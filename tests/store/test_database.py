from __future__ import annotations

import os
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from borgdesk.domain.errors import Stopped, StoreUnusable
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Trigger
from borgdesk.domain.script import NewScript
from borgdesk.paths import Paths
from borgdesk.store import schema
from borgdesk.store.database import Database
from borgdesk.store.faults import StoreDamaged, StoreLocked
from borgdesk.store.key_values import KeyValues
from borgdesk.store.store import Store
from tests.store.samples import ME, T0, assert_whole, planned

Python = Callable[..., str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "borgdesk.db"


def created(path: Path) -> Path:
    database = Database(path)
    database.open()
    database.close()
    return path


def refusal(path: Path) -> str:
    with pytest.raises(StoreUnusable) as caught:
        Database(path).open()
    assert str(path) in caught.value.sentence
    assert "\n" not in caught.value.sentence
    return caught.value.sentence


def pragma(database: Database, name: str) -> object:
    with database.reading() as session:
        return session.scalar(text(f"PRAGMA {name}"))


def test_every_connection_is_safe_and_complete(path: Path) -> None:
    database = Database(path, busy_timeout=1234)
    database.open()
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "foreign_keys") == 1
    assert pragma(database, "synchronous") == 2  # FULL
    assert pragma(database, "busy_timeout") == 1234
    database.close()
    assert_whole(path)


def test_the_file_is_its_owners_only(path: Path) -> None:
    mask = os.umask(0)
    try:
        created(path)
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_opening_twice_and_closing_twice_is_harmless(path: Path) -> None:
    database = Database(path)
    database.open()
    database.open()
    database.close()
    database.close()
    with pytest.raises(RuntimeError, match="not open"), database.reading():
        pass


def test_an_error_leaves_nothing_half_written(store: Store) -> None:
    def fail_half_way() -> None:
        with store.database.writing() as session:
            session.execute(text("INSERT INTO settings VALUES ('a', '1')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert store.key_values.get("a") is None


def test_a_text_file_is_not_a_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("Dear diary,\n" * 100)
    assert "is not a database" in refusal(path)
    assert path.read_text().startswith("Dear diary")


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    assert "not BorgDesk's" in refusal(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


@pytest.mark.parametrize("keep", [100, 4096, 20000])
def test_a_damaged_file_is_found_out(path: Path, keep: int) -> None:
    created(path)
    whole = path.read_bytes()
    assert len(whole) > 20000
    path.write_bytes(whole[:keep])
    assert "damaged" in refusal(path)
    assert path.read_bytes() == whole[:keep]


def test_damage_further_in_is_a_sentence_when_it_is_read(path: Path) -> None:
    created(path)
    whole = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'settings'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    whole[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(bytes(whole))
    database = Database(path)
    database.open()
    with pytest.raises(StoreDamaged, match="damaged"), database.reading() as session:
        session.execute(text("SELECT * FROM settings"))
    database.close()


@pytest.mark.parametrize("version", ["9999", f"{int(schema.NEWEST) + 1:04}", "e3b0c44298fc"])
def test_a_newer_schema_is_refused_by_its_number(path: Path, version: str) -> None:
    created(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()
    sentence = refusal(path)
    assert "newer version" in sentence
    assert version in sentence
    assert not list(path.parent.glob("*.schema-*"))


def test_a_folder_in_the_place_of_the_file(path: Path) -> None:
    path.mkdir(parents=True)
    assert "not a file" in refusal(path)


def test_a_file_in_the_place_of_the_folder(path: Path) -> None:
    path.parent.write_text("")
    with pytest.raises(StoreUnusable, match=re.escape(str(path.parent))):
        Database(path).open()


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv of util-linux")
@pytest.mark.parametrize(("mode", "words"), [(0o400, "the file is read-only"), (0o200, "cannot be read")])
def test_permissions_that_forbid_it(path: Path, python: Python, mode: int, words: str) -> None:
    created(path).chmod(mode)
    # Without capabilities even root is subject to the file's mode.
    command = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    assert words in python(OPEN, str(path), command=command)


OPEN = """
import sys
from pathlib import Path
from borgdesk.domain.errors import Stopped, StoreUnusable
from borgdesk.store.database import Database
try:
    Database(Path(sys.argv[1])).open()
except StoreUnusable as error:
    print(error.sentence)
"""


def test_a_folder_in_the_place_of_the_lock(path: Path) -> None:
    path.with_name("borgdesk.db.lock").mkdir(parents=True)
    assert "cannot be prepared" in refusal(path)
    assert not path.exists()


def test_an_empty_file_is_what_a_crash_at_the_first_start_leaves(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    database = Database(created(path))
    database.open()
    database.close()
    assert_whole(path)


def test_a_copy_that_was_put_back_is_written_ahead_again(path: Path) -> None:
    created(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    database = Database(path)
    database.open()
    assert pragma(database, "journal_mode") == "wal"
    database.close()


class TestLocked:
    """Another program holds the file."""

    @pytest.fixture
    def impatient(self, paths: Paths) -> Iterator[Store]:
        store = Store(paths, busy_timeout=50)
        store.open()
        yield store
        store.close()

    def test_a_writer_gets_a_sentence_and_may_try_again(self, impatient: Store, paths: Paths) -> None:
        with closing(sqlite3.connect(paths.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLocked, match="is locked by another program") as caught:
                impatient.key_values.set("a", 1)
            assert str(paths.database) in caught.value.sentence
            assert impatient.key_values.get("a", "unset") == "unset"
            other.execute("ROLLBACK")
        impatient.key_values.set("a", 1)
        assert impatient.key_values.get("a") == 1

    def test_a_reader_waits_for_nobody_but_an_exclusive_lock(self, impatient: Store, paths: Paths) -> None:
        # Nobody has an exclusive lock while another one has read from the database, as a store does that is opened.
        impatient.close()
        database = Database(paths.database, busy_timeout=50)
        database.open()
        with closing(sqlite3.connect(paths.database, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode=EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreLocked, match="is locked by another program"):
                KeyValues(database).get("a")
        database.close()


def test_a_full_database_is_a_sentence_and_changes_nothing(store: Store) -> None:
    store.key_values.set("a", "before")
    with store.database.snapshot() as connection:
        # It applies to the connection, which is passed to the next call.
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnusable, match="no space left"):
        store.key_values.set("a", "x" * 100_000)
    assert store.key_values.get("a") == "before"


def test_threads_do_not_lose_each_others_updates(store: Store) -> None:
    store.key_values.set("count", 0)
    start = threading.Barrier(4)

    def count_up() -> None:
        start.wait()
        for _ in range(25):
            with store.database.writing() as session:
                value = session.scalar(text("SELECT value FROM settings WHERE key = 'count'"))
                session.execute(text("UPDATE settings SET value = :value"), {"value": int(value or 0) + 1})

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.key_values.get("count") == 100


def test_a_reader_sees_one_state_while_others_write(store: Store) -> None:
    store.key_values.set("a", 1)
    with store.database.reading() as session:
        question = text("SELECT value FROM settings WHERE key = 'a'")
        before = session.scalar(question)
        store.key_values.set("a", 2)
        assert session.scalar(question) == before
    assert store.key_values.get("a") == 2


COUNT = """
import sys
from pathlib import Path
from borgdesk.paths import Paths
from borgdesk.store.store import Store
from datetime import UTC, datetime
# SQLite lets writers in by chance: on a busy disk, one may wait longer than anybody would.
store = Store(Paths.below(Path(sys.argv[1])), busy_timeout=60_000)
store.open()
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):
    store.executions.begin(int(sys.argv[2]), datetime.now(UTC))
"""


def test_four_processes_lose_none_of_400_updates(
    store: Store, documents: Repository, tmp_path: Path, together: Callable[..., list[str]]
) -> None:
    script = store.scripts.add(NewScript("Counted", b"true\n"))
    run = store.runs.queue(documents, Trigger.USER, ME, T0)
    (execution,) = store.runs.arm(run.id, T0, [planned(script_id=script.id)]).executions
    together(4, COUNT, str(tmp_path), str(execution.id))
    assert store.scripts.get(script.id).usage_count == 400


CREATE = """
import sys
from pathlib import Path
import alembic.command
from borgdesk.paths import Paths
from borgdesk.store.store import Store
print("ready", flush=True)
sys.stdin.readline()
for number in range(8):
    store = Store(Paths.below(Path(sys.argv[1]) / str(number)))
    store.open()
    print(len(store.repositories.list()))
"""


def test_first_starts_at_the_same_moment_make_one_database(tmp_path: Path, together: Callable[..., list[str]]) -> None:
    assert [printed.split() for printed in together(3, CREATE, str(tmp_path))] == [["0"] * 8] * 3


ENOSPC = """
import sys
from pathlib import Path
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.script import NewScript
from borgdesk.paths import Paths
from borgdesk.store.store import Store
home = Path(sys.argv[1])
store = Store(Paths.below(home))
try:
    store.open()
except BorgDeskError as error:
    print(type(error).__name__, error)
    sys.exit()
script = store.scripts.add(NewScript("Kept", b"echo old\\n"))
filler = open(home / "filler", "wb", buffering=0)
try:
    while True:
        filler.write(b"x" * 4096)
except OSError:
    pass
new = NewScript("New", b"x" * 20000)
for what in (lambda: store.scripts.save(script.id, b"echo new" * 2000), lambda: store.scripts.add(new)):
    try:
        what()
        print("written")
    except BorgDeskError as error:
        print(type(error).__name__, error)
print(store.scripts.content(script.id), [s.name for s in store.scripts.list()], len(store.revisions.list(script.id)))
print(sorted(p.name for p in (home / "data" / "scripts").iterdir()))
"""
_ON_A_SMALL_DISK = 'mount -t tmpfs -o mode=0700,size="$1" none "$2" && shift 2 && exec "$@"'


def can_mount(folder: Path) -> bool:
    mount = f"unshare --mount sh -c \"mount -t tmpfs none '{folder}'\" 2>/dev/null"
    return os.system(mount) == 0


def test_a_full_disk(tmp_path: Path, python: Python) -> None:
    if not can_mount(tmp_path):
        pytest.skip("needs the right to mount a small file system")
    home = str(tmp_path)

    def small(size: str) -> tuple[str, ...]:
        return ("unshare", "--mount", "sh", "-c", _ON_A_SMALL_DISK, "sh", size, home)

    said = python(ENOSPC, home, command=small("60k"))
    assert said.startswith("StoreUnusable There is no space left on the disk for the database")
    save, add, rest, names = python(ENOSPC, home, command=small("1m")).splitlines()
    assert save.startswith("StoreUnusable ")
    assert "No space left" in save
    assert add.startswith("StoreUnusable ")
    assert rest == r"b'echo old\n' ['Kept'] 1"
    assert names == "['kept.sh']"


def test_what_a_start_imports(path: Path, python: Python) -> None:
    created(path)
    loaded = "; print('alembic' in sys.modules, 'keyring' in sys.modules)"
    assert python("import sys, borgdesk.store; print('sqlalchemy' in sys.modules)") == "False"
    assert (
        python("import sys; from borgdesk.store.secrets import Secrets; print('sqlalchemy' in sys.modules)") == "False"
    )
    assert python(OPEN + loaded.removeprefix("; "), str(path)) == "False False"
    path.unlink()
    assert python(OPEN + loaded.removeprefix("; "), str(path)) == "True False"


def test_reading_is_given_up_when_that_is_asked_for_and_an_error_stays_an_error(store: Store) -> None:
    count = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000) SELECT max(x) FROM n"
    with pytest.raises(Stopped), store.database.reading(lambda: True) as session:
        session.execute(text(count))
    with store.database.reading(lambda: False) as session:
        assert session.scalar(text(count)) == 100_000
    with pytest.raises(DBAPIError, match="no such table"), store.database.reading(lambda: True) as session:
        session.execute(text("SELECT 1 FROM nowhere"))
