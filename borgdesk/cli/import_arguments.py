"""Arguments of ``import``."""

from __future__ import annotations

from borgdesk.cli.arguments import Group, Parser
from borgdesk.translation import _


def add_import(commands: Group) -> None:
    """Add ``import``."""
    group = Group(commands.add("import", _("take over the set-up of another program")), "action")
    vorta = group.add("vorta", _("a profile that Vorta exported, or its database with all profiles"))
    vorta.add_argument("file", metavar="FILE")
    borgmatic = group.add("borgmatic", _("configuration files of borgmatic, with what they include"))
    borgmatic.add_argument("files", metavar="FILE", nargs="+")
    borg_ui = group.add("borg-ui", _("the database of borg-ui, and its scripts"))
    borg_ui.add_argument("database", metavar="DB")
    borg_ui.add_argument("--scripts", metavar="DIR", required=True, help=_("the folder “scripts” beside the database"))
    folder = group.add("script-folder", _("a folder of scripts"))
    folder.add_argument("folder", metavar="DIR")
    for parser in (vorta, borgmatic, borg_ui, folder):
        _add_common(parser)


def _add_common(parser: Parser) -> None:
    parser.add_argument("--dry-run", action="store_true", help=_("only print what would be imported"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))
