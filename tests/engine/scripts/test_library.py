"""Adding scripts to the library and removing them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from borgdesk.domain.errors import Changed, InvalidInput
from borgdesk.domain.script import MAX_SCRIPT_BYTES, NewScript
from borgdesk.engine.scripts import library
from borgdesk.engine.workspace import Workspace
from tests.engine.desk import POST, PRE, Desk

BLOCK = """#!/bin/bash
# /// borgdesk
# name = "Stop it"
# description = "Stops what runs"
# timeout = 90
# run_on = "failure"
# ///
true
"""


@pytest.fixture
def workspace(desk: Desk) -> Workspace:
    return desk.workspace


def file(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_name_description_timeout_and_condition_come_from_the_block(workspace: Workspace, tmp_path: Path) -> None:
    script = library.import_file(workspace, file(tmp_path, "x.sh", BLOCK))
    assert (script.name, script.description, script.timeout, str(script.run_on)) == (
        "Stop it", "Stops what runs", 90, "failure",
    )  # fmt: skip
    assert Path(script.file_path).name == "x.sh"


@pytest.mark.parametrize(
    ("name", "readable"),
    [("docker-stop.sh", "Docker stop"), ("my_script", "My script"), (".hidden", "Hidden"), ("ünïcode.py", "Ünïcode")],
)
def test_without_one_the_file_is_asked(workspace: Workspace, tmp_path: Path, name: str, readable: str) -> None:
    script = library.import_file(workspace, file(tmp_path, name, "#!/bin/sh\n"))
    assert script.name == readable.replace("Hidden", ".hidden")


def test_a_name_that_is_taken_gets_a_number(workspace: Workspace, tmp_path: Path) -> None:
    path = file(tmp_path, "x.sh", BLOCK)
    names = [library.import_file(workspace, path).name for _ in range(3)]
    assert names == ["Stop it", "Stop it 2", "Stop it 3"]


def test_the_longest_name_gets_a_number_too(workspace: Workspace, tmp_path: Path) -> None:
    paths = [file(tmp_path, f"{'n' * 120}.{ending}", "#!/bin/sh\n") for ending in ("sh", "bash")]
    names = [library.import_file(workspace, path).name for path in paths]
    assert names == ["N" + "n" * 119, "N" + "n" * 117 + " 2"]


def test_a_file_of_the_library_is_registered_where_it_is(workspace: Workspace) -> None:
    path = file(workspace.paths.library, "there.sh", BLOCK)
    script = library.import_file(workspace, path)
    assert Path(script.file_path) == path
    assert [one.name for one in workspace.paths.library.iterdir()] == ["there.sh"]


def test_one_bad_file_does_not_keep_the_others_out(workspace: Workspace, tmp_path: Path) -> None:
    paths = [
        file(tmp_path, "good.sh", "#!/bin/sh\n"),
        file(tmp_path, "program", b"\x7fELF\0\0"),
        file(tmp_path, "empty.sh", ""),
        tmp_path / "missing.sh",
        tmp_path,
        file(tmp_path, "windows.sh", "#!/bin/sh\r\ntrue\r\n"),
    ]
    done = library.import_files(workspace, paths)
    assert [one.script.name if one.script else None for one in done] == ["Good", None, None, None, None, "Windows"]
    assert all(str(one.path) in one.problem for one in done if one.script is None)
    assert b"\r" not in workspace.store.scripts.content(workspace.store.scripts.get("Windows").id)


def test_a_malformed_block_does_not_keep_a_script_out(workspace: Workspace, tmp_path: Path) -> None:
    script = library.import_file(workspace, file(tmp_path, "x.sh", "#!/bin/sh\n# /// borgdesk\n# a = \n# ///\n"))
    assert script.name == "X"


def test_a_copy_has_its_own_name_and_file(workspace: Workspace) -> None:
    original = workspace.store.scripts.add(NewScript("Stop", BLOCK.encode(), description="About", timeout=5))
    copies = [library.duplicate(workspace, original.id) for _ in range(2)]
    assert [copy.name for copy in copies] == ["Stop (copy)", "Stop (copy) 2"]
    assert [(copy.description, copy.timeout) for copy in copies] == [("About", 5)] * 2
    assert len({original.file_path, *(copy.file_path for copy in copies)}) == 3
    assert workspace.store.scripts.content(copies[0].id).decode() == BLOCK


def test_the_longest_name_can_be_copied(workspace: Workspace) -> None:
    original = workspace.store.scripts.add(NewScript("n" * 120, BLOCK.encode()))
    assert len(library.duplicate(workspace, original.id).name) <= 120


def test_exporting_never_overwrites_in_a_folder(workspace: Workspace, tmp_path: Path) -> None:
    ids = [workspace.store.scripts.add(NewScript(name, BLOCK.encode())).id for name in ("One", "Two")]
    target = tmp_path / "out"
    target.mkdir()
    (target / "one.sh").write_text("mine")
    written = library.export_files(workspace, ids, target)
    assert [path.name for path in written] == ["one-2.sh", "two.sh"]
    assert (target / "one.sh").read_text() == "mine"
    assert written[0].read_text() == BLOCK
    assert written[0].stat().st_mode & 0o777 == 0o700


def test_exporting_to_a_chosen_file(workspace: Workspace, tmp_path: Path) -> None:
    script = workspace.store.scripts.add(NewScript("One", BLOCK.encode()))
    library.export_file(workspace, script.id, tmp_path / "chosen")
    assert (tmp_path / "chosen").read_text() == BLOCK


def test_an_inline_script_moves_to_the_library_with_the_same_effect(desk: Desk) -> None:
    desk.change(pre_script=f"echo before >> {desk.journal_file}\n", post_script=f"echo after >> {desk.journal_file}\n")
    library.move_inline_to_library(desk.workspace, desk.repository.id, PRE)
    moved = library.move_inline_to_library(desk.workspace, desk.repository.id, POST)
    repository = desk.workspace.store.repositories.get(desk.repository.id)
    assert (repository.pre_script, repository.post_script) == ("", "")
    assert [place.hook for place in moved.used_by] == [POST]
    desk.repository = repository
    desk.run()
    assert desk.journal() == ["before", "after"]


def test_a_lane_without_an_inline_script_has_nothing_to_move(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        library.move_inline_to_library(desk.workspace, desk.repository.id, PRE)


def test_a_script_that_expects_files_beside_it_is_told_of(workspace: Workspace, tmp_path: Path) -> None:
    file(tmp_path, "helpers.py", "")
    files = [
        file(tmp_path, "a.sh", '#!/bin/bash\n. "$(dirname "$0")/lib.sh"\n'),
        file(tmp_path, "b.py", "#!/usr/bin/env python3\nimport helpers\n"),
        file(tmp_path, "c.sh", '#!/bin/bash\n. "$BORGDESK_LIBRARY_DIR/lib.sh"\n'),
    ]
    shell, python, fine = library.import_files(workspace, files)
    assert shell.remark.startswith("Line 2: BorgDesk runs a stored copy of the script")
    assert "$BORGDESK_LIBRARY_DIR/name" in shell.remark
    assert "sys.path.insert" in python.remark
    assert fine.script is not None
    assert fine.remark == ""


def test_an_inline_script_that_somebody_changes_meanwhile_stays_where_it_is(desk: Desk) -> None:
    desk.change(pre_script="echo ours")
    store = desk.workspace.store
    with store.database.writing() as session:
        session.execute(
            text(
                "CREATE TRIGGER meanwhile AFTER INSERT ON repository_scripts"
                " BEGIN UPDATE repositories SET pre_script = 'echo theirs'; END"
            )
        )
    with pytest.raises(Changed):
        library.move_inline_to_library(desk.workspace, desk.repository.id, PRE)
    assert store.repositories.get(desk.repository.id).pre_script == "echo theirs"
    assert (store.assignments.list(desk.repository.id), store.scripts.list()) == ([], [])


def test_what_may_be_a_script_is_told_by_its_size_and_first_bytes(tmp_path: Path) -> None:
    script = file(tmp_path, "script.sh", "#!/bin/sh\n")
    largest, larger = tmp_path / "largest", tmp_path / "larger"
    for path, size in ((largest, MAX_SCRIPT_BYTES), (larger, MAX_SCRIPT_BYTES + 1)):
        path.write_bytes(b"#" * size)
    os.mkfifo(tmp_path / "pipe")
    others = [tmp_path, tmp_path / "gone", tmp_path / "pipe", larger, file(tmp_path, "image", b"\x89PNG\0\0")]
    assert [library.may_be_scripts([one]) for one in (script, largest)] == [True, True]
    assert [library.may_be_scripts([one]) for one in others] == [False] * len(others)
    assert library.may_be_scripts([*others, script])
    assert not library.may_be_scripts([])
