"""Exports the whole set-up: repositories, schedules, scripts with their texts, assignments and settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import ScriptUnreadable, Stopped
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.repository import Repository
from borgdesk.domain.script import NewScript, Script
from borgdesk.engine.configuration.document import (
    AssignmentPart,
    Document,
    RepositoryPart,
    to_bytes,
)
from borgdesk.engine.configuration.sealing import seal
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner, secret_owner
from borgdesk.engine.workspace import Workspace
from borgdesk.store import files
from borgdesk.translation import _


def set_up(workspace: Workspace, text_of: Callable[[Script], bytes] | None = None) -> Document:
    """Return the set-up as it is stored, without secrets; *text_of* replaces reading the files of scripts.

    Raises:
        ScriptUnreadable: the file of a script is missing or cannot be read.
        StoreUnusable: the database cannot be read.
    """
    store = workspace.store
    text_of = text_of or (lambda script: store.scripts.content(script.id))
    scripts = tuple(
        NewScript(
            one.name,
            text_of(one),
            one.description,
            one.timeout,
            one.run_on,
            os.path.relpath(one.file_path, workspace.paths.library),
        )
        for one in store.scripts.list()
    )
    repositories = tuple(_repository(workspace, one)[0] for one in store.repositories.list())
    return Document(store.settings.read().given(), scripts, repositories)


class _Texts:
    """The texts of scripts, or if the file of one cannot be read, the last one that was stored."""

    def __init__(self, workspace: Workspace) -> None:
        self._store = workspace.store
        self.remarks: list[str] = []
        self._lost: list[str] = []

    def of(self, script: Script) -> bytes:
        try:
            return self._store.scripts.content(script.id)
        except ScriptUnreadable as error:
            stored = self._store.revisions.last_text(script.id)
            if stored is None:
                self._lost.append(script.name)
                return b""
            self.remarks.append(
                _("{problem} The export contains the last text of “{script}” that was stored.").format(
                    problem=error, script=script.name
                )
            )
            return stored

    def check(self) -> None:
        """Raise an error that names all scripts without any text."""
        if self._lost:
            names = ", ".join(quoted(name) for name in self._lost)
            raise ScriptUnreadable(
                _(
                    "Nothing was written: these scripts have lost their files and all stored texts: {scripts}. "
                    "Put the files back, or remove the scripts."
                ).format(scripts=names)
            )


def export(
    workspace: Workspace,
    file: Path,
    passphrase: str | None = None,
    *,
    over: bool = False,
    cancel: Cancel | None = None,
) -> list[str]:
    """Write the set-up to a file that only its owner can read; return what is not in it, in sentences.

    A script whose file cannot be read is in it with the last text that was stored; that is said, too. With a
    *passphrase*, the secrets are in it, too, encrypted with it. An existing file is replaced only if it is to be
    written *over*, and only by a complete one.

    Raises:
        InvalidInput: the file exists, or the passphrase is empty; nothing was written.
        ScriptUnreadable: scripts have lost their files and all stored texts; the sentence names them.
        SecretsUnavailable: the keyring does not give them out; nothing was written.
        Stopped: by *cancel*; nothing was written.
        BorgDeskError: the file cannot be written.
    """
    cancel = cancel or Cancel()
    if not over:
        files.check_new(file)
    texts = _Texts(workspace)
    document = set_up(workspace, texts.of)
    texts.check()
    if passphrase is not None:
        document = replace(document, sealed=seal(_secrets(workspace, cancel), passphrase, document.digest()))
    _go_on(cancel)
    files.write_private(file, to_bytes(document), over=over)
    return [*texts.remarks, *_left_out(document, has_secrets=passphrase is not None)]


def _repository(workspace: Workspace, repository: Repository) -> tuple[RepositoryPart, list[AssignmentId]]:
    assignments = workspace.store.assignments.list(repository.id)
    parts = tuple(
        AssignmentPart(
            one.script,
            one.hook,
            one.enabled,
            one.timeout,
            one.run_on,
            one.on_failure,
            dict(one.parameters),
            tuple(sorted(one.secrets)),
            one.shared,
        )
        for one in assignments
    )
    schedule = workspace.store.schedules.get(repository.id)
    return RepositoryPart(repository, schedule, parts), [one.id for one in assignments]


def _go_on(cancel: Cancel) -> None:
    if cancel.asked:
        raise Stopped(_("Stopped; nothing was written."))


def _secrets(workspace: Workspace, cancel: Cancel) -> dict[str, Any]:
    """Return the secret values of each repository: its passphrase, and those of its assignments, in order."""
    found: dict[str, Any] = {}
    for repository in workspace.store.repositories.list():
        _go_on(cancel)
        part, ids = _repository(workspace, repository)
        passphrase = None
        if repository.has_passphrase:
            passphrase = workspace.secrets.get(passphrase_owner(repository.id), PASSPHRASE)
        values = [
            {name: workspace.secrets.get(secret_owner(assignment_id), name) for name in one.secrets}
            for one, assignment_id in zip(part.assignments, ids, strict=True)
        ]
        found[repository.name] = {"passphrase": passphrase, "scripts": values}
    return found


def _left_out(document: Document, *, has_secrets: bool) -> list[str]:
    said = []
    needs = any(part.repository.has_passphrase for part in document.repositories) or any(
        one.secrets for part in document.repositories for one in part.assignments
    )
    if needs and not has_secrets:
        said.append(_("Passphrases and other secret values are not in the file."))
    keyfiles = (one.repository for one in document.repositories)
    said += [
        _("The key of “{name}” is a file on this machine, and not in the export. Export it, too.").format(name=one.name)
        for one in keyfiles
        if (one.encryption or "").startswith("keyfile")
    ]
    return said
