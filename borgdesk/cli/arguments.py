"""Building blocks of the command line: the argument parser with its error messages, and groups of subcommands."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from borgdesk.translation import DOMAIN, FOLDER, N_, SOURCE, _, language

WRONG_USAGE = 64
"""EX_USAGE of sysexits.h."""


OF_ARGPARSE = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("unrecognized arguments: %s"),
    N_("not allowed with argument %s"),
    N_("ignored explicit argument %r"),
    N_("the following arguments are required: %s"),
    N_("one of the arguments %s is required"),
    N_("expected one argument"),
    N_("expected at most one argument"),
    N_("expected at least one argument"),
    N_("unknown parser %(parser_name)r (choices: %(choices)s)"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
)
"""What argparse itself says. “argument …: …” stays English: :meth:`Parser.error` looks for it."""


def translate_argparse() -> None:
    """Let argparse, which looks in the default domain of :mod:`gettext`, find its sentences among ours."""
    if language() != SOURCE:
        import gettext

        gettext.bindtextdomain(DOMAIN, FOLDER)
        gettext.textdomain(DOMAIN)


class Parser(argparse.ArgumentParser):
    """Exits with 64 on wrong usage, and accepts no abbreviations, whose meaning would change with new options."""

    def __init__(self, prog: str | None = None, description: str | None = None, epilog: str | None = None) -> None:
        super().__init__(prog=prog, description=description, epilog=epilog, allow_abbrev=False)
        # SUPPRESS: a default here would override an option given before the command.
        self.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help=_("print one JSON document on standard output"),
        )

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """Keep the value ``--``, for which argparse returns an empty list that no command expects."""
        if action.nargs is None and arg_strings == ["--"]:
            return self._get_value(action, "--")
        return super()._get_values(action, arg_strings)

    def error(self, message: str) -> NoReturn:
        """Print the error and how to use the command."""
        value = message.removeprefix("argument ")
        if value == message:
            # For an invalid value, the message says enough; other errors need the usage.
            self.print_usage(sys.stderr)
        hint = _("See “{command}”.").format(command=f"{self.prog} --help")
        self.exit(WRONG_USAGE, f"{self.prog}: {value}\n{hint}\n")


class Group:
    """A group of subcommands."""

    def __init__(self, parser: Parser, dest: str, *, required: bool = True) -> None:
        self._commands = parser.add_subparsers(
            dest=dest, metavar="COMMAND", required=required, title=_("commands"), parser_class=Parser
        )

    def add(self, name: str, does: str) -> Parser:
        """Add a command; *does* is its only line of help."""
        parser: Parser = self._commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        return parser
