"""Filters for the list of runs, with queries that read no more rows than a page needs.

A filter by script or by name starts from an index that holds run ids in order, and reads only those runs. Left to
itself, the database would read every run, or sort all matches, for a single page.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Text, case, func, or_, select
from sqlalchemy.orm import Session

from borgdesk.domain.ids import RunId
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.store.database import MAX_ID
from borgdesk.store.search_file import Block
from borgdesk.store.search_index import Piece, SearchIndex
from borgdesk.store.tables import BackupJobRow, BorgCallRow, HistoryChangeRow, RepositoryRow, ScriptExecutionRow
from borgdesk.store.text_search import check_length, folded

_FIRST_PAGE, _LARGEST_PAGE = 200, 5000
"""Ids fetched from an index at once, growing from page to page."""
_FIRST_STRETCH, _LARGEST_STRETCH = 500, 20_000
"""Runs that are read at once where the text index knows nothing, growing from stretch to stretch."""
_FEW = 20_000
"""Runs of which the numbers are read before a search, so that it looks at no others."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was found in a part of the history."""

    low: int
    """Everything from this number on has been searched, with the parts before."""
    rows: Sequence[BackupJobRow]
    """Newest first."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions that all must be met; None means no condition."""

    repository: int | str | None = None
    """An id, or a current or former name."""
    script: int | str | None = None
    status: RunStatus | None = None
    since: datetime | None = None
    """The earliest request time."""
    search: str | None = None
    """Text in names, error, note and output."""
    before_id: RunId | None = None
    from_id: RunId | None = None
    kind: RunKind | None = None

    def newest(self, session: Session, limit: int, index: SearchIndex) -> list[BackupJobRow]:
        """Return at most *limit* rows, newest first. *index* tells where to search; what it does not know is read."""
        with closing(self.parts(session, limit, index)) as parts:
            return [row for part in parts for row in part.rows]

    def parts(self, session: Session, limit: int, index: SearchIndex) -> Generator[Part, None, None]:
        """Yield at most *limit* rows in parts, newest first, each as soon as it is found."""
        limit = max(0, min(limit, MAX_ID))
        bounded = self._bounded(session)
        if self.search:
            yield from bounded._searched(session, limit, index)
            yield Part(self.from_id or 0, [])
        else:
            yield Part(self.from_id or 0, bounded._read(session, limit))

    def _bounded(self, session: Session) -> Conditions:
        """Return the same conditions, from the first run of the period on: what is older need not be looked at."""
        if self.since is None or not (self.search or self.script is not None):
            return self
        of_period = select(BackupJobRow.id).where(BackupJobRow.queued_at >= self.since)
        first = session.scalar(of_period.order_by(BackupJobRow.id).limit(1))
        return replace(self, from_id=RunId(MAX_ID) if first is None else max(first, self.from_id or first))

    def _few(self, session: Session) -> frozenset[int] | None:
        """Return the runs that meet all conditions but the search, if they are few for sure."""
        if not self._is_rare:
            return None
        conditions = *replace(self, search=None)._conditions(), *self._range(BackupJobRow.id)
        ids = session.scalars(select(BackupJobRow.id).where(*conditions).limit(_FEW + 1)).all()
        return frozenset(ids) if len(ids) <= _FEW else None

    def _searched(self, session: Session, limit: int, index: SearchIndex) -> Iterator[Part]:
        """Yield what has the text. Nothing is said of what the index excludes."""
        check_length(self.search or "")
        # The first query, which fixes what is seen: the index may be ahead of it, but not behind.
        changed = session.scalars(select(HistoryChangeRow.run_id)).all()
        newest = session.scalar(select(func.max(BackupJobRow.id))) or 0
        high = newest if self.before_id is None else min(newest, self.before_id - 1)

        def is_known(block: Block) -> bool:
            uid = session.scalar(select(BackupJobRow.uid).where(BackupJobRow.id == block.newest))
            return block.is_of_history(newest, uid)

        few = self._few(session)
        if few is not None and not few:
            return
        with closing(index.pieces(folded(self.search or ""), self.from_id or 1, high, changed, is_known)) as pieces:
            for piece in itertools.chain.from_iterable(map(_in_stretches, pieces)) if limit else ():
                rows = self._in_piece(session, piece.among(few), limit)
                if rows or piece.run_ids is None:
                    yield Part(piece.low, rows)
                limit -= len(rows)
                if limit <= 0:
                    return

    def _in_piece(self, session: Session, piece: Piece, limit: int) -> Sequence[BackupJobRow]:
        if piece.run_ids is None:
            part = replace(self, from_id=RunId(piece.low), before_id=RunId(piece.high + 1))
            return part._read(session, limit)
        if not piece.run_ids:
            return []
        of_script = [] if self.script is None or self._is_rare else [_runs_script(self.script)]
        conditions = (BackupJobRow.id.in_(piece.run_ids), *of_script, *self._conditions())
        rows = select(BackupJobRow).where(*conditions).order_by(BackupJobRow.id.desc())
        return session.scalars(rows.limit(limit)).all()

    def _read(self, session: Session, limit: int) -> Sequence[BackupJobRow]:
        rows: list[BackupJobRow] = []
        for part in self._parts(session, select(BackupJobRow), limit):
            rows += part
        return rows

    def ids(self, session: Session) -> array[int]:
        """Return the ids of all runs, newest first. Without a search, that takes a fraction of a second."""
        ids = array("q")
        for part in self._bounded(session)._parts(session, select(BackupJobRow.id), MAX_ID):
            ids.extend(part)
        return ids

    def _parts(self, session: Session, what: Select[Any], limit: int) -> Iterator[Sequence[Any]]:
        """Yield at most *limit* runs, newest first."""
        sources = self._sources()
        query = what.where(*self._conditions()).order_by(BackupJobRow.id.desc())
        if not sources:
            yield session.scalars(query.where(*self._range(BackupJobRow.id)).limit(limit)).all()
            return
        for ids in self._pages(session, sources):
            found = session.scalars(query.where(BackupJobRow.id.in_(ids)).limit(limit)).all()
            yield found
            limit -= len(found)
            if limit <= 0:
                return

    def _pages(self, session: Session, sources: Sequence[_Source]) -> Iterator[Sequence[RunId]]:
        """Yield pages of the run ids that all *sources* contain, newest first."""
        size, before = _FIRST_PAGE, self.before_id
        while True:
            queries = [source.ids(self._range(source.column, before)).limit(size) for source in sources]
            pages = [session.scalars(query).all() for query in queries]
            # Below the end of the shortest full page, further ids of that source may follow that are not loaded yet.
            edge = max((page[-1] for page in pages if len(page) == size), default=RunId(0))
            ids = sorted({run_id for page in pages for run_id in page if run_id >= edge}, reverse=True)
            if ids:
                yield ids
            if not edge:
                return
            size, before = min(2 * size, _LARGEST_PAGE), edge

    def _range(self, column: Any, before: RunId | None = None) -> list[ColumnElement[bool]]:
        before = self.before_id if before is None else before
        return [
            *([column < before] if before is not None else []),
            *([column >= self.from_id] if self.from_id is not None else []),
        ]

    def _sources(self) -> list[_Source]:
        """Return indexes that contain all matching runs; none if the primary key or the status index is good enough."""
        if self.script is not None and not self._is_rare:
            run_id = ScriptExecutionRow.run_id
            return [_Source(run_id, (of_script(self.script), run_id.is_not(None)))]
        if isinstance(self.repository, str) and self.script is None:
            status = [] if self.status is None else [BackupJobRow.status == self.status]
            return [_Source(BackupJobRow.id, (named, *status)) for named in _named(self.repository)]
        return []

    @property
    def _is_rare(self) -> bool:
        """Return whether status or kind alone select few runs."""
        return self.status not in (None, RunStatus.SUCCESS) or self.kind not in (None, RunKind.BACKUP)

    def _conditions(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if isinstance(self.repository, int):
            conditions.append(BackupJobRow.repository_id == self.repository)
        elif self.repository is not None:
            # Not OR, which SQLite would turn into a search for all runs with either name.
            conditions.append(case(*((named, 1) for named in _named(self.repository)), else_=0) == 1)
        if self.script is not None and self._is_rare:
            conditions.append(_runs_script(self.script))
        if self.status is not None:
            conditions.append(BackupJobRow.status == self.status)
        if self.kind is not None:
            conditions.append(BackupJobRow.kind == self.kind)
        if self.since is not None:
            conditions.append(BackupJobRow.queued_at >= self.since)
        if self.search:
            conditions.append(_mentions(self.search))
        return conditions


@dataclass(frozen=True, slots=True)
class _Source:
    column: Any
    """The column with the id of the run."""
    conditions: tuple[ColumnElement[bool], ...]

    def ids(self, within: Sequence[ColumnElement[bool]]) -> Select[Any]:
        return select(self.column).where(*self.conditions, *within).distinct().order_by(self.column.desc())


def _in_stretches(piece: Piece) -> Iterator[Piece]:
    """Divide a piece of which the index knows nothing, so that what is found in the beginning need not wait."""
    top, size = piece.high, _FIRST_STRETCH if piece.run_ids is None else piece.high
    while top >= piece.low:
        low = max(piece.low, top - size + 1)
        yield Piece(low, top, piece.run_ids)
        top, size = low - 1, min(2 * size, _LARGEST_STRETCH)


def of_script(script: int | str) -> ColumnElement[bool]:
    """Return the condition for executions of a script, given by its id, or by a current or former name."""
    column: Any = ScriptExecutionRow.script_id if isinstance(script, int) else ScriptExecutionRow.script
    condition: ColumnElement[bool] = column == script
    return condition


def _named(name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return conditions for runs of a repository that had this name then, and of the one that has it now."""
    now = select(RepositoryRow.id).where(RepositoryRow.name == name).scalar_subquery()
    return BackupJobRow.repository == name, BackupJobRow.repository_id == now


def _in_words(reasons: Any) -> ColumnElement[str]:
    return func.in_words(reasons, type_=Text)


def _runs_script(script: int | str) -> ColumnElement[bool]:
    execution = select(ScriptExecutionRow.id).where(ScriptExecutionRow.run_id == BackupJobRow.id)
    return execution.where(of_script(script)).exists()


def texts_of_run() -> tuple[Any, ...]:
    """Return the columns of a run that are searched; those of its scripts and of Borg's calls are below."""
    return BackupJobRow.repository, BackupJobRow.archive, _in_words(BackupJobRow.errors), _in_words(BackupJobRow.notes)


def texts_of_execution() -> tuple[Any, ...]:
    """Return the columns of a script in a run that are searched."""
    row = ScriptExecutionRow
    return row.script, _in_words(row.reasons), row.stdout, row.stderr


def texts_of_borg_call() -> tuple[Any, ...]:
    """Return the columns of a call of Borg that are searched."""
    return _in_words(BorgCallRow.errors), BorgCallRow.stdout, BorgCallRow.stderr


def has_text(needle: str, columns: tuple[Any, ...]) -> ColumnElement[bool]:
    """Return the condition that any of the columns contains *needle*, which is folded."""
    return func.mentions(needle, *columns, type_=Integer) == 1


def _mentions(text: str) -> ColumnElement[bool]:
    needle = folded(text)
    in_script, in_borg = has_text(needle, texts_of_execution()), has_text(needle, texts_of_borg_call())
    by_script = select(ScriptExecutionRow.id).where(ScriptExecutionRow.run_id == BackupJobRow.id, in_script)
    by_borg = select(BorgCallRow.run_id).where(BorgCallRow.run_id == BackupJobRow.id, in_borg)
    return or_(has_text(needle, texts_of_run()), by_script.exists(), by_borg.exists())
