"""Options about the window and its menu entry, which stand without a command."""

from __future__ import annotations

import os
from collections.abc import Sequence

from borgdesk.cli import values
from borgdesk.cli.arguments import Parser
from borgdesk.domain.pack import ENDING
from borgdesk.domain.window_request import Wanted
from borgdesk.translation import _


def with_pack(arguments: Sequence[str]) -> Sequence[str]:
    """Return *arguments* with the file of a script pack, which desktops give for a double click, as ``--open``."""
    match arguments:
        case [file] if file.endswith(ENDING) and not file.startswith("-"):
            return ["--open", f"{Wanted.PACK}:{os.path.abspath(file)}"]  # noqa: PTH100 - links stay
        case _:
            return arguments


def add_window(parser: Parser) -> None:
    """Add ``--hidden`` and ``--open``."""
    parser.add_argument(
        "--hidden", action="store_true", help=_("open the window in the tray, or minimised without one")
    )
    parser.add_argument(
        "--open",
        metavar="WHAT",
        type=values.window_request,
        help=_("open the window at history, run:ID, repository:ID or pack:PATH, or start backup:ID or backup:all"),
    )


def add_menu_entry(parser: Parser) -> None:
    """Add ``--install-desktop`` and ``--remove-desktop``, which are commands that look like options."""
    for name, help_text in (
        ("install-desktop", _("add BorgDesk to your menu of applications; packages do that for all users")),
        ("remove-desktop", _("undo --install-desktop")),
    ):
        parser.add_argument(f"--{name}", dest="menu_entry", action="store_const", const=name, help=help_text)
