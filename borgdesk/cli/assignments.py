"""``borgdesk assignment``: which script stands where in the lanes of a repository."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Mapping, Sequence

from borgdesk.cli import json_values, words
from borgdesk.cli.console import Console
from borgdesk.cli.inputs import values_of
from borgdesk.cli.tables import Cell, Column, Row, Section, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.run import LANES, Hook, OnFailure
from borgdesk.engine.assigning import Changes, assign, edit_assignment, unassign
from borgdesk.engine.workspace import Workspace
from borgdesk.store.database import id_meant

_OVERRIDES = ("timeout", "run_on", "on_failure")


def add(console: Console, arguments: argparse.Namespace) -> int:
    """Place a script in a lane."""
    store = console.workspace.store
    repository, script = store.repositories.get(arguments.repository), store.scripts.get(arguments.script)
    changes = _changes(arguments, clear=())
    added = assign(console.workspace, repository.id, script.id, Hook(arguments.hook), changes, arguments.order)
    _say_where(console, changes, added)
    console.say(f"“{added.script}” is number {added.order} of {added.hook} in “{added.repository}” (id {added.id}).")
    return _answer(console, added)


def edit(console: Console, arguments: argparse.Namespace) -> int:
    """Change what is given."""
    before = _find(console.workspace, arguments.assignment)
    changes = _changes(arguments, clear=[_field(name) for name in arguments.clear])
    edited = edit_assignment(console.workspace, before, changes)
    _say_where(console, changes, edited)
    console.say(f"Changed assignment {edited.id}: “{edited.script}” in {edited.hook} of “{edited.repository}”.")
    return _answer(console, edited)


def move(console: Console, arguments: argparse.Namespace) -> int:
    """Put an assignment at another place."""
    before = _find(console.workspace, arguments.assignment)
    hook = Hook(arguments.hook) if arguments.hook else None
    moved = console.workspace.store.assignments.move(before.id, arguments.order, hook)
    console.say(f"“{moved.script}” is number {moved.order} of {moved.hook} now.")
    return _answer(console, moved)


def remove(console: Console, arguments: argparse.Namespace) -> int:
    """Take a script out of its lane."""
    assignment = _find(console.workspace, arguments.assignment)
    unassign(console.workspace, assignment)
    console.say(f"“{assignment.script}” is not in {assignment.hook} of “{assignment.repository}” any more.")
    console.answer(json_values.assignment(assignment), lambda _: None)
    return 0


def listed(console: Console, arguments: argparse.Namespace) -> int:
    """The scripts of a repository, lane by lane."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    assignments = console.workspace.store.assignments.list(repository.id)
    if not assignments:
        console.say(f"No scripts are assigned to “{repository.name}” yet.")
    console.answer([json_values.assignment(one) for one in assignments], lambda out: lanes(out, assignments))
    return 0


def lanes(out: Screen, assignments: Sequence[Assignment], indent: int = 0) -> None:
    """Write assignments with the values in force; those that are inherited are dim."""
    columns = [
        Column("", right=True),
        Column("Script", flexible=True),
        Column("Runs on"),
        Column("Timeout", right=True),
        Column("On failure"),
        Column("Parameters", flexible=True),
        Column("Id", right=True),
    ]
    rows: list[Row | Section] = []
    for hook in LANES:
        lane = [one for one in assignments if one.hook is hook]
        if lane:
            rows.append(Section(words.LANE_TITLES[hook]))
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
        # Before the backup there is no outcome yet that a condition could speak of.
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
    """Fields are named as in JSON, or as the options that set them."""
    plain = name.removeprefix("--").replace("-", "_").lower()
    return plain if plain in _OVERRIDES else name


def _find(workspace: Workspace, ref: str) -> Assignment:
    """An assignment by its id, or by the name of a script that is assigned once.

    Raises:
        NotFound: there is none.
        InvalidInput: the script is assigned in several places.
    """
    if (number := id_meant(ref)) is not None:
        return workspace.store.assignments.get(number)
    try:
        script = workspace.store.scripts.get(ref)
    except NotFound:
        raise NotFound(
            f"There is no assignment “{ref}”: it must be an id, or the name of an assigned script."
        ) from None
    found = workspace.store.assignments.for_script(script.id)
    if not found:
        raise NotFound(f"The script “{script.name}” is not assigned anywhere.")
    if len(found) > 1:
        places = ", ".join(f"{one.id} (“{one.repository}”, {one.hook})" for one in found)
        raise InvalidInput(f"The script “{script.name}” is assigned more than once; name one by its id: {places}.")
    return found[0]


def _say_where(console: Console, changes: Changes, stored: Assignment) -> None:
    kept_where(console, (changes.parameters.keys() | changes.secrets.keys()) & stored.secrets)


def kept_where(console: Console, names: Collection[str]) -> None:
    """Say where secret values are kept that were just given."""
    if names:
        values, verb = ("The value of", "is") if len(names) == 1 else ("The values of", "are")
        console.say(f"{values} {', '.join(sorted(names))} {verb} kept in {console.workspace.secrets.where}.")


COMMANDS: Mapping[str, Callable[[Console, argparse.Namespace], int]] = {
    "add": add,
    "list": listed,
    "edit": edit,
    "move": move,
    "remove": remove,
}
