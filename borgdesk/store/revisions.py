"""Stores every text a script ever had, once each, as an executable file named by its SHA-256."""

from __future__ import annotations

import builtins
from contextlib import suppress
from pathlib import Path

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from borgdesk.domain.errors import InvalidInput, ScriptUnreadable
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.script import Revision, normalized, sha256_of
from borgdesk.store import files
from borgdesk.store.clock import now
from borgdesk.store.database import Database
from borgdesk.store.statements import Prepared
from borgdesk.store.tables import ScriptRevisionRow
from borgdesk.translation import _

_MODE = 0o500

# As in scripts.py. Revisions of inline and removed scripts have no script id.
_KNOWN = Prepared(
    select(ScriptRevisionRow.id).where(
        ScriptRevisionRow.script_id.is_not_distinct_from(bindparam("script")),
        ScriptRevisionRow.sha256 == bindparam("sha256"),
    )
)


class Revisions:
    """Immutable files, with rows for the scripts that had them. A file that was altered is not executed."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Return the path of a revision, whether or not it exists."""
        return self._folder / sha256[:2] / sha256

    def content(self, sha256: str) -> bytes:
        """Return the bytes of a revision, exactly as stored.

        Raises:
            ScriptUnreadable: the file is missing or was altered.
        """
        content = files.read(self.path(sha256))
        if sha256_of(content) != sha256:
            raise ScriptUnreadable(
                _("The script revision {path} was modified, so it is not run.").format(path=self.path(sha256))
            )
        return content

    def list(self, script_id: ScriptId) -> builtins.list[Revision]:
        """Return the texts a script had, each once, last saved first."""
        query = (
            select(ScriptRevisionRow)
            .where(ScriptRevisionRow.script_id == script_id)
            .order_by(ScriptRevisionRow.saved_at.desc(), ScriptRevisionRow.id.desc())
        )
        with self._database.reading() as session:
            return [Revision(row.sha256, row.saved_at, row.size) for row in session.scalars(query)]

    def last_text(self, script_id: ScriptId) -> bytes | None:
        """Return the text of a script that was stored last, of those whose files are intact; None if there is none."""
        for revision in self.list(script_id):
            with suppress(ScriptUnreadable):
                return self.content(revision.sha256)
        return None

    def freeze(self, script_id: ScriptId | None, content: bytes) -> str:
        """Store a text that is about to run durably, and return its SHA-256.

        Raises:
            StoreUnusable: it cannot be written.
        """
        sha256 = self._keep_file(content)
        if self._database.first(_KNOWN, {"script": script_id, "sha256": sha256}) is None:
            with self._database.writing() as session:
                self.keep(session, script_id, content)
        return sha256

    def freeze_text(self, content: bytes | str) -> str:
        """As :meth:`freeze`, for the text of an inline script.

        Raises:
            ScriptUnreadable: it is not a valid script.
            StoreUnusable: the revision cannot be written.
        """
        text = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        return self.freeze(None, runnable(text, _("The inline script")))

    def keep(self, session: Session, script_id: ScriptId | None, content: bytes, *, saved: bool = False) -> None:
        """Store a text within the caller's transaction. With *saved*, an older text becomes the newest again.

        Raises:
            StoreUnusable: the file cannot be written.
        """
        sha256 = self._keep_file(content)
        row = _row(session, script_id, sha256)
        if row is None:
            session.add(ScriptRevisionRow(script_id=script_id, sha256=sha256, saved_at=now(), size=len(content)))
            session.flush()
        elif saved:
            row.saved_at = now()

    def restore(self, content: bytes) -> None:
        """Write the missing or damaged file of a stored revision again.

        Raises:
            StoreUnusable: it cannot be written.
        """
        self._keep_file(content)

    def _keep_file(self, content: bytes) -> str:
        sha256 = sha256_of(content)
        path = self.path(sha256)
        if not _is_intact(path, content):
            files.write(path, content, _MODE)
        return sha256


def runnable(content: bytes, what: str) -> bytes:
    """Return a text as it is executed; error messages begin with *what*.

    Raises:
        ScriptUnreadable: it is not a valid script.
    """
    try:
        return normalized(content, what)
    except InvalidInput as error:
        raise ScriptUnreadable(str(error)) from error


def _row(session: Session, script_id: ScriptId | None, sha256: str) -> ScriptRevisionRow | None:
    """Return the row of a revision; for inline and removed scripts the script id is NULL (``IS NULL``)."""
    query = select(ScriptRevisionRow).where(
        ScriptRevisionRow.script_id == script_id, ScriptRevisionRow.sha256 == sha256
    )
    return session.scalars(query.limit(1)).first()


def _is_intact(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_mode & 0o777 == _MODE and path.read_bytes() == content
    except OSError:
        return False
