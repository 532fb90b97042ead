"""The script library: files that people may edit themselves, with a row each for what a file cannot say."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from borgdesk.domain.errors import InUse, InvalidInput, NotFound, ScriptUnreadable
from borgdesk.domain.run import ALWAYS, RunOn
from borgdesk.domain.script import (
    DEFAULT_TIMEOUT,
    Place,
    Revision,
    Script,
    check_name,
    check_timeout,
    file_name_for,
    normalized,
)
from borgdesk.store import files, library
from borgdesk.store.clock import now
from borgdesk.store.database import Database, row_by_id, row_by_ref
from borgdesk.store.places import places_of
from borgdesk.store.revisions import Revisions
from borgdesk.store.tables import ScriptRow
from borgdesk.store.text import check_text

_MODE = 0o700


class Scripts:
    """Scripts by id or by name. A script's file keeps its name for life, unless somebody renames it outside."""

    def __init__(self, database: Database, folder: Path, revisions: Revisions) -> None:
        self._database = database
        self._folder = folder
        self._revisions = revisions

    def add(
        self,
        name: str,
        content: bytes,
        *,
        description: str = "",
        timeout: int = DEFAULT_TIMEOUT,
        run_on: RunOn = ALWAYS,
        file_name: str | None = None,
    ) -> Script:
        """Write a new file into the library and register it: both happen, or neither.

        Raises:
            InvalidInput: the name is taken or impossible, or the content cannot be a script.
            StoreUnusable: the file cannot be written.
        """
        content = normalized(content)
        with files.undone_on_error() as undo, self._database.writing() as session:
            row = _new_row(session, name, description, timeout, run_on)
            wanted = library.checked_name(file_name) if file_name else file_name_for(row.name, content)
            taken = set(session.scalars(select(ScriptRow.file_name)))
            row.file_name = library.free_name(self._folder, wanted, taken)
            session.add(row)
            session.flush()
            self._revisions.keep(session, row.id, content)
            path = self._folder / row.file_name
            files.write(path, content, _MODE)
            undo.callback(path.unlink, missing_ok=True)
            return self._script(row, {})

    def register(
        self,
        path: Path,
        name: str | None = None,
        *,
        description: str = "",
        timeout: int = DEFAULT_TIMEOUT,
        run_on: RunOn = ALWAYS,
    ) -> Script:
        """Take up a file that is in the library folder already; its bytes are left alone.

        Raises:
            InvalidInput: it is not in the library, or registered, or the name is taken, or it cannot be a script.
            ScriptUnreadable: it cannot be read.
        """
        file_name = library.relative_name(self._folder, path)
        content = normalized(files.read(path), f"The file {path}")
        with self._database.writing() as session:
            row = _new_row(session, name or path.stem, description, timeout, run_on)
            row.file_name = _free(session, file_name)
            session.add(row)
            session.flush()
            self._revisions.keep(session, row.id, content)
            return self._script(row, {})

    def get(self, ref: int | str) -> Script:
        """The script with that id or exact name; digits are an id first, and then a name.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            row = row_by_ref(session, ScriptRow, ref)
            if row is None:
                raise NotFound(f"There is no script “{ref}”.")
            return self._script(row, places_of(session, row.id))

    def list(self, search: str = "") -> builtins.list[Script]:
        """The scripts whose name, description or file name contains *search*, by name."""
        query = select(ScriptRow)
        if search:
            columns = (ScriptRow.name, ScriptRow.description, ScriptRow.file_name)
            query = query.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
        with self._database.reading() as session:
            places = places_of(session)
            found = [self._script(row, places) for row in session.scalars(query)]
        return sorted(found, key=lambda script: (script.name.casefold(), script.name))

    def content(self, script_id: int) -> bytes:
        """The bytes of the script's file as it is now; never empty.

        Raises:
            NotFound: there is no such script.
            ScriptUnreadable: the file is missing, empty or cannot be read; the message names it.
        """
        return files.read(self._path(script_id))

    def save(self, script_id: int, content: bytes) -> Script:
        """Put a new text into the script's file, which keeps its name, and keep it as a revision.

        Raises:
            InvalidInput: the content cannot be a script.
            NotFound: there is no such script.
            StoreUnusable: the file cannot be written; the old text is still there.
        """
        content = normalized(content)
        with files.undone_on_error() as undo, self._database.writing() as session:
            row = _row(session, script_id)
            self._revisions.keep(session, row.id, content, saved=True)
            path = self._folder / row.file_name
            before = path.read_bytes() if path.is_file() else None
            files.write(path, content, _MODE)
            undo.callback(_put_back, path, before)
            return self._script(row, places_of(session, row.id))

    def edit(
        self,
        script_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: int | None = None,
        run_on: RunOn | None = None,
    ) -> Script:
        """Change what is given. A new name leaves the file's name as it is: git and other scripts may refer to it.

        Raises:
            InvalidInput: the name is taken or impossible, or the timeout is.
            NotFound: there is no such script.
        """
        with self._database.writing() as session:
            row = _row(session, script_id)
            if name is not None:
                row.name = _free_name(session, name, row)
            if description is not None:
                row.description = check_text(description.strip(), "description")
            if timeout is not None:
                row.timeout = check_timeout(timeout)
            if run_on is not None:
                row.run_on = run_on
            return self._script(row, places_of(session, row.id))

    def remove(self, script_id: int) -> None:
        """Remove the script and its file. Its last text stays as a revision, and its history stays.

        Raises:
            InUse: it is assigned; the message names every repository and lane.
            NotFound: there is no such script.
            StoreUnusable: the file cannot be removed.
        """
        with files.undone_on_error() as undo, self._database.writing() as session:
            row = _row(session, script_id)
            if places := places_of(session, row.id).get(row.id):
                where = ", ".join(f"“{place.repository}” ({place.hook})" for place in places)
                raise InUse(f"The script “{row.name}” is assigned in {where}. Remove it there first.")
            path = self._folder / row.file_name
            self._keep_last_text(session, row.id, path)
            session.delete(row)
            session.flush()
            aside = path.with_name(files.hidden_name(f"removed-{script_id}"))
            with files.blamed(f"The script file {path} cannot be removed"):
                if library.renamed(path, aside):
                    undo.callback(aside.rename, path)
        aside.unlink(missing_ok=True)

    def freeze(self, script_id: int) -> str:
        """Keep the file's text of this moment as a revision, and give its SHA-256: what a run will execute.

        Raises:
            NotFound: there is no such script.
            ScriptUnreadable: the file cannot be read, or cannot be a script; the message names it.
            StoreUnusable: the revision cannot be written.
        """
        path = self._path(script_id)
        content = _runnable(files.read(path), f"The script file {path}")
        return self._revisions.freeze(script_id, content)

    def freeze_text(self, content: bytes | str) -> str:
        """As :meth:`freeze`, for the text of an inline script.

        Raises:
            ScriptUnreadable: it cannot be a script.
            StoreUnusable: the revision cannot be written.
        """
        text = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        return self._revisions.freeze(None, _runnable(text, "The inline script"))

    def revision_path(self, sha256: str) -> Path:
        """The executable file of a revision."""
        return self._revisions.path(sha256)

    def revision_content(self, sha256: str) -> bytes:
        """The bytes of a revision, verified.

        Raises:
            ScriptUnreadable: the file is missing or was altered.
        """
        return self._revisions.content(sha256)

    def revisions(self, script_id: int) -> builtins.list[Revision]:
        """The texts the script had, each once, the one that was saved last first."""
        return self._revisions.list(script_id)

    def relocate(self, script_id: int, path: Path) -> Script:
        """The script's file is *path* from now on: somebody renamed it.

        Raises:
            InvalidInput: it is not in the library, or belongs to another script.
            NotFound: there is no such script.
            ScriptUnreadable: it cannot be read.
        """
        file_name = library.relative_name(self._folder, path)
        files.read(path)
        with self._database.writing() as session:
            row = _row(session, script_id)
            if row.file_name != file_name:
                row.file_name = _free(session, file_name)
            return self._script(row, places_of(session, row.id))

    def _path(self, script_id: int) -> Path:
        with self._database.reading() as session:
            return self._folder / _row(session, script_id).file_name

    def _keep_last_text(self, session: Session, script_id: int, path: Path) -> None:
        try:
            content = files.read(path)
        except ScriptUnreadable:
            return
        self._revisions.keep(session, script_id, content)

    def _script(self, row: ScriptRow, places: Mapping[int, tuple[Place, ...]]) -> Script:
        return Script(
            id=row.id,
            name=row.name,
            file_path=str(self._folder / row.file_name),
            description=row.description,
            timeout=row.timeout,
            run_on=row.run_on,
            usage_count=row.usage_count,
            last_used_at=row.last_used_at,
            last_result=row.last_result,
            used_by=places.get(row.id, ()),
        )


def _new_row(session: Session, name: str, description: str, timeout: int, run_on: RunOn) -> ScriptRow:
    return ScriptRow(
        name=_free_name(session, name, None),
        description=check_text(description.strip(), "description"),
        timeout=check_timeout(timeout),
        run_on=run_on,
        usage_count=0,
        created_at=now(),
    )


def _free_name(session: Session, name: str, own: ScriptRow | None) -> str:
    name = check_name(name)
    holder = session.scalar(select(ScriptRow).where(ScriptRow.name == name))
    if holder is not None and holder is not own:
        raise InvalidInput(f"There is already a script called “{name}”.")
    return name


def _free(session: Session, file_name: str) -> str:
    holder = session.scalar(select(ScriptRow).where(ScriptRow.file_name == file_name))
    if holder is not None:
        raise InvalidInput(f"The file {file_name} belongs to the script “{holder.name}” already.")
    return file_name


def _row(session: Session, script_id: int) -> ScriptRow:
    row = row_by_id(session, ScriptRow, script_id)
    if row is None:
        raise NotFound(f"There is no script “{script_id}”.")
    return row


def _runnable(content: bytes, what: str) -> bytes:
    try:
        return normalized(content, what)
    except InvalidInput as error:
        raise ScriptUnreadable(str(error)) from error


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        files.write(path, content, _MODE)
