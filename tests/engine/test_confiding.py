"""Values that were given openly, and that the script declares secret by now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.run import RunStatus
from borgdesk.engine.arming import plan
from borgdesk.engine.arranging import board
from borgdesk.engine.assigning import Changes, edit_assignment
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.confiding import secret_owner
from borgdesk.engine.trial import Pretence, run_test
from tests.engine.desk import POST, PRE, Desk, execution, rows

TOKEN = "hunter2-the-second"
PLAIN = "[parameters.TOKEN]\n[parameters.NAME]"
SECRET = "[parameters.TOKEN]\nsecret = true\n[parameters.NAME]"


@pytest.fixture
def dump(desk: Desk) -> Assignment:
    """A script that prints its token, has run and was tested with it, and declares it secret since."""
    body = 'echo "$NAME: $TOKEN" >&2'
    one = desk.add("Dump", PRE, body="true", header=PLAIN, parameters={"TOKEN": TOKEN, "NAME": "n"})
    desk.run()
    script = desk.workspace.store.scripts.get(one.script_id)
    run_test(desk.workspace, script, Pretence(values={"TOKEN": TOKEN}), desk.events.append, Cancel())
    assert_stored(desk, True)
    (desk.workspace.paths.library / "dump.sh").write_bytes(desk.text("Dump", body, SECRET))
    return one


def assert_stored(desk: Desk, stored: bool) -> None:
    """Whether the database has the token in plain text, or its log of changes does."""
    database = desk.workspace.paths.database
    files = [database, *database.parent.glob("borgdesk.db-*")]
    assert any(TOKEN.encode() in file.read_bytes() for file in files) == stored


def stored(desk: Desk, one: Assignment) -> tuple[dict[str, str], set[str]]:
    now = desk.workspace.store.assignments.get(one.id)
    return dict(now.parameters), set(now.secrets)


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
    (shown,) = board(desk.workspace, desk.repository.id).assignments
    assert (dict(shown.parameters), set(shown.secrets)) == ({"NAME": "n"}, {"TOKEN"})
    assert kept(desk, dump) == TOKEN
    assert_stored(desk, False)


def test_a_script_that_is_still_owed_keeps_what_it_needs(desk: Desk, dump: Assignment) -> None:
    runs = desk.workspace.store.runs
    last = runs.list(limit=1)[0]
    runs.still_owed(runs.executions(last.id)[0].id)
    plan(desk.workspace, desk.repository)
    assert runs.executions(last.id)[0].planned.values["TOKEN"] == TOKEN


def test_where_nothing_can_be_kept_nothing_is_started(desk: Desk, dump: Assignment) -> None:
    desk.add("Start", POST)
    secrets = desk.workspace.paths.config / "secrets.json"
    secrets.write_text("[]")
    run = desk.run()
    reason = (
        "The script “Dump” declares TOKEN secret now, but what was given for it cannot be kept secret. "
        f"The file {secrets} is not a file of secrets any more; move it away."
    )
    assert (run.status, run.error) == (RunStatus.FAILURE, reason)
    assert rows(run)[1] == ("Start", "success", None)
    assert desk.journal() == ["Dump", "Dump", "Start"], "it ran before, and was tested"
    assert dict(execution(run, "Dump").planned.values) == {"NAME": "n"}
    assert board(desk.workspace, desk.repository.id).warnings[dump.id] == (reason,)
    assert stored(desk, dump) == ({"TOKEN": TOKEN, "NAME": "n"}, set()), "it is not lost either"


def test_an_edit_of_something_else_does_not_bring_it_back(desk: Desk, dump: Assignment) -> None:
    plan(desk.workspace, desk.repository)
    now = desk.workspace.store.assignments.get(dump.id)
    edit_assignment(desk.workspace, now, Changes(parameters={"NAME": "m"}))
    assert stored(desk, dump) == ({"NAME": "m"}, {"TOKEN"})
    file = Path(desk.environment["BORGDESK_HOME"]) / "config" / "secrets.json"
    assert json.loads(file.read_text()) == {f"assignment:{dump.id}": {"TOKEN": TOKEN}}
