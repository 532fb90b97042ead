"""Writes the text index of the history: in portions, newest runs first, beside everything else.

Only runs that are over are indexed. What happens to them afterwards is noted by triggers in the table
``history_changes``; the filler takes such notes over and removes them. It may be killed at any time: a portion is one
transaction of the index, and a note is removed only after that.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from borgdesk.domain.ids import RunId
from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.store.database import Database
from borgdesk.store.run_filters import is_of_history, texts_of_borg_call, texts_of_execution, texts_of_run
from borgdesk.store.search_file import (
    BLOCK,
    Block,
    SearchFile,
    blocks,
    can_index,
    drop_block,
    put_block,
    table_of,
)
from borgdesk.store.tables import BackupJobRow, BorgCallRow, HistoryChangeRow, ScriptExecutionRow
from borgdesk.store.text_search import folded

_log = logging.getLogger(__name__)

PORTION = 200
"""Runs in one transaction: about 0.1 s of work."""
_MOST_NOTES = 1000
_MOST_CHANGED = 64
"""A block with more runs that were changed after they had been indexed is made again."""
_MOST_REMOVED = 0.1
"""So is one of which more than this part was removed from the history."""


class SearchFiller:
    """Keeps the index up to date. Several processes may do so at the same time."""

    def __init__(self, database: Database, file: SearchFile) -> None:
        self._database, self._file = database, file
        self._can_index: bool | None = None

    def tidy(self) -> None:
        """Drop blocks of which much was removed or changed, or that are of another database.

        Raises:
            StoreUnusable: as for any use of the database.
        """
        if self._is_usable():
            self._write(self._tidy)

    def fill(self) -> bool:
        """Index one portion; return whether there may be more. Does nothing while another process writes the index.

        Raises:
            StoreUnusable: as for any use of the database.
        """
        if not self._is_usable():
            self._forget_notes(self._notes())
            return False
        notes = self._notes()
        if notes and self._write(lambda _, index: _take_over(index, notes.values())):
            self._forget_notes(notes)
        return self._write(_fill)

    def fill_for(self, seconds: float, is_stopped: Callable[[], bool]) -> None:
        """Index portions for so many seconds, or a little longer; the rest is for another time.

        Raises:
            StoreUnusable: as for any use of the database.
        """
        end = time.monotonic() + seconds
        while not is_stopped() and time.monotonic() < end and self.fill():
            pass

    def _is_usable(self) -> bool:
        if self._can_index is None:
            self._can_index = can_index()
        return self._can_index

    def _write(self, work: _Work) -> bool:
        try:
            with self._file.writing() as index, self._database.reading() as session:
                return work(session, index)
        except (sqlite3.OperationalError, OSError) as error:
            _log.info("the text index is not written: %s", error)
        except sqlite3.Error as error:
            _log.warning("the text index is damaged: %s", error)
            self._file.discard()
        return False

    def _notes(self) -> dict[int, RunId]:
        columns = HistoryChangeRow.id, HistoryChangeRow.run_id
        with self._database.reading() as session:
            rows = session.execute(select(*columns).order_by(HistoryChangeRow.id).limit(_MOST_NOTES))
            return {row[0]: row[1] for row in rows}

    def _forget_notes(self, notes: Iterable[int]) -> None:
        if notes:
            with self._database.writing() as session:
                session.execute(delete(HistoryChangeRow).where(HistoryChangeRow.id.in_(list(notes))))

    def _tidy(self, session: Session, index: sqlite3.Connection) -> bool:
        newest = _newest(session)
        for block in blocks(index):
            if not is_of_history(session, block, newest) or _is_worn(session, index, block):
                drop_block(index, block.number)
        return True


_Work = Callable[[Session, sqlite3.Connection], bool]


def _take_over(index: sqlite3.Connection, run_ids: Iterable[RunId]) -> bool:
    """Note in the index that it does not know these runs as they are now."""
    known = blocks(index)
    changed = [(run_id,) for run_id in run_ids if any(block.low <= run_id <= block.high for block in known)]
    index.executemany("INSERT OR IGNORE INTO unsure VALUES (?, 0)", changed)
    return True


def _fill(session: Session, index: sqlite3.Connection) -> bool:
    # The first query, which fixes what is seen.
    newest = _newest(session)
    _index_those_that_ended(session, index)
    found = _next_range(session, index, newest)
    if found is None:
        return False
    block, ids, low, high = found
    put_block(index, block)
    ended = _ended(session, ids)
    _add(session, index, ended)
    index.executemany("INSERT INTO unsure VALUES (?, 1)", [(run_id,) for run_id in ids if run_id not in ended])
    last = max([*ids, block.newest or 0])
    if last != (block.newest or 0):
        uid = session.scalar(select(BackupJobRow.uid).where(BackupJobRow.id == last))
        block = replace(block, newest=last, newest_uid=uid)
    put_block(index, replace(block, low=low, high=high, runs=block.runs + len(ids)))
    return True


def _index_those_that_ended(session: Session, index: sqlite3.Connection) -> None:
    rows = index.execute("SELECT run_id FROM unsure WHERE is_waiting ORDER BY run_id DESC LIMIT ?", (PORTION,))
    waiting = [RunId(run_id) for (run_id,) in rows]
    ended = _ended(session, waiting)
    _add(session, index, ended)
    index.executemany("DELETE FROM unsure WHERE run_id = ?", [(run_id,) for run_id in ended])


def _next_range(
    session: Session, index: sqlite3.Connection, newest: RunId
) -> tuple[Block, Sequence[RunId], int, int] | None:
    """Return the block to be filled next, some of its runs, and the range that it knows with them."""
    known = {block.number: block for block in blocks(index)}
    oldest = session.scalar(select(func.min(BackupJobRow.id))) or RunId(0)
    for number in range(newest // BLOCK, oldest // BLOCK - 1, -1) if newest else ():
        end = min(newest, (number + 1) * BLOCK - 1)
        block = known.get(number) or Block(number, end + 1, end, 0, None, None)
        run_id = BackupJobRow.id
        if block.high < end:
            above = select(run_id).where(run_id > block.high, run_id <= end).order_by(run_id).limit(PORTION)
            ids = session.scalars(above).all()
            return block, ids, block.low, end if len(ids) < PORTION else ids[-1]
        if block.low > block.start:
            below = select(run_id).where(run_id < block.low, run_id >= block.start).order_by(run_id.desc())
            ids = session.scalars(below.limit(PORTION)).all()
            return block, ids, block.start if len(ids) < PORTION else ids[-1], block.high
    return None


def _ended(session: Session, run_ids: Sequence[RunId]) -> set[RunId]:
    """Return those of the runs whose texts do not change any more without a note."""
    if not run_ids:
        return set()
    job, execution = BackupJobRow, ScriptExecutionRow
    under_way = select(execution.run_id).where(
        execution.run_id.in_(run_ids), execution.status.in_((ExecutionStatus.PENDING, ExecutionStatus.RUNNING))
    )
    ended = select(job.id).where(
        job.id.in_(run_ids), job.status.not_in((RunStatus.QUEUED, RunStatus.RUNNING)), job.id.not_in(under_way)
    )
    return set(session.scalars(ended))


def _add(session: Session, index: sqlite3.Connection, run_ids: Iterable[RunId]) -> None:
    texts: dict[RunId, dict[str, None]] = {run_id: {} for run_id in run_ids}
    sources: tuple[tuple[Any, tuple[Any, ...]], ...] = (
        (BackupJobRow.id, texts_of_run()),
        (ScriptExecutionRow.run_id, texts_of_execution()),
        (BorgCallRow.run_id, texts_of_borg_call()),
    )
    for of_run, columns in sources:
        for run_id, *found in session.execute(select(of_run, *columns).where(of_run.in_(list(texts)))):
            texts[run_id].update(dict.fromkeys(filter(None, found)))
    for run_id, found_texts in texts.items():
        # Line breaks around it make its first and last characters parts of trigrams, however short it is.
        text = "\n" + folded("\n".join(found_texts)) + "\n\n"
        insert = f"INSERT INTO {table_of(run_id // BLOCK)} (rowid, text) VALUES (?, ?)"  # noqa: S608 - a number
        index.execute(insert, (run_id, text))


def _newest(session: Session) -> RunId:
    return session.scalar(select(func.max(BackupJobRow.id))) or RunId(0)


def _is_worn(session: Session, index: sqlite3.Connection, block: Block) -> bool:
    query = "SELECT count(*) FROM unsure WHERE run_id BETWEEN ? AND ? AND NOT is_waiting"
    (changed,) = index.execute(query, (block.low, block.high)).fetchone()
    run_id = BackupJobRow.id
    left = session.scalar(select(func.count()).where(run_id >= block.low, run_id <= block.high)) or 0
    return changed > _MOST_CHANGED or left < (1 - _MOST_REMOVED) * block.runs or (block.runs > 0 and not left)
