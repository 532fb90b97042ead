"""Patterns, upload limit, checkpoints and further options in runs with real Borg."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.own_folders import own_folders
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.repositories.registration import edit_repository
from tests.engine.desk import Desk
from tests.real_borg import PROGRAM, needs_borg

pytestmark = needs_borg


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work", str(PROGRAM))
    borg(desk, "init", "--encryption=none", str(desk.file("papers")))
    desk.repository = desk.add_repository("Papers", encryption="none", archive_name="papers-{now:%s.%f}")
    yield desk
    desk.close()


def borg(desk: Desk, *arguments: str) -> str:
    done = subprocess.run(
        [str(PROGRAM), *arguments],
        env={**desk.environment, "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"},
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    return done.stdout


def edit(desk: Desk, **changes: object) -> Repository:
    desk.repository = edit_repository(desk.workspace, replace(desk.repository, **changes))  # type: ignore[arg-type]
    return desk.repository


def stored(desk: Desk, archive: str | None) -> set[str]:
    lines = borg(desk, "list", "--format={type} {path}{NL}", f"{desk.repository.location}::{archive}").splitlines()
    return {line.rpartition("/")[2] for line in lines if line.startswith("-")}


def test_the_first_line_that_matches_decides_before_the_excludes(real: Desk, tmp_path: Path) -> None:
    source, more = Path(real.repository.sources[0]), tmp_path / "more data"
    for folder in (source, more):
        folder.mkdir(exist_ok=True)
        for name in ("keep.log", "other.log", "text.txt", "secret.key"):
            (folder / name).write_text(name)
    edit(real, excludes=("*.log",), patterns=f"R {more}\n+ sh:**/keep.log\n- sh:**/secret.key\n")
    run = real.run()
    assert run.outcome is Outcome.SUCCESS, run.error
    names = stored(real, run.archive)
    assert {"keep.log", "text.txt"} <= names
    assert not names & {"other.log", "secret.key"}
    shown = borg(real, "list", "--format={path}{NL}", f"{real.repository.location}::{run.archive}")
    assert f"{str(more)[1:]}/keep.log" in shown


def test_a_source_of_the_patterns_counts_as_one_that_may_be_missing(real: Desk, tmp_path: Path) -> None:
    more = tmp_path / "disk"
    more.mkdir()
    (more / "file").write_text("x")
    edit(real, patterns=f"R {more}\n")
    assert real.run().outcome is Outcome.SUCCESS
    (more / "file").unlink()
    run = real.run()
    assert run.outcome is Outcome.WARNING
    assert run.error is not None
    assert f"“{more}” is empty, but had files in the last good backup" in run.error


def test_borgs_own_folders_stay_out_whatever_the_patterns_say(real: Desk) -> None:
    edit(real, patterns="".join(f"R {folder}\n+ {folder}\n" for folder in own_folders(real.environment)))
    run = real.run()
    assert run.archive is not None, run.error
    listed = borg(real, "list", "--format={path}{NL}", f"{real.repository.location}::{run.archive}").splitlines()
    assert any(path.startswith(real.repository.sources[0][1:]) for path in listed)
    assert not [path for path in listed for own in own_folders(real.environment) if path.startswith(own[1:])]


def test_options_reach_borg_without_a_shell(real: Desk, tmp_path: Path) -> None:
    source = Path(real.repository.sources[0])
    (source / "left").mkdir(parents=True)
    (source / "left" / ".nobackup").touch()
    (source / "left" / "inside").touch()
    (source / "file").touch()
    proof = tmp_path / "proof"
    edit(
        real, upload_limit=5000, checkpoint_interval=120,
        extra_arguments=f"--exclude-if-present .nobackup --comment 'a; touch {proof} $(touch {proof})'",
    )  # fmt: skip
    run = real.run()
    assert run.outcome is Outcome.SUCCESS, run.error
    assert "inside" not in stored(real, run.archive)
    assert not proof.exists()
    (archive,) = json.loads(borg(real, "info", "--json", f"{real.repository.location}::{run.archive}"))["archives"]
    assert archive["comment"] == f"a; touch {proof} $(touch {proof})"
    assert {"--upload-ratelimit=5000", "--checkpoint-interval=120"} <= set(archive["command_line"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"extra_arguments": "--noacls --jso"}, "“--jso” cannot be used: write the option in full."),
        ({"patterns": "+ a\nb"}, "Line 2: “b” must begin with"),
        ({"sources": ()}, "There is nothing to back up."),
    ],
    ids=["options", "patterns", "sources"],
)
def test_what_is_wrong_is_refused_before_it_is_stored(real: Desk, changes: dict[str, object], sentence: str) -> None:
    before = real.workspace.store.repositories.get(real.repository.id)
    with pytest.raises(InvalidInput, match=sentence.replace("(", r"\(")):
        edit(real, **changes)
    assert real.workspace.store.repositories.get(real.repository.id) == before


def test_a_source_of_the_patterns_is_enough(real: Desk, tmp_path: Path) -> None:
    only = tmp_path / "only"
    only.mkdir()
    (only / "one").touch()
    edit(real, sources=(), patterns=f"R {only}\n")
    run = real.run()
    assert run.outcome is Outcome.SUCCESS, run.error
    assert stored(real, run.archive) == {"one"}
