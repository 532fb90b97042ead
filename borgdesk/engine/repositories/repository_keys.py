"""Exports the key of a repository and imports copies of it, which are checked before and after Borg takes them."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from borgdesk.borg.command import KeyForm
from borgdesk.borg.key_file import LARGEST, KeyCopy, parse_key
from borgdesk.borg.replies import RepositoryInfo
from borgdesk.domain.errors import BorgDeskError, CannotOpen, InvalidInput, Stopped, stopped_before_changes
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.borg_calls.borg_diagnosis import with_diagnosis
from borgdesk.engine.borg_calls.borg_process import Access, call, usable_version
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.exchange import rename_new
from borgdesk.engine.repositories.repository_access import try_connection
from borgdesk.engine.repositories.shared_locations import borg_id_at, turn_at_once
from borgdesk.engine.workspace import Workspace
from borgdesk.private import make_folder
from borgdesk.store.files import blamed, write
from borgdesk.translation import _


def read_key(file: Path) -> KeyCopy:
    """Read a copy of a key, in any form that Borg exports.

    Raises:
        InvalidInput: the file cannot be read, is no key, or is damaged.
    """
    try:
        # Opening a pipe that nobody may ever write to must not block.
        with open(file, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise InvalidInput(_("{file} is not a file.").format(file=file))
            content = opened.read(LARGEST + 1)
        # Not only the end of a file that is too long is missing: it is something else.
        return parse_key(content if len(content) <= LARGEST else b"")
    except FileNotFoundError as error:
        raise InvalidInput(_("There is no file {file}.").format(file=file)) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(_("The file {file} cannot be read: {error}.").format(file=file, error=why)) from error
    except InvalidInput as error:
        if str(file) in str(error):
            raise
        raise InvalidInput(_("The file {file} {problem}.").format(file=file, problem=error)) from error


def import_key(
    workspace: Workspace,
    location: str,
    file: Path,
    access: Access | None = None,
    cancel: Cancel | None = None,
    *,
    borg_id: str | None = None,
) -> None:
    """Import the key of the repository at *location*; whether the key opens it is not tried.

    *borg_id* is Borg's id of the repository, if it is known.

    Raises:
        InvalidInput: the file cannot be read, is no complete key, or another repository's.
        BorgDeskError: Borg rejects it.
        Stopped: *cancel* was asked.
    """
    copy = read_key(file)
    borg_id = borg_id or borg_id_at(location)
    if borg_id is not None and not copy.belongs_to(borg_id):
        raise InvalidInput(
            _("The key in {file} could not be imported. This key belongs to another repository.").format(file=file)
        )
    if borg_id is None and not copy.has_whole_id:
        raise InvalidInput(
            _(
                "The printed text in {file} does not have the whole id of its repository. Import it in a terminal with "
                "“borg key import --paper {location}”."
            ).format(file=file, location=location)
        )
    try:
        _import(workspace, location, copy.as_file(borg_id or copy.repository_id), access or Access(), cancel)
    except Stopped:
        raise
    except BorgDeskError as error:
        raise BorgDeskError(
            _("The key in {file} could not be imported. {sentence}").format(file=file, sentence=error.sentence)
        ) from error


def _import(workspace: Workspace, location: str, content: str, access: Access, cancel: Cancel | None) -> None:
    usable_version(workspace, cancel)
    with tempfile.TemporaryDirectory(prefix="borgdesk-") as aside:
        path = Path(aside, "key")
        write(path, content.encode(), 0o600)
        answer = call(workspace, access, lambda borg: borg.import_key(location, str(path)), cancel=cancel)
    if answer.cancelled:
        raise stopped_before_changes()
    if answer.result.outcome is Outcome.FAILURE:
        raise BorgDeskError(with_diagnosis(answer.result, location).sentence)


def replace_key(
    workspace: Workspace, repository: Repository, file: Path, cancel: Cancel | None = None
) -> RepositoryInfo:
    """Import the key of a configured repository, and open the repository with it.

    If it does not open, the key that the repository had is put back.

    Raises:
        InvalidInput: the file cannot be read, is no complete key, or another repository's.
        CannotOpen: the repository does not open with this key and the passphrase that BorgDesk has.
        InUse: a run of BorgDesk is using the repository.
        BorgDeskError: Borg rejects it.
        Stopped: *cancel* was asked.
    """
    with turn_at_once(workspace, repository), _kept_key(workspace, repository) as had_one:
        access = Access(connection=repository.connection)
        import_key(workspace, repository.location, file, access, cancel, borg_id=repository.borg_id)
        try:
            return try_connection(workspace, repository, cancel)
        except CannotOpen as error:
            if not had_one:
                raise
            raise CannotOpen(
                _(
                    "With the key in {file}, the repository does not open, so its previous key was put back. That copy "
                    "may be damaged, or older than the last change of the passphrase. {sentence}"
                ).format(file=file, sentence=error.sentence),
                error.remedy,
            ) from error


@contextlib.contextmanager
def _kept_key(workspace: Workspace, repository: Repository) -> Iterator[bool]:
    """Put the present key back if anything fails; yield whether there is one.

    Meanwhile it is in a file in the state folder, which a crash leaves there: for Borg, the key of a repository has no
    history.

    Raises:
        StoreUnusable: it cannot be kept there; nothing was changed.
    """
    kept = workspace.paths.state / "keys" / f"repository-{repository.id}.key"
    with blamed(_("The present key cannot be kept in {folder}").format(folder=kept.parent)):
        make_folder(kept.parent)
        try:
            content = exported_key(workspace, repository, kept.parent)
        except BorgDeskError:
            content = b""
    if not content:
        yield False
        return
    write(kept, content, 0o600)
    try:
        yield True
    except BaseException:
        # Not cancelled: this takes a second, and without it nobody could open the repository.
        access = Access(connection=repository.connection)
        _import(workspace, repository.location, content.decode(), access, None)
        kept.unlink(missing_ok=True)
        raise
    kept.unlink(missing_ok=True)


def export_key(
    workspace: Workspace,
    repository: Repository,
    file: Path,
    form: KeyForm = KeyForm.FILE,
    *,
    over: bool = False,
    cancel: Cancel | None = None,
) -> None:
    """Export the key of a repository to a private file; *over* allows overwriting one.

    Raises:
        InvalidInput: the file exists, and *over* was not given.
        StoreUnusable: the file cannot be written.
        BorgDeskError: Borg failed, for example because the repository has no key.
        Stopped: *cancel* was asked.
    """
    refuse_existing(file, over=over)
    with blamed(_("The key cannot be written to {file}").format(file=file)):
        try:
            content = exported_key(workspace, repository, file.absolute().parent, form, cancel)
        except Stopped:
            raise
        except BorgDeskError as error:
            raise BorgDeskError(
                _("The key of {repository} could not be saved. {sentence}").format(
                    repository=repository.name, sentence=error.sentence
                )
            ) from error
        put_private(file, content, over=over)


def refuse_existing(file: Path, *, over: bool) -> None:
    """Refuse a file that exists, unless *over* was given.

    Raises:
        InvalidInput: it exists.
    """
    if not over and os.path.lexists(file):
        raise InvalidInput(_("The file {file} already exists; it was not overwritten.").format(file=file))


def put_private(file: Path, content: bytes, *, over: bool) -> None:
    """Write a complete file that only its owner can read, or none; *over* allows overwriting one.

    Raises:
        InvalidInput: the file exists, and *over* was not given.
        StoreUnusable: it cannot be written.
        OSError: its folder cannot be written.
    """
    if over:
        write(file, content, 0o600)
        return
    with tempfile.TemporaryDirectory(dir=file.absolute().parent) as aside:
        made = Path(aside, "file")
        write(made, content, 0o600)
        try:
            rename_new(os.fsencode(made), os.fsencode(file.absolute()))
        except FileExistsError:
            # Between the first look and now.
            refuse_existing(file, over=False)


def exported_key(
    workspace: Workspace,
    repository: Repository,
    folder: Path,
    form: KeyForm = KeyForm.FILE,
    cancel: Cancel | None = None,
) -> bytes:
    """Return the key as Borg exports it, through a private file in *folder*.

    Raises:
        BorgDeskError: Borg failed, or wrote something incomplete, for example on a full disk.
        Stopped: *cancel* was asked.
        OSError: the folder cannot be written.
    """
    usable_version(workspace, cancel)
    location, access = repository.location, Access(connection=repository.connection)
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        made = Path(aside, "key")
        answer = call(workspace, access, lambda borg: borg.export_key(location, str(made), form), cancel=cancel)
        if answer.cancelled:
            raise stopped_before_changes()
        if answer.result.outcome is Outcome.FAILURE:
            raise BorgDeskError(with_diagnosis(answer.result, location).sentence)
        content = made.read_bytes()
    try:
        parse_key(content)
    except InvalidInput as error:
        raise BorgDeskError(_("What Borg wrote {problem}.").format(problem=error)) from error
    return content
