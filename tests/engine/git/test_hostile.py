"""Nothing of a hostile repository, or of its remote, is executed or leads git to other files of the user."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.git.library import commit, log, status
from borgdesk.engine.git.pull import carry_out, fetch
from borgdesk.engine.git.push import push
from borgdesk.engine.git.work_tree import NoWorkTree
from tests.engine.desk import Desk
from tests.engine.git.machines import add, bare, git


class Trap:
    """A program that leaves a mark when something runs it."""

    def __init__(self, folder: Path) -> None:
        self.marks = folder / "marks"
        self.program = folder / "trap"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> {shlex.quote(str(self.marks))}\ncat\n')
        self.program.chmod(0o755)

    @property
    def sprung(self) -> str:
        return self.marks.read_text() if self.marks.exists() else ""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


HOOKS = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout", "post-merge", "pre-push",
    "pre-receive", "update", "proc-receive", "post-receive", "post-update", "reference-transaction",
    "post-index-change", "pre-auto-gc", "fsmonitor-watchman", "push-to-checkout", "post-rewrite",
)  # fmt: skip

KEYS = (
    "core.fsmonitor", "core.sshCommand", "core.editor", "core.pager", "core.askPass", "core.gitProxy",
    "core.alternateRefsCommand", "sequence.editor", "diff.external", "diff.x.command", "diff.x.textconv",
    "filter.x.clean", "filter.x.smudge", "filter.x.process", "merge.x.driver", "gpg.program",
    "gpg.ssh.program", "credential.helper",
    "remote.origin.uploadpack", "remote.origin.receivepack", "uploadpack.packObjectsHook", "gc.recentObjectsHook",
    "pager.log", "interactive.diffFilter", "trailer.x.command",
)  # fmt: skip


def poison(repository: Path, trap: Trap) -> None:
    """Let every hook and every setting that names a program name the trap."""
    hooks = repository / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in HOOKS:
        (hooks / hook).unlink(missing_ok=True)
        (hooks / hook).symlink_to(trap.program) if repository.name != ".git" else _copy(trap, hooks / hook)
    for key in KEYS:
        git(repository.parent, "config", "--file", str(repository / "config"), key, str(trap.program))
    more = {
        "core.hooksPath": str(hooks), "alias.status": f"!{trap.program}", "alias.ls-tree": f"!{trap.program}",
        "commit.gpgSign": "true", "push.gpgSign": "if-asked", "log.showSignature": "true",
        "filter.x.required": "true", "core.worktree": "/etc", "include.path": "/nonexistent",
        "protocol.allow": "always", "protocol.ext.allow": "always", "receive.denyCurrentBranch": "updateInstead",
        "receive.autogc": "true", "gc.auto": "1", "extensions.worktreeConfig": "true",
    }  # fmt: skip
    for key, value in more.items():
        git(repository.parent, "config", "--file", str(repository / "config"), key, value)
    (repository / "config.worktree").write_text(f"[core]\n\tfsmonitor = {trap.program}\n")
    (repository / "info").mkdir(exist_ok=True)
    (repository / "info" / "attributes").write_text("* filter=x diff=x merge=x\n")


def _copy(trap: Trap, hook: Path) -> None:
    hook.write_bytes(trap.program.read_bytes())
    hook.chmod(0o755)


def everything(desk: Desk) -> None:
    """Do all that BorgDesk does with git."""
    status(desk.workspace)
    script = add(desk, f"Script {len(list(desk.workspace.paths.library.iterdir()))}")
    commit(desk.workspace, "Change")
    desk.workspace.store.scripts.save(script.id, b"#!/bin/sh\necho changed\n")
    status(desk.workspace)
    commit(desk.workspace, "Change again")
    log(desk.workspace, 10)
    carry_out(desk.workspace, fetch(desk.workspace), {})
    push(desk.workspace)


def test_nothing_of_the_repository_in_the_library_is_executed(one: Desk, other: Desk, trap: Trap) -> None:
    everything(one)
    library = other.workspace.paths.library
    (library / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    poison(library / ".git", trap)
    everything(other)
    assert trap.sprung == ""
    assert len(list(library.glob("script-*"))) == 2


def test_the_trap_works(one: Desk, trap: Trap) -> None:
    """git as it is would have run the traps, so they are traps."""
    add(one, "One")
    commit(one.workspace, "One")
    library = one.workspace.paths.library
    poison(library / ".git", trap)
    (library / ".git" / "config.worktree").unlink()
    git(library, "config", "--file", ".git/config", "--unset", "core.worktree")
    with contextlib.suppress(AssertionError):
        git(library, "status")
    assert f"{trap.program} 2" in trap.sprung, "the monitor of files"
    assert f"{trap.program} \n" in trap.sprung, "the filter"
    git(library, "config", "--file", ".git/config", "--remove-section", "filter.x")
    git(library, "-c", "core.editor=true", "-c", "commit.gpgSign=false", "commit", "--allow-empty", "-m", "x")
    assert "hooks/pre-commit" in trap.sprung


def test_nothing_of_a_remote_in_a_folder_is_executed(one: Desk, other: Desk, trap: Trap, remote: Path) -> None:
    everything(one)
    poison(remote, trap)
    git(remote.parent, "config", "--file", str(remote / "config"), "--unset", "core.worktree")
    everything(other)
    assert trap.sprung == ""
    assert "Change again" in git(remote, "-c", "core.hooksPath=/dev/null", "log", "--format=%s", "main")


def test_a_remote_with_a_work_tree_is_not_checked_out(one: Desk, trap: Trap) -> None:
    library = one.workspace.paths.library
    evil = library / ".git" / "evil"
    git(library, "init", "--quiet", "--initial-branch=main", str(evil))
    poison(evil / ".git", trap)
    git(evil, "config", "--file", str(evil / ".git" / "config"), "core.worktree", str(evil))
    (evil / ".gitattributes").write_text("* filter=x\n")
    git(library, "remote", "set-url", "origin", "./.git/evil")
    add(one, "One")
    commit(one.workspace, "One")
    with pytest.raises(BorgDeskError):
        push(one.workspace)
    assert trap.sprung == ""


@pytest.mark.parametrize(
    "address",
    [
        "ext::{trap} %S",
        "fd::17",
        "ssh://-oProxyCommand={trap}/x",
        "-oProxyCommand={trap}:x",
        "--upload-pack={trap}",
        "git://localhost:1/x",
        "trap::x",
    ],
)
def test_addresses_that_would_run_something(one: Desk, trap: Trap, address: str) -> None:
    add(one, "One")
    commit(one.workspace, "One")
    poison(one.workspace.paths.library / ".git", trap)
    (trap.program.parent / "git-remote-trap").symlink_to(trap.program)
    config = one.workspace.paths.library / ".git" / "config"
    git(config.parent, "config", "--file", str(config), "remote.origin.url", address.format(trap=trap.program))
    for work in (fetch, push):
        with pytest.raises(BorgDeskError):
            work(one.workspace)
    assert trap.sprung == ""


def test_ssh_is_the_users_and_never_asks(one: Desk, trap: Trap, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ssh").write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/asked\nexit 255\n')
    (folder / "ssh").chmod(0o755)
    one.workspace.environment["PATH"] = f"{folder}:{os.environ['PATH']}"  # type: ignore[index]
    poison(one.workspace.paths.library / ".git", trap)
    git(one.workspace.paths.library.parent, "config", "--file", str(one.workspace.paths.library / ".git" / "config"),
        "remote.origin.url", "user@host:library.git")  # fmt: skip
    with pytest.raises(BorgDeskError):
        fetch(one.workspace)
    assert "BatchMode=yes" in (tmp_path / "asked").read_text()
    assert trap.sprung == ""


@pytest.mark.parametrize("place", ["refs/heads", "logs", "index", "info", "HEAD", "objects"])
def test_links_to_files_of_the_user_are_refused(one: Desk, tmp_path: Path, place: str) -> None:
    add(one, "One")
    commit(one.workspace, "One")
    path = one.workspace.paths.library / ".git" / place
    target = tmp_path / "precious"
    path.rename(target)
    path.symlink_to(target)
    with pytest.raises(NoWorkTree, match="is a link"):
        status(one.workspace)


def test_a_repository_elsewhere_is_not_used(desk: Desk, tmp_path: Path) -> None:
    bare(tmp_path / "elsewhere.git")
    library = desk.workspace.paths.library
    (library / ".git").write_text(f"gitdir: {tmp_path}/elsewhere.git\n")
    with pytest.raises(NoWorkTree, match="not in the folder"):
        status(desk.workspace)


def test_a_pipe_does_not_block(one: Desk) -> None:
    for name in ("config", "HEAD"):
        path = one.workspace.paths.library / ".git" / name
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(NoWorkTree, match="no file"):
            status(one.workspace)


def test_a_repository_that_others_can_write_is_not_used(one: Desk) -> None:
    (one.workspace.paths.library / ".git").chmod(0o777)
    with pytest.raises(NoWorkTree, match="chmod go-w"):
        status(one.workspace)


@pytest.mark.parametrize("feature", ["objectFormat", "refStorage", "partialClone"])
def test_formats_that_are_not_known_are_refused(one: Desk, feature: str) -> None:
    config = one.workspace.paths.library / ".git" / "config"
    git(config.parent, "config", "--file", str(config), f"extensions.{feature}", "x")
    with pytest.raises(NoWorkTree, match=feature.lower()):
        status(one.workspace)


def test_a_name_with_commands_does_not_reach_the_log_of_branches(one: Desk) -> None:
    library = one.workspace.paths.library
    git(library, "config", "user.name", "A $(touch x) `y` <z>; true")
    add(one, "One")
    made = commit(one.workspace, "One")
    assert made is not None
    assert made.author == "A (touch x) y z true"
    assert not set("`$;") & set((library / ".git" / "logs" / "refs" / "heads" / "main").read_text())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://anna:secret@example.org/x.git", "https://example.org/x.git"),
        ("https://anna:se@cret@example.org/x.git", "https://example.org/x.git"),
        ("https://ghp_token@example.org/x@2.git", "https://example.org/x@2.git"),
        ("ssh://git:secret@example.org:22/x.git", "ssh://git@example.org:22/x.git"),
        ("git@example.org:x.git", "git@example.org:x.git"),
    ],
)
def test_a_secret_in_the_address_is_not_shown(one: Desk, address: str, shown: str) -> None:
    git(one.workspace.paths.library, "remote", "set-url", "origin", address)
    assert status(one.workspace).remote == shown
