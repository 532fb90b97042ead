"""The command line as ``argparse`` reads it. Nothing here opens a database or imports what a command needs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from borgdesk.cli import values
from borgdesk.cli.terminal import printable
from borgdesk.domain.run import LANES, Hook, OnFailure, Outcome, RunStatus
from borgdesk.domain.version import VERSION

WRONG_USAGE = 64
"""EX_USAGE of sysexits.h."""

_EPILOG = (
    "A REPO, SCRIPT or ASSIGNMENT is an id or an exact name. Exit codes: 0 success, 1 warning, 2 failure or the "
    "command could not be done, 64 wrong usage, 75 skipped, 130 cancelled. With BORGDESK_HOME=DIR everything is kept "
    "below DIR."
)
_LANES = [hook.value for hook in LANES]
RULES = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
"""Borg's rules of retention that count archives."""

_FILES = ("file", "pre_script_file", "post_script_file")
"""What names a file that is only read: its name may be any bytes."""

CLEARABLE = ("excludes", "retention", "passcommand", "keep_within", *(f"keep_{rule}" for rule in RULES))
"""What ``repo edit --clear`` takes back."""


class Parser(argparse.ArgumentParser):
    """Ends with 64 on wrong usage, and takes no abbreviations: they change their meaning with every new option."""

    def __init__(self, prog: str | None = None, description: str | None = None, epilog: str | None = None) -> None:
        super().__init__(prog=prog, description=description, epilog=epilog, allow_abbrev=False)
        # SUPPRESS: a default here would undo what was said before the command.
        self.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document on standard output"
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and how it is meant."""
        value = message.removeprefix("argument ")
        if value == message:
            # A value that cannot be accepted says enough by its sentence; all else needs to see the whole.
            self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {value}\nSee “{self.prog} --help”.\n")


class _Group:
    """The commands of one noun, or the nouns themselves."""

    def __init__(self, parser: Parser, dest: str, *, required: bool = True) -> None:
        self._commands = parser.add_subparsers(
            dest=dest, metavar="COMMAND", required=required, title="commands", parser_class=Parser
        )

    def add(self, name: str, does: str) -> Parser:
        """A command, with what it does as the only line about it."""
        parser: Parser = self._commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        return parser


def build() -> Parser:
    """The whole command line."""
    parser = Parser(
        prog="borgdesk",
        description="Back up with Borg, and run scripts before and after. Without a command, open the window.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"borgdesk {VERSION}", help="print the version")
    commands = _Group(parser, "command", required=False)
    _add_repositories(commands.add("repo", "repositories: what is backed up, and where to"))
    _add_scripts(commands.add("script", "the library of scripts"))
    _add_assignments(commands.add("assignment", "scripts in the lanes of repositories"))
    _add_runs(commands)
    return parser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line as a namespace: ``command``, where there is one ``action``, and the options.

    Raises:
        SystemExit: wrong usage (64), or what was asked for has been printed (0).
    """
    parser = build()
    parsed = parser.parse_args(arguments, argparse.Namespace(json=False))
    if parsed.command is None and parsed.json:
        parser.error("--json needs a command")
    for name, value in vars(parsed).items():
        if name not in _FILES and (broken := _undecodable(value)):
            shown = broken.encode(errors="backslashreplace").decode()
            parser.error(f"argument “{printable(shown)}”: These bytes are not text in this locale's encoding.")
    return parsed


def _undecodable(value: object) -> str | None:
    """A text with bytes that could not be decoded: neither the database nor Borg takes them."""
    if isinstance(value, str):
        return value if any("\ud800" <= character <= "\udfff" for character in value) else None
    parts = value if isinstance(value, list | tuple) else ()
    return next((broken for part in parts if (broken := _undecodable(part))), None)


def _add_repositories(parser: Parser) -> None:
    group = _Group(parser, "action")
    add = group.add("add", "add a repository; with --init make it, otherwise check that it opens")
    add.add_argument("name", metavar="NAME", help="its name here")
    add.add_argument("--location", metavar="L", type=values.location, required=True, help="a path or ssh://user@host/…")
    add.add_argument("--source", metavar="DIR", type=values.source, nargs="+", action="extend", required=True,
                     help="what is backed up")  # fmt: skip
    add.add_argument("--init", metavar="MODE", type=values.encryption,
                     help="make the repository with this encryption: none, repokey-blake2, …")  # fmt: skip
    _add_repository_options(add)

    group.add("list", "all repositories")
    show = group.add("show", "a repository with its scripts and last runs")
    show.add_argument("repository", metavar="REPO")

    edit = group.add("edit", "change what is given of a repository")
    edit.add_argument("repository", metavar="REPO")
    edit.add_argument("--name", metavar="NAME", help="a new name here")
    edit.add_argument("--location", metavar="L", type=values.location, help="where it is now; it is opened first")
    edit.add_argument("--source", metavar="DIR", type=values.source, nargs="+", action="extend",
                      help="what is backed up from now on, instead of what was")  # fmt: skip
    edit.add_argument("--clear", metavar="FIELD", type=values.field(CLEARABLE), action="append", default=[],
                      help=f"take a value back: {', '.join(CLEARABLE)}")  # fmt: skip
    _add_repository_options(edit)

    remove = group.add("remove", "forget a repository here; the Borg repository and the history stay")
    remove.add_argument("repository", metavar="REPO")


def _add_repository_options(parser: Parser) -> None:
    parser.add_argument("--exclude", metavar="P", type=values.pattern, action="append", help="a pattern of Borg")
    parser.add_argument("--exclude-caches", action=argparse.BooleanOptionalAction,
                        help="leave out folders with a CACHEDIR.TAG")  # fmt: skip
    parser.add_argument("--one-file-system", action=argparse.BooleanOptionalAction,
                        help="stay in the file system of each source")  # fmt: skip
    parser.add_argument("--compression", metavar="C", type=values.compression, help="lz4, zstd,6, auto,zstd, …")
    parser.add_argument("--archive-name", metavar="T", type=values.archive_name,
                        help="Borg's template, such as {hostname}-{now}")  # fmt: skip
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--passphrase-stdin", action="store_true", help="the first line of standard input is it")
    secret.add_argument("--passcommand", metavar="C", help="a command that prints the passphrase")
    parser.add_argument("--keep-within", metavar="T", type=values.interval, help="keep all archives of this time: 10d")
    for rule in RULES:
        parser.add_argument(f"--keep-{rule}", metavar="N", type=values.kept, help=f"how many {rule} archives to keep")
    parser.add_argument("--continue-on-hook-failure", action=argparse.BooleanOptionalAction,
                        help="go on after a failing script where its assignment says nothing")  # fmt: skip
    for when in ("pre", "post"):
        parser.add_argument(f"--{when}-script-file", metavar="F",
                            help=f"the inline {when}-backup script; an empty F removes it")  # fmt: skip


def _add_scripts(parser: Parser) -> None:
    group = _Group(parser, "action")
    add = group.add("add", "copy a file into the library and register it")
    add.add_argument("file", metavar="FILE", help="the script; - for standard input")
    _add_script_options(add)

    listed = group.add("list", "the scripts of the library")
    listed.add_argument("--search", metavar="T", default="", help="only those with T in name, description or file name")

    show = group.add("show", "a script with its content, its parameters and where it is used")
    show.add_argument("script", metavar="SCRIPT")

    edit = group.add("edit", "change what is given of a script")
    edit.add_argument("script", metavar="SCRIPT")
    edit.add_argument("--file", metavar="F", help="its new content; - for standard input")
    _add_script_options(edit)

    remove = group.add("remove", "remove a script that is not assigned anywhere, with its file")
    remove.add_argument("script", metavar="SCRIPT")

    test = group.add("test", "run a script now; the exit code is the script's, 124 on timeout")
    test.add_argument("script", metavar="SCRIPT")
    test.add_argument("--repo", metavar="REPO", help="whose circumstances it sees")
    test.add_argument("--hook", metavar="H", type=values.one_of(Hook), default=Hook.TEST.value,
                      help=f"the lane it sees: {', '.join(Hook)}")  # fmt: skip
    test.add_argument(
        "--outcome", metavar="O", type=values.one_of(Outcome), help=f"a pretended outcome: {_all(Outcome)}"
    )
    test.add_argument("--timeout", metavar="S", type=values.seconds, help="seconds, instead of the script's")
    _add_parameter_options(test)


def _add_script_options(parser: Parser) -> None:
    parser.add_argument("--name", metavar="N", help="its name")
    parser.add_argument("--description", metavar="D", help="what it does")
    parser.add_argument("--timeout", metavar="S", type=values.seconds, help="seconds it may run")
    parser.add_argument("--run-on", metavar="R", type=values.run_on,
                        help="always, or a comma list of success,warning,failure")  # fmt: skip


def _add_parameter_options(parser: Parser) -> None:
    parser.add_argument("--param", metavar="K=V", type=values.pair, action="append", default=[],
                        help="the value of a parameter")  # fmt: skip
    parser.add_argument("--secret", metavar="K", type=values.parameter_name, action="append", default=[],
                        help="a secret value, read from standard input: a line each, in this order")  # fmt: skip


def _add_assignments(parser: Parser) -> None:
    group = _Group(parser, "action")
    add = group.add("add", "place a script in a lane of a repository")
    add.add_argument("repository", metavar="REPO")
    add.add_argument("script", metavar="SCRIPT")
    add.add_argument(
        "--hook", metavar="H", type=values.one_of(_LANES), required=True, help=f"the lane: {', '.join(_LANES)}"
    )
    add.add_argument("--order", metavar="N", type=values.number, help="its place in the lane, from 1; else the last")
    add.add_argument("--disabled", dest="enabled", action="store_false", default=None, help="do not run it for now")
    _add_override_options(add)

    listed = group.add("list", "the scripts of a repository, lane by lane")
    listed.add_argument("repository", metavar="REPO")

    edit = group.add("edit", "change what is given of an assignment")
    edit.add_argument("assignment", metavar="ID")
    enabled = edit.add_mutually_exclusive_group()
    enabled.add_argument("--enabled", action="store_true", default=None, help="run it")
    enabled.add_argument("--disabled", dest="enabled", action="store_false", default=None, help="do not run it for now")
    edit.add_argument("--clear", metavar="FIELD", action="append", default=[],
                      help="back to the script's own: timeout, run_on, on_failure, or a parameter")  # fmt: skip
    _add_override_options(edit)

    move = group.add("move", "put an assignment at another place")
    move.add_argument("assignment", metavar="ID")
    move.add_argument("--order", metavar="N", type=values.number, required=True, help="its place in the lane, from 1")
    move.add_argument("--hook", metavar="H", type=values.one_of(_LANES), help="another lane")

    remove = group.add("remove", "take a script out of its lane")
    remove.add_argument("assignment", metavar="ID")


def _add_override_options(parser: Parser) -> None:
    parser.add_argument("--timeout", metavar="S", type=values.seconds, help="seconds, instead of the script's")
    parser.add_argument("--run-on", metavar="R", type=values.run_on,
                        help="always, or a comma list of success,warning,failure")  # fmt: skip
    parser.add_argument("--on-failure", metavar="P", type=values.one_of(OnFailure), help=_all(OnFailure))
    _add_parameter_options(parser)


def _add_runs(commands: _Group) -> None:
    plan = commands.add("plan", "what would run, in order, for one outcome or for all; runs nothing")
    plan.add_argument("repository", metavar="REPO")
    plan.add_argument("--outcome", metavar="O", type=values.one_of(Outcome), help=_all(Outcome))

    run = commands.add("run", "back up now")
    run.add_argument("repositories", metavar="REPO", nargs="+", help="side by side, if they are at different places")
    _add_progress_options(run)

    _add_history(commands.add("history", "runs, newest first; “history show RUN” has one of them with all output"))

    recover = commands.add("recover", "do what dead runs still owe, and print what was done")
    _add_progress_options(recover)

    demo = commands.add("demo", "make a throwaway set-up, back it up once well and once with a failure")
    demo.add_argument("folder", metavar="DIR", nargs="?", help="an empty or new folder; else a temporary one")


def _add_progress_options(parser: Parser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-q", "--quiet", action="store_true", help="print no progress")
    how.add_argument("-v", "--verbose", action="store_true", help="print what scripts and Borg print, too")


def _add_history(parser: Parser) -> None:
    parser.add_argument("--repo", metavar="R", help="only runs of this repository")
    parser.add_argument("--script", metavar="S", help="only runs with this script")
    parser.add_argument("--status", metavar="T", type=values.one_of(RunStatus), help=f"only {_all(RunStatus)}")
    parser.add_argument("--search", metavar="TEXT", help="only runs with TEXT in a name, an error or some output")
    parser.add_argument("--limit", metavar="N", type=values.number, default=50, help="at most N runs; else 50")
    group = _Group(parser, "action", required=False)
    show = group.add("show", "a run with all its scripts and their output")
    show.add_argument("run", metavar="RUN", type=values.run_id)


def _all(words: type[Outcome | OnFailure | RunStatus]) -> str:
    return ", ".join(words)
