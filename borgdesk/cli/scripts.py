"""``borgdesk script``: the library."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from borgdesk.cli import json_values, words
from borgdesk.cli.assignments import kept_where
from borgdesk.cli.console import Console
from borgdesk.cli.inputs import STDIN, read_script
from borgdesk.cli.tables import Cell, Column, Row, facts, table
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.errors import BorgDeskError, InvalidInput, SecretsUnavailable
from borgdesk.domain.history import Execution
from borgdesk.domain.parameters import Header, Parameter, parse_header
from borgdesk.domain.run import ALWAYS
from borgdesk.domain.script import DEFAULT_INTERPRETER, DEFAULT_TIMEOUT, Revision, Script, normalized, sha256_of
from borgdesk.engine.confiding import confide_everywhere
from borgdesk.engine.hooks import interpreter
from borgdesk.engine.process import StartFailed
from borgdesk.engine.workspace import Workspace
from borgdesk.engine.writing import Edited, save

_RECENT_TESTS = 5


@dataclass(frozen=True, slots=True)
class _File:
    """A script's file as it stands, or why it cannot be read."""

    content: bytes | None
    header: Header
    problem: str | None = None

    @property
    def sha256(self) -> str | None:
        """Of the bytes that a run would execute."""
        return None if self.content is None else sha256_of(normalized(self.content))


def add(console: Console, arguments: argparse.Namespace) -> int:
    """Copy a file into the library and register it."""
    if arguments.name is None and arguments.file == STDIN:
        raise InvalidInput("A script from standard input needs a name: give --name.")
    content, header = _taken_in(console, arguments.file)
    name = arguments.name
    if name is None and not (name := Path(arguments.file).stem).isprintable():
        raise InvalidInput("The name of the file cannot be the name of a script: give --name.")
    script = console.workspace.store.scripts.add(
        name,
        content,
        description=arguments.description if arguments.description is not None else header.description,
        timeout=arguments.timeout or header.timeout or DEFAULT_TIMEOUT,
        run_on=arguments.run_on or header.run_on or ALWAYS,
    )
    console.say(f"Added the script “{script.name}” (id {script.id}).")
    return _answer(console, script)


def edit(console: Console, arguments: argparse.Namespace) -> int:
    """Change what is given; a new file brings what its block says differently from the old one's."""
    workspace = console.workspace
    script = workspace.store.scripts.get(arguments.script)
    given = {name: getattr(arguments, name) for name in ("name", "description", "timeout", "run_on")}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.file is None:
        script = workspace.store.scripts.edit(script.id, **given)
    else:
        before = _file(workspace, script).header
        content, after = _taken_in(console, arguments.file)
        wanted = replace(_as_it_is(script), text=content.decode(), **(_news(before, after) | given))
        script = save(workspace, wanted, over=True).script
        _confide(console, script, content)
    console.say(f"Changed the script “{script.name}”.")
    return _answer(console, script)


def _as_it_is(script: Script) -> Edited:
    return Edited(script.id, script.name, "", script.description, script.timeout, script.run_on)


def _news(before: Header, after: Header) -> dict[str, Any]:
    """What a new block says differently from the old one; what it says no more stays as it is."""
    said = {name: getattr(after, name) for name in ("description", "timeout", "run_on")}
    return {name: value for name, value in said.items() if value and value != getattr(before, name)}


def _confide(console: Console, script: Script, content: bytes) -> None:
    try:
        kept_where(console, confide_everywhere(console.workspace, script.id, content.decode()))
    except SecretsUnavailable as error:
        console.say(str(error))


def remove(console: Console, arguments: argparse.Namespace) -> int:
    """Remove a script that is not assigned."""
    script = console.workspace.store.scripts.get(arguments.script)
    document = _document(script, _file(console.workspace, script))
    console.workspace.store.scripts.remove(script.id)
    console.say(f"Removed the script “{script.name}” and its file {script.file_path}.")
    console.answer(document, lambda _: None)
    return 0


def listed(console: Console, arguments: argparse.Namespace) -> int:
    """The scripts of the library."""
    found = [(one, _file(console.workspace, one)) for one in console.workspace.store.scripts.list(arguments.search)]
    for script, file in found:
        if file.problem:
            console.say(f"“{script.name}”: {file.problem}")
    if not found:
        nothing = f"No script contains “{arguments.search}”." if arguments.search else "The library is empty yet."
        console.say(nothing)
    console.answer([_document(*one) for one in found], lambda out: _table(out, [script for script, _ in found]))
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """A script with all that is known of it. One whose file cannot be read is shown without its content."""
    workspace = console.workspace
    script = workspace.store.scripts.get(arguments.script)
    file = _file(workspace, script)
    if file.problem:
        console.say(file.problem)
    revisions = workspace.store.scripts.revisions(script.id)
    tests = workspace.store.runs.tests(script.id, limit=_RECENT_TESTS)
    document = _document(script, file) | {
        "content": None if file.content is None else file.content.decode("utf-8", "replace"),
        "revisions": [json_values.revision(one) for one in revisions],
        "tests": [json_values.execution(one, with_output=False) for one in tests],
    }

    def write(out: Screen) -> None:
        _details(out, script, file, revisions)
        _tests(out, tests)
        if file.content is not None:
            out.line()
            out.line(printable(file.content.decode("utf-8", "replace")).rstrip("\n"))

    console.answer(document, write)
    return 0


def _taken_in(console: Console, file: str) -> tuple[bytes, Header]:
    """The content of a file as it will be stored, with what its block says; remarks are said.

    Raises:
        InvalidInput: it cannot be read, cannot be a script, or its block is malformed.
    """
    what = "The script on standard input" if file == STDIN else f"The file {file}"
    raw = read_script(file)
    content = normalized(raw, what)
    try:
        header = parse_header(content.decode())
    except InvalidInput as error:
        raise InvalidInput(f"{what} was not taken in. {error}") from error
    if b"\r" in raw:
        console.say(f"{what} has Windows line ends; they were changed to LF.")
    if not content.startswith(b"#!"):
        console.say(f"{what} has no shebang, so {DEFAULT_INTERPRETER} will run it.")
    try:
        interpreter(content)
    except StartFailed as error:
        console.say(f"{what} cannot be run yet. {error}")
    return content, header


def _file(workspace: Workspace, script: Script) -> _File:
    try:
        content = workspace.store.scripts.content(script.id)
        text = normalized(content, f"The script file {script.file_path}").decode()
    except BorgDeskError as error:
        return _File(None, Header(), str(error))
    try:
        return _File(content, parse_header(text))
    except InvalidInput as error:
        return _File(content, Header(), f"The script file {script.file_path} has a malformed parameter block. {error}")


def _document(script: Script, file: _File) -> json_values.Json:
    return json_values.script(script, file.sha256, file.header, file.problem)


def _answer(console: Console, script: Script) -> int:
    file = _file(console.workspace, script)
    revisions = console.workspace.store.scripts.revisions(script.id)
    console.answer(_document(script, file), lambda out: _details(out, script, file, revisions))
    return 0


def _table(out: Screen, scripts: Sequence[Script]) -> None:
    columns = [
        Column("Id", right=True),
        Column("Name", flexible=True),
        Column("Runs on"),
        Column("Timeout", right=True, optional=True),
        Column("Assigned in", flexible=True),
        Column("Used", right=True, optional=True),
        Column("Last used"),
        Column("Description", flexible=True, optional=True),
    ]
    rows: list[Row] = [
        [
            str(one.id),
            one.name,
            str(one.run_on),
            f"{one.timeout} s",
            ", ".join(dict.fromkeys(place.repository for place in one.used_by)),
            f"{one.usage_count}×" if one.usage_count else "",
            _last_used(one),
            Cell(one.description, Style.DIM),
        ]
        for one in scripts
    ]
    if rows:
        table(out, columns, rows)


def _last_used(script: Script) -> Cell | str:
    if script.last_used_at is None:
        return ""
    when, result = words.minute(script.last_used_at), script.last_result
    return Cell(f"{words.mark(result)} {when}", words.style(result)) if result else when


def _details(out: Screen, script: Script, file: _File, revisions: Sequence[Revision]) -> None:
    out.line(out.paint(script.name, Style.BOLD) + out.paint(f"  (id {script.id})", Style.DIM))
    last = words.moment(script.last_used_at)
    if script.last_result:
        last += f", {words.status(script.last_result)}"
    facts(
        out,
        [
            ("Description", script.description),
            ("File", script.file_path),
            ("SHA-256", file.sha256 or ""),
            ("Timeout", f"{script.timeout} s"),
            ("Runs on", str(script.run_on)),
            ("Used", f"{script.usage_count}×"),
            ("Last used", last if script.last_used_at else ""),
            ("Assigned in", "\n".join(f"{place.repository} ({place.hook})" for place in script.used_by) or "nowhere"),
            ("Revisions", str(len(revisions))),
            ("Problem", Cell(file.problem or "", Style.BAD)),
        ],
        indent=2,
    )
    if file.header.parameters:
        out.line()
        out.line(out.paint("Parameters", Style.BOLD))
        columns = [Column("Name"), Column("Type"), Column("Default", flexible=True), Column(""), Column("Description")]
        rows: list[Row] = [
            [one.name, one.type, one.default or "", _marks(one), Cell(one.description, Style.DIM)]
            for one in file.header.parameters
        ]
        table(out, columns, rows, indent=2)


def _marks(parameter: Parameter) -> str:
    marks = ["required"] if parameter.required else []
    return ", ".join(marks + (["secret"] if parameter.secret else []))


def _tests(out: Screen, tests: Sequence[Execution]) -> None:
    if not tests:
        return
    out.line()
    out.line(out.paint("Last tests", Style.BOLD))
    columns = [
        Column("When"),
        Column("Status"),
        Column("Took", right=True),
        Column("Reason", flexible=True),
    ]
    rows: list[Row] = [
        [
            words.moment(one.started_at),
            Cell(words.marked(one.status), words.style(one.status)),
            words.duration(one.duration),
            one.reason or "",
        ]
        for one in tests
    ]
    table(out, columns, rows, indent=2)


COMMANDS: Mapping[str, Callable[[Console, argparse.Namespace], int]] = {
    "add": add,
    "list": listed,
    "show": show,
    "edit": edit,
    "remove": remove,
}
