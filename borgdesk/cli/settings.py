"""``borgdesk settings``: lists, shows and changes the settings of BorgDesk itself."""

from __future__ import annotations

import argparse
from typing import Any

from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.tables import Column, table
from borgdesk.cli.terminal import printable
from borgdesk.domain.settings import ALL, BORG_PROGRAM, Setting, Values
from borgdesk.engine.settings.borg_program import advice, version_of
from borgdesk.engine.settings.changing import change, reset
from borgdesk.translation import N_, _

_COLUMNS = (
    Column(N_("Key")),
    Column(N_("Value"), flexible=True),
    Column(N_("Meaning"), flexible=True, optional=True),
)


def list_all(console: Console, _arguments: argparse.Namespace) -> int:
    """List all settings."""
    values = console.workspace.store.settings.read()
    rows = [(one.key, one.in_text(values[one]), _(one.sentence)) for one in ALL]
    console.answer([_json(one, values) for one in ALL], lambda out: table(out, _COLUMNS, rows))
    return 0


def get(console: Console, arguments: argparse.Namespace) -> int:
    """Print the value of one setting, and nothing else."""
    setting: Setting[Any] = arguments.key
    values = console.workspace.store.settings.read()
    console.answer(_json(setting, values), lambda out: out.line(printable(setting.in_text(values[setting]))))
    return 0


def set_one(console: Console, arguments: argparse.Namespace) -> int:
    """Change one setting."""
    setting: Setting[Any] = arguments.key
    value = change(console.workspace, setting, setting.parse(arguments.value))
    if setting is BORG_PROGRAM:
        _tell_of_borg(console, value)
    return _answer(console, setting)


def reset_one(console: Console, arguments: argparse.Namespace) -> int:
    """Let the default of one setting count again."""
    reset(console.workspace, arguments.key)
    return _answer(console, arguments.key)


def _tell_of_borg(console: Console, program: str) -> None:
    if console.workspace.fixed_borg:
        console.say(_("BORGDESK_BORG is set, and counts more than this setting."))
    if program and (told := advice(version_of(console.workspace, program))):
        console.say(told)


def _answer(console: Console, setting: Setting[Any]) -> int:
    if console.json:
        console.answer(_json(setting, console.workspace.store.settings.latest))
    return 0


def _json(setting: Setting[Any], values: Values) -> Json:
    return {
        "key": setting.key,
        "value": values[setting],
        "default": setting.default,
        "type": setting.type,
        "description": setting.sentence,
    }


COMMANDS: Commands = {
    "list": list_all,
    "get": get,
    "set": set_one,
    "reset": reset_one,
}
