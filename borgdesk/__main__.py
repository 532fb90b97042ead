"""Entry point of ``borgdesk``: runs a command, or opens the window if there is none."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # As in ``typing``, whose import would double what a tick costs.
if TYPE_CHECKING:
    from collections.abc import Sequence

    from borgdesk.domain.window_request import WindowRequest

_TICK = ["due", "--start"]
_CANNOT_OPEN = 2
_CANCELLED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    if argv is None:
        # Until everything is imported, which is no garbage.
        gc.disable()
        argv = sys.argv[1:]
    if argv == _TICK and _is_idle():
        return 0
    # Not at the top: the tick comes every five minutes, and mostly there is nothing to do.
    from borgdesk.cli.terminal import escape_what_cannot_be_written

    escape_what_cannot_be_written()
    try:
        return _main(argv)
    except SystemExit as end:
        from borgdesk.cli.arguments import WRONG_USAGE

        return end.code if isinstance(end.code, int) else WRONG_USAGE
    except KeyboardInterrupt:
        return _CANCELLED


def _is_idle() -> bool:
    """Return whether the tick of the schedule has nothing to do, which must cost next to nothing to find out."""
    import time

    from borgdesk.store.tick_hint import database_file, nothing_to_do, zone_name

    return nothing_to_do(database_file(os.environ), time.time(), zone_name(os.environ))


def _main(argv: Sequence[str]) -> int:
    if not argv:
        return _open_window()
    # Imported here: the window is painted 30 ms sooner without it.
    from borgdesk.cli.parser import parse

    arguments = parse(argv)
    if arguments.json:
        from borgdesk.translation import speak_english

        speak_english()
    if arguments.debug:
        from borgdesk import logs

        # Guardians inherit it.
        os.environ[logs.VARIABLE] = "debug"
    if arguments.command is None:
        return _open_window(hidden=arguments.hidden, request=arguments.open)
    from borgdesk.cli.main import execute

    return execute(arguments)


def _open_window(*, hidden: bool = False, request: WindowRequest | None = None) -> int:
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        from borgdesk.translation import _

        print(
            _(
                "borgdesk: There is no display to open the window on. “borgdesk --help” lists what you can do without "
                "one; “borgdesk demo” shows it."
            ),
            file=sys.stderr,
        )
        return _CANNOT_OPEN
    from borgdesk.gui.workers.plain_import import load_qt

    # Before everything else, which it would slow down.
    load_qt()
    from borgdesk.app import main as open_window

    return open_window([], hidden=hidden, request=request)


if __name__ == "__main__":
    sys.exit(main())
