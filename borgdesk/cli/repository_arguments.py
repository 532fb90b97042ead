"""Arguments of the commands about repositories: those that few people need."""

from __future__ import annotations

from borgdesk.cli import values
from borgdesk.cli.arguments import Group, Parser
from borgdesk.domain.repository import DEFAULT_CHECKPOINT_INTERVAL
from borgdesk.translation import _

_SHOWN = 20
_MOST_SHOWN = 100_000
_BACKUPS = 50
_MOST_BACKUPS = 100_000


def add_preview(group: Group) -> None:
    """Add ``repo preview``."""
    preview = group.add("preview", _("show what a backup would contain and leave out; changes nothing"))
    preview.add_argument("repository", metavar="REPO")
    preview.add_argument("--limit", metavar="N", type=values.at_most(_MOST_SHOWN), default=_SHOWN,
                         help=_("at most N items of each list (default: {count})").format(count=_SHOWN))  # fmt: skip


def add_statistics(commands: Group) -> None:
    """Add ``statistics``."""
    statistics = commands.add("statistics", _("show the sizes of a repository's backups over time"))
    statistics.add_argument("repository", metavar="REPO")
    statistics.add_argument("--limit", metavar="N", type=values.at_most(_MOST_BACKUPS), default=_BACKUPS,
                            help=_("at most the last N backups (default: {count})").format(count=_BACKUPS))  # fmt: skip


def add_advanced(parser: Parser) -> None:
    """Add the settings that the window has under “Advanced”, and patterns."""
    parser.add_argument("--patterns-file", metavar="F",
                        help=_(
                            "a file with Borg patterns to include and exclude; an empty F removes them"
                        ))  # fmt: skip
    parser.add_argument("--upload-ratelimit", metavar="N", type=values.upload_limit,
                        help=_("upload at most N KiB per second"))  # fmt: skip
    parser.add_argument("--checkpoint-interval", metavar="S", type=values.checkpoint_interval,
                        help=_("save what has been backed up so far every S seconds (default: {seconds})").format(
                            seconds=DEFAULT_CHECKPOINT_INTERVAL))  # fmt: skip
    parser.add_argument(
        "--extra-arguments",
        metavar="A",
        type=values.extra_arguments,
        help=_("further options of “borg create”, in one argument: --extra-arguments='--noacls'"),
    )
