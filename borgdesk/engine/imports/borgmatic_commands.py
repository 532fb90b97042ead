"""Turns the commands of a borgmatic configuration into scripts in lanes.

borgmatic 2 has ``commands:``; the older ``before_*``, ``after_*`` and ``on_error`` mean the same as entries of it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.run import ALWAYS, Hook, RunOn
from borgdesk.domain.script import NewScript
from borgdesk.engine.imports.findings import TIMEOUT, FoundUse
from borgdesk.engine.imports.gathering import Gathering, command_name
from borgdesk.engine.imports.records import Record
from borgdesk.translation import _

_BACKUP = "create"
_ACTIONS = {"backup": _BACKUP, "prune": "prune", "compact": "compact", "check": "check", "extract": "extract"}
"""The actions in the names of the older options."""

_LANES: Mapping[tuple[str, str], Hook] = {
    ("before", "everything"): Hook.PRE_BACKUP,
    ("before", "configuration"): Hook.PRE_BACKUP,
    ("before", "repository"): Hook.PRE_BACKUP,
    ("before", "action"): Hook.PRE_BACKUP,
    ("after", "action"): Hook.POST_BACKUP,
    ("after", "repository"): Hook.POST_RUN,
    ("after", "configuration"): Hook.POST_RUN,
    ("after", "error"): Hook.POST_RUN,
    ("after", "everything"): Hook.POST_RUN,
}
"""The lanes of the points at which borgmatic runs commands, in the order of execution."""
_ORDER = [*_LANES]

_STATES: Mapping[frozenset[str], RunOn] = {
    frozenset(): ALWAYS,
    frozenset({"finish", "fail"}): ALWAYS,
    frozenset({"finish"}): RunOn.parse("success,warning"),
    frozenset({"fail"}): RunOn.parse("failure"),
}
"""Borgmatic's *finish* includes warnings of Borg."""

_VARIABLES: Mapping[str, str] = {
    "repository": "REPOSITORY_PATH",
    "repository_label": "REPOSITORY_NAME",
    "error": "BORGDESK_ERROR",
    "output": "BORGDESK_ERROR",
    "log_file": "BORGDESK_LOG_FILE",
}
"""What borgmatic inserts into commands, and where scripts find it here."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
CREDENTIAL = re.compile(r"\{credential\s")
"""A value that only borgmatic can fetch."""
_UMASK = re.compile(r"[0-7]{1,4}")


@dataclass(frozen=True, slots=True)
class _Command:
    """One entry of ``commands:``."""

    point: tuple[str, str]
    run: tuple[str, ...]
    run_on: RunOn


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What commands of one configuration file find."""

    configuration: str
    """The path of the file."""
    working_directory: str = ""
    umask: str = ""
    repositories: int = 1


def uses_of(options: Record, surroundings: Surroundings, gathering: Gathering) -> list[FoundUse]:
    """Return the commands as uses, in the order in which borgmatic would run them.

    Raises:
        InvalidInput: a value is of the wrong type.
    """
    commands = sorted(_commands(options, gathering), key=lambda command: _ORDER.index(command.point))
    if surroundings.repositories > 1 and any(
        command.point[1] in ("everything", "configuration") for command in commands
    ):
        gathering.note(
            _("Commands that borgmatic runs once for several repositories run once for each repository in BorgDesk.")
        )
    return [
        FoundUse(
            _script(line, surroundings, gathering),
            _LANES[command.point],
            None if command.run_on == ALWAYS else command.run_on,
        )
        for command in commands
        for line in command.run
        if _is_taken(line, gathering)
    ]


def is_command_option(name: str) -> bool:
    """Return whether an option contains commands."""
    return name in ("commands", "on_error") or name.startswith(("before_", "after_"))


def _is_taken(line: str, gathering: Gathering) -> bool:
    if CREDENTIAL.search(line):
        gathering.leave_out(
            _("command “{command}”").format(command=command_name(line)),
            _("It uses a credential of borgmatic. Make it a script with a secret parameter."),
        )
        return False
    return bool(line.strip())


# Which commands there are ---------------------------------------------------------------------------------------------


def _commands(options: Record, gathering: Gathering) -> Iterator[_Command]:
    for entry in options.list("commands"):
        yield from _entry(Record(entry, _("{where}: commands").format(where=options.where)), gathering)
    yield from _older(options, gathering)


def _older(options: Record, gathering: Gathering) -> Iterator[_Command]:
    for name in options.values:
        side, _underscore, what = str(name).partition("_")
        run = _lines(options, str(name)) if is_command_option(str(name)) and name != "commands" else ()
        if not run:
            continue
        if name == "on_error":
            yield _Command(("after", "error"), run, _failure())
        elif what in ("everything", "actions"):
            yield _Command((side, "everything" if what == "everything" else "repository"), run, ALWAYS)
        elif _ACTIONS.get(what) == _BACKUP:
            yield _Command((side, "action"), run, ALWAYS)
        else:
            _leave_out(run, _ACTIONS.get(what, what), gathering)
        if side == "after" and what in ("backup", "actions"):
            gathering.note(
                _(
                    "Commands after the backup run whatever happens to it, as in borgmatic 2; older versions left them "
                    "out after an error."
                )
            )


def _entry(entry: Record, gathering: Gathering) -> Iterator[_Command]:
    side = "before" if "before" in entry.values else "after"
    point = side, entry.text(side)
    run = _lines(entry, "run")
    states = frozenset(str(state) for state in entry.list("states"))
    when = [str(action) for action in entry.list("when")]
    if point not in _LANES or states not in _STATES:
        for line in run:
            gathering.leave_out(
                _("command “{command}”").format(command=command_name(line)),
                _("BorgDesk has no lane for “{side} {point}” with these states.").format(side=side, point=point[1]),
            )
    elif when and _BACKUP not in when:
        _leave_out(run, ", ".join(when), gathering)
    else:
        yield _Command(point, run, _failure() if point[1] == "error" else _STATES[states])


def _leave_out(run: Sequence[str], action: str, gathering: Gathering) -> None:
    for line in run:
        gathering.leave_out(
            _("command “{command}”").format(command=command_name(line)),
            _("It belongs to the action “{action}”, which has no scripts of its own here.").format(action=action),
        )


def _failure() -> RunOn:
    return _STATES[frozenset({"fail"})]


def _lines(record: Record, name: str) -> tuple[str, ...]:
    """Return commands, which may be a single one."""
    value = record.values.get(name)
    if isinstance(value, str):
        return (value,)
    found = record.list(name)
    if not all(isinstance(line, str | int | float) for line in found):
        raise InvalidInput(_("{where}: “{name}” must be a list of commands.").format(where=record.where, name=name))
    return tuple(str(line) for line in found)


# What a command becomes -----------------------------------------------------------------------------------------------


def _script(line: str, surroundings: Surroundings, gathering: Gathering) -> NewScript:
    lines = ["#!/bin/sh"]
    if _UMASK.fullmatch(surroundings.umask):
        lines.append(f"umask {surroundings.umask}")
    if surroundings.working_directory:
        lines.append(f"cd -- {shlex.quote(surroundings.working_directory)} || exit")
    lines += [translated(line.rstrip("\n"), surroundings.configuration, gathering), ""]
    text = "\n".join(lines).encode("utf-8", "replace")
    return NewScript(command_name(line), text, _("A command of borgmatic."), TIMEOUT)


def translated(line: str, configuration: str, gathering: Gathering) -> str:
    """Return a command in which borgmatic's placeholders are variables, quoted as their place requires.

    ``${NAME}`` stays: borgmatic fills it in before the shell does, with the same result.
    """
    result, quote, position = "", "", 0
    while position < len(line):
        match = _PLACEHOLDER.match(line, position)
        if match is not None and line[position - 1 : position] != "$" and (text := _value(match[1], configuration)):
            if match[1] == "output":
                gathering.note(_("“{{output}}” becomes the error message; the output itself is in the log."))
            result += _quoted(text, quote)
            position = match.end()
            continue
        letter = line[position]
        if letter == "\\" and quote != "'":
            following = line[position : position + 2]
            result += "${" if line.startswith("\\${", position) else following
            position += 3 if line.startswith("\\${", position) else len(following)
            continue
        if letter in "'\"" and quote in ("", letter):
            quote = "" if quote else letter
        result += letter
        position += 1
    return result


def _value(name: str, configuration: str) -> str:
    """Return the shell expression for a placeholder, without quotes around it; empty if it is none."""
    if name == "configuration_filename":
        return configuration
    return f"${{{_VARIABLES[name]}}}" if name in _VARIABLES else ""


def _quoted(text: str, quote: str) -> str:
    if text.startswith("${"):
        return text if quote == '"' else f"'\"{text}\"'" if quote else f'"{text}"'
    plain = shlex.quote(text)
    return f"{quote}{plain}{quote}" if quote else plain
