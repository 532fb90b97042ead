"""``borgdesk assignment``: lists and changes the scripts assigned to the lanes of a repository."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from dataclasses import replace

from borgdesk.cli import json_values
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import values_of
from borgdesk.cli.tables import Cell, Column, Row, Section, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.assignment import Assignment
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import LANES, Hook, OnFailure
from borgdesk.engine.lanes.assignments import Changes, assign, edit_assignment, unassign
from borgdesk.engine.lanes.sharing import share, unshare
from borgdesk.engine.workspace import Workspace
from borgdesk.store.database import id_meant
from borgdesk.translation import N_, _, ngettext

_OVERRIDES = ("timeout", "run_on", "on_failure")


def add(console: Console, arguments: argparse.Namespace) -> int:
    """Assign a script to a lane."""
    store = console.workspace.store
    repository, script = store.repositories.get(arguments.repository), store.scripts.get(arguments.script)
    changes = _changes(arguments, clear=())
    changes = replace(changes, shared=arguments.shared)
    added = assign(console.workspace, repository.id, script.id, Hook(arguments.hook), changes, arguments.order)
    if arguments.shared is not None:
        added = _share(console, added, arguments.shared)
    _say_where(console, changes, added)
    console.say(
        _("“{script}” is number {order} in “{lane}” of “{repository}” (id {added}).").format(
            script=added.script,
            order=added.order,
            lane=lane_title(added.hook),
            repository=added.repository,
            added=added.id,
        )
    )
    return _answer(console, added)


def edit(console: Console, arguments: argparse.Namespace) -> int:
    """Change the given values."""
    before = _find(console.workspace, arguments.assignment)
    changes = _changes(arguments, clear=[_field(name) for name in arguments.clear])
    edited = edit_assignment(console.workspace, before, changes)
    if arguments.no_shared:
        unshare(console.workspace, edited)
        edited = console.workspace.store.assignments.get(edited.id)
    elif arguments.shared is not None:
        edited = _share(console, edited, arguments.shared)
    _say_where(console, changes, edited)
    console.say(
        _("Changed assignment {edited}: “{script}” in “{lane}” of “{repository}”.").format(
            edited=edited.id, script=edited.script, lane=lane_title(edited.hook), repository=edited.repository
        )
    )
    return _answer(console, edited)


def _share(console: Console, assignment: Assignment, name: str) -> Assignment:
    """Share a script and the one that belongs to it, and say which that is."""
    other = share(console.workspace, assignment, name)
    if other is None:
        console.say(
            _(
                "No other script here starts again what “{script}” stops, or stops what it starts. Until there is one, "
                "nothing is shared."
            ).format(script=assignment.script)
        )
    else:
        console.say(_("It is shared together with “{script}”.").format(script=other.script))
    return console.workspace.store.assignments.get(assignment.id)


def move(console: Console, arguments: argparse.Namespace) -> int:
    """Move an assignment."""
    before = _find(console.workspace, arguments.assignment)
    hook = Hook(arguments.hook) if arguments.hook else None
    moved = console.workspace.store.assignments.move(before.id, arguments.order, hook)
    console.say(
        _("“{script}” is now number {order} in “{lane}”.").format(
            script=moved.script, order=moved.order, lane=lane_title(moved.hook)
        )
    )
    return _answer(console, moved)


def remove(console: Console, arguments: argparse.Namespace) -> int:
    """Remove an assignment."""
    assignment = _find(console.workspace, arguments.assignment)
    unassign(console.workspace, assignment)
    console.say(
        _("“{script}” is no longer in “{lane}” of “{repository}”.").format(
            script=assignment.script, lane=lane_title(assignment.hook), repository=assignment.repository
        )
    )
    console.answer(json_values.assignment(assignment))
    return 0


def listed(console: Console, arguments: argparse.Namespace) -> int:
    """List the scripts assigned to a repository, lane by lane."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    assignments = console.workspace.store.assignments.list(repository.id)
    if not assignments:
        console.say(_("No scripts are assigned to “{repository}” yet.").format(repository=repository.name))
    console.answer([json_values.assignment(one) for one in assignments], lambda out: lanes(out, assignments))
    return 0


def lanes(out: Screen, assignments: Sequence[Assignment], indent: int = 0) -> None:
    """Write assignments with their effective values; inherited ones are dim."""
    columns = [
        Column("", right=True),
        Column(N_("Script"), flexible=True),
        Column(N_("Runs on")),
        Column(N_("Timeout"), right=True),
        Column(N_("On failure")),
        Column(N_("Parameters"), flexible=True),
        Column(N_("Id"), right=True),
    ]
    rows: list[Row | Section] = []
    for hook in LANES:
        lane = [one for one in assignments if one.hook is hook]
        if lane:
            rows.append(Section(lane_title(hook)))
        rows += [_row(one) for one in lane]
    if rows:
        table(out, columns, rows, indent)


def _row(one: Assignment) -> Row:
    effective = one.effective
    values = [f"{name}={value}" for name, value in one.parameters.items()]
    values += [f"{name}=(secret)" for name in sorted(one.secrets)]
    return [
        str(one.order),
        one.script if one.enabled else Cell(f"(off) {one.script}", Style.DIM),
        # Before the backup there is no outcome for a condition.
        _inherited(str(effective.run_on), one.run_on) if one.hook.is_post else "",
        _inherited(f"{effective.timeout} s", one.timeout),
        _inherited(effective.on_failure, one.on_failure),
        " ".join(values),
        Cell(str(one.id), Style.DIM),
    ]


def _inherited(text: str, override: object) -> Cell:
    return Cell(text, Style.DIM if override is None else Style.PLAIN)


def _answer(console: Console, assignment: Assignment) -> int:
    assignments = console.workspace.store.assignments.list(assignment.repository_id)
    console.answer(json_values.assignment(assignment), lambda out: lanes(out, assignments))
    return 0


def _changes(arguments: argparse.Namespace, clear: Sequence[str]) -> Changes:
    parameters, secrets = values_of(arguments.param, arguments.secret)
    return Changes(
        enabled=arguments.enabled,
        timeout=arguments.timeout,
        run_on=arguments.run_on,
        on_failure=OnFailure(arguments.on_failure) if arguments.on_failure else None,
        parameters=parameters,
        secrets=secrets,
        clear=clear,
    )


def _field(name: str) -> str:
    """Return the name of a field in the spelling of JSON or of the options."""
    plain = name.removeprefix("--").replace("-", "_").lower()
    return plain if plain in _OVERRIDES else name


def _find(workspace: Workspace, ref: str) -> Assignment:
    """Return an assignment by its id, or by the name of a script that is assigned once.

    Raises:
        NotFound: there is none.
        InvalidInput: the script is assigned in several places.
    """
    if (number := id_meant(ref)) is not None:
        return workspace.store.assignments.get(AssignmentId(number))
    try:
        script = workspace.store.scripts.get(ref)
    except NotFound:
        raise NotFound(
            _("There is no assignment “{ref}”: enter an id, or the name of an assigned script.").format(ref=ref)
        ) from None
    found = workspace.store.assignments.for_script(script.id)
    if not found:
        raise NotFound(_("The script “{script}” is not assigned anywhere.").format(script=script.name))
    if len(found) > 1:
        places = ", ".join(f"{one.id} ({quoted(one.repository)}, {lane_title(one.hook)})" for one in found)
        raise InvalidInput(
            _("The script “{script}” is assigned more than once. Use an id: {places}.").format(
                script=script.name, places=places
            )
        )
    return found[0]


def _say_where(console: Console, changes: Changes, stored: Assignment) -> None:
    kept_where(console, (changes.parameters.keys() | changes.secrets.keys()) & stored.secrets)


def kept_where(console: Console, names: Collection[str]) -> None:
    """Say where the secret values that were just given are stored."""
    if names:
        sentence = ngettext(
            "The value of {names} is stored in {place}.", "The values of {names} are stored in {place}.", len(names)
        )
        console.say(sentence.format(names=", ".join(sorted(names)), place=console.workspace.secrets.where))


COMMANDS: Commands = {
    "add": add,
    "list": listed,
    "edit": edit,
    "move": move,
    "remove": remove,
}
