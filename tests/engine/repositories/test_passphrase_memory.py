"""*Do you still know the passphrase?*: when people are asked, and what of that is stored."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.passphrase_memory import HALF_A_YEAR, LATER, ask_later, never_ask, to_be_asked
from borgdesk.engine.repositories.passphrases import knows_passphrase
from borgdesk.engine.repositories.registration import remove_repository
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from tests.engine.desk import Desk

PHRASE = "correct horse é"


def today() -> date:
    """Return the date now: a long run of tests may pass midnight."""
    return datetime.now(UTC).astimezone().date()


@pytest.fixture
def docs(desk: Desk) -> Repository:
    desk.change(has_passphrase=True, encryption="repokey")
    desk.workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, PHRASE)
    return desk.repository


def asked(desk: Desk, day: date) -> bool:
    return bool(to_be_asked(desk.workspace, desk.workspace.store.repositories.list(), day))


def test_half_a_year_after_it_was_added(desk: Desk, docs: Repository) -> None:
    assert not asked(desk, today())
    assert not asked(desk, today() + HALF_A_YEAR - timedelta(days=1))
    assert asked(desk, today() + HALF_A_YEAR)
    assert asked(desk, today() + 10 * HALF_A_YEAR)


def test_half_a_year_after_the_right_answer(desk: Desk, docs: Repository) -> None:
    ask_later(desk.workspace, docs)
    assert not asked(desk, today() + LATER - timedelta(days=1))
    assert asked(desk, today() + LATER)
    assert not knows_passphrase(desk.workspace, docs, "something else")
    assert asked(desk, today() + LATER)
    assert knows_passphrase(desk.workspace, docs, PHRASE)
    assert not asked(desk, today() + HALF_A_YEAR - timedelta(days=1))
    assert asked(desk, today() + HALF_A_YEAR)


def test_never_again(desk: Desk, docs: Repository) -> None:
    never_ask(desk.workspace, docs)
    assert not asked(desk, today() + 10 * HALF_A_YEAR)


@pytest.mark.parametrize(
    "values",
    [{"has_passphrase": False}, {"has_passphrase": False, "passcommand": "pass x"}, {"encryption": "none"}],
    ids=["not stored", "command", "not encrypted"],
)
def test_only_for_what_can_be_forgotten(desk: Desk, docs: Repository, values: dict[str, object]) -> None:
    desk.change(**values)
    assert not asked(desk, today() + HALF_A_YEAR)


@pytest.mark.parametrize(
    "answer", ["", " ", PHRASE + " ", PHRASE[:-1], "\udcff", "x" * 100_000, "a\nb", PHRASE.upper()]
)
def test_another_answer(desk: Desk, docs: Repository, answer: str) -> None:
    assert not knows_passphrase(desk.workspace, docs, answer)


def test_nothing_to_compare_with(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="stores no passphrase for “Docs”"):
        knows_passphrase(desk.workspace, desk.repository, "x")


def test_only_the_day_is_stored(desk: Desk, docs: Repository) -> None:
    knows_passphrase(desk.workspace, docs, "a wrong answer")
    knows_passphrase(desk.workspace, docs, PHRASE)
    with closing(sqlite3.connect(desk.workspace.paths.database)) as database:
        rows = dict(database.execute("SELECT key, value FROM settings WHERE key LIKE 'passphrase%'"))
    assert rows == {f"passphrase-question/{docs.id}": json.dumps((today() + HALF_A_YEAR).isoformat())}
    for file in (path for path in desk.folder.rglob("*") if path.is_file() and path.name != "secrets.json"):
        content = file.read_bytes()
        assert b"a wrong answer" not in content
        assert PHRASE.encode() not in content


def test_what_somebody_else_stored_there(desk: Desk, docs: Repository) -> None:
    for value in (5, None, "soon", ["2020-01-01"]):
        desk.workspace.store.key_values.set(f"passphrase-question/{docs.id}", value)
        assert not asked(desk, today())


def test_removed_with_the_repository(desk: Desk, docs: Repository) -> None:
    never_ask(desk.workspace, docs)
    remove_repository(desk.workspace, docs)
    assert desk.workspace.store.key_values.get(f"passphrase-question/{docs.id}") is None
