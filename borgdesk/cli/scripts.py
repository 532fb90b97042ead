"""``borgdesk script``: manages the script library."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from borgdesk.cli import json_values, words
from borgdesk.cli.assignments import kept_where
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import STDIN, read_script
from borgdesk.cli.tables import Cell, Column, Row, facts, table
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.characters import is_readable
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import BorgDeskError, InvalidInput, SecretsUnavailable
from borgdesk.domain.history import Execution
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.parameters import Header, Parameter, parse_header
from borgdesk.domain.run import ALWAYS
from borgdesk.domain.script import (
    DEFAULT_INTERPRETER,
    DEFAULT_TIMEOUT,
    NewScript,
    Revision,
    Script,
    normalized,
    sha256_of,
    shebang,
)
from borgdesk.engine.git.library import Kind, commit_saved
from borgdesk.engine.lanes.assignment_secrets import move_secrets_to_keyring
from borgdesk.engine.processes.process import StartFailed
from borgdesk.engine.scripts.interpreters import interpreter
from borgdesk.engine.scripts.library import lacks
from borgdesk.engine.scripts.script_editing import Edited, save
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import N_, _

_RECENT_TESTS = 5


@dataclass(frozen=True, slots=True)
class _File:
    """A script's current file, or why it cannot be read."""

    content: bytes | None
    header: Header
    problem: str | None = None

    @property
    def sha256(self) -> str | None:
        """The hash of the bytes that a run would execute."""
        return None if self.content is None else sha256_of(normalized(self.content))


def add(console: Console, arguments: argparse.Namespace) -> int:
    """Copy a file into the library and register it."""
    if arguments.name is None and arguments.file == STDIN:
        raise InvalidInput(_("A script from standard input needs a name. Use --name."))
    content, header = _taken_in(console, arguments.file)
    name = arguments.name
    if name is None and not is_readable(name := Path(arguments.file).stem):
        raise InvalidInput(_("The file name cannot be used as the name of a script. Use --name."))
    script = console.workspace.store.scripts.add(
        NewScript(
            name,
            content,
            description=arguments.description if arguments.description is not None else header.description,
            timeout=arguments.timeout or header.timeout or DEFAULT_TIMEOUT,
            run_on=arguments.run_on or header.run_on or ALWAYS,
        )
    )
    commit_saved(console.workspace, script, Kind.ADDED)
    console.say(_("Added the script “{script}” (id {id}).").format(script=script.name, id=script.id))
    return _answer(console, script)


def edit(console: Console, arguments: argparse.Namespace) -> int:
    """Change the given values; from a new file, apply what its block says differently from the old one's."""
    workspace = console.workspace
    script = workspace.store.scripts.get(arguments.script)
    given = {name: getattr(arguments, name) for name in ("name", "description", "timeout", "run_on")}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.file is None:
        script = workspace.store.scripts.edit(
            script.id, script.details._replace(**given), seen=script.details, over=True
        )
    else:
        before = _file(workspace, script).header
        content, after = _taken_in(console, arguments.file)
        wanted = replace(_as_it_is(script), text=content.decode(), **(_news(before, after) | given))
        script = save(workspace, wanted, over=True, over_details=True).script
        _confide(console, script, content)
        commit_saved(console.workspace, script, Kind.MODIFIED)
    console.say(_("Changed the script “{script}”.").format(script=script.name))
    return _answer(console, script)


def _as_it_is(script: Script) -> Edited:
    details = script.details
    return Edited(script.id, text="", seen=details, **details._asdict())


def _news(before: Header, after: Header) -> dict[str, Any]:
    """Return what a new block says differently; what it no longer mentions stays as it is."""
    said = {name: getattr(after, name) for name in ("description", "timeout", "run_on")}
    return {name: value for name, value in said.items() if value and value != getattr(before, name)}


def _confide(console: Console, script: Script, content: bytes) -> None:
    try:
        kept_where(console, move_secrets_to_keyring(console.workspace, script.id, content.decode()))
    except SecretsUnavailable as error:
        console.say(str(error))


def remove(console: Console, arguments: argparse.Namespace) -> int:
    """Remove a script that is not assigned."""
    script = console.workspace.store.scripts.get(arguments.script)
    document = _document(script, _file(console.workspace, script))
    console.workspace.store.scripts.remove(script.id)
    commit_saved(console.workspace, script, Kind.REMOVED)
    console.say(
        _("Deleted the script “{script}” and its file {path}.").format(script=script.name, path=script.file_path)
    )
    console.answer(document)
    return 0


def protect(console: Console, arguments: argparse.Namespace) -> int:
    """Make a script's file inaccessible to other users."""
    script = console.workspace.store.scripts.get(arguments.script)
    console.workspace.store.scripts.protect(script.id)
    console.say(_("Only you can change the file of “{script}” now.").format(script=script.name))
    return _answer(console, script)


def listed(console: Console, arguments: argparse.Namespace) -> int:
    """List the scripts of the library."""
    found = [(one, _file(console.workspace, one)) for one in console.workspace.store.scripts.list(arguments.search)]
    for script, file in found:
        if file.problem:
            console.say(f"{quoted(script.name)}: {file.problem}")
    if not found:
        nothing = (
            _("No script contains “{search}”.").format(search=arguments.search)
            if arguments.search
            else _("The library is empty.")
        )
        console.say(nothing)
    console.answer([_document(*one) for one in found], lambda out: _table(out, [script for script, _ in found]))
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show everything known about a script. If its file cannot be read, the content is left out."""
    workspace = console.workspace
    script = workspace.store.scripts.get(arguments.script)
    file = _file(workspace, script)
    if file.problem:
        console.say(file.problem)
    revisions = workspace.store.revisions.list(script.id)
    tests = workspace.store.executions.tests(script.id, limit=_RECENT_TESTS)
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
    """Return the contents of a file as they will be stored, and its block; prints warnings.

    Raises:
        InvalidInput: it cannot be read, is not a valid script, or its block is malformed.
    """
    what = _("The script on standard input") if file == STDIN else _("The file {file}").format(file=file)
    raw = read_script(file)
    content = normalized(raw, what)
    try:
        header = parse_header(content.decode())
    except InvalidInput as error:
        raise InvalidInput(_("{what} was not added. {error}").format(what=what, error=error)) from error
    if b"\r" in raw:
        console.say(_("{what} had Windows line endings; they were converted to LF.").format(what=what))
    if not content.startswith(b"#!"):
        console.say(
            _("{what} has no shebang line, so {interpreter} will run it.").format(
                what=what, interpreter=DEFAULT_INTERPRETER
            )
        )
    if remark := lacks(content, Path(file).parent):
        console.say(f"{what}: {remark}")
    try:
        interpreter(shebang(content), shutil.which)
    except StartFailed as error:
        console.say(_("{what} cannot be run yet. {error}").format(what=what, error=error))
    return content, header


def _file(workspace: Workspace, script: Script) -> _File:
    try:
        content = workspace.store.scripts.content(script.id)
        text = normalized(content, _("The script file {path}").format(path=script.file_path)).decode()
    except BorgDeskError as error:
        return _File(None, Header(), str(error))
    found = workspace.store.scripts.exposure(script.id)
    exposed = None
    if found is not None:
        exposed = _("{why}, so it is not run. Use “script protect” to protect it from changes by others.").format(
            why=found.why
        )
    try:
        return _File(content, parse_header(text), exposed)
    except InvalidInput as error:
        return _File(
            content,
            Header(),
            _("The script file {path} has an invalid parameter block. {error}").format(
                path=script.file_path, error=error
            ),
        )


def _document(script: Script, file: _File) -> json_values.Json:
    return json_values.script(script, file.sha256, file.header, file.problem)


def _answer(console: Console, script: Script) -> int:
    file = _file(console.workspace, script)
    revisions = console.workspace.store.revisions.list(script.id)
    console.answer(_document(script, file), lambda out: _details(out, script, file, revisions))
    return 0


def _table(out: Screen, scripts: Sequence[Script]) -> None:
    columns = [
        Column(N_("Id"), right=True),
        Column(N_("Name"), flexible=True),
        Column(N_("Runs on")),
        Column(N_("Timeout"), right=True, optional=True),
        Column(N_("Assigned in"), flexible=True),
        Column(N_("Used"), right=True, optional=True),
        Column(N_("Last used")),
        Column(N_("Description"), flexible=True, optional=True),
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
    out.line(out.paint(script.name, Style.BOLD) + out.paint("  " + _("(id {id})").format(id=script.id), Style.DIM))
    last = words.moment(script.last_used_at)
    if script.last_result:
        last += f", {words.status(script.last_result)}"
    facts(
        out,
        [
            (_("Description"), script.description),
            (_("File"), script.file_path),
            ("SHA-256", file.sha256 or ""),
            (_("Timeout"), f"{script.timeout} s"),
            (_("Runs on"), str(script.run_on)),
            (_("Used"), f"{script.usage_count}×"),
            (_("Last used"), last if script.last_used_at else ""),
            (
                _("Assigned in"),
                "\n".join(f"{place.repository} ({lane_title(place.hook)})" for place in script.used_by) or _("nowhere"),
            ),
            (_("Revisions"), str(len(revisions))),
            (_("Problem"), Cell(file.problem or "", Style.BAD)),
        ],
        indent=2,
    )
    if file.header.parameters:
        out.line()
        out.line(out.paint(_("Parameters"), Style.BOLD))
        columns = [
            Column(N_("Name")),
            Column(N_("Type")),
            Column(N_("Default"), flexible=True),
            Column(""),
            Column(N_("Description")),
        ]
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
    out.line(out.paint(_("Recent tests"), Style.BOLD))
    columns = [
        Column(N_("When")),
        Column(N_("Status")),
        Column(N_("Took"), right=True),
        Column(N_("Reason"), flexible=True),
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


COMMANDS: Commands = {
    "add": add,
    "list": listed,
    "show": show,
    "edit": edit,
    "remove": remove,
    "protect": protect,
}
