"""Two machines that share a library over a bare repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.script import Script
from borgdesk.engine.git.library import commit, distance, status
from borgdesk.engine.git.pull import Choice, Incoming, State, carry_out, fetch, known
from borgdesk.engine.git.push import push
from borgdesk.engine.git.work_tree import opened
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.engine.processes.cancel import Cancel
from tests.engine.desk import PRE, Desk
from tests.engine.git.machines import add, git, text_of

FIRST = "#!/bin/sh\necho Stop\n"
SECOND = "#!/bin/sh\necho changed on one\n"


def publish(desk: Desk, message: str = "Change") -> None:
    commit(desk.workspace, message)
    push(desk.workspace)


def change(desk: Desk, script: Script, text: str) -> None:
    desk.workspace.store.scripts.save(script.id, text.encode())


def take_over(desk: Desk, name: str) -> Script:
    """Pull into an empty library, and register a file of it."""
    carry_out(desk.workspace, fetch(desk.workspace), {})
    return desk.workspace.store.scripts.register(desk.workspace.paths.library / name)


def only(incoming: tuple[Incoming, ...]) -> Incoming:
    (found,) = incoming
    return found


@pytest.fixture
def ours(one: Desk) -> Script:
    script = add(one, "Stop")
    publish(one, "First")
    return script


@pytest.fixture
def theirs(ours: Script, other: Desk) -> Script:
    return take_over(other, "stop.sh")


def test_a_script_reaches_the_other_machine(ours: Script, other: Desk) -> None:
    plan = fetch(other.workspace)
    assert (only(plan.incoming).path, only(plan.incoming).state) == ("stop.sh", State.FREE)
    assert list(other.workspace.paths.library.glob("*.sh")) == []
    done = carry_out(other.workspace, plan, {})
    assert done.moved
    path = other.workspace.paths.library / "stop.sh"
    assert (path.read_text(), path.stat().st_mode & 0o777) == (FIRST, 0o700)
    assert git(other.workspace.paths.library, "status", "--porcelain") == ""
    assert git(other.workspace.paths.library, "log", "--format=%s") == "First\n"
    assert other.workspace.store.scripts.list() == []


def test_an_assigned_script_waits_for_a_yes(one: Desk, other: Desk, ours: Script, theirs: Script) -> None:
    assign(other.workspace, other.repository.id, theirs.id, PRE, Changes())
    helper = one.workspace.paths.library / "notes.md"
    helper.write_text("read me\n")
    change(one, ours, SECOND)
    publish(one)
    plan = fetch(other.workspace)
    assert [(found.path, found.state) for found in plan.incoming] == [
        ("notes.md", State.FREE),
        ("stop.sh", State.ASSIGNED),
    ]
    assert plan.incoming[1].used_by == ("Docs",)
    done = carry_out(other.workspace, plan, {})
    assert ([found.path for found in done.taken], done.moved) == (["notes.md"], False)
    assert text_of(other, theirs) == FIRST
    assert status(other.workspace).behind == 1
    # Until then, nothing that is committed here takes it back.
    add(other, "Third")
    commit(other.workspace, "Third")
    assert only(fetch(other.workspace).incoming).state is State.ASSIGNED
    done = carry_out(other.workspace, known(other.workspace), {"stop.sh": Choice.THEIRS})
    assert (done.waiting, done.moved) == ((), True)
    assert text_of(other, theirs) == SECOND
    texts = [other.workspace.store.revisions.content(one.sha256) for one in
             other.workspace.store.revisions.list(theirs.id)]  # fmt: skip
    assert texts == [SECOND.encode(), FIRST.encode()]
    assert status(other.workspace).changes == ()
    push(other.workspace)
    carry_out(one.workspace, fetch(one.workspace), {})
    assert (one.workspace.paths.library / "third.sh").exists()
    for desk in (one, other):
        git(desk.workspace.paths.library, "fsck", "--strict")
        assert git(desk.workspace.paths.library, "status", "--porcelain") == ""


def test_a_run_uses_the_old_text_until_then(one: Desk, other: Desk, ours: Script, theirs: Script) -> None:
    other.workspace.store.scripts.save(theirs.id, FIRST.encode())
    assign(other.workspace, other.repository.id, theirs.id, PRE, Changes())
    change(one, ours, SECOND)
    publish(one)
    carry_out(other.workspace, fetch(other.workspace), {})
    assert other.workspace.store.revisions.content(other.workspace.store.scripts.freeze(theirs.id)) == FIRST.encode()


@pytest.mark.parametrize("choice", [Choice.THEIRS, Choice.MINE, b"#!/bin/sh\necho both\n"])
@pytest.mark.parametrize("committed", [True, False])
def test_both_edit_the_same_script(
    one: Desk, other: Desk, ours: Script, theirs: Script, choice: Choice | bytes, committed: bool
) -> None:
    mine = "#!/bin/sh\necho changed on the other\n"
    change(one, ours, SECOND)
    publish(one)
    change(other, theirs, mine)
    if committed:
        commit(other.workspace, "Mine")
        with pytest.raises(BorgDeskError, match="Pull them first"):
            push(other.workspace)
    plan = fetch(other.workspace)
    assert only(plan.incoming).state is State.CONFLICT
    assert (only(plan.incoming).base, only(plan.incoming).mine) == (FIRST.encode(), mine.encode())
    assert not carry_out(other.workspace, plan, {}).moved
    assert text_of(other, theirs) == mine
    done = carry_out(other.workspace, plan, {"stop.sh": choice})
    assert done.moved
    expected = choice.decode() if isinstance(choice, bytes) else SECOND if choice is Choice.THEIRS else mine
    assert text_of(other, theirs) == expected
    commit(other.workspace, "What is left")
    push(other.workspace)
    change(one, ours, SECOND)
    carry_out(one.workspace, fetch(one.workspace), {"stop.sh": Choice.THEIRS})
    assert text_of(one, ours) == expected
    library = other.workspace.paths.library
    git(library, "fsck", "--strict")
    assert git(library, "status", "--porcelain") == ""
    assert len(git(library, "log", "-1", "--format=%P").split()) == (2 if committed else 1)


def test_what_both_changed_alike_is_no_question(one: Desk, other: Desk, ours: Script, theirs: Script) -> None:
    for desk, script in ((one, ours), (other, theirs)):
        change(desk, script, SECOND)
        commit(desk.workspace, f"Same on {desk.folder.name}")
    push(one.workspace)
    plan = fetch(other.workspace)
    assert plan.incoming == ()
    assert carry_out(other.workspace, plan, {}).moved
    push(other.workspace)


def test_a_file_that_an_assigned_script_reads_waits_too(one: Desk, other: Desk) -> None:
    script = add(one, "Uses", '. "$BORGDESK_LIBRARY_DIR/lib.sh"')
    lib = one.workspace.paths.library / "lib.sh"
    lib.write_text("a=1\n")
    publish(one)
    taken = take_over(other, "uses.sh")
    assert script.name == "Uses"
    assign(other.workspace, other.repository.id, taken.id, PRE, Changes())
    lib.write_text("a=2\n")
    publish(one)
    found = only(fetch(other.workspace).incoming)
    assert (found.path, found.state, found.used_by) == ("lib.sh", State.ASSIGNED, ("uses",))
    carry_out(other.workspace, known(other.workspace), {})
    assert (other.workspace.paths.library / "lib.sh").read_text() == "a=1\n"


def test_an_assigned_script_is_not_removed(one: Desk, other: Desk, ours: Script, theirs: Script) -> None:
    assign(other.workspace, other.repository.id, theirs.id, PRE, Changes())
    one.workspace.store.scripts.remove(ours.id)
    publish(one)
    plan = fetch(other.workspace)
    assert only(plan.incoming).state is State.REFUSED
    with pytest.raises(BorgDeskError, match="Remove its assignments first"):
        carry_out(other.workspace, plan, {"stop.sh": Choice.THEIRS})
    assert carry_out(other.workspace, plan, {"stop.sh": Choice.MINE}).moved
    assert text_of(other, theirs) == FIRST


def test_an_assigned_script_follows_its_file(one: Desk, other: Desk, ours: Script, theirs: Script) -> None:
    assign(other.workspace, other.repository.id, theirs.id, PRE, Changes())
    library = one.workspace.paths.library
    (library / "stop.sh").rename(library / "halt.sh")
    one.workspace.store.scripts.relocate(ours.id, library / "halt.sh")
    publish(one)
    found = only(fetch(other.workspace).incoming)
    assert (found.old_path, found.path, found.state) == ("stop.sh", "halt.sh", State.ASSIGNED)
    assert carry_out(other.workspace, known(other.workspace), {"halt.sh": Choice.THEIRS}).moved
    assert Path(other.workspace.store.scripts.get(theirs.id).file_path).name == "halt.sh"
    assert text_of(other, theirs) == FIRST
    assert git(other.workspace.paths.library, "status", "--porcelain") == ""


def test_a_text_that_is_no_script_is_refused(one: Desk, other: Desk, theirs: Script) -> None:
    (one.workspace.paths.library / "stop.sh").write_bytes(b"\0\1\2")
    publish(one)
    found = only(fetch(other.workspace).incoming)
    assert (found.state, bool(found.problem)) == (State.REFUSED, True)


def test_nothing_is_taken_together_with_what_cannot_be(one: Desk, other: Desk, theirs: Script) -> None:
    add(one, "Another")
    (one.workspace.paths.library / "stop.sh").write_bytes(b"\0\1\2")
    publish(one)
    plan = fetch(other.workspace)
    assert {one.path for one in plan.incoming} == {"another.sh", "stop.sh"}
    with pytest.raises(InvalidInput):
        carry_out(other.workspace, plan, {"stop.sh": Choice.THEIRS})
    assert not (other.workspace.paths.library / "another.sh").exists()


def test_what_changed_since_it_was_shown_is_not_touched(one: Desk, other: Desk, ours: Script, theirs: Script) -> None:
    change(one, ours, SECOND)
    publish(one)
    plan = fetch(other.workspace)
    change(other, theirs, "#!/bin/sh\necho just now\n")
    done = carry_out(other.workspace, plan, {"stop.sh": Choice.THEIRS})
    assert (len(done.waiting), done.moved) == (1, False)
    assert "just now" in text_of(other, theirs)
    commit(other.workspace, "Just now")
    with pytest.raises(BorgDeskError, match="Look again"):
        carry_out(other.workspace, plan, {"stop.sh": Choice.THEIRS})


def test_links_and_strange_names_of_the_remote_are_left_to_git(one: Desk, other: Desk, ours: Script) -> None:
    library = one.workspace.paths.library
    (library / "link").symlink_to("/etc/passwd")
    git(library, "add", "link")
    git(library, "update-index", "--add", "--cacheinfo", f"100644,{_blob(library)},.borgdesk-added-1.partial")
    git(library, "commit", "--quiet", "-m", "Strange")
    git(library, "push", "--quiet", "origin", "main")
    plan = fetch(other.workspace)
    assert plan.left_out == (".borgdesk-added-1.partial", "link")
    carry_out(other.workspace, plan, {})
    assert sorted(path.name for path in other.workspace.paths.library.iterdir()) == [".git", "stop.sh"]
    add(other, "Mine")
    commit(other.workspace, "Mine")
    assert "link" in git(other.workspace.paths.library, "ls-tree", "--name-only", "HEAD").split()


def _blob(library: Path) -> str:
    return git(library, "hash-object", "-w", "--", str(library / "stop.sh")).strip()


def test_a_file_is_not_written_through_a_link(one: Desk, other: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (other.workspace.paths.library / "deep").symlink_to(outside)
    deep = one.workspace.paths.library / "deep"
    deep.mkdir()
    (deep / "evil.sh").write_text("echo\n")
    publish(one)
    plan = fetch(other.workspace)
    assert only(plan.incoming).state is State.REFUSED
    carry_out(other.workspace, plan, {})
    assert list(outside.iterdir()) == []


def test_a_remote_without_commits_and_none_at_all(one: Desk, desk: Desk) -> None:
    assert fetch(one.workspace).theirs is None
    with pytest.raises(BorgDeskError, match="no commit yet"):
        push(one.workspace)
    git(one.workspace.paths.library, "remote", "remove", "origin")
    with pytest.raises(BorgDeskError, match="remote add origin"):
        fetch(one.workspace)


def test_a_remote_that_is_gone(one: Desk, remote: Path) -> None:
    remote.rename(remote.with_name("elsewhere"))
    with pytest.raises(BorgDeskError, match="does not appear to be a git repository"):
        fetch(one.workspace)


def test_it_can_be_stopped(one: Desk) -> None:
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(BorgDeskError, match="nothing was changed"):
        fetch(one.workspace, cancel)


def test_distance(one: Desk, other: Desk, ours: Script, theirs: Script) -> None:
    change(one, ours, SECOND)
    publish(one)
    add(other, "Mine")
    commit(other.workspace, "Mine")
    fetch(other.workspace)
    with opened(other.workspace) as tree:
        assert distance(tree) == (1, 1)
