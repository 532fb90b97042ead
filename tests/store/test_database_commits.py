"""Detection of commits by others, remains of deleted data, and ids without a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.paths import Paths
from borgdesk.store.database import CommitWatch, Database, id_meant
from borgdesk.store.rows import row_by_id, row_by_ref
from borgdesk.store.store import Store
from borgdesk.store.tables import RepositoryRow


def pragma(database: Database, name: str) -> object:
    with database.reading() as session:
        return session.scalar(text(f"PRAGMA {name}"))


class TestCommits:
    """Whether anybody has changed the database."""

    @pytest.fixture
    def watch(self, store: Store) -> Iterator[CommitWatch]:
        watch = store.database.commits()
        yield watch
        watch.close()

    def test_each_commit_is_told_once(self, store: Store, watch: CommitWatch) -> None:
        assert not watch.has_changed(), "there is nothing to compare with"
        assert not watch.has_changed()
        store.key_values.set("a", 1)
        assert watch.has_changed()
        assert not watch.has_changed()
        store.key_values.get("a")
        assert not watch.has_changed()

    def test_what_is_not_committed_is_not_told(self, store: Store, watch: CommitWatch) -> None:
        store.key_values.set("a", 1)
        watch.has_changed()
        with store.database.writing() as session:
            session.execute(text("UPDATE settings SET value = '2'"))
            assert not watch.has_changed()
        assert watch.has_changed()

    def test_a_file_that_cannot_be_read_has_nothing_new(self, tmp_path: Path) -> None:
        watch = Database(tmp_path / "missing" / "borgdesk.db").commits()
        assert not watch.has_changed()
        watch.close()
        watch.close()


def test_what_was_deleted_is_not_in_the_log(store: Store, paths: Paths) -> None:
    log = paths.database.with_name(paths.database.name + "-wal")
    store.key_values.set("a", "a secret word")
    assert b"a secret word" in log.read_bytes()
    store.key_values.set("a", "")
    store.database.wipe_log()
    assert log.stat().st_size == 0
    assert b"a secret word" not in paths.database.read_bytes()


def test_a_writer_is_waited_for_five_seconds(store: Store) -> None:
    assert pragma(store.database, "busy_timeout") == 5000
    assert pragma(store.database, "secure_delete") == 1


@pytest.mark.parametrize(
    ("meant", "number"),
    [("1", 1), ("007", 7), ("9" * 19, int("9" * 19)), ("9" * 20, None), ("", None), ("-1", None), ("1a", None)],
)
def test_digits_that_are_an_id(meant: str, number: int | None) -> None:
    assert id_meant(meant) == number


def test_ids_are_looked_for_where_there_can_be_any(store: Store) -> None:
    repository = store.repositories.add(Repository(RepositoryId(0), "Documents", "/backup/documents"))
    with store.database.reading() as session:
        assert row_by_id(session, RepositoryRow, repository.id) is not None
        for number in (0, -1, 2**63 - 1, 2**63):
            assert row_by_id(session, RepositoryRow, number) is None
        assert row_by_ref(session, RepositoryRow, " Documents ") is not None
        assert row_by_ref(session, RepositoryRow, str(repository.id)) is not None
        assert row_by_ref(session, RepositoryRow, "documents") is None
