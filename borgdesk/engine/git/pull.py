"""Pulls: what the remote has changed, compared file by file with the library, and taken as people decide.

Fetching changes nothing in the library. A change is taken without a question only if nothing that runs is affected:
files of assigned scripts, and files that these use, wait for a yes, and files that were changed on both sides for a
choice. The branch moves once every change has been decided, so that a change that waits is never undone by a commit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.script import Script, normalized
from borgdesk.engine.git.command import GitFailed, at_other_side, is_folder
from borgdesk.engine.git.library import Kind, difference, follow_index, here, move, record, scripts_by_path, stored
from borgdesk.engine.git.work_tree import Entry, Remote, WorkTree, is_possible, opened
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files
from borgdesk.translation import _

_LIBRARY_VARIABLE = "BORGDESK_LIBRARY_DIR"


class State(StrEnum):
    """What a change of the remote needs."""

    FREE = "free"
    """Nothing: no assigned script is affected."""
    ASSIGNED = "assigned"
    """A yes: it changes what an assigned script does."""
    CONFLICT = "conflict"
    """A choice: the file was changed here, too."""
    REFUSED = "refused"
    """It cannot be taken; the file can only be left as it is."""


class Choice(StrEnum):
    """What to do with a change of the remote."""

    THEIRS = "theirs"
    MINE = "mine"


Decision = Choice | bytes
"""A choice, or the text that a person made of both."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that the remote has changed."""

    path: str
    kind: Kind
    state: State
    script: Script | None
    """The script whose file it is."""
    used_by: tuple[str, ...] = ()
    """The repositories, or the assigned scripts, that it matters to."""
    mine: bytes = field(default=b"", repr=False)
    theirs: bytes = field(default=b"", repr=False)
    base: bytes = field(default=b"", repr=False)
    """What both sides began with."""
    old_path: str = ""
    """For a file that was renamed."""
    problem: str = ""
    """Why it cannot be taken, as a sentence."""
    mode: str = "100644"

    @property
    def difference(self) -> list[str]:
        """What taking it would change here, as a unified diff."""
        return difference(self.mine, self.theirs, self.path)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pull would do."""

    head: str | None
    """The commit of the library that this was found at."""
    theirs: str | None
    """The commit of the remote; None if it has none yet."""
    incoming: tuple[Incoming, ...]
    left_out: tuple[str, ...] = ()
    """Paths that BorgDesk leaves to git: links, submodules and impossible names."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull has done."""

    taken: tuple[Incoming, ...]
    kept: tuple[Incoming, ...]
    """Changes for which the file here was chosen."""
    waiting: tuple[Incoming, ...]
    """Changes that need a decision; as long as there are any, the branch stays where it is."""
    moved: bool
    """Whether the branch has moved."""


def fetch(workspace: Workspace, cancel: Cancel | None = None) -> Plan:
    """Ask the remote, and return what a pull would do; nothing of the library changes.

    Raises:
        NoWorkTree: the library is not in git.
        BorgDeskError: it has no remote, the remote does not answer, or something was begun with git and not finished.
        Stopped: *cancel* was asked.
    """
    with opened(workspace) as tree:
        tree.check_at_rest()
        remote = remote_of(tree)
        options = ["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--quiet"]
        if is_folder(remote.address):
            options.append(f"--upload-pack={at_other_side('upload-pack')}")
        what = f"+{remote.branch}:{remote.tracking}"
        try:
            tree.git.call_remote("fetch", *options, "--", remote.address, what, folder=str(tree.folder), cancel=cancel)
        except GitFailed as error:
            if "couldn't find remote ref" not in error.said:
                raise
            return Plan(tree.head, None, ())
        return _plan(workspace, tree, tree.commit_of(remote.tracking))


def known(workspace: Workspace) -> Plan:
    """As :func:`fetch`, for what was fetched last; asks no remote."""
    with opened(workspace) as tree:
        tree.check_at_rest()
        return _plan(workspace, tree, tree.commit_of(remote_of(tree).tracking))


def remote_of(tree: WorkTree) -> Remote:
    """Return the remote.

    Raises:
        BorgDeskError: there is none.
    """
    if tree.remote is None:
        raise BorgDeskError(
            _("The library has no remote. “git -C {folder} remote add origin ADDRESS” adds one.").format(
                folder=tree.folder
            )
        )
    return tree.remote


def carry_out(workspace: Workspace, plan: Plan, decisions: Mapping[str, Decision]) -> Pulled:
    """Take the changes that need no decision, and do with the others as *decisions* say, by path.

    The texts taken are those of the plan, whatever the remote has now. A file that was changed here after the plan was
    made is not touched.

    Raises:
        InvalidInput: a change that cannot be taken was to be; nothing was taken.
        BorgDeskError: the library was changed meanwhile, or a file cannot be written; what was taken until then stays.
    """
    for one in plan.incoming:
        if one.state is State.REFUSED and decisions.get(one.path, Choice.MINE) is not Choice.MINE:
            raise InvalidInput(one.problem)
    with opened(workspace) as tree:
        branch = tree.check_at_rest()
        if tree.head != plan.head:
            raise BorgDeskError(_("The library was changed by another program in the meantime. Look again."))
        taken, kept, waiting = [], [], []
        for one in _in_safe_order(plan.incoming):
            decision = decisions.get(one.path, Choice.THEIRS if one.state is State.FREE else None)
            if decision is Choice.MINE:
                kept.append(one)
            elif decision is None or not _is_as_planned(tree, one):
                waiting.append(one)
            else:
                _take(workspace, tree, one, decision if isinstance(decision, bytes) else None)
                taken.append(one)
        moved = plan.theirs is not None and not waiting and _move(tree, branch, plan.theirs, plan.incoming)
        return Pulled(tuple(taken), tuple(kept), tuple(waiting), moved)


def _in_safe_order(incoming: tuple[Incoming, ...]) -> list[Incoming]:
    """Return additions before removals: the scan of the library follows files that were moved and changed."""
    return sorted(incoming, key=lambda one: one.kind is Kind.REMOVED)


# Comparing ------------------------------------------------------------------------------------------------------------


def _plan(workspace: Workspace, tree: WorkTree, theirs: str | None) -> Plan:
    if theirs is None or (tree.head is not None and _is_ancestor(tree, theirs, tree.head)):
        return Plan(tree.head, theirs, ())
    base = None if tree.head is None else _merge_base(tree, tree.head, theirs)
    before, after = tree.entries(base), tree.entries(theirs)
    users = _Users(workspace)
    incoming, left_out = [], []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if (old and old.oid) == (new and new.oid):
            continue
        if not all(entry is None or entry.is_file for entry in (old, new)):
            left_out.append(path)
        elif (one := _compared(tree, users, path, old, new)) is not None:
            incoming.append(one)
    return Plan(tree.head, theirs, tuple(_with_renames(incoming)), tuple(left_out))


def _compared(tree: WorkTree, users: _Users, path: str, old: Entry | None, new: Entry | None) -> Incoming | None:
    """Return what the remote has done with one file; None if it is so here already."""
    mine = here(tree, path) or b""
    base, theirs = (b"" if entry is None else tree.content(entry.oid) for entry in (old, new))
    if _same(mine, theirs):
        return None
    kind = Kind.REMOVED if new is None else Kind.MODIFIED if mine or old is not None else Kind.ADDED
    script, used_by = users.scripts.get(path), users.of(path)
    problem = _problem(tree, path, kind, script, theirs)
    if problem:
        state = State.REFUSED
    elif not _same(mine, base):
        state = State.CONFLICT
    else:
        state = State.ASSIGNED if used_by else State.FREE
    mode = "100644" if new is None else new.mode
    return Incoming(path, kind, state, script, used_by, mine, theirs, base, problem=problem, mode=mode)


def _problem(tree: WorkTree, path: str, kind: Kind, script: Script | None, theirs: bytes) -> str:
    if tree.place(path) is None and not tree.is_free(path):
        return _("{path} is a link or a folder here.").format(path=path)
    if kind is Kind.REMOVED:
        if script is not None and script.used_by:
            return _("The remote has removed “{script}”, which is assigned. Remove its assignments first.").format(
                script=script.name
            )
        return ""
    if script is not None:
        try:
            normalized(theirs)
        except InvalidInput as error:
            return str(error)
    return ""


def _with_renames(incoming: list[Incoming]) -> list[Incoming]:
    """Join a script's file that was removed with the only new file that has the same text."""
    result = list(incoming)
    for gone in incoming:
        if gone.kind is not Kind.REMOVED or gone.script is None or not _same(gone.mine, gone.base):
            continue
        same = [one for one in result if one.kind is Kind.ADDED and one.theirs == gone.base and not one.problem]
        if len(same) == 1:
            state = State.ASSIGNED if gone.used_by or same[0].used_by else State.FREE
            used_by = tuple(dict.fromkeys((*gone.used_by, *same[0].used_by)))
            result[result.index(same[0])] = replace(
                same[0],
                kind=Kind.RENAMED,
                state=state,
                script=gone.script,
                used_by=used_by,
                mine=gone.mine,
                base=gone.base,
                old_path=gone.path,
            )
            result.remove(gone)
    return result


def _same(one: bytes, other: bytes) -> bool:
    return one == other or _plain(one) == _plain(other)


def _plain(content: bytes) -> bytes:
    try:
        return normalized(content)
    except InvalidInput:
        return content


class _Users:
    """Finds out to which assigned scripts a file matters."""

    def __init__(self, workspace: Workspace) -> None:
        self.scripts = scripts_by_path(workspace)
        places = (_LIBRARY_VARIABLE, str(workspace.paths.library), os.path.realpath(workspace.paths.library))
        texts = [(script.name, _text(script)) for script in self.scripts.values() if script.used_by]
        for one in workspace.store.repositories.list():
            texts += [(one.name, text) for text in (one.pre_script, one.post_script) if text]
        self._readers = [(name, text, any(place in text for place in places)) for name, text in texts]

    def of(self, path: str) -> tuple[str, ...]:
        """Return the repositories that a script is assigned in, and the assigned scripts that may use the file.

        A script that mentions the library folder may use any file of it.
        """
        script = self.scripts.get(path)
        found = [] if script is None else [place.repository for place in script.used_by]
        own = "" if script is None else script.name
        name = Path(path).name
        found += [reader for reader, text, reads_all in self._readers if reader != own and (reads_all or name in text)]
        return tuple(dict.fromkeys(found))


def _text(script: Script) -> str:
    try:
        return files.read(Path(script.file_path)).decode("utf-8", "replace")
    except BorgDeskError:
        return ""


def _is_ancestor(tree: WorkTree, commit: str, of: str) -> bool:
    code, _out, _err = tree.git.ask("merge-base", "--is-ancestor", commit, of)
    return code == 0


def _merge_base(tree: WorkTree, one: str, other: str) -> str | None:
    code, out, _err = tree.git.ask("merge-base", one, other)
    return None if code else out.decode().split()[0]


# Taking ---------------------------------------------------------------------------------------------------------------


def _is_as_planned(tree: WorkTree, one: Incoming) -> bool:
    if one.kind is Kind.RENAMED and tree.place(one.path) is not None:
        return False
    return (here(tree, one.old_path or one.path) or b"") == one.mine


def _take(workspace: Workspace, tree: WorkTree, one: Incoming, by_hand: bytes | None) -> None:
    """Take the remote's version of a file, or the one made *by_hand*; what a script was before stays as a revision."""
    store = workspace.store.scripts
    path = tree.folder / one.path
    content = one.theirs if by_hand is None else by_hand
    if one.kind is Kind.REMOVED and by_hand is None:
        if one.script is not None:
            workspace.store.revisions.freeze(one.script.id, _plain(one.mine))
        with files.blamed(_("The file {path} cannot be removed").format(path=path)):
            path.unlink(missing_ok=True)
    elif one.script is not None and one.kind is not Kind.RENAMED:
        store.save(one.script.id, content)
    else:
        is_program = one.mode == "100755" or content.startswith(b"#!")
        files.write(path, content, 0o700 if is_program else 0o600)
        if one.kind is Kind.RENAMED and one.script is not None:
            store.relocate(one.script.id, path)
            (tree.folder / one.old_path).unlink(missing_ok=True)


def _move(tree: WorkTree, branch: str, theirs: str, incoming: tuple[Incoming, ...]) -> bool:
    """Let the branch have the remote's commit; return False if it has it already."""
    if tree.head is not None and _is_ancestor(tree, theirs, tree.head):
        return False
    before, after = tree.entries(tree.head), tree.entries(theirs)
    if tree.head is None or _is_ancestor(tree, tree.head, theirs):
        move(tree, branch, theirs, "pull: Fast-forward")
        follow_index(tree, _differences(before, after))
        return True
    entries = _merged(tree, theirs, incoming)
    words = _("Merge the changes of the remote")
    record(tree, branch, tree.head, entries, words, [tree.head, theirs])
    follow_index(tree, entries)
    return True


def _differences(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> dict[str, Entry | None]:
    return {path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)}


def _merged(tree: WorkTree, theirs: str, incoming: tuple[Incoming, ...]) -> dict[str, Entry | None]:
    """Return what a merge changes in the library's own commit: the files as they were decided, the rest as theirs."""
    assert tree.head is not None
    base = tree.entries(_merge_base(tree, tree.head, theirs))
    mine, other = tree.entries(tree.head), tree.entries(theirs)
    entries = {}
    for path, entry in _differences(base, other).items():
        if mine.get(path) == base.get(path):
            entries[path] = entry
        elif not all(one is None or one.is_file for one in (mine.get(path), entry)):
            raise BorgDeskError(
                _("{path}, which is no file, was changed on both sides. Merge with git: git -C {folder} pull.").format(
                    path=path, folder=tree.folder
                )
            )
    decided = {path for one in incoming for path in (one.path, one.old_path) if path}
    for path in decided:
        entries[path] = stored(tree, path) if tree.place(path) is not None and is_possible(path) else None
    return {path: entry for path, entry in entries.items() if mine.get(path) != entry}
