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

from borgdesk.domain.ids import RunId
from borgdesk.store.database import Database
from borgdesk.store.run_reader import IS_UNFINISHED
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
from borgdesk.store.text_search import folded

_log = logging.getLogger(__name__)

PORTION = 200
"""Runs in one transaction: about 0.1 s of work."""
_MOST_NOTES = 1000
_MOST_CHANGED = 64
"""A block with more runs that were changed after they had been indexed is made again."""
_MOST_REMOVED = 0.1
"""So is one of which more than this part was removed from the history."""
TEXTS = {
    "backup_jobs": ("id", "repository, archive, in_words(error), in_words(note)"),
    "script_executions": ("run_id", "script, in_words(reason), stdout, stderr"),
    "borg_calls": ("run_id", "in_words(error), stdout, stderr"),
}
"""What is indexed: by table, the column with the run's number, and the columns that a search reads."""


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
            with self._file.writing() as index, self._database.snapshot() as history:
                return work(history, index)
        except (sqlite3.OperationalError, OSError) as error:
            _log.info("the text index is not written: %s", error)
        except sqlite3.Error as error:
            _log.warning("the text index is damaged: %s", error)
            self._file.discard()
        return False

    def _notes(self) -> dict[int, RunId]:
        with self._database.snapshot() as history:
            rows = history.execute("SELECT id, run_id FROM history_changes ORDER BY id LIMIT ?", (_MOST_NOTES,))
            return {number: RunId(run_id) for number, run_id in rows}

    def _forget_notes(self, notes: Iterable[int]) -> None:
        if notes:
            with self._database.change() as connection:
                for number in notes:
                    connection.execute("DELETE FROM history_changes WHERE id = ?", (number,))

    def _tidy(self, history: sqlite3.Connection, index: sqlite3.Connection) -> bool:
        newest = _newest(history)
        for block in blocks(index):
            uid = None if block.newest is None else _uid(history, block.newest)
            if not block.is_of_history(newest, uid) or _is_worn(history, index, block):
                drop_block(index, block.number)
        return True


_Work = Callable[[sqlite3.Connection, sqlite3.Connection], bool]


def _take_over(index: sqlite3.Connection, run_ids: Iterable[RunId]) -> bool:
    """Note in the index that it does not know these runs as they are now."""
    known = blocks(index)
    changed = [(run_id,) for run_id in run_ids if any(block.low <= run_id <= block.high for block in known)]
    index.executemany("INSERT OR IGNORE INTO unsure VALUES (?, 0)", changed)
    return True


def _fill(history: sqlite3.Connection, index: sqlite3.Connection) -> bool:
    # The first query, which fixes what is seen.
    newest = _newest(history)
    _index_those_that_ended(history, index)
    found = _next_range(history, index, newest)
    if found is None:
        return False
    block, ids, low, high = found
    put_block(index, block)
    ended = _ended(history, ids)
    _add(history, index, ended)
    index.executemany("INSERT INTO unsure VALUES (?, 1)", [(run_id,) for run_id in ids if run_id not in ended])
    last = max([*ids, block.newest or 0])
    if last != (block.newest or 0):
        block = replace(block, newest=last, newest_uid=_uid(history, last))
    put_block(index, replace(block, low=low, high=high, runs=block.runs + len(ids)))
    return True


def _index_those_that_ended(history: sqlite3.Connection, index: sqlite3.Connection) -> None:
    rows = index.execute("SELECT run_id FROM unsure WHERE is_waiting ORDER BY run_id DESC LIMIT ?", (PORTION,))
    waiting = [RunId(run_id) for (run_id,) in rows]
    ended = _ended(history, waiting)
    _add(history, index, ended)
    index.executemany("DELETE FROM unsure WHERE run_id = ?", [(run_id,) for run_id in ended])


def _next_range(
    history: sqlite3.Connection, index: sqlite3.Connection, newest: int
) -> tuple[Block, Sequence[int], int, int] | None:
    """Return the block to be filled next, some of its runs, and the range that it knows with them."""
    known = {block.number: block for block in blocks(index)}
    (oldest,) = history.execute("SELECT coalesce(min(id), 0) FROM backup_jobs").fetchone()
    for number in range(newest // BLOCK, oldest // BLOCK - 1, -1) if newest else ():
        end = min(newest, (number + 1) * BLOCK - 1)
        block = known.get(number) or Block(number, end + 1, end, 0, None, None)
        if block.high < end:
            above = "SELECT id FROM backup_jobs WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
            ids = [run_id for (run_id,) in history.execute(above, (block.high, end, PORTION))]
            return block, ids, block.low, end if len(ids) < PORTION else ids[-1]
        if block.low > block.start:
            below = "SELECT id FROM backup_jobs WHERE id < ? AND id >= ? ORDER BY id DESC LIMIT ?"
            ids = [run_id for (run_id,) in history.execute(below, (block.low, block.start, PORTION))]
            return block, ids, block.start if len(ids) < PORTION else ids[-1], block.high
    return None


def _ended(history: sqlite3.Connection, run_ids: Sequence[int]) -> set[int]:
    """Return those of the runs whose texts do not change any more without a note."""
    these = f"({', '.join('?' * len(run_ids))})"
    query = (
        f"SELECT id FROM backup_jobs WHERE id IN {these} AND NOT {IS_UNFINISHED} AND id NOT IN "  # noqa: S608
        f"(SELECT run_id FROM script_executions WHERE run_id IN {these} AND status IN ('pending', 'running'))"
    )
    return {run_id for (run_id,) in history.execute(query, [*run_ids, *run_ids])}


def _add(history: sqlite3.Connection, index: sqlite3.Connection, run_ids: Iterable[int]) -> None:
    texts: dict[int, dict[str, None]] = {run_id: {} for run_id in run_ids}
    these = f"({', '.join('?' * len(texts))})"
    for table, (of_run, columns) in TEXTS.items():
        query = f"SELECT {of_run}, {columns} FROM {table} WHERE {of_run} IN {these}"  # noqa: S608 - constants
        for run_id, *found in history.execute(query, [*texts]):
            texts[run_id].update(dict.fromkeys(filter(None, found)))
    for run_id, found_texts in texts.items():
        # Line breaks around it make its first and last characters parts of trigrams, however short it is.
        text = "\n" + folded("\n".join(found_texts)) + "\n\n"
        insert = f"INSERT INTO {table_of(run_id // BLOCK)} (rowid, text) VALUES (?, ?)"  # noqa: S608 - a number
        index.execute(insert, (run_id, text))


def _newest(history: sqlite3.Connection) -> int:
    (newest,) = history.execute("SELECT coalesce(max(id), 0) FROM backup_jobs").fetchone()
    return int(newest)


def _uid(history: sqlite3.Connection, run_id: int) -> str | None:
    row = history.execute("SELECT uid FROM backup_jobs WHERE id = ?", (run_id,)).fetchone()
    return None if row is None else str(row[0])


def _is_worn(history: sqlite3.Connection, index: sqlite3.Connection, block: Block) -> bool:
    query = "SELECT count(*) FROM unsure WHERE run_id BETWEEN ? AND ? AND NOT is_waiting"
    (changed,) = index.execute(query, (block.low, block.high)).fetchone()
    of_block = "SELECT count(*) FROM backup_jobs WHERE id BETWEEN ? AND ?"
    (left,) = history.execute(of_block, (block.low, block.high)).fetchone()
    return changed > _MOST_CHANGED or left < (1 - _MOST_REMOVED) * block.runs or (block.runs > 0 and not left)
