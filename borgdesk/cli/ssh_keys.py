"""``borgdesk ssh-key``: the keys with which BorgDesk logs in on other machines."""

from __future__ import annotations

import argparse
from pathlib import Path

from borgdesk.borg.authorized_keys import authorized_line
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.servers import Server, server_of
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.tables import Column, table
from borgdesk.cli.terminal import Screen
from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.servers.ssh_keys import NEW_NAME, SshKey, key_folder, known_keys, make_key, read_key
from borgdesk.translation import N_, _


def listed(console: Console, _arguments: argparse.Namespace) -> int:
    """List the keys in ``~/.ssh``."""
    with stoppable(console) as cancel:
        keys = known_keys(console.workspace.environment, cancel)
    if not keys:
        console.say(
            _("There is no SSH key in {folder}. “borgdesk ssh-key make” makes one.").format(folder=key_folder())
        )
    console.answer([_document(key) for key in keys], lambda out: _table(out, keys))
    return 0


def make(console: Console, arguments: argparse.Namespace) -> int:
    """Make a key."""
    file = Path(arguments.file).absolute() if arguments.file else key_folder() / NEW_NAME
    with stoppable(console) as cancel:
        key = make_key(console.workspace.environment, file, cancel)
    console.say(
        _(
            "Made the key {file}. It has no passphrase, since nobody could enter one during a backup: whoever can read "
            "the file can log in where it is authorised. The line that “borgdesk ssh-key show REPO” prints limits that "
            "to one repository."
        ).format(file=key.path)
    )
    console.answer(_document(key), lambda out: out.line(key.public))
    return 0


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show the key of a repository, and the line that authorises it on the server."""
    server = server_of(console.workspace, arguments)
    if not server.connection.ssh_key:
        raise InvalidInput(
            _(
                "“{repository}” has no SSH key of its own: ssh uses those of your configuration. Name one with "
                "--ssh-key FILE, or set it with “repo edit”."
            ).format(repository=server.name)
        )
    with stoppable(console) as cancel:
        key = read_key(console.workspace.environment, server.connection.ssh_key, cancel)
    line = _line(key, server)
    console.say(
        _(
            "Add this line to ~/.ssh/authorized_keys of the user on the server. With it, the key can do nothing but "
            "use this repository."
        )
    )
    document = _document(key) | {"repository": server.name, "authorized_keys": line}
    console.answer(document, lambda out: out.line(line))
    return 0


def _line(key: SshKey, server: Server) -> str:
    if not key.public:
        raise InvalidInput(
            _(
                "The public key of {path} is not known, because the key has a passphrase. Create the file with "
                "“ssh-keygen -y -f {path} > {path}.pub”."
            ).format(path=key.path)
        )
    return authorized_line(key.public, server.location, server.connection.remote_path, append_only=server.append_only)


def _document(key: SshKey) -> Json:
    return {
        "path": key.path,
        "type": key.kind,
        "fingerprint": key.fingerprint,
        "comment": key.comment,
        "public_key": key.public or None,
        "has_passphrase": key.has_passphrase,
        "in_agent": key.in_agent,
    }


def _table(out: Screen, keys: list[SshKey]) -> None:
    columns = [
        Column(N_("Key"), flexible=True),
        Column(N_("Type")),
        Column(N_("Passphrase")),
        Column(N_("Fingerprint"), optional=True),
    ]
    if keys:
        table(out, columns, [[key.path, key.kind, _passphrase(key), key.fingerprint] for key in keys])


def _passphrase(key: SshKey) -> str:
    if not key.has_passphrase:
        return _("none")
    return _("in the agent") if key.in_agent else _("yes")


COMMANDS: Commands = {
    "list": listed,
    "make": make,
    "show": show,
}
