"""``borgdesk repo``: adds, edits and removes configured repositories."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from borgdesk.borg.passcommand import for_a_shell
from borgdesk.cli import json_values
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import ask_new_secret, ask_secret, read_script
from borgdesk.cli.repositories import details
from borgdesk.cli.stopping import stoppable
from borgdesk.domain.errors import CannotOpen, Remedy
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import COUNTING_RULES, DEFAULT_COMPRESSION, Repository, Retention
from borgdesk.domain.script import normalized
from borgdesk.domain.server import with_port
from borgdesk.engine.repositories.registration import add_repository, edit_repository, remove_repository
from borgdesk.engine.repositories.sources import exclude_remarks, source_remarks
from borgdesk.engine.schedule.editing import follow_location
from borgdesk.engine.schedule.installation import follow_schedules
from borgdesk.translation import N_, _

_HINTS = {
    Remedy.MOVED: N_("To confirm, run the command again with --moved."),
    Remedy.BREAK_LOCK: N_("“borgdesk break-lock” breaks the lock of a repository that has been added."),
    Remedy.HOST_KEY: N_("“borgdesk host-key accept LOCATION” shows the key, and accepts it if you confirm it."),
    Remedy.IMPORT_KEY: N_("Import it with “repo add --key-file FILE” or “borgdesk key import”."),
}

_NONE_IF_CLEARED = {
    "passcommand": "passcommand",
    "upload_ratelimit": "upload_limit",
    "checkpoint_interval": "checkpoint_interval",
}
"""Names of fields by the names that ``--clear`` takes."""


def add(console: Console, arguments: argparse.Namespace) -> int:
    """Add a repository, new or existing."""
    fresh = Repository(RepositoryId(0), arguments.name, arguments.location, compression=DEFAULT_COMPRESSION)
    wanted = replace(fresh, **_changes(arguments, fresh))
    passphrase = _passphrase(arguments, is_new=arguments.init is not None)
    key_file = Path(arguments.key_file) if arguments.key_file is not None else None
    with stoppable(console) as cancel, _with_hint():
        added = add_repository(
            console.workspace, wanted, passphrase, arguments.init, cancel, moved=arguments.moved, key_file=key_file
        )
    _remark(console, arguments, added)
    console.say(_("Added the repository “{repository}” (id {id}).").format(repository=added.name, id=added.id))
    if arguments.init is not None and arguments.init.needs_passphrase:
        console.say(
            _(
                "Keep its key and passphrase in a safe place, and not on the disk that you back up. Without both, "
                "nobody "
                "can open the archives. “borgdesk key export” saves the key."
            )
        )
    return _answer(console, added)


def edit(console: Console, arguments: argparse.Namespace) -> int:
    """Change the given values."""
    before = console.workspace.store.repositories.get(arguments.repository)
    wanted = replace(before, **_changes(arguments, before))
    passphrase = _passphrase(arguments)
    with stoppable(console) as cancel, _with_hint():
        edited = edit_repository(
            console.workspace, wanted, passphrase, cancel, seen=before, over=True, moved=arguments.moved
        )
    follow_location(console.workspace, before, edited)
    _remark(console, arguments, edited)
    console.say(_("Changed the repository “{edited}”.").format(edited=edited.name))
    return _answer(console, edited)


@contextlib.contextmanager
def _with_hint() -> Iterator[None]:
    """Add to an error the option that resolves what keeps a repository from opening."""
    try:
        yield
    except CannotOpen as error:
        if error.remedy is None:
            raise
        raise CannotOpen(f"{error} {_(_HINTS[error.remedy])}", error.remedy) from error


def remove(console: Console, arguments: argparse.Namespace) -> int:
    """Remove a configured repository."""
    repository = console.workspace.store.repositories.get(arguments.repository)
    remove_repository(console.workspace, repository)
    if repository.has_passphrase:
        console.say(
            _(
                "The stored passphrase was deleted. To open the archives again, you need it and the key file on this "
                "machine."
            )
            if "keyfile" in (repository.encryption or "")
            else _("The stored passphrase was deleted. To open the archives again, you need it.")
        )
    console.say(
        _(
            "Removed “{repository}” from BorgDesk. The Borg repository {location} and the history were not changed."
        ).format(repository=repository.name, location=repository.location)
    )
    console.answer(json_values.repository(repository))
    if follow_schedules(console.workspace):
        console.say(_("It had the last schedule, so the systemd units were removed, too."))
    return 0


def _answer(console: Console, repository: Repository) -> int:
    console.answer(json_values.repository(repository), lambda out: details(out, repository))
    return 0


def _changes(arguments: argparse.Namespace, before: Repository) -> dict[str, Any]:
    """Return the fields of a repository that the options change."""
    cleared = set(getattr(arguments, "clear", ()))
    given = {
        "name": arguments.name,
        "location": arguments.location,
        "sources": _tuple(arguments.source),
        "excludes": () if "excludes" in cleared else _tuple(arguments.exclude),
        "exclude_caches": arguments.exclude_caches,
        "one_file_system": arguments.one_file_system,
        "compression": arguments.compression,
        "archive_name": arguments.archive_name,
        "passcommand": arguments.passcommand,
        "retention": _retention(arguments, before.retention, cleared),
        "continue_on_hook_failure": arguments.continue_on_hook_failure,
        "stall_limit": arguments.stall_limit,
        "compact_every": arguments.compact_every,
        "fail_on_missing_source": arguments.fail_on_missing_source,
        "patterns": "" if "patterns" in cleared else _text_of(arguments.patterns_file),
        "upload_limit": arguments.upload_ratelimit,
        "checkpoint_interval": arguments.checkpoint_interval,
        "extra_arguments": "" if "extra_arguments" in cleared else arguments.extra_arguments,
        **_connection(arguments, before, cleared),
        "pre_script": _text_of(arguments.pre_script_file),
        "post_script": _text_of(arguments.post_script_file),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return changes | {name: None for option, name in _NONE_IF_CLEARED.items() if option in cleared}


def _connection(arguments: argparse.Namespace, before: Repository, cleared: set[str]) -> dict[str, Any]:
    names = ("ssh_key", "jump_host", "remote_path")
    given = {name: "" if name in cleared else getattr(arguments, name) for name in names}
    if arguments.ssh_port is not None or "ssh_port" in cleared:
        given["location"] = with_port(arguments.location or before.location, arguments.ssh_port)
    return given | {"append_only": arguments.append_only}


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _retention(arguments: argparse.Namespace, before: Retention, cleared: set[str]) -> Retention:
    if "retention" in cleared:
        before = Retention()
    rules: dict[str, Any] = {}
    for rule in ("within", *COUNTING_RULES):
        value = getattr(arguments, f"keep_{rule}")
        if value is not None or f"keep_{rule}" in cleared:
            rules[rule] = value
    return replace(before, **rules)


def _text_of(file: str | None) -> str | None:
    """Return the text of an inline script or of patterns; an empty file name removes it."""
    if not file:
        return file
    return normalized(read_script(file), _("The file {file}").format(file=file)).decode()


def _passphrase(arguments: argparse.Namespace, *, is_new: bool = False) -> str | None:
    if not arguments.passphrase_stdin:
        return None
    return (ask_new_secret if is_new else ask_secret)(_("passphrase"))


def _remark(console: Console, arguments: argparse.Namespace, repository: Repository) -> None:
    for remark in source_remarks(repository.sources) if arguments.source else ():
        console.say(remark)
    if arguments.source or arguments.exclude:
        for remark in exclude_remarks(repository.excludes, repository.all_sources):
            console.say(remark)
    if arguments.passcommand is not None and (remark := for_a_shell(arguments.passcommand)):
        console.say(remark)
    if not arguments.passphrase_stdin:
        return
    if repository.has_passphrase:
        console.say(_("The passphrase is stored in {place}.").format(place=console.workspace.secrets.where))
    else:
        console.say(_("The repository is not encrypted, so the passphrase was not needed and was not stored."))


COMMANDS: Commands = {"add": add, "edit": edit, "remove": remove}
