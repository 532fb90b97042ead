"""Reads TOML that anybody may have written, such as that of scripts and packs."""

from __future__ import annotations

import tomllib
from typing import Any

from borgdesk.translation import _

_MOST_DOTS = 250
"""In one line. The time that tomllib takes for a dotted key is the square of its parts: hours for 400,000 of them."""


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a TOML document says.

    Raises:
        ValueError: it is not TOML, or has a number or a line that takes for ever to read.
        RecursionError: it is nested too deeply.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            raise ValueError(_("there are too many dots (at line {number})").format(number=number))
    return tomllib.loads(text)
