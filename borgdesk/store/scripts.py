"""Stores the script library: files that users may edit themselves, and a row of metadata for each."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import InUse, InvalidInput, NotFound, ScriptUnreadable, StoreUnusable
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.merging import merged
from borgdesk.domain.script import (
    AssignmentPlace,
    Details,
    NewScript,
    Script,
    check_timeout,
    normalized,
)
from borgdesk.store import files, library_names
from borgdesk.store.database import MAX_ID, Database
from borgdesk.store.exposure import Exposure, exposure, protect
from borgdesk.store.places import places_of
from borgdesk.store.revisions import Revisions, runnable
from borgdesk.store.rows import row_by_id, row_by_ref
from borgdesk.store.script_additions import MODE, Additions, new_row, untaken_name
from borgdesk.store.statements import Prepared
from borgdesk.store.tables import ScriptRow
from borgdesk.store.text import check_text
from borgdesk.store.text_search import matches
from borgdesk.translation import _

# Compiled once, in plain SQL: a run executes it for each of its scripts before it begins.
_FILE_NAME = Prepared(select(ScriptRow.file_name).where(ScriptRow.id == bindparam("script")))


class Scripts:
    """The scripts of the library. A script's file keeps its name unless somebody renames it outside BorgDesk."""

    def __init__(self, database: Database, folder: Path, revisions: Revisions) -> None:
        self._database = database
        self._folder = folder
        self._revisions = revisions

    def add(self, script: NewScript) -> Script:
        """Write a new file into the library and register it, both or neither.

        Raises:
            InvalidInput: the name is taken or invalid, or the content is not a valid script.
            StoreUnusable: the file cannot be written.
        """
        with self.additions() as additions:
            added = additions.add(script)
        return self.get(added)

    @contextlib.contextmanager
    def additions(self) -> Iterator[Additions]:
        """Combine everything that this thread writes in the block, with scripts added by it, into one transaction.

        The files of the scripts appear in the library after it was committed: all of them, or none.

        Raises:
            StoreUnusable: a file or the database cannot be written.
        """
        with files.undone_on_error() as undo, self._database.together():
            additions = Additions(self._database, self._folder, self._revisions, undo)
            yield additions
        for script_id, aside, path in additions.asides:
            if not files.put_in_place(aside, path):
                self._finish(aside, "added", script_id)

    def register(self, path: Path, details: Details | None = None) -> Script:
        """Register a file that is already in the library folder; its contents are not touched.

        Without *details*, the script has the name of the file.

        Raises:
            InvalidInput: it is not in the library, is registered already, is not a valid script, or the name is taken.
            ScriptUnreadable: it cannot be read.
        """
        file_name = library_names.relative_name(self._folder, path)
        content = normalized(files.read(path), _("The file {path}").format(path=path))
        with self._database.writing() as session:
            row = new_row(session, details or Details(path.stem))
            row.file_name = _free(session, file_name)
            session.add(row)
            session.flush()
            self._revisions.keep(session, row.id, content)
            return self._script(row, {})

    def get(self, ref: int | str) -> Script:
        """Return the script with that id or exact name; digits are tried as an id first, then as a name.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            row = row_by_ref(session, ScriptRow, ref)
            if row is None:
                raise NotFound(_("There is no script “{ref}”.").format(ref=ref))
            return self._script(row, places_of(session, row.id))

    def list(self, search: str = "") -> builtins.list[Script]:
        """Return the scripts whose name, description or file name contains *search*, by name."""
        query = select(ScriptRow)
        if search:
            columns = (ScriptRow.name, ScriptRow.description, ScriptRow.file_name)
            query = query.where(or_(*matches(columns, search)))
        with self._database.reading() as session:
            places = places_of(session)
            found = [self._script(row, places) for row in session.scalars(query)]
        return sorted(found, key=lambda script: (script.name.casefold(), script.name))

    def content(self, script_id: ScriptId) -> bytes:
        """Return the current contents of the script's file; never empty.

        Raises:
            NotFound: there is no such script.
            ScriptUnreadable: the file is missing, empty or cannot be read; the message names it.
        """
        return files.read(self._path(script_id))

    def save(
        self,
        script_id: ScriptId,
        content: bytes,
        details: Details | None = None,
        *,
        seen: Details | None = None,
        over: bool = False,
    ) -> Script:
        """Replace the text in the script's file, which keeps its name, and store the old and the new text as revisions.

        *details* are stored as well, as far as they differ from what was *seen* when editing began (by default: from
        what is stored). With *over*, our change of a detail overwrites a concurrent one.

        Raises:
            InvalidInput: the content is not a valid script, or a detail is invalid.
            NotFound: there is no such script.
            Changed: somebody else changed the same detail since it was *seen*, and *over* was not given.
            StoreUnusable: the file cannot be written. After any error, text and details are unchanged.
        """
        content = normalized(content)
        with contextlib.suppress(ScriptUnreadable):
            # Committed before the file is overwritten, so that the old text cannot be lost.
            self._freeze(script_id, self._path(script_id))
        with files.undone_on_error() as undo, self._database.writing() as session:
            row = _row(session, script_id)
            if details is not None:
                _change_details(session, row, details, seen, over=over)
            self._revisions.keep(session, row.id, content, saved=True)
            path = self._folder / row.file_name
            before = path.read_bytes() if path.is_file() else None
            files.write(path, content, MODE)
            undo.callback(_put_back, path, before)
            return self._script(row, places_of(session, row.id))

    def edit(self, script_id: ScriptId, details: Details, *, seen: Details | None = None, over: bool = False) -> Script:
        """As :meth:`save`, for the details only. The file is not renamed: git and scripts may refer to it.

        Raises:
            InvalidInput: the name is taken or invalid, or the timeout is invalid.
            NotFound: there is no such script.
            Changed: somebody else changed the same detail since it was *seen*, and *over* was not given.
        """
        with self._database.writing() as session:
            row = _row(session, script_id)
            _change_details(session, row, details, seen, over=over)
            return self._script(row, places_of(session, row.id))

    def remove(self, script_id: ScriptId) -> None:
        """Remove the script and its file. Its last text stays as a revision, and its history stays.

        Raises:
            InUse: it is assigned; the message names every repository and lane.
            NotFound: there is no such script.
            StoreUnusable: the file cannot be removed.
        """
        with files.undone_on_error() as undo, self._database.writing() as session:
            row = _row(session, script_id)
            if places := places_of(session, row.id).get(row.id):
                where = ", ".join(f"{quoted(place.repository)} ({lane_title(place.hook)})" for place in places)
                raise InUse(
                    _("The script “{script}” is assigned in {where}. Remove it there first.").format(
                        script=row.name, where=where
                    )
                )
            path = self._folder / row.file_name
            self._keep_last_text(session, row.id, path)
            session.delete(row)
            session.flush()
            aside = path.with_name(files.hidden_name(f"removed-{script_id}"))
            undo.callback(files.put_in_place, aside, path)
            with files.blamed(_("The script file {path} cannot be removed").format(path=path)):
                library_names.renamed(path, aside)
        aside.unlink(missing_ok=True)

    def repair(self) -> None:
        """Complete or roll back additions and removals that were interrupted by a kill.

        The rows decide: a file being added gets its name if its row exists, and a file being removed is put back as
        long as its row exists. If the database or a folder is not writable now, this is left for another time.
        """
        for path, words in files.leftovers(self._folder):
            way, _, number = words.partition("-")
            with contextlib.suppress(StoreUnusable, OSError):
                if way in ("added", "removed") and number.isdecimal():
                    self._finish(path, way, ScriptId(int(number)))
                elif files.is_abandoned(path):
                    path.unlink()

    def _finish(self, aside: Path, way: str, script_id: ScriptId) -> None:
        """Finish one file set aside, as the row says. The write lock is held, so no other process is working on it."""
        with self._database.writing() as session:
            row = row_by_id(session, ScriptRow, script_id)
            if row is None:
                aside.unlink(missing_ok=True)
            elif not files.put_in_place(aside, self._folder / row.file_name):
                # Another file has taken the name.
                if way == "added":
                    taken = set(session.scalars(select(ScriptRow.file_name)))
                    row.file_name = library_names.free_name(self._folder, row.file_name, taken)
                    files.put_in_place(aside, self._folder / row.file_name)
                else:
                    self._keep_last_text(session, row.id, aside)
                    aside.unlink(missing_ok=True)

    def freeze(self, script_id: ScriptId) -> str:
        """Store the file's current text as a revision, which a run will execute, and return its SHA-256.

        Raises:
            NotFound: there is no such script.
            ScriptUnreadable: the file cannot be read, is not a valid script, or can be changed by another user; the
                message names it.
            StoreUnusable: the revision cannot be written.
        """
        path = self._path(script_id)
        if (found := exposure(path)) is not None:
            raise ScriptUnreadable(
                _(
                    "The script “{script}” is not run: {why}. Check its text. If it is what you want to "
                    "run, protect the file: “{remedy}”."
                ).format(script=self.get(script_id).name, why=found.why, remedy=found.remedy)
            )
        return self._freeze(script_id, path)

    def _freeze(self, script_id: ScriptId, path: Path) -> str:
        return self._revisions.freeze(
            script_id, runnable(files.read(path), _("The script file {path}").format(path=path))
        )

    def exposure(self, script_id: ScriptId) -> Exposure | None:
        """Return where another user can change the script's file or a folder on its path; None if nowhere.

        Raises:
            NotFound: there is no such script.
        """
        return exposure(self._path(script_id))

    def protect(self, script_id: ScriptId) -> None:
        """Make the script's file inaccessible to other users; its current text is accepted as its owner's.

        Raises:
            NotFound: there is no such script.
            ScriptUnreadable: the file cannot be read.
            StoreUnusable: BorgDesk cannot protect it; the message gives the command that can.
        """
        protect(self._path(script_id), MODE)

    def relocate(self, script_id: ScriptId, path: Path) -> Script:
        """Record *path* as the script's file after it was renamed.

        Raises:
            InvalidInput: it is not in the library, or belongs to another script.
            NotFound: there is no such script.
            ScriptUnreadable: it cannot be read.
        """
        file_name = library_names.relative_name(self._folder, path)
        files.read(path)
        with self._database.writing() as session:
            row = _row(session, script_id)
            if row.file_name != file_name:
                row.file_name = _free(session, file_name)
            return self._script(row, places_of(session, row.id))

    def _path(self, script_id: ScriptId) -> Path:
        found = self._database.first(_FILE_NAME, {"script": script_id}) if 0 < script_id <= MAX_ID else None
        if found is None:
            raise _not_found(script_id)
        return self._folder / str(found[0])

    def _keep_last_text(self, session: Session, script_id: ScriptId, path: Path) -> None:
        try:
            content = files.read(path)
        except ScriptUnreadable:
            return
        self._revisions.keep(session, script_id, content)

    def _script(self, row: ScriptRow, places: Mapping[ScriptId, tuple[AssignmentPlace, ...]]) -> Script:
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


def _change_details(session: Session, row: ScriptRow, details: Details, seen: Details | None, *, over: bool) -> None:
    stored = Details(row.name, row.description, row.timeout, row.run_on)
    wanted = details._replace(name=details.name.strip(), description=details.description.strip())
    facts = merged((seen or stored)._asdict(), wanted._asdict(), stored._asdict(), quoted(row.name), over=over)
    row.name = untaken_name(session, facts["name"], row)
    row.description = check_text(facts["description"], _("The description"))
    row.timeout = check_timeout(facts["timeout"])
    row.run_on = facts["run_on"]


def _free(session: Session, file_name: str) -> str:
    holder = session.scalar(select(ScriptRow).where(ScriptRow.file_name == file_name))
    if holder is not None:
        raise InvalidInput(
            _("The file {file_name} already belongs to the script “{script}”.").format(
                file_name=file_name, script=holder.name
            )
        )
    return file_name


def _row(session: Session, script_id: ScriptId) -> ScriptRow:
    row = row_by_id(session, ScriptRow, script_id)
    if row is None:
        raise _not_found(script_id)
    return row


def _not_found(script_id: ScriptId) -> NotFound:
    return NotFound(_("There is no script “{script_id}”.").format(script_id=script_id))


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        files.write(path, content, MODE)
