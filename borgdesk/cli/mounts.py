"""``borgdesk mount`` and ``umount``: mount archives as folders."""

from __future__ import annotations

import argparse
from pathlib import Path

from borgdesk.cli.archives import wanted_archive
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.stopping import stoppable
from borgdesk.engine.archives.mounts import mount, unmount
from borgdesk.engine.repositories.mounted import line_that_unmounts
from borgdesk.translation import _


def mount_archive(console: Console, arguments: argparse.Namespace) -> int:
    """Mount an archive, or all of a repository; the mount outlives the command."""
    if arguments.archive is None:
        repository, archive = console.workspace.store.repositories.get(arguments.repository), None
    else:
        repository, archive = wanted_archive(console, arguments)
    with stoppable(console) as cancel:
        mounted = mount(console.workspace, repository, archive, Path(arguments.folder), cancel)
    what = archive.name if archive else repository.name
    console.say(
        _("“{what}” is mounted at {folder}. Until you unmount it, nothing can be backed up to “{name}”: {line}").format(
            what=what, folder=mounted.folder, name=repository.name, line=line_that_unmounts(mounted)
        )
    )
    document = {"repository": repository.name, "archive": archive.name if archive else None, "folder": mounted.folder}
    console.answer(document)
    return 0


def unmount_folder(console: Console, arguments: argparse.Namespace) -> int:
    """Unmount a folder."""
    folder = Path(arguments.folder).absolute()
    unmount(console.workspace, folder)
    console.say(_("{folder} was unmounted.").format(folder=folder))
    console.answer({"folder": str(folder)})
    return 0


COMMANDS: Commands = {
    "mount": mount_archive,
    "umount": unmount_folder,
}
