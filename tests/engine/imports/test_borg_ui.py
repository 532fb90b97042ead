"""The database and the scripts of borg-ui: what becomes of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Retention
from borgdesk.engine.imports.borg_ui import read_borg_ui
from borgdesk.engine.imports.findings import Found, FoundRepository
from tests.engine.imports.borg_ui_files import BorgUi


@pytest.fixture
def borg_ui(tmp_path: Path) -> BorgUi:
    return BorgUi(tmp_path / "data")


def read(borg_ui: BorgUi) -> Found:
    return read_borg_ui(borg_ui.path, borg_ui.scripts)


def only(found: Found) -> FoundRepository:
    (repository,) = found.repositories
    return repository


def reasons(found: Found) -> dict[str, str]:
    return {one.what: one.reason for one in found.not_taken}


def lanes(repository: FoundRepository) -> list[tuple[str, str, str]]:
    return [(use.hook.value, use.script.name, str(use.run_on or use.script.run_on)) for use in repository.uses]


def test_a_repository(borg_ui: BorgUi) -> None:
    number = borg_ui.repository(
        "Docs",
        "/backup/docs",
        ["/local/home", "/etc"],
        exclude_patterns=json.dumps(["*.tmp", ""]),
        compression="zstd,9",
        passphrase="plain words",
        continue_on_hook_failure=1,
    )
    borg_ui.job("Nightly run", [number], run_prune_after=1, archive_name_template="{job_name}-{now}")
    found = only(read(borg_ui))
    assert (found.name, found.location, found.sources) == ("Docs", "/backup/docs", ("/local/home", "/etc"))
    assert (found.excludes, found.compression, found.passphrase) == (("*.tmp",), "zstd,9", "plain words")
    assert (found.cron, found.archive_name) == ("0 2 * * *", "Nightly-run-{now}")
    assert found.retention == Retention(daily=7, weekly=4, monthly=6, yearly=1)
    assert found.continue_on_hook_failure
    assert any("/local" in note for note in found.notes)
    assert any("Switch the schedule off in borg-ui" in note for note in found.notes)


@pytest.mark.parametrize(
    ("values", "location"),
    [
        ({"path": "ssh://u@host:2222/srv/repo", "repository_type": "ssh"}, "ssh://u@host:2222/srv/repo"),
        (
            {"path": "/srv/repo", "repository_type": "ssh", "host": "h", "username": "u", "port": 23},
            "ssh://u@h:23/srv/repo",
        ),
        ({"path": "srv/repo", "repository_type": "ssh", "connection_id": 1}, "ssh://me@nas:2200/srv/repo"),
    ],
)
def test_locations(borg_ui: BorgUi, values: dict[str, Any], location: str) -> None:
    borg_ui.insert("ssh_connections", id=1, host="nas", username="me", port=2200)
    borg_ui.repository("Docs", sources=["/etc"], **values)
    assert only(read(borg_ui)).location == location


def test_scripts_keep_order_condition_timeout_and_policy(borg_ui: BorgUi) -> None:
    number = borg_ui.repository("Docs", "/backup/docs", ["/etc"], pre_backup_script="echo never")
    stop, start = borg_ui.script("Stop", "#!/bin/sh\nstop\n"), borg_ui.script("Start", "#!/bin/sh\nstart\n", "failure")
    borg_ui.assign(number, start, "post-backup", 2.5, custom_run_on="warning", custom_timeout=7)
    borg_ui.assign(number, start, "post-backup", 1)
    borg_ui.assign(number, stop, "pre-backup", 2, continue_on_error=1, enabled=0)
    borg_ui.assign(number, stop, "pre-backup", 1)
    borg_ui.assign(number, stop, "pre-backup", 3, skip_on_failure=1)
    found = only(read(borg_ui))
    assert lanes(found) == [
        ("pre-backup", "Stop", "always"),
        ("pre-backup", "Stop", "always"),
        ("pre-backup", "Stop", "always"),
        ("post-backup", "Start", "failure"),
        ("post-backup", "Start", "warning"),
    ]
    assert [use.on_failure for use in found.uses] == ["stop", "continue", "skip", "continue", "continue"]
    assert [use.enabled for use in found.uses] == [True, False, True, True, True]
    assert [use.timeout for use in found.uses] == [None, None, None, None, 7]
    assert found.uses[0].script.timeout == 120


def test_inline_scripts_run_in_lanes_without_others(borg_ui: BorgUi) -> None:
    values = {"pre_backup_script": "echo before", "post_backup_script": "#!/bin/sh\necho after", "pre_hook_timeout": 9}
    number = borg_ui.repository("Docs", "/backup/docs", ["/etc"], **values)
    borg_ui.assign(number, borg_ui.script("Start", "start\n"), "post-backup", 1)
    found = only(read(borg_ui))
    assert [one[:2] for one in lanes(found)] == [
        ("pre-backup", "Docs: script before backup"),
        ("post-backup", "Start"),
    ]
    assert (found.uses[0].script.content, found.uses[0].script.timeout) == (b"#!/bin/bash\necho before\n", 9)


def test_parameters_are_declared_and_plain_values_taken(borg_ui: BorgUi) -> None:
    parameters = [
        {"name": "CONTAINER", "type": "text", "description": "Which\none", "default": "db", "required": True},
        {"name": "TOKEN", "type": "password"},
        {"name": "PATH", "type": "text"},
    ]
    script = borg_ui.script("Stop", "#!/bin/sh\nstop $CONTAINER\n", parameters=json.dumps(parameters))
    number = borg_ui.repository("Docs", "/backup/docs", ["/etc"])
    values = {"CONTAINER": "web", "TOKEN": "gAAAAABsecret", "OTHER": "x"}
    borg_ui.assign(number, script, "pre-backup", 1, parameter_values=json.dumps(values))
    found = read(borg_ui)
    (use,) = only(found).uses
    assert use.parameters == {"CONTAINER": "web"}
    text = use.script.content.decode()
    assert '# [parameters.CONTAINER]\n# description = "Which one"\n# default = "db"\n# required = true\n' in text
    assert "# [parameters.TOKEN]\n# secret = true\n" in text
    assert {"Docs: value of TOKEN for “Stop”", "Docs: parameter PATH of “Stop”"} == reasons(found).keys()
    assert "gAAAAABsecret" not in repr(found)


def test_the_library_is_taken_without_templates_that_nobody_uses(borg_ui: BorgUi) -> None:
    borg_ui.script("Mine", "mine\n")
    borg_ui.script("Template", "template\n", is_template=1)
    assert [script.name for script in read(borg_ui).scripts] == ["Mine"]


def test_plans(tmp_path: Path) -> None:
    borg_ui = BorgUi(tmp_path / "data", plans=True)
    number = borg_ui.repository("Docs", "/backup/docs", [])
    stop = borg_ui.script("Stop", "stop\n")
    borg_ui.plan("Home", number, ["/home"], pre_backup_script_id=stop, post_backup_script_id=stop)
    borg_ui.plan("Etc", number, ["/etc"], schedule_enabled=0, prune_keep_quarterly=1)
    borg_ui.plan("Off", number, ["/off"], enabled=0)
    found = read(borg_ui)
    home, etc = found.repositories
    assert (home.name, home.sources, home.cron, home.archive_name) == (
        "Docs Home",
        ("/home",),
        "5 4 * * *",
        "Home-{now}",
    )
    assert (etc.name, etc.sources, etc.cron, etc.retention) == ("Docs Etc", ("/etc",), None, Retention())
    assert "quarterly" in reasons(found)["Docs Etc: retention"]
    assert [one[:2] for one in lanes(home)] == [("pre-backup", "Stop"), ("post-run", "Stop")]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"mode": "observe"}, "Docs: repository"),
        ({"source_ssh_connection_id": 3}, "Docs: repository"),
        ({"passphrase": "gAAAAABkZmRm"}, "Docs: passphrase"),
        ({"custom_flags": "--stats"}, "Docs: options of Borg (“--stats”)"),
        ({"check_cron_expression": "0 0 * * 0"}, "Docs: regular checks"),
        ({"remote_path": "/opt/{borg}"}, "Docs: path of Borg on the server"),
        ({"ssh_key_id": 1}, "Docs: SSH key"),
    ],
)
def test_what_is_not_taken_is_said(borg_ui: BorgUi, values: dict[str, Any], what: str) -> None:
    borg_ui.repository("Docs", "/backup/docs", ["/etc"], **values)
    assert what in reasons(read(borg_ui))


@pytest.mark.parametrize(
    "path", ["../../secret.sh", "/etc/passwd", "library/link.sh", "", "missing.sh", "library", "a\0b"]
)
def test_script_files_elsewhere_are_not_read(borg_ui: BorgUi, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.sh").write_text("echo secret\n")
    (borg_ui.scripts / "library" / "link.sh").symlink_to(tmp_path / "secret.sh")
    number = borg_ui.repository("Docs", "/backup/docs", ["/etc"])
    values = {"category": "custom", "timeout": 1, "run_on": "always", "is_template": 0}
    script = borg_ui.insert("scripts", name="Bad\nname", file_path=path, **values)
    borg_ui.assign(number, script, "pre-backup", 1)
    found = read(borg_ui)
    assert only(found).uses == ()
    assert "Docs: script “Bad\nname”" in reasons(found)
    assert "echo secret" not in repr(found)


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        ("repositories", {"source_directories": "not json"}, "is not valid JSON"),
        ("repositories", {"source_directories": "{}"}, "must be a list of texts"),
        ("repositories", {"source_directories": "[1]"}, "must be a list of texts"),
        ("repositories", {"source_directories": "[" * 100_000}, "nested too deeply"),
        ("repositories", {"compression": b"\xff"}, "“compression” must be a text, not binary data"),
        ("repository_scripts", {"repository_id": "x"}, "“repository_id” must be a whole number"),
        ("repository_scripts", {"execution_order": "first"}, "“execution_order” must be a number"),
        ("repository_scripts", {"parameter_values": "[]"}, "is not a list of named values"),
        ("scheduled_jobs", {"enabled": "perhaps"}, "“enabled” must be yes or no"),
    ],
)
def test_wrong_types_are_a_sentence(borg_ui: BorgUi, table: str, values: dict[str, Any], said: str) -> None:
    number = borg_ui.repository("Docs", "/backup/docs", ["/etc"], **(values if table == "repositories" else {}))
    script = borg_ui.script("Stop", "stop\n")
    borg_ui.assign(number, script, "pre-backup", 1, **(values if table == "repository_scripts" else {}))
    borg_ui.job("Job", [number], **(values if table == "scheduled_jobs" else {}))
    if table == "repository_scripts" and "repository_id" not in values:
        borg_ui.assign(number, script, "pre-backup", 2)
    with pytest.raises(InvalidInput, match=said):
        read(borg_ui)


def test_an_unknown_condition_leaves_out_the_script(borg_ui: BorgUi) -> None:
    number = borg_ui.repository("Docs", "/backup/docs", ["/etc"])
    script = borg_ui.script("Stop", "stop\n")
    borg_ui.assign(number, script, "post-backup", 1, custom_run_on="sometimes")
    borg_ui.assign(number, 99, "pre-backup", 1)
    found = read(borg_ui)
    assert only(found).uses == ()
    assert {"Docs: script “Stop”", "Docs: script 99"} == reasons(found).keys()


def test_a_folder_that_is_not_there(borg_ui: BorgUi, tmp_path: Path) -> None:
    number = borg_ui.repository("Docs", "/backup/docs", ["/etc"])
    borg_ui.assign(number, borg_ui.script("Stop", "stop\n"), "pre-backup", 1)
    found = read_borg_ui(borg_ui.path, tmp_path / "nowhere")
    assert only(found).uses == ()
    assert "missing" in reasons(found)["Docs: script “Stop”"]


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(os.urandom(5000))
    with pytest.raises(InvalidInput, match="is not an SQLite database"):
        read_borg_ui(tmp_path / "x.db", tmp_path)
