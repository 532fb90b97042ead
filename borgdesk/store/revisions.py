"""Every text a script ever had, each kept once as an executable file that is named by its SHA-256."""

from __future__ import annotations

import builtins
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from borgdesk.domain.errors import ScriptUnreadable
from borgdesk.domain.script import Revision, sha256_of
from borgdesk.store import files
from borgdesk.store.clock import now
from borgdesk.store.database import Database
from borgdesk.store.tables import ScriptRevisionRow

_MODE = 0o500


class Revisions:
    """Files that never change, and rows that say which script had them. One that did change is not run."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Where the revision is, or would be."""
        return self._folder / sha256[:2] / sha256

    def content(self, sha256: str) -> bytes:
        """The bytes of a revision, exactly as they were kept.

        Raises:
            ScriptUnreadable: the file is missing, or is not what it was.
        """
        content = files.read(self.path(sha256))
        if sha256_of(content) != sha256:
            raise ScriptUnreadable(f"The script revision {self.path(sha256)} was altered; it is not run.")
        return content

    def list(self, script_id: int) -> builtins.list[Revision]:
        """The texts a script had, each once, the one that was saved last first."""
        query = (
            select(ScriptRevisionRow)
            .where(ScriptRevisionRow.script_id == script_id)
            .order_by(ScriptRevisionRow.saved_at.desc(), ScriptRevisionRow.id.desc())
        )
        with self._database.reading() as session:
            return [Revision(row.sha256, row.saved_at, row.size) for row in session.scalars(query)]

    def freeze(self, script_id: int | None, content: bytes) -> str:
        """Have a text that is about to run on the disk when this returns, and give its SHA-256.

        Raises:
            StoreUnusable: it cannot be written.
        """
        sha256 = self._keep_file(content)
        with self._database.reading() as session:
            known = _row(session, script_id, sha256)
        if known is None:
            with self._database.writing() as session:
                self.keep(session, script_id, content)
        return sha256

    def keep(self, session: Session, script_id: int | None, content: bytes, *, saved: bool = False) -> None:
        """Keep a text within the caller's transaction. *saved*: an older text that is saved again is the newest.

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

    def _keep_file(self, content: bytes) -> str:
        sha256 = sha256_of(content)
        path = self.path(sha256)
        if not _is_intact(path, content):
            files.write(path, content, _MODE)
        return sha256


def _row(session: Session, script_id: int | None, sha256: str) -> ScriptRevisionRow | None:
    """The row of a revision; inline and removed scripts' revisions belong to no script (``IS NULL``)."""
    query = select(ScriptRevisionRow).where(
        ScriptRevisionRow.script_id == script_id, ScriptRevisionRow.sha256 == sha256
    )
    return session.scalars(query.limit(1)).first()


def _is_intact(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_mode & 0o777 == _MODE and path.read_bytes() == content
    except OSError:
        return False
