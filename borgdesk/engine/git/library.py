"""Status, differences, commits and log of a library in git."""

from __future__ import annotations

import contextlib
import difflib
import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput, NotFound
from borgdesk.domain.lines import lines_of
from borgdesk.domain.script import Script
from borgdesk.domain.settings import COMMIT_LIBRARY
from borgdesk.engine.git.work_tree import Entry, WorkTree, is_work_tree, oid_of, opened
from borgdesk.engine.scripts.library_scan import read_stamps
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import N_, _

_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()
"""Two scripts may be saved at once, and each commit must know the one before."""

_MOST = 16 * 1024 * 1024
"""Bytes of a file that is compared."""
_OURS = ".borgdesk-*"


class Kind(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"
    RENAMED = "renamed"


_MESSAGES = {
    Kind.ADDED: N_("Add “{script}”"),
    Kind.MODIFIED: N_("Change “{script}”"),
    Kind.REMOVED: N_("Remove “{script}”"),
    Kind.RENAMED: N_("Rename “{script}”"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the library that differs from the last commit."""

    path: str
    """Relative to the library folder."""
    kind: Kind
    script: Script | None
    """The script whose file it is; None if it is none."""
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)

    @property
    def difference(self) -> list[str]:
        """The differing lines, as a unified diff."""
        return difference(self.before, self.after, self.path)


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the library in git."""

    branch: str | None
    """Its short name; None if no branch is checked out."""
    commit: str | None
    remote: str
    """The address of the remote; empty if there is none."""
    ahead: int
    """Commits that the remote does not have, as far as is known here."""
    behind: int
    """Commits of the remote, as far as they were fetched, that the library does not have."""
    changes: tuple[Change, ...]
    unfinished: str


@dataclass(frozen=True, slots=True)
class Commit:
    """An entry of the log."""

    oid: str
    author: str
    address: str
    at: datetime
    message: str


def status(workspace: Workspace) -> Status:
    """Return the state of the library; asks no remote.

    Raises:
        NoWorkTree: it is not in git.
        GitFailed: git does not answer.
    """
    with opened(workspace) as tree:
        ahead, behind = distance(tree)
        return Status(
            None if tree.branch is None else tree.branch.removeprefix("refs/heads/"),
            tree.head,
            tree.remote.shown if tree.remote is not None else "",
            ahead,
            behind,
            tuple(changes(workspace, tree)),
            tree.unfinished,
        )


def distance(tree: WorkTree) -> tuple[int, int]:
    """Return how many commits the library is ahead of the remote, and behind it; none if there is no remote."""
    if tree.remote is None:
        return 0, 0
    theirs = tree.commit_of(tree.remote.tracking)
    return _count(tree, tree.head, theirs), _count(tree, theirs, tree.head)


def _count(tree: WorkTree, commit: str | None, without: str | None) -> int:
    """Return how many commits lead to *commit* that do not lead to *without*; None is before the first one."""
    if commit is None:
        return 0
    excluded = () if without is None else ("--not", without)
    return int(tree.git.call("rev-list", "--count", commit, *excluded))


def changes(workspace: Workspace, tree: WorkTree) -> list[Change]:
    """Return the files that differ from the last commit, by path."""
    scripts = scripts_by_path(workspace)
    found = []
    for path, entry in tree.entries(tree.head).items():
        if entry.is_file and (after := here(tree, path)) is not None and oid_of(after) != entry.oid:
            found.append(Change(path, Kind.MODIFIED, scripts.get(path), tree.content(entry.oid), after))
        elif entry.is_file and after is None and tree.is_free(path):
            found.append(Change(path, Kind.REMOVED, scripts.get(path), tree.content(entry.oid), b""))
    found += [
        Change(path, Kind.ADDED, scripts.get(path), b"", after)
        for path in tree.untracked()
        if (after := here(tree, path)) is not None
    ]
    return sorted(found, key=lambda one: one.path)


def here(tree: WorkTree, path: str) -> bytes | None:
    """Return the contents of a file of the work tree; None if there is no such file, or it is huge."""
    place = tree.place(path)
    try:
        return None if place is None or place.stat().st_size > _MOST else place.read_bytes()
    except OSError:
        return None


def scripts_by_path(workspace: Workspace) -> dict[str, Script]:
    """Return the scripts of the library by the paths of their files, relative to the folder."""
    return {path_of(workspace, one): one for one in workspace.store.scripts.list()}


def path_named(workspace: Workspace, ref: str, paths: Collection[str]) -> str:
    """Return the path in *paths* that a user means: a path itself, or a script's id or name.

    Raises:
        NotFound: there is none.
    """
    if ref in paths:
        return ref
    script = workspace.store.scripts.get(ref)
    path = path_of(workspace, script)
    if path not in paths:
        raise NotFound(_("“{script}” has not changed.").format(script=script.name))
    return path


def commit(workspace: Workspace, message: str, paths: Collection[str] | None = None) -> Commit | None:
    """Commit what has changed in the library, or only *paths*; return None if nothing has.

    Raises:
        InvalidInput: the message is empty.
        NoWorkTree: the library is not in git.
        BorgDeskError: no branch is checked out, a merge is not finished, or git reports an error.
    """
    words = "\n".join(line.rstrip() for line in message.replace("\0", "").strip().splitlines())
    if not words:
        raise InvalidInput(_("The message of the commit is empty."))
    with opened(workspace) as tree:
        branch = tree.check_at_rest()
        wanted = [one for one in changes(workspace, tree) if paths is None or one.path in paths]
        if not wanted:
            return None
        _exclude(tree)
        entries = {one.path: None if one.kind is Kind.REMOVED else stored(tree, one.path) for one in wanted}
        made = record(tree, branch, tree.head, entries, words, [tree.head] if tree.head else [])
        follow_index(tree, entries)
        return _log_of(tree, made, 1, ())[0]


def commit_saved(workspace: Workspace, script: Script, kind: Kind) -> None:
    """Commit one script after it was saved, if the library is in git and the setting says so. Errors are only logged.

    What was saved is saved, and runs: a commit that fails can be made later.
    """
    if not is_work_tree(workspace) or not workspace.store.settings.read()[COMMIT_LIBRARY]:
        return
    message = _(_MESSAGES[kind]).format(script=script.name)
    try:
        with _one_at_a_time:
            commit(workspace, message, [path_of(workspace, script)])
    except BorgDeskError as error:
        _log.warning("“%s” was not committed: %s", script.name, error)


def path_of(workspace: Workspace, script: Script) -> str:
    """Return the path of a script's file relative to the library folder."""
    return Path(script.file_path).relative_to(workspace.paths.library).as_posix()


def stamp(workspace: Workspace) -> object | None:
    """Return a value that changes with the library and its repository; None if that is not in git. Calls no git."""
    if not is_work_tree(workspace):
        return None
    places = ("", "HEAD", "index", "config", "packed-refs", "refs/heads", "refs/remotes", "logs/HEAD")
    found = []
    for name in places:
        with contextlib.suppress(OSError):
            status = (workspace.paths.library / ".git" / name).lstat()
            found.append((name, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found), frozenset(read_stamps(workspace.paths.library).items())


def stored(tree: WorkTree, path: str) -> Entry:
    """Store a file of the work tree in git, exactly as it is, and return the entry for it."""
    place = tree.folder / path
    oid = tree.git.call("hash-object", "-w", "--no-filters", "--", str(place)).decode().strip()
    return Entry("100755" if place.stat().st_mode & 0o100 else "100644", oid, is_file=True)


def record(
    tree: WorkTree,
    branch: str,
    base: str | None,
    entries: Mapping[str, Entry | None],
    message: str,
    parents: Sequence[str],
) -> str:
    """Make a commit of *base* with other *entries* (None: removed), and move the branch to it; return its name."""
    with tree.staged(base) as git:
        git.call("update-index", "-z", "--index-info", stdin=_index_lines(entries))
        root = git.call("write-tree").decode().strip()
    named = [word for parent in parents for word in ("-p", parent)]
    author = tree.git.having(**tree.identity)
    made = author.call("commit-tree", *named, root, stdin=f"{message}\n".encode("utf-8", "replace")).decode().strip()
    move(tree, branch, made, f"commit: {message.splitlines()[0]}")
    return made


def move(tree: WorkTree, branch: str, commit: str, why: str) -> None:
    """Move a branch to a commit, unless somebody else has moved it meanwhile."""
    git = tree.git.having(**tree.identity)
    git.call("update-ref", "-m", why, branch, commit, tree.head or "0" * 40)


def follow_index(tree: WorkTree, entries: Mapping[str, Entry | None]) -> None:
    """Let the user's own git know what was committed, or it would show the opposite as prepared for the next commit."""
    git = tree.git.having(GIT_INDEX_FILE=str(tree.index))
    try:
        if tree.index.exists():
            git.call("update-index", "-z", "--index-info", stdin=_index_lines(entries))
        else:
            git.call("read-tree", "HEAD")
    except BorgDeskError as error:
        _log.warning("the index of the library was not updated: %s", error)


def _index_lines(entries: Mapping[str, Entry | None]) -> bytes:
    """Return entries as ``update-index --index-info`` takes them; removals first, which make room for folders."""
    lines = []
    for path, entry in sorted(entries.items(), key=lambda item: item[1] is not None):
        about = f"0 {'0' * 40}" if entry is None else f"{entry.mode} {entry.oid}"
        lines.append(about.encode() + b"\t" + path.encode("utf-8", "surrogateescape") + b"\0")
    return b"".join(lines)


def _exclude(tree: WorkTree) -> None:
    """Let git ignore the files that BorgDesk has under hidden names while it writes."""
    file = tree.folder / ".git" / "info" / "exclude"
    with contextlib.suppress(OSError):
        present = file.read_text(errors="replace") if file.is_file() else ""
        if _OURS not in present.splitlines():
            file.parent.mkdir(exist_ok=True)
            newline = "" if not present or present.endswith("\n") else "\n"
            with file.open("a") as end:
                end.write(f"{newline}# BorgDesk, while it writes\n{_OURS}\n")


def log(workspace: Workspace, limit: int, ref: str | None = None) -> list[Commit]:
    """Return the last commits, newest first; with *ref*, those that changed one script.

    Raises:
        NotFound: there is no such script.
        NoWorkTree: the library is not in git.
        GitFailed: git does not answer.
    """
    with opened(workspace) as tree:
        paths = () if ref is None else (path_named(workspace, ref, _ever(workspace, tree)),)
        return [] if tree.head is None else _log_of(tree, tree.head, limit, paths)


def _ever(workspace: Workspace, tree: WorkTree) -> set[str]:
    return {*tree.entries(tree.head), *scripts_by_path(workspace)}


def _log_of(tree: WorkTree, commit: str, limit: int, paths: Sequence[str]) -> list[Commit]:
    form = "--format=%H%x00%an%x00%ae%x00%aI%x00%s"
    out = tree.git.call(
        "log", "-z", "-n", str(limit), "--no-mailmap", form, "--no-show-signature", commit, "--", *paths
    )
    words = out.decode("utf-8", "replace").split("\0")
    rows = [words[place : place + 5] for place in range(0, len(words) - 4, 5)]
    return [Commit(oid, author, address, datetime.fromisoformat(at), said) for oid, author, address, at, said in rows]


def text_at(workspace: Workspace, commit: str, script: Script) -> str:
    """Return the text that a script's file had in a commit; empty if it had none.

    Raises:
        NoWorkTree: the library is not in git.
        GitFailed: git does not answer.
    """
    path = path_of(workspace, script)
    with opened(workspace) as tree:
        entry = tree.entries(commit).get(path)
        return "" if entry is None or not entry.is_file else tree.content(entry.oid).decode("utf-8", "replace")


def difference(before: bytes, after: bytes, path: str) -> list[str]:
    """Return the differing lines of two texts, as a unified diff."""
    old, new = (lines_of(text.decode("utf-8", "replace")) for text in (before, after))
    return list(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm=""))
