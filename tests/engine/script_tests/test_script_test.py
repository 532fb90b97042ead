"""Tests of scripts: with a repository's context and a pretended outcome, recorded in the history."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from borgdesk.domain.errors import InvalidInput, ScriptUnreadable
from borgdesk.domain.events import ExecutionEnded, ExecutionStarted, OutputPrinted, Stream
from borgdesk.domain.history import Execution
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome
from borgdesk.domain.script import NewScript
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.output_files import outputs_in
from borgdesk.engine.runs.run_folders import log_in, notes_in, test_folder
from borgdesk.engine.script_tests.script_test import PastTest, ScriptTestSetup, past_test, run_test
from tests.engine.desk import POST, PRE, Desk
from tests.listening import InStep

test_folder.__test__ = False  # type: ignore[attr-defined]


def tried(desk: Desk, body: str, *, header: str = "", cancel: Cancel | None = None, **setup: Any) -> Execution:
    script = desk.workspace.store.scripts.add(
        NewScript(f"Script {len(desk.workspace.store.scripts.list())}", b"#!/bin/sh\n")
    )
    script = desk.workspace.store.scripts.save(script.id, desk.text("tried", body, header))
    return run_test(desk.workspace, script, ScriptTestSetup(**setup), InStep(desk.events.append), cancel or Cancel())


def test_it_is_recorded_as_a_test(desk: Desk) -> None:
    done = tried(desk, "echo said; echo wrong >&2; exit 3")
    assert (done.run_id, done.planned.hook, done.repository) == (None, Hook.TEST, None)
    assert (done.status, done.exit_code, done.reason) == (ExecutionStatus.FAILED, 3, "exit 3")
    assert (done.stdout, done.stderr) == ("said\n", "wrong\n")
    assert desk.workspace.store.runs.list() == []
    assert [one.id for one in desk.workspace.store.executions.tests(ScriptId(done.planned.script_id or 0))] == [done.id]
    script = desk.workspace.store.scripts.get("Script 0")
    assert (script.usage_count, script.last_result, script.last_used_at) == (0, None, None), "runs use it"
    assert [type(event) for event in desk.events if not isinstance(event, OutputPrinted)] == [
        ExecutionStarted,
        ExecutionEnded,
    ]
    assert {event.run_id for event in desk.told(ExecutionStarted)} == {None}
    assert "said" in log_in(test_folder(desk.workspace, done.id)).read_text()


def test_without_a_context(desk: Desk) -> None:
    tried(desk, desk.dump("seen"))
    seen = desk.variables("seen")
    assert (seen["BORGDESK_HOOK"], seen["BORGDESK_RUN_ID"], seen["REPOSITORY_ID"]) == ("test", "", "")
    assert "BORGDESK_OUTCOME" not in seen


def test_with_a_repository_and_a_lane(desk: Desk) -> None:
    done = tried(desk, desk.dump("seen"), repository=desk.repository, hook=PRE)
    seen = desk.variables("seen")
    assert (seen["BORGDESK_HOOK"], seen["BORG_UI_HOOK_TYPE"]) == ("pre-backup", "pre-backup")
    assert (seen["REPOSITORY_NAME"], seen["REPOSITORY_PATH"]) == ("Docs", desk.repository.location)
    assert done.repository == "Docs"


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.SUCCESS, ("success", "0", True, False)),
        (Outcome.WARNING, ("warning", "1", True, False)),
        (Outcome.FAILURE, ("failure", "2", False, True)),
        (Outcome.CANCELLED, ("failure", "", False, True)),
        (Outcome.INTERRUPTED, ("failure", "", False, True)),
        (Outcome.SKIPPED, ("failure", "", False, True)),
    ],
)
def test_with_a_pretended_outcome(desk: Desk, outcome: Outcome, expected: tuple[str, str, bool, bool]) -> None:
    tried(desk, desk.dump("seen"), repository=desk.repository, hook=POST, outcome=outcome)
    seen = desk.variables("seen")
    assert seen["BORGDESK_OUTCOME"] == outcome.value
    assert (
        seen["BORG_UI_BACKUP_STATUS"],
        seen["BORGDESK_BORG_EXIT_CODE"],
        "BORGDESK_ARCHIVE" in seen,
        bool(seen["BORGDESK_ERROR"]),
    ) == expected


def test_values(desk: Desk) -> None:
    header = (
        '[parameters.NAME]\nrequired = true\n[parameters.KIND]\ndefault = "x"\n[parameters.PASSWORD]\nsecret = true'
    )
    done = tried(
        desk, desk.dump("seen") + '; echo "$PASSWORD"', header=header, values={"NAME": "n", "PASSWORD": "hunter2"}
    )
    seen = desk.variables("seen")
    assert (seen["NAME"], seen["KIND"], seen["PASSWORD"]) == ("n", "x", "hunter2")
    assert done.stdout == "[secret]\n"
    assert (dict(done.planned.values), set(done.planned.secrets)) == ({"NAME": "n", "KIND": "x"}, {"PASSWORD"})
    assert b"hunter2" not in desk.workspace.paths.database.read_bytes()


def test_a_value_may_be_secret_although_the_script_does_not_say_so(desk: Desk) -> None:
    values = {"TOKEN": "hunter2", "NAME": "n"}
    done = tried(desk, 'echo "$NAME $TOKEN"', values=values, secrets=frozenset({"TOKEN"}))
    assert done.stdout == "n [secret]\n"
    assert (dict(done.planned.values), set(done.planned.secrets)) == ({"NAME": "n"}, {"TOKEN"})
    assert b"hunter2" not in desk.workspace.paths.database.read_bytes()


def test_what_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"^The script “Script 0” needs a value for A, B\.$"):
        tried(desk, "", header="[parameters.A]\nrequired = true\n[parameters.B]\nrequired = true")
    with pytest.raises(InvalidInput, match="COUNT must be a whole number"):
        tried(desk, "", header='[parameters.COUNT]\ntype = "integer"', values={"COUNT": "x"})
    assert desk.journal() == []
    assert desk.workspace.store.executions.unfinished_tests() == []


def test_a_file_that_is_gone(desk: Desk) -> None:
    script = desk.workspace.store.scripts.add(NewScript("Gone", b"exit\n"))
    (desk.workspace.paths.library / "gone.sh").unlink()
    with pytest.raises(ScriptUnreadable, match=r"gone\.sh is missing"):
        run_test(desk.workspace, script, ScriptTestSetup(), InStep(desk.events.append), Cancel())


def test_a_timeout_of_its_own(desk: Desk) -> None:
    done = tried(desk, "sleep 600", timeout=1)
    assert (done.status, done.reason) == (ExecutionStatus.TIMED_OUT, "timed out after 1 s")


@pytest.mark.parametrize("hook", [Hook.TEST, PRE, POST])
def test_a_cancel(desk: Desk, hook: Hook) -> None:
    cancel = Cancel()

    class Asking(list[Any]):
        def append(self, event: Any) -> None:
            if isinstance(event, OutputPrinted):
                cancel.ask()

    desk.events = Asking()
    done = tried(desk, "echo; sleep 600", cancel=cancel, hook=hook)
    assert done.status is ExecutionStatus.CANCELLED


def test_75_is_no_skip_in_a_test(desk: Desk) -> None:
    assert tried(desk, "exit 75").status is ExecutionStatus.FAILED


def test_its_notes_are_its_own_and_go(desk: Desk) -> None:
    done = tried(desk, 'echo x > "$BORGDESK_STATE_DIR/note"; stat -c %a "$BORGDESK_STATE_DIR"')
    assert done.stdout == "700\n"
    assert not notes_in(test_folder(desk.workspace, done.id)).exists()


def test_it_can_be_read_again(desk: Desk) -> None:
    done = tried(desk, "echo one; echo two; echo three")
    assert past_test(desk.workspace, done.id, 10) == PastTest(done, ((Stream.STDOUT, ("one", "two", "three")),))
    last = past_test(desk.workspace, done.id, 1)
    assert (last.printed, last.left_out) == (((Stream.STDOUT, ("three",)),), 2)


def test_it_can_be_read_without_its_log(desk: Desk) -> None:
    done = tried(desk, "echo one; echo oh >&2; echo two")
    folder = test_folder(desk.workspace, done.id)
    log_in(folder).unlink()
    shutil.rmtree(outputs_in(folder))
    printed = past_test(desk.workspace, done.id, 10).printed
    assert printed == ((Stream.STDOUT, ("one", "two")), (Stream.STDERR, ("oh",)))


def test_one_that_printed_nothing(desk: Desk) -> None:
    done = tried(desk, "true")
    assert past_test(desk.workspace, done.id, 10) == PastTest(done, ())
