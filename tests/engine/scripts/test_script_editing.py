from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import RunOn
from borgdesk.domain.script import NewScript
from borgdesk.engine.scripts import script_editing
from borgdesk.engine.scripts.script_editing import ChangedOutside, Edited
from borgdesk.engine.workspace import Workspace
from tests.engine.desk import Desk

OLD, NEW = "#!/bin/sh\necho old\n", "#!/bin/sh\necho new\n"


@pytest.fixture
def workspace(desk: Desk) -> Workspace:
    return desk.workspace


def edited(workspace: Workspace, text: str = NEW) -> tuple[Edited, Path]:
    script = workspace.store.scripts.add(NewScript("Stop", OLD.encode()))
    loaded = script_editing.load(workspace, script.id)
    assert (loaded.text, loaded.problem) == (OLD, "")
    return Edited(script.id, "Stop", text, base=loaded.base), Path(script.file_path)


def test_a_new_script_is_added(workspace: Workspace) -> None:
    loaded = script_editing.save(workspace, Edited(None, "Stop", NEW, "Stops it", 60, RunOn.parse("failure")))
    script = workspace.store.scripts.get("Stop")
    assert loaded.script == script
    assert (script.description, script.timeout, str(script.run_on)) == ("Stops it", 60, "failure")
    assert workspace.store.scripts.content(script.id).decode() == NEW


def test_text_and_form_are_saved_together(workspace: Workspace) -> None:
    one, path = edited(workspace)
    loaded = script_editing.save(workspace, replace(one, name="Halt", timeout=7))
    assert (loaded.script.name, loaded.script.timeout, loaded.text) == ("Halt", 7, NEW)
    assert path.read_text() == NEW
    assert script_editing.load(workspace, loaded.script.id).base == loaded.base


def test_a_file_that_others_changed_is_not_overwritten(workspace: Workspace) -> None:
    one, path = edited(workspace)
    path.write_text("#!/bin/sh\necho theirs\n")
    with pytest.raises(ChangedOutside) as error:
        script_editing.save(workspace, replace(one, name="Halt"))
    assert error.value.theirs == "#!/bin/sh\necho theirs\n"
    assert "theirs" in path.read_text()
    assert workspace.store.scripts.get(one.script_id or 0).name == "Stop"


def test_overwriting_keeps_the_other_text_as_a_revision(workspace: Workspace) -> None:
    one, path = edited(workspace)
    path.write_text("#!/bin/sh\necho theirs\n")
    script_editing.save(workspace, one, over=True)
    assert path.read_text() == NEW
    kept = [
        workspace.store.revisions.content(revision.sha256)
        for revision in workspace.store.revisions.list(ScriptId(one.script_id or 0))
    ]
    assert kept == [NEW.encode(), b"#!/bin/sh\necho theirs\n", OLD.encode()]


def test_the_same_text_from_outside_is_no_conflict(workspace: Workspace) -> None:
    one, path = edited(workspace)
    path.write_text(NEW)
    assert script_editing.save(workspace, one).text == NEW


def test_a_missing_file_is_written_again(workspace: Workspace) -> None:
    one, path = edited(workspace)
    path.unlink()
    assert "is missing" in script_editing.load(workspace, ScriptId(one.script_id or 0)).problem
    script_editing.save(workspace, one)
    assert path.read_text() == NEW


@pytest.mark.parametrize(("field", "value"), [("name", "  "), ("timeout", 0), ("text", " \n"), ("text", "a\0b")])
def test_what_cannot_be_saved_changes_nothing(workspace: Workspace, field: str, value: object) -> None:
    one, path = edited(workspace)
    before = workspace.store.scripts.get(one.script_id or 0)
    with pytest.raises(InvalidInput):
        script_editing.save(workspace, replace(one, **{"name": "Halt", field: value}))  # type: ignore[arg-type]
    assert path.read_text() == OLD
    assert workspace.store.scripts.get(before.id) == before


def test_a_file_that_cannot_be_written_leaves_the_form_as_it_was(workspace: Workspace) -> None:
    one, path = edited(workspace)
    path.unlink()
    path.mkdir()
    (path / "in-the-way").touch()
    before = workspace.store.scripts.get(one.script_id or 0)
    with pytest.raises(Exception, match="cannot be written"):
        script_editing.save(workspace, replace(one, name="Halt"))
    assert workspace.store.scripts.get(before.id) == before


def test_bytes_that_are_no_text_are_told(workspace: Workspace) -> None:
    one, path = edited(workspace)
    path.write_bytes(b"#!/bin/sh\necho \xff\n")
    loaded = script_editing.load(workspace, ScriptId(one.script_id or 0))
    assert loaded.base is None
    assert "UTF-8" in loaded.problem


def test_windows_line_ends_are_shown_as_ours(workspace: Workspace) -> None:
    one, path = edited(workspace)
    path.write_bytes(b"#!/bin/sh\r\necho\r\n")
    loaded = script_editing.load(workspace, ScriptId(one.script_id or 0))
    assert loaded.text == "#!/bin/sh\necho\n"
    script_editing.save(workspace, replace(one, text=loaded.text, base=loaded.base))
    assert path.read_bytes() == b"#!/bin/sh\necho\n"


def test_restoring_keeps_what_was_there(workspace: Workspace) -> None:
    one, path = edited(workspace)
    first = workspace.store.revisions.list(ScriptId(one.script_id or 0))[0].sha256
    path.write_text("#!/bin/sh\necho theirs\n")
    loaded = script_editing.restore(workspace, ScriptId(one.script_id or 0), first)
    assert (loaded.text, path.read_text()) == (OLD, OLD)
    assert len(workspace.store.revisions.list(ScriptId(one.script_id or 0))) == 2


def test_restoring_a_missing_file(workspace: Workspace) -> None:
    one, path = edited(workspace)
    first = workspace.store.revisions.list(ScriptId(one.script_id or 0))[0].sha256
    path.unlink()
    script_editing.restore(workspace, ScriptId(one.script_id or 0), first)
    assert path.read_text() == OLD


def test_a_text_does_not_get_into_logs_by_the_way(workspace: Workspace) -> None:
    one, _ = edited(workspace, text="the password")
    assert "the password" not in repr(one)
