"""``borgdesk library``: the script library in git."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.tables import Cell, Column, facts, table
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.exit_codes import WARNING
from borgdesk.domain.lines import visible
from borgdesk.domain.script import Script
from borgdesk.engine.git.library import Change, Commit, Kind, Status, path_named
from borgdesk.engine.git.library import commit as commit_library
from borgdesk.engine.git.library import log as log_of_library
from borgdesk.engine.git.library import status as status_of_library
from borgdesk.engine.git.pull import Choice, Incoming, Plan, Pulled, State, carry_out, fetch
from borgdesk.engine.git.push import push as push_library
from borgdesk.translation import N_, _, ngettext

_KINDS = {
    Kind.ADDED: N_("new"),
    Kind.MODIFIED: N_("changed"),
    Kind.REMOVED: N_("removed"),
    Kind.RENAMED: N_("renamed"),
}
_SHORT = 10
"""Digits of a commit that are shown."""


def status(console: Console, _arguments: argparse.Namespace) -> int:
    """Show the state of the library in git."""
    found = status_of_library(console.workspace)
    document: Json = {
        "branch": found.branch,
        "commit": found.commit,
        "remote": found.remote or None,
        "ahead": found.ahead,
        "behind": found.behind,
        "unfinished": found.unfinished or None,
        "changes": [_change(one) for one in found.changes],
    }
    console.answer(document, lambda out: _show_status(out, found))
    return 0


def log(console: Console, arguments: argparse.Namespace) -> int:
    """List the last commits."""
    commits = log_of_library(console.workspace, arguments.limit, arguments.script)

    def show(out: Screen) -> None:
        columns = (
            Column(N_("Commit")),
            Column(N_("When")),
            Column(N_("Author"), optional=True),
            Column(N_("Message"), flexible=True),
        )
        table(out, columns, [(one.oid[:_SHORT], words.moment(one.at), one.author, one.message) for one in commits])

    if not commits:
        console.say(_("There is no commit yet."))
    console.answer([_commit(one) for one in commits], show if commits else None)
    return 0


def diff(console: Console, arguments: argparse.Namespace) -> int:
    """Show what has changed since the last commit."""
    changes: Sequence[Change] = status_of_library(console.workspace).changes
    if arguments.script is not None:
        paths = [one.path for one in changes]
        wanted = path_named(console.workspace, arguments.script, paths)
        changes = [one for one in changes if one.path == wanted]
    documents = [_change(one) | {"diff": one.difference} for one in changes]

    def show(out: Screen) -> None:
        for one in changes:
            _show_difference(out, one.difference)

    if not changes:
        console.say(_("Nothing has changed since the last commit."))
    console.answer(documents, show if changes else None)
    return 0


def commit(console: Console, arguments: argparse.Namespace) -> int:
    """Commit everything that has changed."""
    made = commit_library(console.workspace, arguments.message)
    if made is None:
        console.say(_("Nothing has changed since the last commit."))
    else:
        console.say(_("Committed as {commit}.").format(commit=made.oid[:_SHORT]))
    console.answer({"commit": None} if made is None else _commit(made))
    return 0


def pull(console: Console, arguments: argparse.Namespace) -> int:
    """Show what the remote has changed, and take what may be taken."""
    plan = fetch(console.workspace)
    decisions = _decisions(console, plan, arguments.yes, arguments.mine)
    pulled = carry_out(console.workspace, plan, decisions)
    document: Json = {
        "commit": plan.theirs,
        "moved": pulled.moved,
        "changes": [_incoming(one, pulled) for one in plan.incoming],
        "left_out": list(plan.left_out),
    }
    console.answer(document, lambda out: _show_pull(out, plan, pulled))
    console.say(_outcome(plan, pulled))
    return WARNING if pulled.waiting else 0


def push(console: Console, _arguments: argparse.Namespace) -> int:
    """Send the commits to the remote."""
    count = push_library(console.workspace)
    if count:
        console.say(ngettext("{count} commit was sent.", "{count} commits were sent.", count).format(count=count))
    else:
        console.say(_("The remote already has all commits."))
    console.answer({"pushed": count})
    return 0


def _decisions(console: Console, plan: Plan, yes: Sequence[str], mine: Sequence[str]) -> dict[str, Choice]:
    paths = {one.path for one in plan.incoming}
    found: dict[str, Choice] = {}
    for refs, choice in ((yes, Choice.THEIRS), (mine, Choice.MINE)):
        for ref in refs:
            path = _path(console, plan, ref, paths)
            if path in found and found[path] is not choice:
                raise InvalidInput(_("“{script}” is given with both --yes and --mine.").format(script=ref))
            found[path] = choice
    return found


def _path(console: Console, plan: Plan, ref: str, paths: set[str]) -> str:
    """Return the path of a change by the path itself, or by a script's name, which may get another file by it."""
    if ref not in paths:
        script = console.workspace.store.scripts.get(ref)
        for one in plan.incoming:
            if one.script is not None and one.script.id == script.id:
                return one.path
    return path_named(console.workspace, ref, paths)


# JSON -----------------------------------------------------------------------------------------------------------------


def _script(script: Script | None) -> Json | None:
    return None if script is None else {"id": script.id, "name": script.name}


def _change(one: Change) -> Json:
    return {"path": one.path, "change": one.kind.value, "script": _script(one.script)}


def _commit(one: Commit) -> Json:
    return {
        "commit": one.oid,
        "author": one.author,
        "email": one.address,
        "at": one.at.isoformat(),
        "message": one.message,
    }


def _incoming(one: Incoming, pulled: Pulled) -> Json:
    done = "taken" if one in pulled.taken else "kept" if one in pulled.kept else "waiting"
    return {
        "path": one.path,
        "old_path": one.old_path or None,
        "change": one.kind.value,
        "script": _script(one.script),
        "state": one.state.value,
        "used_by": list(one.used_by),
        "done": done,
        "problem": one.problem or None,
        "diff": one.difference,
    }


# For people -----------------------------------------------------------------------------------------------------------


def _show_status(out: Screen, found: Status) -> None:
    facts(
        out,
        [
            (_("Branch"), found.branch or _("none is checked out")),
            (_("Remote"), found.remote or _("none")),
            (_("Not pushed"), str(found.ahead) if found.ahead else ""),
            (_("Not pulled"), str(found.behind) if found.behind else ""),
            (_("Unfinished"), Cell(_(found.unfinished) if found.unfinished else "", Style.WARN)),
        ],
    )
    if not found.changes:
        out.line(_("Nothing has changed since the last commit."))
        return
    out.line()
    columns = (Column(N_("File"), flexible=True), Column(N_("Change")), Column(N_("Script"), flexible=True))
    rows = [(one.path, _(_KINDS[one.kind]), one.script.name if one.script else "") for one in found.changes]
    table(out, columns, rows)


def _show_difference(out: Screen, lines: Sequence[str]) -> None:
    styles = {"+": Style.GOOD, "-": Style.BAD, "@": Style.DIM}
    for line in lines:
        out.line(out.paint(visible(line), styles.get(line[:1], Style.PLAIN)))


def _show_pull(out: Screen, plan: Plan, pulled: Pulled) -> None:
    for one in plan.incoming:
        name = one.script.name if one.script is not None else one.path
        moved = f"{one.old_path} → {one.path}" if one.old_path else one.path
        title = f"{printable(name)}  {out.paint(printable(f'{moved}: {_(_KINDS[one.kind])}'), Style.DIM)}"
        out.line(title)
        out.line(out.paint(printable(f"  {_said(one, pulled)}"), Style.WARN if one in pulled.waiting else Style.DIM))
        _show_difference(out, one.difference)
        out.line()
    for path in plan.left_out:
        out.line(printable(_("{path} is no file, so it is left to git.").format(path=path)))


def _said(one: Incoming, pulled: Pulled) -> str:
    """Return what was done with a change, or what it waits for."""
    if one in pulled.taken:
        return _("taken")
    if one in pulled.kept:
        return _("left as it is here")
    if one.state is State.REFUSED:
        return _("It cannot be taken: {problem}").format(problem=one.problem)
    if one.state is State.CONFLICT:
        return _("It was changed here, too: --yes takes the text of the remote, --mine keeps yours.")
    return _("It is used by {places}, so it waits for --yes.").format(places=", ".join(map(quoted, one.used_by)))


def _outcome(plan: Plan, pulled: Pulled) -> str:
    if pulled.waiting:
        count = len(pulled.waiting)
        return ngettext(
            "{count} change waits for a decision. Until then, the library stays at its commit.",
            "{count} changes wait for a decision. Until then, the library stays at its commit.",
            count,
        ).format(count=count)
    if not plan.incoming and not pulled.moved:
        return _("The library has everything that the remote has.")
    return _("The library has all commits of the remote now.")


COMMANDS: Commands = {
    "status": status,
    "log": log,
    "diff": diff,
    "commit": commit,
    "pull": pull,
    "push": push,
}
