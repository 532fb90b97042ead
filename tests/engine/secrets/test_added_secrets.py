"""Secrets of objects that are added in a transaction; ``tests/faults/test_import_kills.py`` kills imports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.engine.secrets.added_secrets import adding_secrets, forget_never_added
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from borgdesk.store.secrets import Secrets
from tests.engine.desk import Desk

NEVER_ADDED = "repository:99"


def records(desk: Desk) -> list[Path]:
    return list((desk.workspace.paths.state / "secrets-being-added").iterdir())


def left_by_a_kill(desk: Desk, owner: str) -> None:
    """Store a secret and its record as a process leaves them that is killed before its transaction is committed."""
    desk.workspace.secrets.set(owner, PASSPHRASE, "secret")
    folder = desk.workspace.paths.state / "secrets-being-added"
    folder.mkdir(exist_ok=True)
    (folder / "one.jsonl").write_text(f'["{owner}", "{PASSPHRASE}"]\n["half a li')


def value(desk: Desk, owner: str = NEVER_ADDED) -> str | None:
    return desk.workspace.secrets.get(owner, PASSPHRASE)


def test_secrets_of_a_process_that_lives_are_left_alone(desk: Desk) -> None:
    with adding_secrets(desk.workspace, may_be_any=True) as secrets:
        secrets.set(NEVER_ADDED, PASSPHRASE, "secret")
        forget_never_added(desk.workspace)
        assert value(desk) == "secret"
    assert records(desk) == []


def test_secrets_of_a_killed_process_are_deleted(desk: Desk) -> None:
    left_by_a_kill(desk, NEVER_ADDED)
    forget_never_added(desk.workspace)
    assert (value(desk), records(desk)) == (None, [])


def test_secrets_of_what_has_the_id_now_are_kept(desk: Desk) -> None:
    desk.workspace.store.repositories.update(replace(desk.repository, has_passphrase=True))
    owner = passphrase_owner(desk.repository.id)
    left_by_a_kill(desk, owner)
    forget_never_added(desk.workspace)
    assert (value(desk, owner), records(desk)) == ("secret", [])


def test_after_an_error_nothing_is_left(desk: Desk) -> None:
    def fail() -> None:
        with adding_secrets(desk.workspace, may_be_any=True) as secrets:
            secrets.set(NEVER_ADDED, PASSPHRASE, "secret")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (value(desk), records(desk)) == (None, [])


def test_what_cannot_be_deleted_now_is_deleted_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by_a_kill(desk, NEVER_ADDED)

    def locked(*_arguments: str) -> None:
        raise SecretsUnavailable("The keyring is locked.")

    with monkeypatch.context() as patched:
        patched.setattr(Secrets, "delete", locked)
        forget_never_added(desk.workspace)
    assert len(records(desk)) == 1
    forget_never_added(desk.workspace)
    assert (value(desk), records(desk)) == (None, [])


def test_without_secrets_no_keyring_is_needed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_arguments: str) -> None:
        raise SecretsUnavailable("The keyring is locked.")

    monkeypatch.setattr(Secrets, "get", locked)
    with adding_secrets(desk.workspace, may_be_any=False):
        pass
    with pytest.raises(SecretsUnavailable), adding_secrets(desk.workspace, may_be_any=True):
        raise AssertionError("it was not asked")
