"""Parser for terminal escape sequences in script output: styles become styled pieces, other sequences are removed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_ESCAPE = re.compile(
    r"\x1b\[(?P<codes>[0-9;:]*)m"  # colours and styles (ECMA-48, SGR)
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # every other control sequence
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b[@-Z\\-_]?"
    r"|[\x00-\x08\x0b-\x1f\x7f]"  # other control characters
)
_CUBE = (0, 95, 135, 175, 215, 255)
_BRIGHT = 8


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a piece of text. Colours are an index into the terminal's palette of 16, or "#rrggbb"."""

    color: int | str | None = None
    ground: int | str | None = None
    bold: bool = False
    italic: bool = False
    underline: bool = False


PLAIN = Style()


def styled(line: str, style: Style = PLAIN) -> tuple[list[tuple[str, Style]], Style]:
    """Return the pieces of a line that begins in *style*, and the style at its end, in which the next line begins.

    Text that a carriage return would have overwritten is left out.
    """
    line = line.rstrip("\r").rsplit("\r", 1)[-1]
    pieces: list[tuple[str, Style]] = []
    place = 0
    for found in _ESCAPE.finditer(line):
        if found.start() > place:
            pieces.append((line[place : found.start()], style))
        if found["codes"] is not None:
            style = changed(style, found["codes"])
        place = found.end()
    if place < len(line):
        pieces.append((line[place:], style))
    return pieces, style


def plain(line: str) -> str:
    """Return a line without its escape sequences."""
    return "".join(text for text, _ in styled(line)[0])


def changed(style: Style, codes: str) -> Style:
    """Return the style after one sequence of codes; unknown codes are ignored."""
    numbers = [int(code) if code else 0 for code in re.split("[;:]", codes)]
    while numbers:
        number = numbers.pop(0)
        if number in (38, 48):
            color = _long_color(numbers)
            style = replace(style, color=color) if number == 38 else replace(style, ground=color)
        else:
            style = _simple(style, number)
    return style


def _simple(style: Style, number: int) -> Style:
    if number == 0:
        return PLAIN
    switches = {
        1: {"bold": True},
        3: {"italic": True},
        4: {"underline": True},
        22: {"bold": False},
        23: {"italic": False},
        24: {"underline": False},
    }
    if number in switches:
        return replace(style, **switches[number])
    for first, bright in ((30, 0), (90, _BRIGHT)):
        if first <= number <= first + 7:
            return replace(style, color=number - first + bright)
        if first + 10 <= number <= first + 17:
            return replace(style, ground=number - first - 10 + bright)
    if number == 39:
        return replace(style, color=None)
    return replace(style, ground=None) if number == 49 else style


def _long_color(numbers: list[int]) -> int | str | None:
    """Consume the rest of 38;5;N or 38;2;R;G;B from *numbers* and return the colour."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 5 and numbers:
        return _of_256(numbers.pop(0))
    if kind == 2 and len(numbers) >= 3:
        red, green, blue = (min(numbers.pop(0), 255) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    numbers.clear()
    return None


def _of_256(number: int) -> int | str | None:
    if number < 16:
        return number
    if number < 232:
        red, rest = divmod(number - 16, 36)
        green, blue = divmod(rest, 6)
        return f"#{_CUBE[red]:02x}{_CUBE[green]:02x}{_CUBE[blue]:02x}"
    if number < 256:
        grey = 8 + 10 * (number - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    return None
