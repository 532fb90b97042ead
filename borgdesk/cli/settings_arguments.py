"""Arguments of the commands about the settings of BorgDesk itself, and about the whole set-up."""

from __future__ import annotations

from borgdesk.cli import values
from borgdesk.cli.arguments import Group
from borgdesk.translation import _


def add_settings(commands: Group) -> None:
    """Add ``settings``."""
    group = Group(commands.add("settings", _("the settings of BorgDesk itself")), "action")
    group.add("list", _("list all settings"))
    for name, does in (
        ("get", _("print the value of a setting")),
        ("set", _("change a setting")),
        ("reset", _("let the default of a setting count again")),
    ):
        command = group.add(name, does)
        command.add_argument("key", metavar="KEY", type=values.setting, help=_("see “borgdesk settings list”"))
        if name == "set":
            command.add_argument("value", metavar="VALUE")


def add_config(commands: Group) -> None:
    """Add ``config``."""
    group = Group(commands.add("config", _("the whole set-up in one file")), "action")
    export = group.add("export", _("write repositories, schedules, scripts, assignments and settings to a new file"))
    export.add_argument("file", metavar="FILE", help=_("a file that does not exist yet"))
    export.add_argument(
        "--with-secrets", action="store_true", help=_("also secrets, encrypted with a passphrase from standard input")
    )
    take = group.add("import", _("add what is in such a file; what is here already stays as it is"))
    take.add_argument("file", metavar="FILE", help=_("a file written by “config export”"))
    take.add_argument("--dry-run", action="store_true", help=_("only print what would be imported"))
    take.add_argument("--without-secrets", action="store_true", help=_("leave out the secrets in the file"))
