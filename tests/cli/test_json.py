"""``--json``: exactly the documented names, in a single document, whatever else is printed."""

from __future__ import annotations

import ast
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from borgdesk import cli
from borgdesk.domain.run import Hook
from tests.cli.lab import BorgDesk, keys

REPOSITORY = set(
    "id name location sources excludes exclude_caches one_file_system compression archive_name encryption passcommand "
    "has_passphrase retention continue_on_hook_failure pre_script post_script stall_limit fail_on_missing_source "
    "patterns upload_ratelimit checkpoint_interval extra_arguments ssh_key ssh_port jump_host remote_path append_only "
    "created_at last_run_at last_status last_success_at compact_every compacted_at".split()
)
SCRIPT = set(
    "id name description file_path timeout run_on usage_count last_used_at last_result sha256 parameters used_by "
    "problem".split()
)
ASSIGNMENT = set(
    "id repository repository_id script script_id hook order enabled timeout run_on on_failure effective parameters "
    "secrets shared".split()
)
RUN = set(
    "id uid kind repository repository_id location trigger status outcome step borg_exit_code archive original_size "
    "deduplicated_size files error note note_codes queued_at started_at finished_at recovered steps executions "
    "borg free_before free_after repository_size".split()
)
BORG = set("step status exit_code error started_at finished_at duration stdout stderr truncated".split())
STEP = set("name kind hook status started_at duration exit_code reason reason_code recovered".split())
EXECUTION = set(
    "id run_id repository script script_id hook order timeout run_on on_failure parameters status reason reason_code "
    "exit_code started_at finished_at duration stdout stderr truncated revision recovered".split()
)
PLANNED = set(
    "script script_id hook order timeout run_on on_failure effective parameters secrets revision problem runs "
    "reason".split()
)
POLICY = {"timeout", "run_on", "on_failure"}


def answer(desk: BorgDesk, *arguments: str) -> Any:
    """Return the document that a command prints."""
    done = desk.here(*arguments, "--json")
    assert done.code == 0, done.err
    return done.json


def answers(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> bool:
    """Return whether a function, or one of its module that it calls, prints a document."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    if any(isinstance(call, ast.Attribute) and call.attr in ("answer", "answer_each") for call in calls):
        return True
    others = {name: one for name, one in functions.items() if one is not function}
    return any(isinstance(call, ast.Name) and call.id in others and answers(others[call.id], others) for call in calls)


@pytest.mark.parametrize("path", sorted(Path(cli.__path__[0]).glob("*.py")), ids=lambda path: path.stem)
def test_every_command_has_an_answer(path: Path) -> None:
    tree = ast.parse(path.read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    commands = [
        value.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "COMMANDS"
        for value in getattr(node.value, "values", ())
        if isinstance(value, ast.Name)
    ]
    assert [name for name in commands if name in functions and not answers(functions[name], functions)] == []


def test_repositories(shared: BorgDesk) -> None:
    listed = answer(shared, "repo", "list")
    assert keys(listed) == REPOSITORY
    shown = answer(shared, "repo", "show", "Docs")
    assert set(shown) == REPOSITORY | {"assignments"}
    assert shown["assignments"] == answer(shared, "assignment", "list", "Docs")
    assert set(shown["retention"]) == set("within last hourly daily weekly monthly yearly".split())
    del shown["assignments"]
    assert shown in listed
    assert (shown["excludes"], shown["retention"]["daily"], shown["last_status"]) == (["*.tmp"], 3, "failure")
    assert shown["sources"] == [str(shared.source)]


def test_scripts(shared: BorgDesk) -> None:
    listed = answer(shared, "script", "list")
    assert keys(listed) == SCRIPT
    shown = answer(shared, "script", "show", "stop")
    assert set(shown) == SCRIPT | {"content", "revisions", "tests"}
    assert shown["content"] == Path(shown["file_path"]).read_text()
    assert shown["used_by"] == [{"repository": "Docs", "hook": "pre-backup"}]
    assert (shown["usage_count"], shown["timeout"], shown["run_on"]) == (2, 60, "always")
    assert re.fullmatch("[0-9a-f]{64}", shown["sha256"])
    assert [one["sha256"] for one in shown["revisions"]] == [shown["sha256"]]
    parameter: dict[str, Any] = {
        "description": "",
        "default": None,
        "required": False,
        "secret": False,
        "type": "text",
        "choices": [],
    }
    assert shown["parameters"] == [
        parameter | {"name": "CONTAINERS", "description": "Containers to stop, in order", "required": True},
        parameter | {"name": "PASSWORD", "secret": True},
    ]


def test_assignments(shared: BorgDesk) -> None:
    listed = answer(shared, "assignment", "list", "Docs")
    assert keys(listed) == ASSIGNMENT
    assert keys([one["effective"] for one in listed]) == POLICY
    stop, start, report = listed
    assert {name: stop[name] for name in POLICY} == dict.fromkeys(POLICY)
    assert stop["effective"] == {"timeout": 60, "run_on": "always", "on_failure": "stop"}
    assert (stop["repository"], stop["script"], stop["hook"], stop["order"]) == ("Docs", "stop", "pre-backup", 1)
    assert stop["parameters"] == {"CONTAINERS": "web"}
    assert (start["timeout"], start["run_on"], start["on_failure"]) == (7, None, "continue")
    assert start["effective"] == {"timeout": 7, "run_on": "always", "on_failure": "continue"}
    assert report["effective"]["run_on"] == "failure"


def test_runs_and_executions(shared: BorgDesk) -> None:
    listed = answer(shared, "history")
    assert [run["id"] for run in listed] == [2, 1], "newest first"
    assert keys(listed) == RUN
    assert keys([one for run in listed for one in run["executions"]]) == EXECUTION
    good, bad = answer(shared, "history", "show", "1"), answer(shared, "history", "show", "2")
    assert (set(good), set(bad)) == (RUN, RUN)
    assert (good["status"], good["outcome"], good["trigger"]) == ("success", "success", "cli")
    assert [run["kind"] for run in listed] == ["backup", "backup"]
    assert (UUID(good["uid"]).version, bad["uid"] > good["uid"]) == (7, True)
    assert (good["borg_exit_code"], good["error"], good["files"]) == (0, None, 1)
    assert good["archive"].split("-")[1] == "docs"
    assert (bad["status"], bad["borg_exit_code"], bad["archive"]) == ("failure", None, None)
    assert (keys(good["borg"]), bad["borg"]) == (BORG, [])
    assert [(one["step"], one["status"], one["exit_code"]) for one in good["borg"]] == [
        (step, "success", 0) for step in ("create", "prune", "compact")
    ]
    assert bad["error"] == "The script “stop” failed (exit 1)."
    rows = [(one["script"], one["hook"], one["status"], one["exit_code"]) for one in bad["executions"]]
    assert rows == [
        ("stop", "pre-backup", "failed", 1),
        ("start", "post-backup", "success", 0),
        ("report", "post-run", "success", 0),
    ]
    assert good["executions"][2]["reason"] == "condition is failure, outcome was success"
    assert keys([one for run in listed for one in run["steps"]]) == STEP
    assert [(one["name"], one["kind"], one["status"]) for one in good["steps"]] == [
        ("stop", "script", "success"),
        ("create", "borg", "success"),
        ("start", "script", "success"),
        ("prune", "borg", "success"),
        ("compact", "borg", "success"),
        ("report", "script", "skipped"),
    ]
    assert [(one["name"], one["status"], one["reason"]) for one in bad["steps"][:2]] == [
        ("stop", "failed", "exit 1"),
        ("create", "skipped", None),
    ]


def test_output_is_text_and_only_where_it_is_asked_for(shared: BorgDesk) -> None:
    start = answer(shared, "history", "show", "1")["executions"][1]
    assert (start["stdout"], start["stderr"]) == ("starting after success\n", "complaint\n")
    assert (start["truncated"], start["recovered"]) == (False, False)
    assert 0 < start["duration"] < 60
    listed = [one for run in answer(shared, "history") for one in run["executions"]]
    assert {one["stdout"] + one["stderr"] for one in listed} == {""}


def test_times_have_an_offset(shared: BorgDesk) -> None:
    run = shared("history", "show", "1", "--json", TZ="Asia/Kolkata").json
    for name in ("queued_at", "started_at", "finished_at"):
        offset = datetime.fromisoformat(run[name]).utcoffset()
        assert offset is not None
        assert offset.total_seconds() == 5.5 * 3600


def test_plan(shared: BorgDesk) -> None:
    every = answer(shared, "plan", "Docs")
    assert keys(every) == PLANNED
    assert [one["script"] for one in every] == ["stop", "start", "report"]
    assert every[1]["effective"] == {name: every[1][name] for name in POLICY}
    outcomes = ["success", "warning", "failure", "cancelled", "interrupted", "skipped"]
    assert every[2]["runs"] == dict(zip(outcomes, [False, False, True, True, True, False], strict=True))
    one = answer(shared, "plan", "Docs", "--outcome", "warning")
    assert keys(one) == PLANNED
    assert [script["runs"] for script in one] == [True, True, False]
    assert one[2]["reason"] == "condition is failure, outcome was warning"


@pytest.mark.parametrize(
    "command",
    ["repo list", "repo show Docs", "script list", "script show start", "assignment list Docs", "plan Docs", "history",
     "history show 1", "recover"],
)  # fmt: skip
def test_json_before_and_after_the_command(shared: BorgDesk, command: str) -> None:
    before, after = shared.here("--json", *command.split()), shared.here(*command.split(), "--json")
    assert (before.code, before.out) == (0, after.out)
    assert isinstance(after.json, list | dict)


def test_lists_of_nothing(desk: BorgDesk) -> None:
    for command in ("repo list", "script list", "history", "recover"):
        answer = desk.here(*command.split(), "--json")
        assert (answer.code, answer.json, len(answer.said)) == (0, [], 1)


def test_what_was_changed_is_answered(desk: BorgDesk) -> None:
    location = str(desk.folder / "r")
    added = desk("repo", "add", "R", "--location", location, "--source", str(desk.source), "--init", "none", "--json")
    assert set(added.json) == REPOSITORY
    assert added.said == ["Added the repository “R” (id 1)."]
    assert answer(desk, "repo", "edit", "R", "--name", "S")["name"] == "S"
    desk.add_script("one")
    assert set(answer(desk, "script", "edit", "one", "--description", "d")) == SCRIPT
    assert set(answer(desk, "assignment", "add", "S", "one", "--hook", "post-run")) == ASSIGNMENT
    assert answer(desk, "assignment", "edit", "1", "--timeout", "3")["timeout"] == 3
    assert set(answer(desk, "assignment", "move", "1", "--order", "1")) == ASSIGNMENT
    assert set(answer(desk, "script", "test", "one")) == EXECUTION
    assert set(answer(desk, "assignment", "remove", "1")) == ASSIGNMENT
    assert set(answer(desk, "script", "remove", "one")) == SCRIPT
    assert set(answer(desk, "repo", "remove", "S")) == REPOSITORY


def test_a_run_is_a_list_of_runs(desk: BorgDesk) -> None:
    desk.add_repository("A")
    desk.add_script("loud", "echo heard; echo cried >&2")
    desk.assign("A", "loud", Hook.POST_RUN)
    done = desk.ok("run", "A", "--json")
    (run,) = done.json
    assert set(run) == RUN
    assert run["executions"][0]["stdout"] == "heard\n"
    assert run == desk.here("history", "show", str(run["id"]), "--json").json
    assert "✓ loud" in done.err, "progress is said on the other stream"


def test_refusals_leave_standard_output_empty(desk: BorgDesk) -> None:
    answer = desk("repo", "show", "nope", "--json")
    assert (answer.code, answer.out, answer.said) == (2, "", ["borgdesk: There is no repository “nope”."])


def test_characters_that_the_locale_cannot_write(desk: BorgDesk) -> None:
    desk.add_script("one", description="über 🦊")
    ascii_only = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    answer = desk("script", "list", "--json", **ascii_only)
    assert answer.out.isascii()
    assert answer.json[0]["description"] == "über 🦊"
