"""Keyrings that do not answer: waited for once, and not asked again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.secrets import secret_values as module
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from borgdesk.engine.secrets.secret_values import Keyring, passphrase_of
from borgdesk.engine.workspace import Workspace
from borgdesk.store.secrets import Secrets
from tests.engine.desk import Desk


class Locked(Secrets):
    """A keyring that waits for its password."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.paths, workspace.environment)
        self.unlocked = threading.Event()
        self.asked = 0

    def get(self, owner: str, name: str) -> str | None:
        self.asked += 1
        self.unlocked.wait(60)
        return None


@pytest.fixture
def locked(desk: Desk) -> Iterator[Locked]:
    locked = Locked(desk.workspace)
    yield locked
    locked.unlocked.set()


def test_it_keeps_gives_and_forgets(desk: Desk) -> None:
    keyring = Keyring(desk.workspace)
    assert keyring.get("assignment:1", "A") is None
    keyring.set("assignment:1", "A", "one")
    assert keyring.get("assignment:1", "A") == desk.workspace.secrets.get("assignment:1", "A") == "one"
    keyring.delete("assignment:1", "A")
    assert desk.workspace.secrets.get("assignment:1", "A") is None


def test_once_silent_it_is_asked_no_more(desk: Desk, locked: Locked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEYRING_LIMIT", 0.1)
    keyring = Keyring(replace(desk.workspace, secrets=locked))
    for _ in range(2):
        with pytest.raises(SecretsUnavailable, match=r"The keyring did not respond within 0 seconds\. Unlock it"):
            keyring.get("assignment:1", "A")
    assert locked.asked == 1


def test_a_run_that_is_cancelled_does_not_wait_for_it(desk: Desk, locked: Locked) -> None:
    cancel = Cancel()
    keyring = Keyring(replace(desk.workspace, secrets=locked), cancel)
    asked = threading.Timer(0.2, cancel.ask)
    asked.start()
    with pytest.raises(SecretsUnavailable, match="Stopped"):
        keyring.get("assignment:1", "A")
    asked.join()


def test_the_passphrase_is_asked_for_where_there_is_one_and_missed_where_it_is_gone(desk: Desk) -> None:
    without, needed = desk.repository, replace(desk.repository, has_passphrase=True)
    assert passphrase_of(desk.workspace, without) is None
    with pytest.raises(SecretsUnavailable, match=r"^The passphrase of Docs is no longer in the keyring\."):
        passphrase_of(desk.workspace, needed)
    desk.workspace.secrets.set(passphrase_owner(needed.id), PASSPHRASE, "secret")
    assert passphrase_of(desk.workspace, needed) == "secret"
    assert passphrase_of(desk.workspace, without) is None
