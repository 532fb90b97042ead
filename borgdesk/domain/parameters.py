"""The parameter block at the top of a script, and the metadata in a script template.

The block is TOML in comments, in the style of PEP 723::

    # /// borgdesk
    # [parameters.CONTAINERS]
    # description = "Containers to stop, in order"
    # required = true
    # ///
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.run import LANES, Hook, RunOn
from borgdesk.domain.script import MAX_TIMEOUT
from borgdesk.domain.toml import parse_toml
from borgdesk.translation import _

_BEGIN = re.compile(r"^#\s*///\s*borgdesk\s*$")
_END = re.compile(r"^#\s*///\s*$")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_RESERVED_PREFIXES = (
    "LD_", "BORG_", "BORGDESK_", "REPOSITORY_", "BASH_", "DBUS_", "XDG_", "PYTHON", "PERL5", "DYLD_", "SUDO_",
)  # fmt: skip
_RESERVED_NAMES = frozenset(
    "PATH HOME IFS ENV SHELL USER LOGNAME PWD OLDPWD UID EUID PPID SHELLOPTS BASHOPTS GLOBIGNORE CDPATH PS4 "
    "PROMPT_COMMAND TMPDIR LANG LC_ALL RUBYOPT RUBYLIB NODE_OPTIONS GCONV_PATH LOCPATH HOSTALIASES BACKUP_DATE "
    "DISPLAY WAYLAND_DISPLAY SSH_AUTH_SOCK MALLOC_TRACE _".split()
)
_LONGEST_NUMBER = 256
"""Bits of a number used as a default; Python refuses to format numbers of several thousand digits."""

MAX_VALUE_BYTES = 128 * 1024
"""Linux rejects longer strings in an environment (MAX_ARG_STRLEN, 32 pages of 4 KiB, including the NUL)."""


class ParameterType(StrEnum):
    """The input widget for a value; the script always gets text."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that a script takes from its environment."""

    name: str
    description: str = ""
    default: str | None = None
    required: bool = False
    secret: bool = False
    type: ParameterType = ParameterType.TEXT
    choices: tuple[str, ...] = ()

    def check(self, value: str) -> None:
        """Raise :class:`InvalidInput` if *value* is not valid for this parameter."""
        check_value(self.name, value)
        if self.type is ParameterType.INTEGER and not re.fullmatch(r"[+-]?[0-9]+", value):
            raise InvalidInput(
                _("{name} must be a whole number, not “{value}”.").format(name=self.name, value=_shown(self, value))
            )
        if self.type is ParameterType.BOOLEAN and value not in ("true", "false"):
            raise InvalidInput(
                _("{name} must be true or false, not “{value}”.").format(name=self.name, value=_shown(self, value))
            )
        if self.type is ParameterType.CHOICE and value not in self.choices:
            raise InvalidInput(
                _("{name} must be one of {choices}.").format(name=self.name, choices=", ".join(self.choices))
            )


def _shown(parameter: Parameter, value: str) -> str:
    return "…" if parameter.secret else value


@dataclass(frozen=True, slots=True)
class Header:
    """The contents of a script's block; empty for a script without one."""

    parameters: tuple[Parameter, ...] = ()
    name: str | None = None
    description: str = ""
    needs: tuple[str, ...] = ()
    hook: Hook | None = None
    run_on: RunOn | None = None
    timeout: int | None = None
    category: str = ""
    companion: str | None = None

    @property
    def secrets(self) -> frozenset[str]:
        """Names of the secret parameters."""
        return frozenset(p.name for p in self.parameters if p.secret)

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter called *name*, or None if the script does not declare it."""
        return next((p for p in self.parameters if p.name == name), None)


def check_value(name: str, value: str) -> None:
    """Reject values that no environment variable can hold.

    Raises:
        InvalidInput: *value* contains a NUL, is together with its name longer than Linux allows, or has characters that
            cannot be encoded.
    """
    if "\0" in value:
        raise InvalidInput(
            _("The value of {name} contains a NUL byte and cannot be passed to a script.").format(name=name)
        )
    try:
        size = len(f"{name}={value}".encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise InvalidInput(
            _("The value of {name} is not text and cannot be passed to a script.").format(name=name)
        ) from None
    if size >= MAX_VALUE_BYTES:
        raise InvalidInput(
            _("The value of {name} is longer than 128 KiB and cannot be passed to a script.").format(name=name)
        )


def check_name(name: str) -> None:
    """Reject parameter names that would change how programs are found and run.

    Raises:
        InvalidInput: the name is malformed or belongs to the system, to Borg or to BorgDesk.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            _("“{name}” is not a parameter name. Use A-Z, 0-9 and _, and do not begin with a digit.").format(name=name)
        )
    if name in _RESERVED_NAMES or name.startswith(_RESERVED_PREFIXES):
        raise InvalidInput(
            _("{name} cannot be a parameter, because the system, Borg or BorgDesk uses that variable.").format(
                name=name
            )
        )


def block_lines(text: str) -> tuple[int, list[str]] | None:
    """Return the block's lines without comment marks, and the number (from 1) of its first line; None without a block.

    Raises:
        InvalidInput: the block has no end, or a line in it is not a comment.
    """
    lines = _lines(text)
    start = _start(lines)
    if start is None:
        return None
    found: list[str] = []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if _END.match(line):
            return start + 2, found
        if not line.startswith("#"):
            raise InvalidInput(
                _("Line {number}: the parameter block must be closed by “# ///” before the script continues.").format(
                    number=number
                )
            )
        found.append(line[2:] if line.startswith("# ") else line[1:])
    raise InvalidInput(_("The parameter block is not closed: its last line must be “# ///”."))


def parameters_line(text: str) -> int | None:
    """Return the number, from 1, of the line that begins the parameter block; None if there is no block."""
    start = _start(_lines(text))
    return None if start is None else start + 1


def _lines(text: str) -> list[str]:
    # Not splitlines(): for TOML, editors and shells a form feed or U+2028 does not end a line.
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def _start(lines: list[str]) -> int | None:
    return next((place for place, line in enumerate(lines) if _BEGIN.match(line)), None)


def parse_header(text: str) -> Header:
    """Parse the block of a script.

    Raises:
        InvalidInput: the block is not closed, is not TOML, or contains something unknown.
    """
    block = block_lines(text)
    if block is None:
        return Header()
    first, lines = block
    try:
        # Leading empty lines make TOML report line numbers of the script.
        data = parse_toml("\n" * (first - 1) + "\n".join(lines))
    except ValueError as error:
        # Malformed TOML, or a number with more digits than Python converts.
        raise InvalidInput(_("The parameter block is not valid TOML: {error}.").format(error=error)) from error
    except RecursionError:
        raise InvalidInput(
            _("The parameter block (from line {first}) is nested too deeply.").format(first=first)
        ) from None
    tables = data.pop("parameters", {})
    if not isinstance(tables, dict):
        raise InvalidInput(_("“parameters” must be a table: use [parameters.NAME]."))
    return _header(data, tuple(_parameter(name, table) for name, table in tables.items()))


def _parameter(name: str, table: object) -> Parameter:
    check_name(name)
    if not isinstance(table, dict):
        raise InvalidInput(_("The parameter {name} must be a table: use [parameters.{name}].").format(name=name))
    fields = _Fields(_("In the parameter {name}").format(name=name), table)
    parameter = Parameter(
        name,
        description=fields.text("description") or "",
        default=fields.scalar("default"),
        required=fields.flag("required"),
        secret=fields.flag("secret"),
        type=_type(name, fields.text("type") or "text"),
        choices=fields.strings("choices"),
    )
    fields.done()
    if parameter.type is ParameterType.CHOICE and not parameter.choices:
        raise InvalidInput(_("The parameter {name} is a choice, but has no choices.").format(name=name))
    if parameter.secret and parameter.default is not None:
        raise InvalidInput(
            _("The parameter {name} is secret, so it cannot have a default that anyone can read.").format(name=name)
        )
    if parameter.default is not None:
        parameter.check(parameter.default)
    return parameter


def _type(name: str, word: str) -> ParameterType:
    try:
        return ParameterType(word)
    except ValueError:
        known = ", ".join(ParameterType)
        raise InvalidInput(
            _("The parameter {name} has the unknown type “{word}”. Use one of {known}.").format(
                name=name, word=word, known=known
            )
        ) from None


def _header(data: dict[str, object], parameters: tuple[Parameter, ...]) -> Header:
    fields = _Fields(_("In the block"), data)
    hook, run_on = fields.text("hook"), fields.text("run_on")
    header = Header(
        parameters,
        name=fields.text("name"),
        description=fields.text("description") or "",
        needs=fields.strings("needs"),
        hook=_hook(hook) if hook is not None else None,
        run_on=RunOn.parse(run_on) if run_on is not None else None,
        timeout=fields.seconds("timeout"),
        category=fields.text("category") or "",
        companion=fields.text("companion"),
    )
    fields.done()
    return header


def _hook(word: str) -> Hook:
    if word not in LANES:
        raise InvalidInput(_("“{word}” is not a hook. Use one of: {hooks}.").format(word=word, hooks=", ".join(LANES)))
    return Hook(word)


class _Fields:
    """Reads typed values from a TOML table, and rejects what is left over."""

    def __init__(self, where: str, table: Mapping[str, object]) -> None:
        self._where = where
        self._left = dict(table)

    def text(self, key: str) -> str | None:
        value = self._left.pop(key, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(_("{where}, “{key}” must be text in quotes."), key)
        return value

    def flag(self, key: str) -> bool:
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise self._wrong(_("{where}, “{key}” must be true or false."), key)
        return value

    def seconds(self, key: str) -> int | None:
        value = self._left.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_TIMEOUT:
            raise self._wrong(_("{where}, “{key}” must be a whole number of seconds, from 1 to {limit}."), key)
        return value

    def scalar(self, key: str) -> str | None:
        value = self._left.pop(key, None)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int) and value.bit_length() <= _LONGEST_NUMBER:
            return str(value)
        raise self._wrong(_("{where}, “{key}” must be text, a whole number, true or false."), key)

    def strings(self, key: str) -> tuple[str, ...]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(_("{where}, “{key}” must be a list of strings."), key)
        return tuple(value)

    def done(self) -> None:
        if self._left:
            raise InvalidInput(
                # Translators: {where} is “In the block” or “In the parameter NAME”.
                _("{where}, “{key}” is not known.").format(where=self._where, key=next(iter(self._left)))
            )

    def _wrong(self, sentence: str, key: str) -> InvalidInput:
        return InvalidInput(sentence.format(where=self._where, key=key, limit=MAX_TIMEOUT))
