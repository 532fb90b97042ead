"""The ``argparse`` parser of the command line. It opens no database and imports nothing that only commands need."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from borgdesk.cli import values
from borgdesk.cli.archive_arguments import add_archives, add_break_lock, add_maintenance, add_mounts, add_restore
from borgdesk.cli.arguments import Group, Parser, translate_argparse
from borgdesk.cli.assignment_arguments import add_assignments, add_parameter_options
from borgdesk.cli.import_arguments import add_import
from borgdesk.cli.key_arguments import add_keys
from borgdesk.cli.library_arguments import add_library
from borgdesk.cli.pack_arguments import add_packs
from borgdesk.cli.repository_arguments import add_advanced, add_preview, add_statistics
from borgdesk.cli.schedule_arguments import add_schedule
from borgdesk.cli.server_arguments import add_connection, add_servers
from borgdesk.cli.settings_arguments import add_config, add_settings
from borgdesk.cli.terminal import printable
from borgdesk.cli.window_arguments import add_menu_entry, add_window, with_pack
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.repository import COUNTING_RULES, DEFAULT_STALL_LIMIT
from borgdesk.domain.run import Hook, OnFailure, Outcome, RunKind, RunStatus
from borgdesk.domain.version import VERSION
from borgdesk.translation import N_, _

_EPILOG = N_(
    "A REPO, SCRIPT or ASSIGNMENT is an id or an exact name. Exit codes: 0 success, 1 warning, 2 failure (or the "
    "command could not be carried out), 64 wrong usage, 75 skipped, 130 cancelled. With BORGDESK_HOME=DIR, all data "
    "is kept below DIR."
)
_FILES = (
    "file", "files", "folder", "database", "scripts", "key_file", "patterns_file", "pre_script_file",
    "post_script_file", "sign",
)  # fmt: skip
"""Options that name a file to be read: its name may contain any bytes."""

CLEARABLE = (
    "excludes", "patterns", "upload_ratelimit", "checkpoint_interval", "extra_arguments", "retention", "passcommand",
    "ssh_key", "ssh_port", "jump_host", "remote_path", "keep_within", *(f"keep_{rule}" for rule in COUNTING_RULES),
)  # fmt: skip
"""Values that ``repo edit --clear`` can reset."""


def build() -> Parser:
    """Build the parser of the whole command line."""
    translate_argparse()
    parser = Parser(
        prog="borgdesk",
        description=_("Back up with Borg, and run scripts before and after. Without a command, the window opens."),
        epilog=_(_EPILOG),
    )
    parser.add_argument("--version", action="version", version=f"borgdesk {VERSION}", help=_("print the version"))
    parser.add_argument("--debug", action="store_true", help=_("log what is decided, and why, to borgdesk.log"))
    add_window(parser)
    add_menu_entry(parser)
    commands = Group(parser, "command", required=False)
    _add_repositories(commands.add("repo", _("repositories: what is backed up, and where")))
    _add_scripts(commands.add("script", _("the script library")))
    add_assignments(commands.add("assignment", _("scripts assigned to repositories")))
    _add_runs(commands)
    add_archives(commands.add("archive", _("the archives of repositories, and their contents")))
    add_restore(commands)
    add_mounts(commands)
    add_maintenance(commands, _add_rules)
    add_statistics(commands)
    add_break_lock(commands)
    add_keys(commands)
    add_schedule(commands)
    add_settings(commands)
    add_import(commands)
    add_servers(commands)
    add_config(commands)
    add_packs(commands)
    add_library(commands)
    return parser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line into a namespace: ``command``, ``action`` if there is one, and the options.

    Raises:
        SystemExit: wrong usage (64), or the requested help or version was printed (0).
    """
    parser = build()
    parsed = parser.parse_args(_joined(with_pack(arguments)), argparse.Namespace(json=False))
    if parsed.menu_entry is not None:
        if parsed.command is not None:
            parser.error(_("--{name} is not an option of commands").format(name=parsed.menu_entry))
        parsed.command = parsed.menu_entry
    if parsed.command is None and parsed.json:
        parser.error(_("--json needs a command"))
    if parsed.command is not None and parsed.hidden:
        parser.error(_("--hidden is for the window only"))
    if parsed.command is not None and parsed.open:
        parser.error(_("--open is for the window only"))
    for name, value in vars(parsed).items():
        for text in _texts(value):
            if complaint := _complaint(text, is_file=name in _FILES):
                shown = text.encode(errors="backslashreplace").decode()
                parser.error(f"argument {quoted(printable(shown))}: {complaint}")
    return parsed


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in the value of an argument."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _complaint(text: str, *, is_file: bool) -> str:
    """Return what neither the database nor Borg accepts in a text; empty if it can be used."""
    if "\0" in text:
        return _("It contains a NUL byte.")
    if not is_file and any("\ud800" <= character <= "\udfff" for character in text):
        return _("These bytes are not text in this locale's encoding.")
    return ""


def _add_repositories(parser: Parser) -> None:
    group = Group(parser, "action")
    add = group.add("add", _("add a repository; with --init create it, otherwise check that it opens"))
    add.add_argument("name", metavar="NAME", help=_("its name in BorgDesk"))
    add.add_argument(
        "--location", metavar="L", type=values.location, required=True, help=_("a path or ssh://user@host/…")
    )
    add.add_argument("--source", metavar="DIR", type=values.source, nargs="+", action="extend", required=True,
                     help=_("the folders and files to back up"))  # fmt: skip
    add.add_argument("--init", metavar="MODE", type=values.encryption,
                     help=_("create the repository with this encryption: none, repokey-blake2, …"))  # fmt: skip
    add.add_argument("--key-file", metavar="F", help=_("a file with the repository's key, which is imported first"))
    _add_repository_options(add)

    group.add("list", _("list all repositories"))
    show = group.add("show", _("show a repository with its scripts and recent runs"))
    show.add_argument("repository", metavar="REPO")

    add_preview(group)
    edit = group.add("edit", _("change the given settings of a repository"))
    edit.add_argument("repository", metavar="REPO")
    edit.add_argument("--name", metavar="NAME", help=_("a new name in BorgDesk"))
    edit.add_argument("--location", metavar="L", type=values.location, help=_("a new location; it is opened first"))
    edit.add_argument("--source", metavar="DIR", type=values.source, nargs="+", action="extend",
                      help=_("the folders and files to back up from now on"))  # fmt: skip
    edit.add_argument("--clear", metavar="FIELD", type=values.field(CLEARABLE), action="append", default=[],
                      help=_("reset a setting: {clearable}").format(clearable=', '.join(CLEARABLE)))  # fmt: skip
    _add_repository_options(edit)

    remove = group.add("remove", _("remove a repository from BorgDesk; the Borg repository and the history stay"))
    remove.add_argument("repository", metavar="REPO")


def _add_repository_options(parser: Parser) -> None:
    parser.add_argument(
        "--exclude", metavar="P", type=values.pattern, action="append", help=_("a Borg pattern of what to exclude")
    )
    parser.add_argument("--exclude-caches", action=argparse.BooleanOptionalAction,
                        help=_("exclude folders with a CACHEDIR.TAG"))  # fmt: skip
    parser.add_argument("--one-file-system", action=argparse.BooleanOptionalAction,
                        help=_("do not cross into other file systems"))  # fmt: skip
    parser.add_argument("--compression", metavar="C", type=values.compression, help="lz4, zstd,6, auto,zstd, …")
    parser.add_argument("--archive-name", metavar="T", type=values.archive_name,
                        help=_("Borg's template, such as {hostname}-{now}"))  # fmt: skip
    parser.add_argument("--moved", action="store_true",
                        help=_("confirm that the repository was moved, or that its host was renamed"))  # fmt: skip
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--passphrase-stdin", action="store_true", help=_("read the passphrase from the first line of standard input")
    )
    secret.add_argument(
        "--passcommand", metavar="C", type=values.passcommand, help=_("a command that prints the passphrase")
    )
    add_connection(parser)
    _add_rules(parser)
    parser.add_argument("--continue-on-hook-failure", action=argparse.BooleanOptionalAction,
                        help=_("continue after a script fails, unless its assignment says otherwise"))  # fmt: skip
    parser.add_argument("--stall-limit", metavar="MINUTES", type=values.minutes,
                        help=_(
                            "stop Borg after this many minutes without progress (default: {minutes})"
                        ).format(minutes=DEFAULT_STALL_LIMIT // 60))  # fmt: skip
    parser.add_argument("--compact-every", metavar="DAYS", type=values.delay,
                        help=_("free disk space at most every DAYS (default: 0, when it is worth it)"))  # fmt: skip
    parser.add_argument("--fail-on-missing-source", action=argparse.BooleanOptionalAction,
                        help=_("fail if any source is missing, instead of backing up the rest"))  # fmt: skip
    add_advanced(parser)
    for when in ("pre", "post"):
        parser.add_argument(f"--{when}-script-file", metavar="F",
                            help=_(
                                "the inline {when}-backup script; an empty F removes it"
                            ).format(when=when))  # fmt: skip


def _add_rules(parser: Parser) -> None:
    parser.add_argument(
        "--keep-within",
        metavar="T",
        type=values.interval,
        help=_("keep all archives within this interval, such as 10d"),
    )
    for rule in COUNTING_RULES:
        parser.add_argument(
            f"--keep-{rule}",
            metavar="N",
            type=values.kept,
            help=_("how many {rule} archives to keep").format(rule=rule),
        )


def _add_scripts(parser: Parser) -> None:
    group = Group(parser, "action")
    add = group.add("add", _("copy a file into the library as a script"))
    add.add_argument("file", metavar="FILE", help=_("the script file; - for standard input"))
    _add_script_options(add)

    listed = group.add("list", _("list the scripts in the library"))
    listed.add_argument(
        "--search", metavar="T", default="", help=_("only scripts with T in their name, description or file name")
    )

    show = group.add("show", _("show a script with its content, its parameters and where it is used"))
    show.add_argument("script", metavar="SCRIPT")

    edit = group.add("edit", _("change the given settings of a script"))
    edit.add_argument("script", metavar="SCRIPT")
    edit.add_argument("--file", metavar="F", help=_("a file with the new content; - for standard input"))
    _add_script_options(edit)

    remove = group.add("remove", _("delete a script that is not assigned anywhere, and its file"))
    remove.add_argument("script", metavar="SCRIPT")

    protect = group.add(
        "protect", _("protect a script's file from changes by others; scripts that others can change are not run")
    )
    protect.add_argument("script", metavar="SCRIPT")

    test = group.add("test", _("run a script now; exits with the script's exit code, 124 on timeout"))
    test.add_argument("script", metavar="SCRIPT")
    test.add_argument("--repo", metavar="REPO", help=_("run it as if for this repository"))
    test.add_argument("--hook", metavar="H", type=values.one_of(Hook), default=Hook.TEST.value,
                      help=_("run it as this hook: {hook}").format(hook=', '.join(Hook)))  # fmt: skip
    test.add_argument(
        "--outcome",
        metavar="O",
        type=values.one_of(Outcome),
        help=_("run it as if the backup had this outcome: {outcome}").format(outcome=_all(Outcome)),
    )
    test.add_argument(
        "--timeout", metavar="S", type=values.seconds, help=_("a timeout in seconds, instead of the script's")
    )
    add_parameter_options(test)


def _add_script_options(parser: Parser) -> None:
    parser.add_argument("--name", metavar="N", help=_("its name"))
    parser.add_argument("--description", metavar="D", help=_("what it does"))
    parser.add_argument("--timeout", metavar="S", type=values.seconds, help=_("the timeout in seconds"))
    parser.add_argument("--run-on", metavar="R", type=values.run_on,
                        help=_("always, or a comma-separated list of success,warning,failure"))  # fmt: skip


def _add_runs(commands: Group) -> None:
    plan = commands.add("plan", _("show what would run, in order, for one outcome or for all; runs nothing"))
    plan.add_argument("repository", metavar="REPO")
    plan.add_argument("--outcome", metavar="O", type=values.one_of(Outcome), help=_all(Outcome))

    run = commands.add("run", _("back up now"))
    run.add_argument(
        "repositories", metavar="REPO", nargs="+", help=_("in parallel, if they are at different locations")
    )
    which = run.add_mutually_exclusive_group()
    which.add_argument("--scheduled", action="store_true", help=_("only what the schedule makes due now"))
    which.add_argument(
        "--if-older-than", metavar="AGE", type=values.age, help=_("only if the last good backup is older, such as 6h")
    )
    _add_progress_options(run)

    _add_history(
        commands.add("history", _("list runs, newest first; “history show RUN” shows one of them with all output"))
    )

    recover = commands.add("recover", _("run what interrupted runs still owe, and print what was done"))
    recover.add_argument(
        "--again",
        action="store_true",
        help=_("also run once more what failed to start services again, after the last backup or unseen since then"),
    )
    _add_progress_options(recover)

    commands.add("owed", _("scripts that are owed now, or failed to start something again; exit code 1 if any"))
    commands.add("held", _("services that runs keep stopped together now"))

    demo = commands.add("demo", _("create a temporary set-up, and run one backup that succeeds and one that fails"))
    demo.add_argument("folder", metavar="DIR", nargs="?", help=_("a new or empty folder (default: a temporary one)"))


_TWO_WORDS = ("restore undo", "restore list")
"""Subcommands in a place where a name is expected; a repository with such a name is selected by its id."""
_BEFORE_COMMANDS = ("--json", "--debug", "--hidden")
"""Options before the command."""


def _joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with commands of two words joined."""
    for place in range(len(arguments) - 1):
        command = " ".join(arguments[place : place + 2])
        if command in _TWO_WORDS and all(before in _BEFORE_COMMANDS for before in arguments[:place]):
            return [*arguments[:place], command, *arguments[place + 2 :]]
    return list(arguments)


def _add_progress_options(parser: Parser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-q", "--quiet", action="store_true", help=_("print no progress"))
    how.add_argument("-v", "--verbose", action="store_true", help=_("also print the output of scripts and Borg"))


def _add_history(parser: Parser) -> None:
    parser.add_argument(
        "--kind", metavar="K", type=values.one_of(RunKind), help=_("only {runkind}").format(runkind=_all(RunKind))
    )
    parser.add_argument("--repo", metavar="R", help=_("only runs of this repository"))
    parser.add_argument("--script", metavar="S", help=_("only runs with this script"))
    parser.add_argument(
        "--status",
        metavar="T",
        type=values.one_of(RunStatus),
        help=_("only {runstatus}").format(runstatus=_all(RunStatus)),
    )
    parser.add_argument("--search", metavar="TEXT", help=_("only runs with TEXT in a name, an error or the output"))
    parser.add_argument("--limit", metavar="N", type=values.number, default=50, help=_("at most N runs (default: 50)"))
    group = Group(parser, "action", required=False)
    show = group.add("show", _("show a run with all its scripts and their output"))
    show.add_argument("run", metavar="RUN", type=values.run_id)


def _all(words: type[Outcome | OnFailure | RunKind | RunStatus]) -> str:
    return ", ".join(words)
