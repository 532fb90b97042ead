"""``borgdesk``: a command, or the window where none is given."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from borgdesk.cli.parser import WRONG_USAGE, parse
from borgdesk.cli.terminal import escape_what_cannot_be_written

_CANNOT_OPEN = 2
_CANCELLED = 130
_NO_DISPLAY = (
    "borgdesk: There is no display to open the window on. “borgdesk --help” lists what can be done without one, "
    "“borgdesk demo” shows it."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit code."""
    escape_what_cannot_be_written()
    try:
        return _main(sys.argv[1:] if argv is None else argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else WRONG_USAGE
    except KeyboardInterrupt:
        return _CANCELLED


def _main(argv: Sequence[str]) -> int:
    arguments = parse(argv)
    if arguments.command is None:
        return _open_window()
    from borgdesk.cli.main import execute

    return execute(arguments)


def _open_window() -> int:
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        print(_NO_DISPLAY, file=sys.stderr)
        return _CANNOT_OPEN
    from borgdesk.app import main as open_window

    return open_window([])


if __name__ == "__main__":
    sys.exit(main())
