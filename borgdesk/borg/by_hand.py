"""The commands that restore from a repository with nothing but Borg, for people who have lost everything else."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from borgdesk.domain.location import parse_location
from borgdesk.domain.repository import Repository
from borgdesk.domain.server import host_of
from borgdesk.translation import _

LIST = 'borg list --short "$BORG_REPO"'
NEW_FOLDER = "mkdir restored && cd restored"
EXTRACT = 'borg extract --list "$BORG_REPO::NAME"'


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and the lines to type for it."""

    text: str
    commands: tuple[str, ...] = ()


def steps(repository: Repository) -> list[Step]:
    """Return how to restore from *repository* on any machine, in order. The commands are for a shell."""
    return [
        Step(
            _("Install Borg 1.2 or 1.4 on any Linux computer, or a Mac (there: “brew install borgbackup”):"),
            ("sudo apt install borgbackup",),
        ),
        *_reach(repository),
        Step(
            _("Tell Borg where the repository is. If it is somewhere else by now, use that place instead:"),
            (f"export BORG_REPO={shlex.quote(repository.location)}",),
        ),
        *_key_steps(repository),
        Step(_("List the archives. The newest is the last one; NAME stands for its name below:"), (LIST,)),
        Step(_("Restore all of it into a new folder:"), (NEW_FOLDER, EXTRACT)),
        Step(
            _("To restore only one folder, add its path as Borg lists it, without a slash at the beginning:"),
            ('borg list "$BORG_REPO::NAME"', f"{EXTRACT} home/me/Documents"),
        ),
    ]


def _reach(repository: Repository) -> list[Step]:
    host, way = host_of(repository.location), repository.connection
    if host is None:
        shown = _("Connect the disk of the repository. This must show a file named “config”:")
        return [Step(shown, (f"ls {shlex.quote(parse_location(repository.location).path)}",))]
    options = (["-i", way.ssh_key] if way.ssh_key else []) + (["-J", way.jump_host] if way.jump_host else [])
    borg = way.remote_path or "borg"
    reached = Step(
        _(
            "Make sure that ssh can log in to the host of the repository; it needs an SSH key that the host accepts, "
            "or a password. This must print a version of Borg:"
        ),
        (shlex.join(["ssh", *options, *host.arguments, borg, "--version"]),),
    )
    told = [f"export BORG_RSH={shlex.quote(shlex.join(['ssh', *options]))}"] if options else []
    told += [f"export BORG_REMOTE_PATH={shlex.quote(borg)}"] if way.remote_path else []
    return [reached, *([Step(_("Tell Borg how to log in:"), tuple(told))] if told else [])]


def _key_steps(repository: Repository) -> list[Step]:
    if repository.encryption == "none":
        return []
    if "keyfile" in (repository.encryption or ""):
        when = _("Give Borg the key, which is not in the repository. Type in the lines of the next page:")
    else:
        when = _(
            "Only if Borg says that the key is missing or damaged: give it the key. Type in the lines of the next "
            "page, without their numbers:"
        )
    return [
        Step(when, ('borg key import --paper "$BORG_REPO"',)),
        Step(
            _("Instead of typing, you can save the text of the QR code as a file “key.txt”:"),
            ('borg key import "$BORG_REPO" key.txt',),
        ),
    ]
