"""``borgdesk script`` and ``borgdesk assignment``: the library, tests of scripts, and assignments."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from borgdesk.domain.run import Hook
from tests.cli.lab import BorgDesk

_BLOCK = """\
#!/bin/bash
# /// borgdesk
# description = "From the block"
# timeout = 77
# run_on = "warning"
# ///
"""


def test_the_block_speaks_where_options_do_not(desk: BorgDesk) -> None:
    file = desk.folder / "my script.sh"
    file.write_text(_BLOCK)
    one = desk.here("script", "add", str(file), "--timeout", "5", "--json").json
    assert (one["name"], one["description"], one["timeout"], one["run_on"]) == (
        "my script", "From the block", 5, "warning",
    )  # fmt: skip
    file.write_text(_BLOCK.replace("77", "78").replace("warning", "failure"))
    one = desk.here("script", "edit", "my script", "--file", str(file), "--json").json
    assert (one["timeout"], one["run_on"], one["name"]) == (78, "failure", "my script"), "what the block changed"
    file.write_text(file.read_text() + "echo more\n")
    desk.here("script", "edit", "1", "--timeout", "9", "--run-on", "success,failure", "--name", "other")
    one = desk.here("script", "edit", "other", "--file", str(file), "--json").json
    assert (one["timeout"], one["run_on"]) == (9, "success,failure"), "what it did not change stays"
    assert len(desk.here("script", "show", "1", "--json").json["revisions"]) == 3


def test_what_becomes_secret_is_kept_secret(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    desk.add_script("one", header="[parameters.TOKEN]")
    desk.assign("A", "one", Hook.POST_RUN, parameters={"TOKEN": "hunter2"})
    file = desk.folder / "one.sh"
    file.write_text("#!/bin/sh\n# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\n")
    answer = desk.here("script", "edit", "one", "--file", str(file))
    assert answer.said == [
        f"The value of TOKEN is stored in the file {desk.home}/config/secrets.json, unencrypted, readable only by you.",
        "Changed the script “one”.",
    ]
    (shown,) = desk.here("assignment", "list", "A", "--json").json
    assert (shown["parameters"], shown["secrets"]) == ({}, ["TOKEN"])
    assert b"hunter2" not in (desk.home / "data" / "borgdesk.db").read_bytes()


def test_new_content_is_stored_with_all_else_or_not_at_all(desk: BorgDesk) -> None:
    path = Path(desk.add_script("one").file_path)
    desk.add_script("two")
    path.write_text("#!/bin/sh\necho typed elsewhere\n")
    file = desk.folder / "new.sh"
    file.write_text("#!/bin/sh\necho new\n")
    answer = desk.here("script", "edit", "one", "--file", str(file), "--name", "two")
    assert (answer.code, answer.said) == (2, ["borgdesk: There is already a script called “two”."])
    assert path.read_text() == "#!/bin/sh\necho typed elsewhere\n"
    shown = desk.here("script", "edit", "one", "--file", str(file), "--timeout", "9", "--json").json
    assert (shown["timeout"], path.read_text()) == (9, file.read_text())
    assert len(desk.here("script", "show", "one", "--json").json["revisions"]) == 3, "what was typed elsewhere is kept"


def test_standard_input_as_a_file(desk: BorgDesk) -> None:
    answer = desk("script", "add", "-", "--name", "typed", "--json", stdin="#!/bin/sh\necho typed\n")
    assert Path(answer.json["file_path"]).read_text() == "#!/bin/sh\necho typed\n"
    desk("script", "edit", "typed", "--file", "-", stdin="#!/bin/sh\necho again\n")
    assert desk.here("script", "show", "typed", "--json").json["content"] == "#!/bin/sh\necho again\n"


def test_search(shared: BorgDesk) -> None:
    def found(text: str) -> list[str]:
        return [one["name"] for one in shared.here("script", "list", "--search", text, "--json").json]

    assert found("WRONG") == ["report"]
    assert found("st") == ["start", "stop"]
    assert found("nothing like it") == []


def test_a_script_whose_file_is_gone_is_named_and_still_listed(desk: BorgDesk) -> None:
    path = Path(desk.add_script("lost").file_path)
    path.unlink()
    answer = desk.here("script", "list", "--json")
    assert answer.code == 0
    assert answer.said == [f"“lost”: The script file {path} is missing."]
    assert (answer.json[0]["sha256"], answer.json[0]["problem"]) == (None, f"The script file {path} is missing.")
    shown = desk.here("script", "show", "lost", "--json")
    assert shown.json["content"] is None
    test = desk.here("script", "test", "lost")
    assert (test.code, test.said) == (2, [f"borgdesk: The script file {path} is missing."])
    assert desk.here("script", "remove", "lost").code == 0


def test_remove_takes_the_file_and_names_every_place(desk: BorgDesk) -> None:
    path = Path(desk.add_script("one").file_path)
    for name in ("A", "B"):
        desk.add_pretended_repository(name)
    desk.assign("A", "one", Hook.PRE_BACKUP)
    desk.assign("B", "one", Hook.POST_RUN)
    words = (
        "borgdesk: The script “one” is assigned in “A” (Before the backup), “B” (At the end). Remove it there first."
    )
    assert desk.here("script", "remove", "one").said == [words]
    for number in ("1", "2"):
        assert desk.here("assignment", "remove", number).code == 0
    assert desk.here("script", "remove", "one").said == [f"Deleted the script “one” and its file {path}."]
    assert not path.exists()


def test_a_test_prints_as_the_script_does(desk: BorgDesk) -> None:
    variables = "BORGDESK_HOOK|BORGDESK_OUTCOME|BORGDESK_ARCHIVE|WHO|WORD"
    body = f"echo out; echo err >&2; env | grep -E '^({variables})=' | sort"
    desk.add_script("talk", body, "[parameters.WORD]\nsecret = true")
    desk.add_pretended_repository("A")
    answer = desk(
        "script", "test", "talk", "--repo", "A", "--hook", "post-backup", "--outcome", "failure", "--param", "WHO=me",
        "--secret", "WORD", stdin="sesame\n",
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "err\n")
    assert answer.out == "out\nBORGDESK_HOOK=post-backup\nBORGDESK_OUTCOME=failure\nWHO=me\nWORD=[secret]\n"
    shown = desk.here("script", "show", "talk", "--json").json
    assert [(one["status"], one["repository"], one["parameters"]) for one in shown["tests"]] == [
        ("success", "A", {"WHO": "me"})
    ]


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        ("exit 7", 7, "“one” failed: exit 7."),
        ("exit 75", 75, "“one” failed: exit 75."),
        ("kill -9 $$", 137, "“one” failed: killed by signal 9."),
        ("echo begun; sleep 60", 124, "“one” timed out after 1 s."),
    ],
)
def test_the_exit_code_of_a_test_is_the_scripts(desk: BorgDesk, body: str, code: int, sentence: str) -> None:
    desk.add_script("one", body)
    answer = desk.here("script", "test", "one", "--timeout", "1", "--json")
    assert (answer.code, answer.said[-1]) == (code, f"borgdesk: {sentence}")
    assert answer.json["status"] == ("timed_out" if code == 124 else "failed")


def test_a_test_is_stopped(desk: BorgDesk) -> None:
    desk.add_held_script("held")
    process = desk.start("script", "test", "held")
    desk.wait_for("held.began")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines() == ["Stopping the script…", "borgdesk: “held” cancelled: the test was stopped."]
    test = desk.here("script", "show", "held", "--json").json["tests"][0]
    assert (test["status"], test["reason"]) == ("cancelled", "the test was stopped")


def test_lanes(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    for name in ("one", "two"):
        desk.add_script(name)
    add = ("assignment", "add", "A")
    assert desk.here(*add, "one", "--hook", "pre-backup").said == [
        "“one” is number 1 in “Before the backup” of “A” (id 1)."
    ]
    assert desk.here(*add, "two", "--hook", "pre-backup", "--order", "1", "--on-failure", "skip").code == 0
    assert desk.here(*add, "one", "--hook", "post-run", "--run-on", "always", "--disabled").code == 0

    def lanes() -> list[tuple[int, str, str, int, bool]]:
        listed = desk.here("assignment", "list", "A", "--json").json
        return [(one["id"], one["script"], one["hook"], one["order"], one["enabled"]) for one in listed]

    pre, last = "pre-backup", "post-run"
    assert lanes() == [(2, "two", pre, 1, True), (1, "one", pre, 2, True), (3, "one", last, 1, False)]
    assert desk.here("assignment", "move", "1", "--order", "1").said == [
        "“one” is now number 1 in “Before the backup”."
    ]
    assert desk.here("assignment", "edit", "3", "--enabled").code == 0
    assert lanes() == [(1, "one", pre, 1, True), (2, "two", pre, 2, True), (3, "one", last, 1, True)]
    assert desk.here("assignment", "move", "two", "--order", "9", "--hook", "post-backup").code == 2, "skip is of pre"
    answer = desk.here("assignment", "move", "one", "--order", "1")
    places = "1 (“A”, Before the backup), 3 (“A”, At the end)"
    assert answer.said == [f"borgdesk: The script “one” is assigned more than once. Use an id: {places}."]
    assert desk.here("assignment", "remove", "two").said == ["“two” is no longer in “Before the backup” of “A”."]
    assert lanes() == [(1, "one", pre, 1, True), (3, "one", last, 1, True)]


def test_overrides_are_set_and_taken_back(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    desk.add_script("one", header="[parameters.WORD]\nsecret = true", timeout=50)
    desk.assign("A", "one", Hook.POST_RUN)
    edit = ("assignment", "edit", "1")
    answer = desk(*edit, "--timeout", "5", "--run-on", "failure", "--on-failure", "continue", "--param", "A=1",
                  "--secret", "WORD", "--json", stdin="sesame\n")  # fmt: skip
    one = answer.json
    assert (one["timeout"], one["run_on"], one["on_failure"]) == (5, "failure", "continue")
    assert (one["parameters"], one["secrets"]) == ({"A": "1"}, ["WORD"])
    assert "sesame" not in answer.out + answer.err
    assert "sesame" in (desk.home / "config" / "secrets.json").read_text()
    one = desk.here(*edit, "--timeout", "6", "--json").json
    assert (one["timeout"], one["run_on"], one["secrets"]) == (6, "failure", ["WORD"]), "untouched values stay"
    one = desk.here(*edit, "--clear", "timeout", "--clear", "run-on", "--clear", "on_failure", "--clear", "A",
                    "--clear", "WORD", "--json").json  # fmt: skip
    assert (one["timeout"], one["run_on"], one["on_failure"], one["parameters"], one["secrets"]) == (
        None, None, None, {}, [],
    )  # fmt: skip
    assert one["effective"] == {"timeout": 50, "run_on": "always", "on_failure": "stop"}
    assert "sesame" not in (desk.home / "config" / "secrets.json").read_text()


def test_a_plan_says_what_would_keep_a_run_from_working(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    assert desk.here("plan", "A").said == ["No scripts would run: “A” has none that are enabled."]
    desk.add_script("one", header="[parameters.WORD]\nrequired = true")
    desk.add_script("off")
    desk.assign("A", "one", Hook.PRE_BACKUP)
    desk.assign("A", "off", Hook.PRE_BACKUP, enabled=False)
    answer = desk.here("plan", "A", "--json")
    assert (answer.code, answer.said) == (2, ["borgdesk: The script “one” needs a value for WORD."])
    assert [(one["script"], one["problem"]) for one in answer.json] == [("one", "It needs a value for WORD.")]
    assert desk.journal == []
    desk.here("assignment", "edit", "one", "--param", "WORD=x")
    assert desk.here("plan", "A").code == 0


def test_a_file_that_others_can_change_is_not_run_before_it_is_protected(desk: BorgDesk) -> None:
    script = desk.add_script("stop")
    desk.add_pretended_repository("Docs", encryption="none", archive_name="{now}")
    desk.assign("Docs", "stop", Hook.PRE_BACKUP)
    Path(script.file_path).chmod(0o766)
    listed = desk.here("script", "list", "--json")
    assert "can be changed by every user of this machine, so it is not run" in listed.json[0]["problem"]
    assert "script protect" in listed.err
    assert "chmod go-w" in desk.here("plan", "Docs").err + desk.here("plan", "Docs").out
    assert desk.here("script", "test", "stop").code == 2
    done = desk("run", "Docs", "--json")
    assert "“stop” is not run" in done.json[0]["error"]
    assert desk.journal == []
    protected = desk("script", "protect", "stop", "--json")
    assert (protected.code, protected.json["problem"]) == (0, None)
    assert desk.here("script", "test", "stop").code == 0
    assert desk.journal == ["stop"]


@pytest.mark.parametrize("name", [".", "config", "data", "data/scripts", "data/revisions", "state", "cache"])
def test_a_folder_that_others_can_change_is_refused(desk: BorgDesk, name: str) -> None:
    desk.add_script("stop")
    folder = desk.home / name
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    for words in (["script", "list"], ["script", "test", "stop"], ["recover"]):
        answer = desk(*words)
        assert answer.code == 2
        assert f"“chmod go-w {folder}” and start again" in answer.err
    assert desk.journal == []


def test_files_beside_a_script_are_not_found_and_that_is_said(desk: BorgDesk) -> None:
    file = desk.folder / "stop.sh"
    file.write_text('#!/bin/bash\nset -e\n. "$(dirname "$0")/lib.sh"\n')
    answer = desk.here("script", "add", str(file))
    (remark,) = [line for line in answer.said if "BORGDESK_LIBRARY_DIR" in line]
    assert remark.startswith(f"The file {file}: Line 3: ")
    file.write_text('#!/bin/bash\n. "$BORGDESK_LIBRARY_DIR/lib.sh"\n')
    answer = desk.here("script", "edit", "stop", "--file", str(file))
    assert answer.said == ["Changed the script “stop”."]
