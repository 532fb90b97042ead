"""Lifetime of secret values: as long as a run needs them, and no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.domain.ids import AssignmentId, RepositoryId, RunId
from borgdesk.domain.repository import Repository
from borgdesk.engine.secrets import secret_lifetime
from borgdesk.engine.secrets.secret_lifetime import (
    PASSPHRASE,
    before_removal,
    copy_for_runs,
    forget,
    forget_removed,
    forget_soon,
    forget_unneeded,
    passphrase_for_run,
    passphrase_owner,
    secret_owner,
    value_for_run,
)
from borgdesk.engine.secrets.secret_values import Keyring, passphrase_of, secret_values
from borgdesk.store import kept_secrets
from borgdesk.store.secrets import Secrets
from tests.engine.desk import POST, PRE, Desk, Running, wait_until

HEADER = "[parameters.PASSWORD]\nsecret = true\nrequired = true"


class Kept:
    """A queued run that was armed with a secret, and the present content of the keyring."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.go = desk.file("go")
        there = desk.file("there")
        command = f"touch {there}; while [ ! -e {self.go} ]; do sleep 0.02; done"
        self.owner = secret_owner(desk.add("Stop", PRE, command, header=HEADER, parameters={"PASSWORD": "old"}).id)
        self.running: Running = desk.start()
        wait_until(there.exists)
        (run,) = desk.workspace.store.runs.unfinished()
        self.run_id = run.id

    def get(self, owner: str, name: str = "PASSWORD") -> str | None:
        return self.desk.workspace.secrets.get(owner, name)

    def of_run(self) -> str | None:
        return value_for_run(self.desk.workspace, self.run_id, self.owner, "PASSWORD")

    def finish(self) -> None:
        self.go.touch()
        self.running.result()


@pytest.fixture
def kept(desk: Desk) -> Kept:
    return Kept(desk)


def test_what_is_changed_twice_stays_for_a_run_as_it_was(kept: Kept) -> None:
    workspace = kept.desk.workspace
    assert kept.of_run() == "old"
    for value in ("new", "newer"):
        copy_for_runs(workspace, kept.owner, ["PASSWORD", "NEVER"])
        workspace.secrets.set(kept.owner, "PASSWORD", value)
    assert (kept.get(kept.owner), kept.of_run()) == ("newer", "old")
    (copy,) = workspace.store.kept_secrets.of_run(kept.run_id)
    assert (copy.owner, copy.name) == (kept.owner, "PASSWORD")
    kept.finish()
    wait_until(lambda: not workspace.store.kept_secrets.of_run(kept.run_id))
    assert kept.get(f"run:{kept.run_id}/{kept.owner}") is None
    assert kept.get(kept.owner) == "newer"


def test_what_is_forgotten_stays_for_a_run(kept: Kept) -> None:
    forget(kept.desk.workspace, kept.owner, ["PASSWORD"])
    assert (kept.get(kept.owner), kept.of_run()) == (None, "old")
    forget_unneeded(kept.desk.workspace)
    assert kept.of_run() == "old", "it is needed"
    kept.finish()


def test_of_what_no_run_needs_there_is_no_copy(desk: Desk) -> None:
    one = desk.add("Stop", PRE, header=HEADER, parameters={"PASSWORD": "old"})
    owner = secret_owner(one.id)
    desk.run()
    copy_for_runs(desk.workspace, owner, ["PASSWORD"])
    assert desk.workspace.store.kept_secrets.unneeded() == []
    forget(desk.workspace, owner, ["PASSWORD"])
    assert desk.workspace.secrets.get(owner, "PASSWORD") is None


@pytest.fixture
def a_day_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Advance the time by the period for which values are kept in case an editor restores them."""
    monkeypatch.setattr(kept_secrets, "_UNDO", timedelta(0))


@pytest.mark.usefixtures("a_day_later")
def test_what_may_be_brought_back_goes_a_day_later(desk: Desk) -> None:
    one = desk.add("Stop", PRE, header=HEADER, parameters={"PASSWORD": "old"})
    owner = secret_owner(one.id)
    before_removal(desk.workspace, owner, ["PASSWORD"])
    forget_unneeded(desk.workspace)
    assert desk.workspace.secrets.get(owner, "PASSWORD") == "old", "it was not removed after all"
    before_removal(desk.workspace, owner, ["PASSWORD"])
    desk.workspace.store.assignments.remove(one.id)
    forget_unneeded(desk.workspace)
    assert desk.workspace.secrets.get(owner, "PASSWORD") is None
    assert desk.workspace.store.kept_secrets.unneeded() == []


def test_what_will_not_be_brought_back_goes_at_once(desk: Desk) -> None:
    one = desk.add("Stop", PRE, header=HEADER, parameters={"PASSWORD": "old"})
    owner = secret_owner(one.id)
    before_removal(desk.workspace, owner, ["PASSWORD"])
    desk.workspace.store.assignments.remove(one.id)
    forget_removed(desk.workspace, owner, ["PASSWORD"])
    assert desk.workspace.secrets.get(owner, "PASSWORD") is None
    assert desk.workspace.store.kept_secrets.unneeded() == []


def test_where_there_are_no_secrets_no_keyring_is_asked(desk: Desk) -> None:
    none = Secrets(desk.workspace.paths, {"BORGDESK_SECRETS": "keyring"})
    bare = replace(desk.workspace, secrets=none)
    before_removal(bare, "assignment:1", [])
    forget(bare, "assignment:1", [])
    forget_soon(bare)
    with pytest.raises(SecretsUnavailable):
        bare.secrets.get("assignment:1", "PASSWORD")


def test_the_passphrase_of_a_repository_that_is_gone(desk: Desk) -> None:
    workspace = desk.workspace
    assert passphrase_for_run(workspace, RunId(1), None) is None
    workspace.secrets.set(passphrase_owner(desk.repository.id), PASSPHRASE, "correct horse")
    assert passphrase_for_run(workspace, RunId(1), desk.repository.id) == "correct horse"


def test_an_owner_has_a_name_of_its_own() -> None:
    assert (secret_owner(AssignmentId(3)), passphrase_owner(RepositoryId(3))) == ("assignment:3", "repository:3")


@pytest.mark.usefixtures("a_day_later")
def test_a_run_s_end_does_not_wait_for_a_keyring(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_lifetime, "_PATIENCE", 0.0)
    one = desk.add("Stop", POST, header=HEADER, parameters={"PASSWORD": "old"})
    owner = secret_owner(one.id)
    before_removal(desk.workspace, owner, ["PASSWORD"])
    desk.workspace.store.assignments.remove(one.id)
    forget_soon(desk.workspace)
    wait_until(lambda: desk.workspace.secrets.get(owner, "PASSWORD") is None)
    wait_until(lambda: desk.workspace.store.kept_secrets.unneeded() == [])


def test_secret_values_of_a_script(desk: Desk) -> None:
    one = desk.add("Stop", PRE, header=HEADER, parameters={"PASSWORD": "old"})
    assert secret_values(desk.workspace, one.id, one.secrets) == {"PASSWORD": "old"}
    assert secret_values(desk.workspace, one.id, frozenset(), Keyring(desk.workspace)) == {}
    assert secret_values(desk.workspace, one.id, one.secrets, run_id=RunId(99)) == {"PASSWORD": "old"}
    with pytest.raises(SecretsUnavailable, match="The secret value of OTHER is no longer in the keyring"):
        secret_values(desk.workspace, one.id, frozenset({"OTHER"}), Keyring(desk.workspace))


def test_the_passphrase_of_a_repository(desk: Desk) -> None:
    assert passphrase_of(desk.workspace, desk.repository) is None
    locked: Repository = replace(desk.repository, has_passphrase=True)
    with pytest.raises(SecretsUnavailable, match=f"The passphrase of {locked.name} is no longer in the keyring"):
        passphrase_of(desk.workspace, locked)
    desk.workspace.secrets.set(passphrase_owner(locked.id), PASSPHRASE, "correct horse")
    assert passphrase_of(desk.workspace, locked, Keyring(desk.workspace)) == "correct horse"
