"""Lists the history: runs, and tests of scripts among them.

The text index has no tests: there are few of them, and they are read.
"""

from __future__ import annotations

from array import array
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, select
from sqlalchemy.orm import Session

from borgdesk.domain.history_list import (
    SPACING,
    Key,
    Listed,
    ListedTest,
    execution_of,
    first_run_from,
    key_of,
    key_of_run,
    run_of,
)
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.store.connections import Stop
from borgdesk.store.database import Database
from borgdesk.store.execution_rows import execution_from
from borgdesk.store.executions import WITHOUT_OUTPUT
from borgdesk.store.run_filters import Conditions, has_text, of_script, texts_of_execution
from borgdesk.store.run_rows import run_from
from borgdesk.store.runs import Runs
from borgdesk.store.search_index import SearchIndex
from borgdesk.store.tables import RepositoryRow, ScriptExecutionRow, ScriptTestRow
from borgdesk.store.text_search import check_length, folded

_STATUSES = {
    RunStatus.RUNNING: (ExecutionStatus.RUNNING,),
    RunStatus.SUCCESS: (ExecutionStatus.SUCCESS,),
    RunStatus.FAILURE: (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT),
    RunStatus.CANCELLED: (ExecutionStatus.CANCELLED,),
    RunStatus.INTERRUPTED: (ExecutionStatus.INTERRUPTED,),
}
"""What a status of runs means for tests; none of them meets the others."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be listed: of runs and tests, those that meet the conditions, in a range of keys."""

    conditions: Conditions = field(default_factory=Conditions)
    runs: bool = True
    tests: bool = True
    before: Key | None = None
    from_run: RunId | None = None
    """The oldest run, and the oldest one after which tests are listed."""

    @property
    def of_runs(self) -> Conditions:
        """The conditions for runs."""
        before = None if self.before is None else first_run_from(self.before)
        return replace(self.conditions, before_id=before, from_id=self.from_run)


class HistoryList:
    """Reads runs and tests, newest first."""

    def __init__(self, database: Database, runs: Runs, index: SearchIndex) -> None:
        self._database, self._runs, self._index = database, runs, index

    def find(self, wanted: Wanted, limit: int, stop: Stop | None = None) -> list[Listed]:
        """Return at most *limit* runs and tests, without their executions and output.

        Raises:
            Stopped: *stop*, which is polled, returned True.
        """
        runs = self._runs.find(wanted.of_runs, limit, stop) if wanted.runs else []
        tests: list[Listed] = []
        if wanted.tests:
            # Those that are older than a full page of runs are not on this page.
            oldest = key_of(runs[-1]) if runs and len(runs) == limit else Key(0)
            with self._database.reading(stop) as session:
                tests += _tests(session, [*_conditions(wanted), _key() >= oldest], limit)
        return sorted([*runs, *tests], key=key_of, reverse=True)[:limit]

    def search(self, wanted: Wanted, limit: int, stop: Stop | None = None) -> Generator[list[Listed], None, None]:
        """Yield at most *limit* runs and tests that have a text, newest first, each as soon as it is found.

        Raises:
            Stopped: *stop*, which is polled, returned True.
        """
        before = wanted.before
        with self._database.reading(stop) as session, closing(self._parts(session, wanted, limit)) as parts:
            for low, runs in parts:
                here = replace(wanted, before=before, from_run=low)
                tests = _tests(session, _conditions(here), limit) if wanted.tests else []
                found = sorted([*runs, *tests], key=key_of, reverse=True)[:limit]
                if found:
                    yield found
                before, limit = key_of_run(low), limit - len(found)
                if limit <= 0:
                    return

    def _parts(
        self, session: Session, wanted: Wanted, limit: int
    ) -> Generator[tuple[RunId, Sequence[Listed]], None, None]:
        """Yield runs, each time with the number down to which everything has been searched."""
        if not wanted.runs:
            yield wanted.from_run or RunId(0), []
            return
        for part in wanted.of_runs.parts(session, limit, self._index):
            yield RunId(part.low), [run_from(row) for row in part.rows]

    def keys(self, wanted: Wanted, stop: Stop | None = None) -> array[int]:
        """Return the keys of all that is wanted, newest first.

        Raises:
            Stopped: *stop*, which is polled, returned True.
        """
        runs = self._runs.ids(wanted.of_runs, stop) if wanted.runs else array("q")
        tests: Sequence[int] = ()
        if wanted.tests:
            with self._database.reading(stop) as session:
                query = select(_key()).join(ScriptExecutionRow).where(*_conditions(wanted))
                tests = session.scalars(query.order_by(*_NEWEST_FIRST)).all()
        return _merged(runs, tests)

    def some(self, keys: Sequence[int]) -> list[Listed]:
        """Return those of the runs and tests with these keys that exist, in any order."""
        runs = [run_of(key) for key in keys if execution_of(key) is None]
        tests = [test_id for key in keys if (test_id := execution_of(key)) is not None]
        found: list[Listed] = [*self._runs.some(runs)] if runs else []
        if tests:
            with self._database.reading() as session:
                found += _tests(session, [ScriptTestRow.execution_id.in_(tests)], len(tests))
        return found

    def newest_run(self) -> RunId:
        """Return the number of the newest run; 0 if there is none."""
        return self._runs.newest_id()


_NEWEST_FIRST = ScriptTestRow.after_run.desc(), ScriptTestRow.execution_id.desc()


def _key() -> ColumnElement[Any]:
    return ScriptTestRow.after_run * SPACING + ScriptTestRow.execution_id


def _tests(session: Session, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[ListedTest]:
    query: Select[ScriptExecutionRow, RunId] = (
        select(ScriptExecutionRow, ScriptTestRow.after_run)
        .join(ScriptTestRow)
        .where(*conditions)
        .order_by(*_NEWEST_FIRST)
        .limit(limit)
        .options(*WITHOUT_OUTPUT)
    )
    return [ListedTest(execution_from(row, with_output=False), after) for row, after in session.execute(query)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    test = ScriptTestRow
    conditions: list[ColumnElement[bool]] = []
    if wanted.before is not None:
        # The first of the two is what the index knows.
        conditions += [test.after_run <= run_of(wanted.before), _key() < wanted.before]
    if wanted.from_run is not None:
        conditions.append(test.after_run >= wanted.from_run)
    of_execution = _conditions_of_execution(wanted.conditions)
    if of_execution:
        # Wrapped, so that SQLite does not begin with an index that has all executions of runs, too.
        conditions.append(case((and_(*of_execution), 1), else_=0) == 1)
    return conditions


def _conditions_of_execution(asked: Conditions) -> list[ColumnElement[bool]]:
    execution = ScriptExecutionRow
    conditions: list[ColumnElement[bool]] = []
    if asked.repository is not None:
        conditions.append(_as_if_for(asked.repository))
    if asked.script is not None:
        conditions.append(of_script(asked.script))
    if asked.status is not None:
        conditions.append(execution.status.in_(_STATUSES.get(asked.status, ())))
    if asked.since is not None:
        conditions.append(execution.started_at >= asked.since)
    if asked.search:
        check_length(asked.search)
        conditions.append(has_text(folded(asked.search), texts_of_execution()))
    return conditions


def _as_if_for(repository: int | str) -> ColumnElement[bool]:
    by_id = select(RepositoryRow.name).where(RepositoryRow.id == repository).scalar_subquery()
    name: Any = repository if isinstance(repository, str) else by_id
    condition: ColumnElement[bool] = ScriptExecutionRow.repository == name
    return condition


def _merged(run_ids: array[int], tests: Sequence[int]) -> array[int]:
    # Not with key_of_run: there may be hundreds of thousands.
    keys = [run_id * SPACING for run_id in run_ids]
    if tests:
        keys = sorted([*keys, *tests], reverse=True)
    return array("q", keys)
