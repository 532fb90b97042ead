"""Arguments of ``library``."""

from __future__ import annotations

from borgdesk.cli import values
from borgdesk.cli.arguments import Group
from borgdesk.translation import _


def add_library(commands: Group) -> None:
    """Add ``library``."""
    group = Group(commands.add("library", _("the folder of the script library, where it is a git work tree")), "action")
    group.add("status", _("show the branch, what has changed since the last commit, and what the remote had"))
    log = group.add("log", _("list the last commits, or those that changed one script"))
    log.add_argument("script", metavar="SCRIPT", nargs="?")
    log.add_argument("--limit", metavar="N", type=values.number, default=20, help=_("at most N commits (default: 20)"))
    diff = group.add("diff", _("show what has changed since the last commit, in all scripts or in one"))
    diff.add_argument("script", metavar="SCRIPT", nargs="?")
    commit = group.add("commit", _("commit everything that has changed"))
    commit.add_argument("-m", "--message", metavar="M", required=True, help=_("what was changed, and why"))
    pull = group.add("pull", _("show what the remote has changed, and take what affects no assigned script"))
    pull.add_argument("--yes", metavar="SCRIPT", nargs="+", action="extend", default=[],
                      help=_("also take the changes of these: assigned, or changed here, too"))  # fmt: skip
    pull.add_argument("--mine", metavar="SCRIPT", nargs="+", action="extend", default=[],
                      help=_("leave these as they are here"))  # fmt: skip
    group.add("push", _("send the commits to the remote"))
