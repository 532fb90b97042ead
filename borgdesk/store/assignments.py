"""Which script stands where in which repository's lanes."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from borgdesk.domain import parameters as parameter
from borgdesk.domain.assignment import Assignment, check_hook, check_on_failure
from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.run import LANES, ExecutionStatus, Hook, OnFailure, RunOn
from borgdesk.domain.script import check_timeout
from borgdesk.store.database import Database, row_by_id
from borgdesk.store.tables import RepositoryRow, RepositoryScriptRow, ScriptExecutionRow, ScriptRow
from borgdesk.store.text import check_text

CLEARABLE = frozenset({"timeout", "run_on", "on_failure"})
"""The overrides that :meth:`Assignments.edit` can take back to what the script, or the repository, says."""


class Assignments:
    """Assignments by id. In each lane their orders are 1, 2, 3, … after every call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(  # noqa: PLR0913 - one argument a field
        self,
        repository_id: int,
        script_id: int,
        hook: Hook,
        *,
        order: int | None = None,
        enabled: bool = True,
        timeout: int | None = None,
        run_on: RunOn | None = None,
        on_failure: OnFailure | None = None,
        parameters: Mapping[str, str] | None = None,
        secrets: Collection[str] = frozenset(),
    ) -> Assignment:
        """Place a script at *order* of a lane, or at its end. The same script may stand there more than once.

        Raises:
            InvalidInput: a value is not possible.
            NotFound: there is no such repository or script.
        """
        with self._database.writing() as session:
            _check_exists(session, RepositoryRow, repository_id, "repository")
            _check_exists(session, ScriptRow, script_id, "script")
            row = RepositoryScriptRow(
                repository_id=repository_id,
                script_id=script_id,
                hook=check_hook(hook),
                execution_order=0,
                enabled=enabled,
                timeout=timeout,
                run_on=run_on,
                on_failure=on_failure,
                parameters=dict(parameters or {}),
                secrets=sorted(secrets),
            )
            _check(row)
            lane = _lane(session, repository_id, hook)
            lane.insert(_index(order, len(lane)), row)
            session.add(row)
            _number(lane)
            session.flush()
            return _one(session, row.id)

    def get(self, assignment_id: int) -> Assignment:
        """One assignment.

        Raises:
            NotFound: there is none of that id.
        """
        with self._database.reading() as session:
            return _one(session, _row(session, assignment_id).id)

    def list(self, repository_id: int) -> builtins.list[Assignment]:
        """A repository's assignments, by lane and place, disabled ones too."""
        with self._database.reading() as session:
            return _all(session, RepositoryScriptRow.repository_id == repository_id)

    def for_script(self, script_id: int) -> builtins.list[Assignment]:
        """Everywhere a script is assigned, by repository, lane and place."""
        with self._database.reading() as session:
            return _all(session, RepositoryScriptRow.script_id == script_id)

    def edit(
        self,
        assignment_id: int,
        *,
        enabled: bool | None = None,
        timeout: int | None = None,
        run_on: RunOn | None = None,
        on_failure: OnFailure | None = None,
        parameters: Mapping[str, str] | None = None,
        secrets: Collection[str] | None = None,
        clear: Collection[str] = (),
    ) -> Assignment:
        """Change what is given, and take back the overrides that *clear* names (see :data:`CLEARABLE`).

        Parameters and the names of secrets are replaced as a whole.

        Raises:
            InvalidInput: a value is not possible; nothing was changed.
            NotFound: there is no such assignment.
        """
        changes = {"enabled": enabled, "timeout": timeout, "run_on": run_on, "on_failure": on_failure}
        with self._database.writing() as session:
            row = _row(session, assignment_id)
            for name in clear:
                if name not in CLEARABLE:
                    raise InvalidInput(f"“{name}” is not an override: use one of {', '.join(sorted(CLEARABLE))}.")
                setattr(row, name, None)
            for name, value in changes.items():
                if value is not None:
                    setattr(row, name, value)
            if parameters is not None:
                row.parameters = dict(parameters)
            if secrets is not None:
                row.secrets = sorted(secrets)
            _check(row)
            return _one(session, row.id)

    def conceal(self, assignment_id: int, names: Collection[str]) -> Assignment:
        """Make plain values secret ones: they are taken out of the assignment, and out of its script's history.

        Executions that are still owed keep theirs, without which they could not be run.

        Raises:
            NotFound: there is no such assignment.
        """
        with self._database.writing() as session:
            row = _row(session, assignment_id)
            row.secrets = sorted({*row.secrets, *(name for name in names if name in row.parameters)})
            row.parameters = _without(row.parameters, names)
            history = select(ScriptExecutionRow.id, ScriptExecutionRow.parameters).where(
                ScriptExecutionRow.script_id == row.script_id,
                ScriptExecutionRow.status.in_([status for status in ExecutionStatus if status.is_final]),
            )
            for execution_id, parameters in session.execute(history).all():
                if not parameters.keys().isdisjoint(names):
                    values = {"parameters": _without(parameters, names)}
                    session.execute(
                        update(ScriptExecutionRow).where(ScriptExecutionRow.id == execution_id).values(values)
                    )
            concealed = _one(session, row.id)
        self._database.wipe_log()
        return concealed

    def move(self, assignment_id: int, order: int, hook: Hook | None = None) -> Assignment:
        """Put an assignment at another place of its lane, or of another lane.

        Raises:
            InvalidInput: *order* is below 1, or the lane does not know its policy.
            NotFound: there is no such assignment.
        """
        with self._database.writing() as session:
            row = _row(session, assignment_id)
            left = [other for other in _lane(session, row.repository_id, row.hook) if other is not row]
            _number(left)
            if hook is not None and hook is not row.hook:
                left = _lane(session, row.repository_id, check_hook(hook))
                row.hook = hook
                _check(row)
            left.insert(_index(order, len(left)), row)
            _number(left)
            return _one(session, row.id)

    def remove(self, assignment_id: int) -> None:
        """Take a script out of its lane. The secrets of the assignment are the caller's to remove.

        Raises:
            NotFound: there is no such assignment.
        """
        with self._database.writing() as session:
            row = _row(session, assignment_id)
            lane = _lane(session, row.repository_id, row.hook)
            session.delete(row)
            _number(other for other in lane if other is not row)

    def replace_all(self, repository_id: int, assignments: Sequence[Assignment]) -> builtins.list[Assignment]:
        """Make these a repository's assignments, all at once: how an editor undoes and redoes.

        One that was removed comes back with the id it had, which its secrets are kept under; id 0 is a new one.
        Each lane has the order of the *order* fields.

        Raises:
            InvalidInput: a value is not possible, or an id belongs to another repository; nothing was changed.
            NotFound: there is no such repository, or a script was removed meanwhile.
        """
        with self._database.writing() as session:
            _check_exists(session, RepositoryRow, repository_id, "repository")
            existing = {row.id: row for row in _rows(session, RepositoryScriptRow.repository_id == repository_id)}
            for row_id in existing.keys() - {assignment.id for assignment in assignments}:
                session.delete(existing[row_id])
            lanes: dict[Hook, builtins.list[RepositoryScriptRow]] = {hook: [] for hook in LANES}
            for assignment in sorted(assignments, key=lambda one: one.order):
                row = existing.get(assignment.id) or _restored(session, repository_id, assignment.id)
                _fill(session, row, assignment)
                lanes[row.hook].append(row)
            for lane in lanes.values():
                _number(lane)
            session.flush()
            return _all(session, RepositoryScriptRow.repository_id == repository_id)


def _without(parameters: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in names}


def _restored(session: Session, repository_id: int, assignment_id: int) -> RepositoryScriptRow:
    if row_by_id(session, RepositoryScriptRow, assignment_id) is not None:
        raise InvalidInput(f"Assignment {assignment_id} belongs to another repository.")
    row = RepositoryScriptRow(id=assignment_id or None, repository_id=repository_id)
    session.add(row)
    return row


def _fill(session: Session, row: RepositoryScriptRow, assignment: Assignment) -> None:
    with session.no_autoflush:
        _check_exists(session, ScriptRow, assignment.script_id, "script")
    row.script_id = assignment.script_id
    row.hook = check_hook(assignment.hook)
    row.enabled = assignment.enabled
    row.timeout = assignment.timeout
    row.run_on = assignment.run_on
    row.on_failure = assignment.on_failure
    row.parameters = dict(assignment.parameters)
    row.secrets = sorted(assignment.secrets)
    _check(row)


def _check(row: RepositoryScriptRow) -> None:
    check_on_failure(row.hook, row.on_failure)
    if row.timeout is not None:
        check_timeout(row.timeout)
    for name, value in row.parameters.items():
        parameter.check_name(name)
        parameter.check_value(name, check_text(value, f"value of {name}"))
    for name in row.secrets:
        parameter.check_name(name)
        if name in row.parameters:
            raise InvalidInput(f"The parameter {name} cannot be both secret and plain.")


def _check_exists(session: Session, kind: type[RepositoryRow | ScriptRow], row_id: int, what: str) -> None:
    if row_by_id(session, kind, row_id) is None:
        raise NotFound(f"There is no {what} “{row_id}”.")


def _row(session: Session, assignment_id: int) -> RepositoryScriptRow:
    row = row_by_id(session, RepositoryScriptRow, assignment_id)
    if row is None:
        raise NotFound(f"There is no assignment “{assignment_id}”.")
    return row


def _rows(session: Session, condition: ColumnElement[bool]) -> builtins.list[RepositoryScriptRow]:
    order = (RepositoryScriptRow.execution_order, RepositoryScriptRow.id)
    return list(session.scalars(select(RepositoryScriptRow).where(condition).order_by(*order)))


def _lane(session: Session, repository_id: int, hook: Hook) -> builtins.list[RepositoryScriptRow]:
    of_repository = RepositoryScriptRow.repository_id == repository_id
    return _rows(session, of_repository & (RepositoryScriptRow.hook == hook))


def _index(order: int | None, length: int) -> int:
    """The place in a list for an order from 1; what lies beyond the end is the end."""
    if order is not None and order < 1:
        raise InvalidInput(f"An order of {order} is not possible: the first place is 1.")
    return length if order is None else min(order - 1, length)


def _number(lane: Iterable[RepositoryScriptRow]) -> None:
    for order, row in enumerate(lane, 1):
        row.execution_order = order


def _query() -> Select[RepositoryScriptRow, RepositoryRow, ScriptRow]:
    return (
        select(RepositoryScriptRow, RepositoryRow, ScriptRow)
        .join(RepositoryRow, RepositoryRow.id == RepositoryScriptRow.repository_id)
        .join(ScriptRow, ScriptRow.id == RepositoryScriptRow.script_id)
    )


def _one(session: Session, assignment_id: int) -> Assignment:
    return _assignment(*session.execute(_query().where(RepositoryScriptRow.id == assignment_id)).one())


def _all(session: Session, condition: ColumnElement[bool]) -> builtins.list[Assignment]:
    found = [_assignment(*result) for result in session.execute(_query().where(condition))]
    return sorted(
        found, key=lambda one: (one.repository.casefold(), one.repository_id, LANES.index(one.hook), one.order)
    )


def _assignment(row: RepositoryScriptRow, repository: RepositoryRow, script: ScriptRow) -> Assignment:
    return Assignment(
        id=row.id,
        repository_id=repository.id,
        repository=repository.name,
        script_id=script.id,
        script=script.name,
        hook=row.hook,
        order=row.execution_order,
        script_timeout=script.timeout,
        script_run_on=script.run_on,
        repository_on_failure=OnFailure.CONTINUE if repository.continue_on_hook_failure else OnFailure.STOP,
        enabled=row.enabled,
        timeout=row.timeout,
        run_on=row.run_on,
        on_failure=row.on_failure,
        parameters=row.parameters,
        secrets=frozenset(row.secrets),
    )
