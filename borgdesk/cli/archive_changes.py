"""``borgdesk archive rename``, ``comment`` and ``delete``."""

from __future__ import annotations

import argparse

from borgdesk.cli.archives import archive_json, wanted_archive, wanted_archives
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import confirmed
from borgdesk.cli.stopping import stoppable
from borgdesk.domain.exit_codes import FAILURE
from borgdesk.engine.archives.archive_changes import (
    comment_archive,
    delete_archives,
    rename_archive,
    renaming_note,
    retention_note,
)
from borgdesk.translation import _, ngettext

_NAMED = 10
"""Number of archives that a confirmation lists by name; more are only counted."""


def rename(console: Console, arguments: argparse.Namespace) -> int:
    """Rename an archive."""
    repository, archive = wanted_archive(console, arguments)
    with stoppable(console) as cancel:
        found = rename_archive(console.workspace, repository, archive, arguments.name, cancel)
    console.say(_("“{old}” is now called “{new}”.").format(old=archive.name, new=arguments.name))
    if note := retention_note(repository, arguments.name):
        console.say(note)
    _remark(console)
    console.answer(archive_json(console, found.get(arguments.name)))
    return 0


def comment(console: Console, arguments: argparse.Namespace) -> int:
    """Change the comment of an archive."""
    repository, archive = wanted_archive(console, arguments)
    with stoppable(console) as cancel:
        found = comment_archive(console.workspace, repository, archive, arguments.text, cancel)
    console.say(_("The comment of “{name}” was changed.").format(name=archive.name))
    _remark(console)
    console.answer(archive_json(console, found.get(archive.name)))
    return 0


def delete(console: Console, arguments: argparse.Namespace) -> int:
    """Delete archives, after confirmation."""
    repository, named = wanted_archives(console, arguments.repository, arguments.archives, ask=True)
    archives = list({one.id: one for one in named}.values())
    names = ", ".join(one.name for one in archives[:_NAMED])
    more = ", …" if len(archives) > _NAMED else ""
    question = ngettext(
        "Delete {count} archive of “{repository}” for good ({names})?",
        "Delete {count} archives of “{repository}” for good ({names})?",
        len(archives),
    ).format(count=len(archives), repository=repository.name, names=names + more)
    if not arguments.yes and not confirmed(question):
        console.say(_("Nothing was done."))
        return FAILURE
    with stoppable(console) as cancel:
        delete_archives(console.workspace, repository, archives, cancel)
    said = ngettext("{count} archive was deleted.", "{count} archives were deleted.", len(archives))
    console.say(said.format(count=len(archives)))
    console.say(_("“borgdesk compact {name}” gives their space back.").format(name=repository.name))
    document = {"repository": repository.name, "deleted": [one.name for one in archives]}
    console.answer(document)
    return 0


def _remark(console: Console) -> None:
    if note := renaming_note(console.workspace):
        console.say(note)


COMMANDS: Commands = {
    "archive rename": rename,
    "archive comment": comment,
    "archive delete": delete,
}
