"""Status, commits and log of a library in git, with a real git."""

from __future__ import annotations

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.settings import COMMIT_LIBRARY
from borgdesk.engine.git.library import Kind, commit, commit_saved, difference, log, status, text_at
from borgdesk.engine.git.work_tree import NoWorkTree, is_work_tree
from tests.engine.desk import Desk
from tests.engine.git.machines import add, git, put_in_git


def seen(desk: Desk) -> list[tuple[str, Kind]]:
    return [(one.path, one.kind) for one in status(desk.workspace).changes]


def test_a_library_that_is_not_in_git(desk: Desk) -> None:
    assert not is_work_tree(desk.workspace)
    with pytest.raises(NoWorkTree, match="git init"):
        status(desk.workspace)


def test_what_has_changed_is_committed_as_the_user(one: Desk) -> None:
    script = add(one, "Stop web")
    library = one.workspace.paths.library
    (library / "README.md").write_text("Mine\n")
    (library / ".borgdesk-x.partial").write_text("half\n")
    (library / "old~").write_text("backup\n")
    assert seen(one) == [("README.md", Kind.ADDED), ("stop-web.sh", Kind.ADDED)]
    made = commit(one.workspace, "First\n\nBecause of it")
    assert made is not None
    assert (made.author, made.address, made.message) == ("Anna", "anna@example.org", "First")
    assert git(library, "log", "--format=%an %s %b") == "Anna First Because of it\n\n"
    assert git(library, "status", "--porcelain") == "?? old~\n"
    git(library, "fsck", "--strict")
    assert seen(one) == []
    one.workspace.store.scripts.save(script.id, b"#!/bin/sh\necho other\n")
    (library / "README.md").unlink()
    assert seen(one) == [("README.md", Kind.REMOVED), ("stop-web.sh", Kind.MODIFIED)]
    found = status(one.workspace)
    assert found.changes[1].difference[-2:] == ["-echo Stop web", "+echo other"]
    assert found.changes[1].script == one.workspace.store.scripts.get(script.id)
    assert commit(one.workspace, "Second") is not None
    assert git(library, "ls-files", "-s").split("\t")[1:] == ["stop-web.sh\n"]
    assert git(library, "ls-files", "-s").startswith("100755 ")
    assert [one.message for one in log(one.workspace, 5)] == ["Second", "First"]
    assert text_at(one.workspace, log(one.workspace, 5)[1].oid, script) == "#!/bin/sh\necho Stop web\n"
    assert commit(one.workspace, "Third") is None


def test_a_comment_that_becomes_a_command_is_shown() -> None:
    found = difference(b"# note\xe2\x80\xa8rm file\n", b"# note\nrm file\n", "x.sh")
    assert found[-3:] == ["-# note\u2028rm file", "+# note", "+rm file"]


def test_what_the_user_prepared_with_git_stays(one: Desk) -> None:
    add(one, "One")
    commit(one.workspace, "First")
    library = one.workspace.paths.library
    (library / "two").write_text("two\n")
    (library / "three").write_text("three\n")
    git(library, "add", "two")
    commit(one.workspace, "Only three", ["three"])
    assert git(library, "status", "--porcelain") == "A  two\n"
    assert git(library, "show", "--name-only", "--format=") == "three\n"


def test_ignored_files_and_links_are_left_alone(one: Desk) -> None:
    library = one.workspace.paths.library
    (library / ".gitignore").write_text("*.log\n")
    (library / "a.log").write_text("noise\n")
    (library / "link").symlink_to("/etc/passwd")
    (library / "folder").symlink_to("/etc")
    (library / "deep").mkdir()
    (library / "deep" / "b").write_text("b\n")
    assert seen(one) == [(".gitignore", Kind.ADDED), ("deep/b", Kind.ADDED)]


def test_saving_commits_only_that_script(one: Desk) -> None:
    add(one, "Other")
    script = add(one, "Stop web")
    commit_saved(one.workspace, script, Kind.MODIFIED)
    assert seen(one) == [("other.sh", Kind.ADDED)]
    assert log(one.workspace, 1)[0].message == "Change “Stop web”"
    one.workspace.store.settings.set(COMMIT_LIBRARY, False)
    one.workspace.store.scripts.save(script.id, b"#!/bin/sh\necho other\n")
    commit_saved(one.workspace, script, Kind.MODIFIED)
    assert ("stop-web.sh", Kind.MODIFIED) in seen(one)


def test_a_commit_that_fails_does_not_fail_the_save(one: Desk) -> None:
    script = add(one, "Stop web")
    (one.workspace.paths.library / ".git" / "MERGE_HEAD").write_text("0" * 40)
    commit_saved(one.workspace, script, Kind.MODIFIED)
    with pytest.raises(BorgDeskError, match="a merge"):
        commit(one.workspace, "Change")


def test_a_message_is_needed(one: Desk) -> None:
    with pytest.raises(InvalidInput):
        commit(one.workspace, " \n ")


def test_the_log_of_one_script(one: Desk) -> None:
    script = add(one, "One")
    commit(one.workspace, "One")
    add(one, "Two")
    commit(one.workspace, "Two")
    assert [one.message for one in log(one.workspace, 5, "One")] == ["One"]
    assert script.name == "One"


def test_no_branch_is_checked_out(one: Desk) -> None:
    add(one, "One")
    commit(one.workspace, "One")
    git(one.workspace.paths.library, "checkout", "--quiet", "--detach")
    assert status(one.workspace).branch is None
    add(one, "Two")
    with pytest.raises(BorgDeskError, match="git switch"):
        commit(one.workspace, "Two")


def test_packed_branches_and_the_name_of_the_login(desk: Desk) -> None:
    library = put_in_git(desk)
    git(library, "config", "--remove-section", "user")
    add(desk, "One")
    made = commit(desk.workspace, "One")
    assert made is not None
    assert made.author
    assert made.address
    git(library, "gc", "--quiet")
    assert (library / ".git" / "packed-refs").exists()
    add(desk, "Two")
    assert commit(desk.workspace, "Two") is not None
    assert git(library, "log", "--format=%s") == "Two\nOne\n"
    assert git(library, "reflog", "--format=%gs") == "commit: Two\ncommit: One\n"


def test_nothing_is_left_in_the_cache(one: Desk) -> None:
    add(one, "One")
    commit(one.workspace, "One")
    assert list((one.workspace.paths.cache / "git").iterdir()) == []
