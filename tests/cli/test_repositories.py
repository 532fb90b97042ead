"""``borgdesk repo`` on real Borg: from ``--init`` to the next archive."""

from __future__ import annotations

import json
import shutil
import signal
from typing import Any

import pytest

from borgdesk.domain.repository import Retention
from tests.cli.lab import BorgDesk, borg


def shown(desk: BorgDesk, name: str) -> dict[str, Any]:
    answer = desk.here("repo", "show", name, "--json")
    assert answer.code == 0, answer.err
    document: dict[str, Any] = answer.json
    return document


def test_add_all_at_once_and_back_up(desk: BorgDesk) -> None:
    (desk.source / "left out.tmp").touch()
    location = desk.folder / "one.borg"
    inline = desk.folder / "inline.sh"
    inline.write_text("echo inline $BORGDESK_HOOK\n")
    answer = desk(
        "repo", "add", "One", "--location", str(location), "--source", str(desk.source), "--init", "repokey-blake2",
        "--exclude", "*.tmp", "--exclude-caches", "--one-file-system", "--compression", "zstd,3",
        "--archive-name", "one-{now}", "--passphrase-stdin", "--keep-within", "2d", "--keep-last", "4",
        "--keep-daily", "7", "--keep-yearly", "-1", "--continue-on-hook-failure",
        "--pre-script-file", str(inline), "--post-script-file", str(inline),
        stdin="correct horse\nnot this\n",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert answer.said[-1].endswith("“borgdesk key export” saves the key.")
    assert answer.said[:-1] == [
        f"The passphrase is stored in the file {desk.home}/config/secrets.json, unencrypted, readable only by you.",
        "Added the repository “One” (id 1).",
    ]
    one = shown(desk, "One")
    assert (one["encryption"], one["has_passphrase"], one["compression"]) == ("repokey-blake2", True, "zstd,3")
    assert (one["exclude_caches"], one["one_file_system"], one["continue_on_hook_failure"]) == (True, True, True)
    assert one["pre_script"] == one["post_script"] == inline.read_text()
    counts = {name: one["retention"][name] for name in ("within", "last", "daily", "weekly", "yearly")}
    assert counts == {"within": "2d", "last": 4, "daily": 7, "weekly": None, "yearly": -1}
    run = json.loads(desk.ok("run", "One", "--json").out)[0]
    assert [(one["script"], one["stdout"]) for one in run["executions"]] == [
        ("Inline script before", "inline pre-backup\n"),
        ("Inline script after", "inline post-backup\n"),
    ]
    desk.environment["BORG_PASSPHRASE"] = "correct horse"
    listed = borg(desk, "list", "--short", f"{location}::{run['archive']}")
    assert "file.txt" in listed
    assert "left out" not in listed


def test_relative_places_are_meant_from_here(desk: BorgDesk, monkeypatch: Any) -> None:
    program = shutil.which(desk.environment.get("BORGDESK_BORG", "borg"))
    assert program is not None
    (desk.folder / "source" / "borg").symlink_to(program)
    monkeypatch.chdir(desk.folder)
    desk.environment["BORGDESK_BORG"] = "source/borg"
    assert desk.here("repo", "add", "R", "--location", "r.borg", "--source", "source", "x", "--init", "none").code == 0
    one = shown(desk, "R")
    assert one["location"] == str(desk.folder / "r.borg")
    assert one["sources"] == [str(desk.source), str(desk.folder / "x")]


def test_edit_changes_what_is_given_and_nothing_else(desk: BorgDesk) -> None:
    desk.add_repository("A", excludes=("a", "b"), retention=Retention(within="2d", daily=3, weekly=4))
    before = shown(desk, "A")
    assert desk.here("repo", "edit", "A").code == 0
    assert shown(desk, "A") == before
    edit = ("repo", "edit", "A", "--name", "B", "--keep-daily", "5", "--clear", "keep-weekly", "--exclude", "*/c")
    assert desk.here(*edit).said == ["Changed the repository “B”."]
    after = shown(desk, "B")
    assert {name for name in after if after[name] != before[name]} == {"name", "excludes", "retention"}
    assert after["excludes"] == ["*/c"]
    assert after["retention"] == before["retention"] | {"daily": 5, "weekly": None}
    desk.here("repo", "edit", "1", "--clear", "retention", "--clear", "excludes", "--compression", "none")
    after = shown(desk, "B")
    assert (set(after["retention"].values()), after["excludes"], after["compression"]) == ({None}, [], "none")


def test_a_passphrase_that_is_not_needed_is_not_kept(desk: BorgDesk) -> None:
    location = desk.add_repository("A").location
    answer = desk("repo", "add", "B", "--location", location, "--source", "/", "--passphrase-stdin", stdin="x\n")
    assert answer.said == [
        "The repository is not encrypted, so the passphrase was not needed and was not stored.",
        "Added the repository “B” (id 2).",
    ]


def test_a_passcommand_takes_the_place_of_a_passphrase(desk: BorgDesk) -> None:
    desk.add_repository("A", "correct horse")
    assert desk.here("repo", "edit", "A", "--passcommand", "echo correct horse").code == 0
    one = shown(desk, "A")
    assert (one["passcommand"], one["has_passphrase"]) == ("echo correct horse", False)
    assert "correct horse" not in (desk.home / "config" / "secrets.json").read_text()
    assert desk.here("run", "A").code == 0


def test_remove_leaves_borg_and_history_alone(desk: BorgDesk) -> None:
    location = desk.add_repository("A").location
    desk.back_up("A")
    answer = desk.here("repo", "remove", "A")
    assert answer.said == [
        f"Removed “A” from BorgDesk. The Borg repository {location} and the history were not changed."
    ]
    assert len(borg(desk, "list", "--short", location).splitlines()) == 1
    assert [run["repository"] for run in desk.here("history", "--repo", "A", "--json").json] == ["A"]
    again = desk.here("repo", "add", "A", "--location", location, "--source", str(desk.source))
    assert again.code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_while_it_is_made_leaves_nothing(desk: BorgDesk, number: signal.Signals) -> None:
    began, location = desk.folder / "began", desk.folder / "new.borg"
    desk.environment["BORGDESK_BORG"] = desk.stub(
        '#!/bin/bash\nif [ "$1" = --version ]; then echo borg 1.2.4; exit; fi\n'
        f'for last; do :; done; mkdir "$last"; touch "$last/config" {began}; exec sleep 60\n'
    )
    process = desk.start(
        "repo", "add", "New", "--location", str(location), "--source", str(desk.source), "--init", "none"
    )
    desk.wait_for("began")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines() == ["Stopping…", "borgdesk: Stopped; no repository was created."]
    assert not location.exists()
    assert desk.here("repo", "list").out == ""


def test_stopping_a_demo_that_is_being_made_leaves_nothing(desk: BorgDesk) -> None:
    demo = desk.folder / "demo"
    desk.environment["BORGDESK_BORG"] = desk.stub(
        '#!/bin/bash\nif [ "$1" = --version ]; then echo borg 1.2.4; exit; fi\n'
        f"touch {desk.folder}/began; exec sleep 60\n"
    )
    process = desk.start("demo", str(demo))
    desk.wait_for("began")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.splitlines()[-1]) == (130, "borgdesk: Stopped; no repository was created.")
    assert not demo.exists()


def test_patterns_limits_and_options_of_borg(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Docs")
    file = desk.folder / "patterns"
    file.write_text("# mine\r\n+ home/*/keep\r\n- home/*\r\n")
    done = desk.here(
        "repo", "edit", "Docs", "--patterns-file", str(file), "--upload-ratelimit", "500", "--checkpoint-interval",
        "600", "--extra-arguments=--noacls --comment 'a b'", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["patterns"] == "# mine\n+ home/*/keep\n- home/*\n"
    assert (done.json["upload_ratelimit"], done.json["checkpoint_interval"]) == (500, 600)
    assert done.json["extra_arguments"] == "--noacls --comment 'a b'"
    shown = desk.here("repo", "show", "Docs").out
    assert "500 KiB/s" in shown
    assert "every 10 min" in shown
    assert "- home/*" in shown
    for option, sentence in (
        ("--extra-arguments=--jso", "“--jso” cannot be used: write the option in full."),
        ("--extra-arguments=-np", "“-np” cannot be used, because Borg would not back up anything."),
        ("--upload-ratelimit=0", "between 1 and 10,000,000 KiB/s"),
        ("--checkpoint-interval=5", "between 1 minute and 7 days"),
    ):
        refused = desk.here("repo", "edit", "Docs", option)
        assert refused.code == 64
        assert sentence in refused.err
    file.write_text("+ a\nnonsense\n")
    refused = desk.here("repo", "edit", "Docs", "--patterns-file", str(file))
    assert (refused.code, refused.out) == (2, "")
    assert "Line 2: “nonsense” must begin with +" in refused.err
    cleared = [f"--clear={name}" for name in ("patterns", "upload-ratelimit", "checkpoint-interval", "extra-arguments")]
    done = desk.here("repo", "edit", "Docs", *cleared, "--json")
    assert [done.json[name] for name in ("patterns", "upload_ratelimit", "checkpoint_interval")] == ["", None, None]
    assert done.json["extra_arguments"] == ""
