"""Arguments of the commands about schedules."""

from __future__ import annotations

import argparse

from borgdesk.cli import values
from borgdesk.cli.arguments import Group, Parser
from borgdesk.translation import _

MOST_NEXT = 1000


def add_schedule(commands: Group) -> None:
    """Add ``schedule`` and ``due``."""
    group = Group(commands.add("schedule", _("when repositories are backed up by themselves")), "action")
    show = group.add("show", _("schedule, next backup, and what a backup that is due waits for"))
    show.add_argument("repository", metavar="REPO", nargs="?")
    _add_set(group.add("set", _("back up a repository by itself; conditions that are not given stay as they are")))
    clear = group.add("clear", _("do not back up a repository by itself any more"))
    clear.add_argument("repository", metavar="REPO")
    pause = group.add("pause", _("start nothing for a while; one backup follows if any was due meanwhile"))
    resume = group.add("resume", _("end a pause"))
    for command in (pause, resume):
        command.add_argument("repository", metavar="REPO", nargs="?", help=_("default: all"))
    pause.add_argument("--until", metavar="T", type=values.moment, help=_("a local time; default: until you resume"))
    upcoming = group.add("next", _("the next moments at which backups are due"))
    upcoming.add_argument("repository", metavar="REPO", nargs="?")
    upcoming.add_argument(
        "--count", metavar="N", type=values.at_most(MOST_NEXT), default=3, help=_("of each (default: 3)")
    )
    upcoming.add_argument("--after", metavar="T", type=values.moment, help=_("a local time; default: now"))
    group.add("install", _("let systemd start due backups while the window is closed"))
    group.add("uninstall", _("start due backups only while the window is open"))

    due = commands.add("due", _("what is due now, and what it waits for"))
    due.add_argument("--start", action="store_true", help=_("start it in the background"))
    due.add_argument(
        "--connected", metavar="REPO", help=_("the disk of REPO was connected: start the backup that this makes due")
    )


def _add_set(parser: Parser) -> None:
    parser.add_argument("repository", metavar="REPO")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--hourly", dest="cron", action="store_const", const=values.EVERY_HOUR, help=_("every hour"))
    when.add_argument("--daily", dest="cron", metavar="HH:MM", type=values.daily, help=_("every day"))
    when.add_argument("--weekly", dest="cron", metavar="DAYS@HH:MM", type=values.weekly, help=_("days such as mon,thu"))
    when.add_argument(
        "--monthly",
        dest="cron",
        metavar="N@HH:MM",
        type=values.monthly,
        help=_("a day from 1 to 28, or L for the last"),
    )
    when.add_argument(
        "--cron", metavar="'M H D M W'", type=values.cron, help=_("minute, hour, day, month, day of the week")
    )
    parser.add_argument(
        "--jitter", metavar="S", type=values.delay, help=_("start up to S seconds later, always by the same amount")
    )
    boolean = argparse.BooleanOptionalAction
    parser.add_argument("--on-battery", action=boolean, help=_("start without mains power, too"))
    parser.add_argument("--on-metered", action=boolean, help=_("start over metered connections, too"))
    parser.add_argument("--when-disk", action=boolean, help=_("also each time the disk of the repository is connected"))
    parser.add_argument(
        "--between", metavar="HH:MM-HH:MM", type=values.hours, help=_("start only in this part of the day")
    )
    parser.add_argument(
        "--run-anyway-after", metavar="DAYS", type=values.number, help=_("start regardless of these after DAYS")
    )
    parser.add_argument(
        "--check-every", metavar="DAYS", type=values.number, help=_("check the repository, too, after DAYS")
    )
    parser.add_argument(
        "--overdue-after", metavar="DAYS", type=values.number, help=_("tell you after DAYS without a good backup")
    )
    parser.add_argument(
        "--clear",
        metavar="FIELD",
        type=values.field(CLEARABLE),
        action="append",
        default=[],
        help=_("reset a setting: {clearable}").format(clearable=", ".join(CLEARABLE)),
    )


CLEARABLE = ("jitter", "between", "run_anyway_after", "check_every", "overdue_after")
"""Values that ``schedule set --clear`` can reset."""
