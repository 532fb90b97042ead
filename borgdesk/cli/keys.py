"""``borgdesk key``, ``passphrase`` and ``emergency-sheet``: what it takes to open an encrypted repository."""

from __future__ import annotations

import argparse
from pathlib import Path

from borgdesk.borg.command import KeyForm
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import ask_new_secret, ask_secret
from borgdesk.cli.stopping import stoppable
from borgdesk.domain.exit_codes import WARNING
from borgdesk.engine.repositories.emergency_sheet import save_sheet
from borgdesk.engine.repositories.passphrases import change_passphrase, knows_passphrase, old_copies
from borgdesk.engine.repositories.repository_keys import export_key, replace_key
from borgdesk.translation import _


def import_key_of(console: Console, arguments: argparse.Namespace) -> int:
    """Import the key of a repository from a file, and check that the repository opens with it."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    with stoppable(console) as cancel:
        info = replace_key(console.workspace, repository, Path(arguments.file), cancel)
    console.say(_("The key of “{repository}” was imported.").format(repository=repository.name))
    console.say(_("The repository opens with it."))
    console.answer({"repository": repository.name, "encryption": info.encryption, "keyfile": info.keyfile})
    return 0


def export_key_of(console: Console, arguments: argparse.Namespace) -> int:
    """Export the key of a repository to a file."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    file, form = Path(arguments.file).absolute(), KeyForm(arguments.form)
    with stoppable(console) as cancel:
        export_key(console.workspace, repository, file, form, cancel=cancel)
    console.say(
        _(
            "The key of “{repository}” was saved to {file}. Keep it in a safe place together with "
            "the passphrase, and not on the disk that you back up. Without both, nobody can open the "
            "archives."
        ).format(repository=repository.name, file=file)
    )
    console.answer({"repository": repository.name, "file": str(file), "form": str(form)})
    return 0


def change_passphrase_of(console: Console, arguments: argparse.Namespace) -> int:
    """Change the passphrase of a repository; the old and the new one come from standard input, a line each."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    old, new = ask_secret(_("Old passphrase")), ask_new_secret(_("New passphrase"))
    with stoppable(console) as cancel:
        changed = change_passphrase(console.workspace, repository, old, new, cancel)
    console.say(_("The passphrase of “{repository}” was changed.").format(repository=repository.name))
    if changed.unkept:
        console.say(
            _("It is not stored yet: {reason} It will be when the repository is next used.").format(
                reason=changed.unkept
            )
        )
    for one in changed.by_command:
        console.say(
            _("The command of “{repository}” has to print the new passphrase from now on: {command}").format(
                repository=one.name, command=one.passcommand
            )
        )
    console.say(old_copies(repository))
    names = [one.name for one in changed.repositories] if not changed.unkept else []
    by_command = [one.name for one in changed.by_command]
    answer = {"repository": repository.name, "stored_for": names, "commands_to_change": by_command}
    console.answer(answer)
    return WARNING if changed.unkept else 0


def check_passphrase_of(console: Console, arguments: argparse.Namespace) -> int:
    """Compare a passphrase from standard input with the stored one; exit code 1 if it is another one."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    answer = ask_secret(_("Passphrase"))
    is_it = knows_passphrase(console.workspace, repository, answer)
    console.say(_("Yes, that is it.") if is_it else _("That is not it."))
    console.answer({"repository": repository.name, "known": is_it})
    return 0 if is_it else WARNING


def emergency_sheet_of(console: Console, arguments: argparse.Namespace) -> int:
    """Save the emergency sheet of a repository."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    file = Path(arguments.file).absolute()
    with stoppable(console) as cancel:
        save_sheet(console.workspace, repository, file, with_passphrase=arguments.with_passphrase, cancel=cancel)
    console.say(
        _("The emergency sheet of “{repository}” was saved to {file}. Print it, and delete the file.").format(
            repository=repository.name, file=file
        )
    )
    console.answer({"repository": repository.name, "file": str(file), "with_passphrase": arguments.with_passphrase})
    return 0


COMMANDS: Commands = {
    "key import": import_key_of,
    "key export": export_key_of,
    "passphrase change": change_passphrase_of,
    "passphrase check": check_passphrase_of,
    "emergency-sheet": emergency_sheet_of,
}
