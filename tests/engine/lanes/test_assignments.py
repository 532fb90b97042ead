"""Assigning scripts to lanes, with plain and secret values."""

from __future__ import annotations

import re
from dataclasses import replace

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from borgdesk.domain.errors import InvalidInput, NotFound, SecretsUnavailable
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.run import Hook, OnFailure, RunOn
from borgdesk.domain.script import NewScript
from borgdesk.engine.lanes.assignments import Changes, assign, edit_assignment, header_of_script, unassign
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from tests.engine.desk import LAST, POST, PRE, Desk

HEADER = """\
[parameters.CONTAINERS]
required = true
[parameters.COUNT]
type = "integer"
[parameters.PASSWORD]
secret = true
"""
FAILURE = RunOn.parse("failure")


@pytest.fixture
def script(desk: Desk) -> int:
    return desk.workspace.store.scripts.add(NewScript("Stop", desk.text("Stop", "", HEADER))).id


def secrets(desk: Desk, assignment_id: AssignmentId) -> dict[str, str | None]:
    names = ("PASSWORD", "OTHER")
    return {name: desk.workspace.secrets.get(secret_owner(assignment_id), name) for name in names}


def test_at_the_end_or_at_a_place(desk: Desk, script: int) -> None:
    for order in (None, None, 1, 2):
        assign(desk.workspace, desk.repository.id, ScriptId(script), POST, Changes(), order)
    placed = desk.workspace.store.assignments.list(desk.repository.id)
    assert [(one.order, one.id) for one in placed] == [(1, 3), (2, 4), (3, 1), (4, 2)]


def test_values_and_overrides(desk: Desk, script: int) -> None:
    changes = Changes(
        enabled=False,
        timeout=5,
        run_on=FAILURE,
        on_failure=OnFailure.SKIP,
        parameters={"CONTAINERS": "web db", "COUNT": "3", "PASSWORD": "hunter2", "UNDECLARED": "x"},
    )
    added = assign(desk.workspace, desk.repository.id, ScriptId(script), PRE, changes)
    assert (added.enabled, added.timeout, added.run_on, added.on_failure) == (False, 5, FAILURE, OnFailure.SKIP)
    assert dict(added.parameters) == {"CONTAINERS": "web db", "COUNT": "3", "UNDECLARED": "x"}
    assert set(added.secrets) == {"PASSWORD"}, "what the script declares secret is secret however it was given"
    assert secrets(desk, added.id)["PASSWORD"] == "hunter2"
    assert b"hunter2" not in desk.workspace.paths.database.read_bytes()


def test_a_value_may_be_secret_although_the_script_does_not_say_so(desk: Desk, script: int) -> None:
    added = assign(desk.workspace, desk.repository.id, ScriptId(script), PRE, Changes(secrets={"OTHER": "hunter2"}))
    assert (dict(added.parameters), set(added.secrets)) == ({}, {"OTHER"})
    assert secrets(desk, added.id)["OTHER"] == "hunter2"


@pytest.mark.parametrize(
    ("changes", "hook", "sentence"),
    [
        (Changes(parameters={"COUNT": "many"}), PRE, "COUNT must be a whole number, not “many”."),
        (Changes(parameters={"PATH": "/tmp"}), PRE, "PATH cannot be a parameter, "),
        (Changes(parameters={"lower": "x"}), PRE, "“lower” is not a parameter name. "),
        (Changes(parameters={"COUNT": "1\0"}), PRE, "The value of COUNT contains a NUL byte"),
        (Changes(secrets={"OTHER": "x" * 128 * 1024}), PRE, "The value of OTHER is longer than 128 KiB"),
        (Changes(timeout=0), PRE, "A timeout of 0 s is not possible"),
        (Changes(on_failure=OnFailure.SKIP), POST, "“skip” is possible only for scripts before a backup or a restore"),
        (Changes(), Hook.TEST, "Scripts cannot be assigned to “Test”."),
    ],
)
def test_what_is_refused(desk: Desk, script: int, changes: Changes, hook: Hook, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        assign(desk.workspace, desk.repository.id, ScriptId(script), hook, changes)
    assert desk.workspace.store.assignments.list(desk.repository.id) == []


def test_what_does_not_exist(desk: Desk, script: int) -> None:
    with pytest.raises(NotFound, match="There is no repository “99”"):
        assign(desk.workspace, RepositoryId(99), ScriptId(script), PRE, Changes())
    with pytest.raises(NotFound, match="There is no script “99”"):
        assign(desk.workspace, desk.repository.id, ScriptId(99), PRE, Changes(parameters={"A": "x"}))


def test_editing_keeps_what_is_not_named(desk: Desk, script: int) -> None:
    given = Changes(timeout=5, run_on=FAILURE, parameters={"CONTAINERS": "web", "PASSWORD": "hunter2"})
    added = assign(desk.workspace, desk.repository.id, ScriptId(script), PRE, given)
    edited = edit_assignment(desk.workspace, added, Changes(parameters={"COUNT": "2"}))
    assert (edited.timeout, edited.run_on) == (5, FAILURE)
    assert dict(edited.parameters) == {"CONTAINERS": "web", "COUNT": "2"}
    assert set(edited.secrets) == {"PASSWORD"}
    assert secrets(desk, added.id)["PASSWORD"] == "hunter2"
    edited = edit_assignment(desk.workspace, edited, Changes(parameters={"PASSWORD": "new"}, enabled=False))
    assert secrets(desk, added.id)["PASSWORD"] == "new"
    assert not edited.enabled


def test_clearing(desk: Desk, script: int) -> None:
    given = Changes(timeout=5, on_failure=OnFailure.CONTINUE, parameters={"CONTAINERS": "web", "PASSWORD": "hunter2"})
    added = assign(desk.workspace, desk.repository.id, ScriptId(script), PRE, given)
    cleared = edit_assignment(desk.workspace, added, Changes(clear=["timeout", "CONTAINERS", "PASSWORD"]))
    assert (cleared.timeout, cleared.on_failure) == (None, OnFailure.CONTINUE)
    assert (dict(cleared.parameters), set(cleared.secrets)) == ({}, set())
    assert secrets(desk, added.id)["PASSWORD"] is None
    with pytest.raises(InvalidInput, match=r"^“CONTAINERS” has nothing to clear\.$"):
        edit_assignment(desk.workspace, cleared, Changes(clear=["CONTAINERS"]))


def test_a_value_changes_sides(desk: Desk, script: int) -> None:
    added = assign(desk.workspace, desk.repository.id, ScriptId(script), PRE, Changes(parameters={"OTHER": "plain"}))
    hidden = edit_assignment(desk.workspace, added, Changes(secrets={"OTHER": "hidden"}))
    assert (dict(hidden.parameters), set(hidden.secrets)) == ({}, {"OTHER"})
    shown = edit_assignment(desk.workspace, hidden, Changes(parameters={"OTHER": "plain"}))
    assert (dict(shown.parameters), set(shown.secrets)) == ({"OTHER": "plain"}, set())
    assert secrets(desk, added.id)["OTHER"] is None


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"on_failure": OnFailure.SKIP}, {"parameters": {"COUNT": "x"}}])
def test_an_edit_that_is_refused_changes_nothing(desk: Desk, script: int, wrong: dict[str, object]) -> None:
    added = assign(desk.workspace, desk.repository.id, ScriptId(script), POST, Changes(secrets={"PASSWORD": "old"}))
    with pytest.raises(InvalidInput):
        edit_assignment(desk.workspace, added, Changes(secrets={"PASSWORD": "new"}, **wrong))  # type: ignore[arg-type]
    assert secrets(desk, added.id)["PASSWORD"] == "old"
    assert desk.workspace.store.assignments.get(added.id) == added


def test_without_a_keyring_nothing_is_assigned(desk: Desk, script: int) -> None:
    desk.environment["BORGDESK_SECRETS"] = "keyring"
    desk.workspace = type(desk.workspace).open(desk.environment)
    with pytest.raises(SecretsUnavailable, match="There is no keyring"):
        assign(desk.workspace, desk.repository.id, ScriptId(script), PRE, Changes(secrets={"PASSWORD": "x"}))
    assert desk.workspace.store.assignments.list(desk.repository.id) == []
    added = assign(desk.workspace, desk.repository.id, ScriptId(script), PRE, Changes(parameters={"COUNT": "1"}))
    with pytest.raises(SecretsUnavailable):
        edit_assignment(desk.workspace, added, Changes(secrets={"PASSWORD": "x"}, timeout=7))
    assert desk.workspace.store.assignments.get(added.id) == added


class FailingKeyring(KeyringBackend):
    """Keyring of the user that is locked after two values have been stored."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.left = 2

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.left == 0:
            raise KeyringLocked
        self.left -= 1
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_several_secrets_are_kept_all_or_none(desk: Desk, script: int) -> None:
    usual, ring = keyring.get_keyring(), FailingKeyring()
    keyring.set_keyring(ring)
    try:
        desk.environment["BORGDESK_SECRETS"] = "keyring"
        workspace = type(desk.workspace).open(desk.environment)
        three = {"PASSWORD": "1", "OTHER": "2", "THIRD": "3"}
        with pytest.raises(SecretsUnavailable, match="The keyring is locked"):
            assign(workspace, desk.repository.id, ScriptId(script), PRE, Changes(secrets=three))
        assert (ring.kept, workspace.store.assignments.list(desk.repository.id)) == ({}, [])
        ring.left = 2
        added = assign(workspace, desk.repository.id, ScriptId(script), PRE, Changes(secrets={"PASSWORD": "old"}))
        before = dict(ring.kept)
        ring.left = 3
        with pytest.raises(NotFound):
            edit_assignment(workspace, replace(added, id=AssignmentId(99)), Changes(secrets=three))
        assert (ring.kept, workspace.store.assignments.get(added.id)) == (before, added)
        workspace.store.close()
    finally:
        keyring.set_keyring(usual)


def test_taking_a_script_out_forgets_its_secrets(desk: Desk, script: int) -> None:
    first = assign(desk.workspace, desk.repository.id, ScriptId(script), LAST, Changes(secrets={"PASSWORD": "one"}))
    second = assign(desk.workspace, desk.repository.id, ScriptId(script), LAST, Changes(secrets={"PASSWORD": "two"}))
    unassign(desk.workspace, first)
    assert [(one.id, one.order) for one in desk.workspace.store.assignments.list(desk.repository.id)] == [
        (second.id, 1)
    ]
    assert (secrets(desk, first.id)["PASSWORD"], secrets(desk, second.id)["PASSWORD"]) == (None, "two")


def test_the_header_is_that_of_the_file_as_it_stands(desk: Desk, script: int) -> None:
    assert [one.name for one in header_of_script(desk.workspace, ScriptId(script)).parameters] == [
        "CONTAINERS",
        "COUNT",
        "PASSWORD",
    ]
    path = desk.workspace.paths.library / "stop.sh"
    path.write_bytes(b"#!/bin/sh\r\n# /// borgdesk\r\n# [parameters.NEW]\r\n# ///\r\n")
    assert [one.name for one in header_of_script(desk.workspace, ScriptId(script)).parameters] == ["NEW"]
