"""Adds scripts to the library, several in one transaction."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.script import Details, NewScript, check_name, check_timeout, file_name_for, normalized
from borgdesk.store import files, library_names
from borgdesk.store.clock import now
from borgdesk.store.database import Database
from borgdesk.store.revisions import Revisions
from borgdesk.store.tables import ScriptRow
from borgdesk.store.text import check_text
from borgdesk.translation import _

MODE = 0o700
"""Of the files of the library."""


class Additions:
    """Adds scripts within a transaction."""

    def __init__(self, database: Database, folder: Path, revisions: Revisions, undo: ExitStack) -> None:
        self._database, self._folder, self._revisions, self._undo = database, folder, revisions, undo
        self.asides: list[tuple[ScriptId, Path, Path]] = []
        """The ids, the hidden files and the later files of the scripts."""

    def add(self, script: NewScript) -> ScriptId:
        """Add one like :meth:`borgdesk.store.scripts.Scripts.add`; return its id, for use in the same transaction."""
        content = normalized(script.content)
        with self._database.writing() as session:
            row = new_row(session, script.details)
            file_name = script.file_name
            wanted = library_names.checked_name(file_name) if file_name else file_name_for(row.name, content)
            taken = set(session.scalars(select(ScriptRow.file_name)))
            row.file_name = library_names.free_name(self._folder, wanted, taken)
            session.add(row)
            session.flush()
            self._revisions.keep(session, row.id, content)
            aside = self._folder / files.hidden_name(f"added-{row.id}")
            files.write(aside, content, MODE)
            self._undo.callback(aside.unlink, missing_ok=True)
            self.asides.append((row.id, aside, self._folder / row.file_name))
            return row.id


def new_row(session: Session, details: Details) -> ScriptRow:
    """Return a row for a new script, without a file yet.

    Raises:
        InvalidInput: the name is taken, or a value is invalid.
    """
    return ScriptRow(
        name=untaken_name(session, details.name),
        description=check_text(details.description.strip(), _("The description")),
        timeout=check_timeout(details.timeout),
        run_on=details.run_on,
        usage_count=0,
        created_at=now(),
    )


def untaken_name(session: Session, name: str, own: ScriptRow | None = None) -> str:
    """Return a name in the form in which it is stored, which no script but *own* may have.

    Raises:
        InvalidInput: it is taken or invalid.
    """
    name = check_name(name)
    holder = session.scalar(select(ScriptRow).where(ScriptRow.name == name))
    if holder is not None and holder is not own:
        raise InvalidInput(_("There is already a script called “{name}”.").format(name=name))
    return name
