"""Adds a parameter to the parameter block in a script's text."""

from __future__ import annotations

import json

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Parameter, ParameterType, block_lines, check_name, parse_header
from borgdesk.translation import _

_BEGIN, _END = "# /// borgdesk", "# ///"


def with_parameter(text: str, parameter: Parameter) -> str:
    """Return *text* with a parameter appended to its block, which is created below the shebang if necessary.

    Raises:
        InvalidInput: the name is invalid or exists already, or the block is malformed.
    """
    check_name(parameter.name)
    if parse_header(text).parameter(parameter.name) is not None:
        raise InvalidInput(_("The script already has a parameter {name}.").format(name=parameter.name))
    table = [f"# {line}".rstrip() for line in _table(parameter)]
    lines = text.split("\n")
    found = block_lines(text)
    if found is None:
        place = 1 if lines[0].startswith("#!") else 0
        new = [_BEGIN, *table, _END]
    else:
        first, inside = found
        place = first - 1 + len(inside)
        new = ["#", *table] if inside and inside[-1].strip() else table
    result = "\n".join([*lines[:place], *new, *lines[place:]])
    parse_header(result)
    return result


def _table(parameter: Parameter) -> list[str]:
    lines = [f"[parameters.{parameter.name}]"]
    if parameter.description:
        lines.append(f"description = {_quoted(parameter.description)}")
    if parameter.type is not ParameterType.TEXT:
        lines.append(f"type = {_quoted(parameter.type.value)}")
    if parameter.choices:
        lines.append(f"choices = [{', '.join(_quoted(choice) for choice in parameter.choices)}]")
    if parameter.default is not None:
        lines.append(f"default = {_quoted(parameter.default)}")
    if parameter.required:
        lines.append("required = true")
    if parameter.secret:
        lines.append("secret = true")
    return lines


def _quoted(text: str) -> str:
    """Return a TOML basic string; it understands JSON's escapes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
