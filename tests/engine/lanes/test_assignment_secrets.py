"""Plain values of parameters that the script now declares secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordSetError

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import SecretsUnavailable
from borgdesk.domain.run import RunStatus
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.arrangement import read_lanes
from borgdesk.engine.lanes.assignment_secrets import move_secrets_to_keyring
from borgdesk.engine.lanes.assignments import Changes, assign, edit_assignment
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.planning import plan
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.store.secrets import Secrets
from tests.engine.desk import POST, PRE, Desk, execution, rows

TOKEN = "hunter2-the-second"
PLAIN = "[parameters.TOKEN]\n[parameters.NAME]"
SECRET = "[parameters.TOKEN]\nsecret = true\n[parameters.NAME]"


@pytest.fixture
def dump(desk: Desk) -> Assignment:
    """Add a script that prints its token, has run and was tested with it, and has declared it secret since."""
    body = 'echo "$NAME: $TOKEN" >&2'
    one = desk.add("Dump", PRE, body="true", header=PLAIN, parameters={"TOKEN": TOKEN, "NAME": "n"})
    desk.run()
    script = desk.workspace.store.scripts.get(one.script_id)
    run_test(desk.workspace, script, ScriptTestSetup(values={"TOKEN": TOKEN}), desk.events.append, Cancel())
    assert_stored(desk, True)
    (desk.workspace.paths.library / "dump.sh").write_bytes(desk.text("Dump", body, SECRET))
    return one


def assert_stored(desk: Desk, stored: bool) -> None:
    """Check whether the database or its write-ahead log contains the token in plain text."""
    database = desk.workspace.paths.database
    files = [database, *database.parent.glob("borgdesk.db-*")]
    assert any(TOKEN.encode() in file.read_bytes() for file in files) == stored


def stored(desk: Desk, one: Assignment) -> tuple[dict[str, str], set[str]]:
    now = desk.workspace.store.assignments.get(one.id)
    return dict(now.parameters), set(now.secrets)


class _WearyKeyring(KeyringBackend):
    """Keyring that stores everything, except the next value of one name."""

    priority = 5.0

    def __init__(self) -> None:
        """Omit the settings that the original reads from the environment."""
        self.values: dict[tuple[str, str], str] = {}
        self.refused: set[str] = set()

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        name = username.rpartition("/")[2]
        if name in self.refused:
            self.refused.remove(name)
            raise PasswordSetError("no")
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.values[service, username]


@pytest.fixture
def weary() -> Iterator[_WearyKeyring]:
    before, made = keyring.get_keyring(), _WearyKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_keyring_that_fails_in_the_middle_changes_nothing(desk: Desk, weary: _WearyKeyring) -> None:
    secrets = Secrets(desk.workspace.paths, {"BORGDESK_SECRETS": "keyring"})
    workspace = replace(desk.workspace, secrets=secrets)
    header = "\n".join(f"[parameters.{name}]\nsecret = true" for name in "ABC")
    script = workspace.store.scripts.add(NewScript("Dump", desk.text("Dump", "true", header)))
    one = assign(workspace, desk.repository.id, script.id, PRE, Changes(parameters={"B": "old B", "C": "old C"}))
    before = dict(weary.values)
    weary.refused = {"C"}
    new = {"A": "new A", "B": "new B", "C": "new C"}
    with pytest.raises(SecretsUnavailable):
        edit_assignment(workspace, one, Changes(parameters=new))
    assert weary.values == before
    assert workspace.store.assignments.get(one.id) == one
    edit_assignment(workspace, one, Changes(parameters=new))
    assert sorted(weary.values.values()) == ["new A", "new B", "new C"]


def kept(desk: Desk, one: Assignment) -> str | None:
    return desk.workspace.secrets.get(secret_owner(one.id), "TOKEN")


def test_a_run_keeps_it_and_hides_it(desk: Desk, dump: Assignment) -> None:
    run = desk.run()
    assert run.status is RunStatus.SUCCESS
    ended = execution(run, "Dump")
    assert ended.stderr == "n: [secret]\n"
    assert (dict(ended.planned.values), set(ended.planned.secrets)) == ({"NAME": "n"}, {"TOKEN"})
    assert stored(desk, dump) == ({"NAME": "n"}, {"TOKEN"})
    assert kept(desk, dump) == TOKEN
    assert_stored(desk, False)
    assert TOKEN not in desk.log(run)


def test_the_board_keeps_it(desk: Desk, dump: Assignment) -> None:
    (shown,) = read_lanes(desk.workspace, desk.repository.id).assignments
    assert (dict(shown.parameters), set(shown.secrets)) == ({"NAME": "n"}, {"TOKEN"})
    assert kept(desk, dump) == TOKEN
    assert_stored(desk, False)


def test_a_script_that_is_still_owed_keeps_what_it_needs(desk: Desk, dump: Assignment) -> None:
    runs = desk.workspace.store.runs
    last = runs.list(limit=1)[0]
    desk.workspace.store.executions.still_owed(desk.workspace.store.executions.of_run(last.id)[0].id)
    plan(desk.workspace, desk.repository)
    assert desk.workspace.store.executions.of_run(last.id)[0].planned.values["TOKEN"] == TOKEN


def test_where_nothing_can_be_kept_nothing_is_started(desk: Desk, dump: Assignment) -> None:
    desk.add("Start", POST)
    secrets = desk.workspace.paths.config / "secrets.json"
    secrets.write_text("[]")
    run = desk.run()
    reason = (
        f"The script “Dump” now declares TOKEN as secret, but the value cannot be stored as a secret. The file "
        f"{secrets} is not a valid file of secrets. Move it away."
    )
    assert (run.status, run.error) == (RunStatus.FAILURE, reason)
    assert rows(run)[1] == ("Start", "success", None)
    assert desk.journal() == ["Dump", "Dump", "Start"], "it ran before, and was tested"
    assert dict(execution(run, "Dump").planned.values) == {"NAME": "n"}
    assert read_lanes(desk.workspace, desk.repository.id).warnings[dump.id] == (reason,)
    assert stored(desk, dump) == ({"TOKEN": TOKEN, "NAME": "n"}, set()), "it is not lost either"


def test_an_edit_of_something_else_does_not_bring_it_back(desk: Desk, dump: Assignment) -> None:
    plan(desk.workspace, desk.repository)
    now = desk.workspace.store.assignments.get(dump.id)
    edit_assignment(desk.workspace, now, Changes(parameters={"NAME": "m"}))
    assert stored(desk, dump) == ({"NAME": "m"}, {"TOKEN"})
    file = Path(desk.environment["BORGDESK_HOME"]) / "config" / "secrets.json"
    assert json.loads(file.read_text()) == {f"assignment:{dump.id}": {"TOKEN": TOKEN}}


def test_a_new_text_moves_what_it_declares_secret_wherever_it_is_assigned(desk: Desk, dump: Assignment) -> None:
    again = assign(desk.workspace, desk.repository.id, dump.script_id, POST, Changes(parameters={"TOKEN": "other"}))
    script_id, text = dump.script_id, desk.text("Dump", "true", SECRET).decode()
    assert move_secrets_to_keyring(desk.workspace, script_id, text) == {"TOKEN"}
    assert stored(desk, dump) == ({"NAME": "n"}, {"TOKEN"})
    assert (kept(desk, dump), kept(desk, again)) == (TOKEN, "other")
    assert move_secrets_to_keyring(desk.workspace, script_id, text) == set(), "it moves once"


def test_a_text_whose_block_is_malformed_moves_nothing(desk: Desk, dump: Assignment) -> None:
    text = desk.text("Dump", "true", "[parameters.TOKEN\nsecret = true").decode()
    assert move_secrets_to_keyring(desk.workspace, dump.script_id, text) == set()
    assert stored(desk, dump) == ({"TOKEN": TOKEN, "NAME": "n"}, set())
