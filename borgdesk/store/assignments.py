"""Stores which scripts are assigned to the lanes of each repository."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from borgdesk.domain import parameters as parameter
from borgdesk.domain.assignment import Assignment, check_hook, check_on_failure, check_shared
from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.holds import SHARED_LANES
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.merging import merged
from borgdesk.domain.rearranging import facts_of, rearranged, title, with_facts
from borgdesk.domain.run import LANES, ExecutionStatus, Hook, OnFailure, RunOn
from borgdesk.domain.script import check_timeout
from borgdesk.store.database import Database
from borgdesk.store.rows import row_by_id
from borgdesk.store.tables import RepositoryRow, RepositoryScriptRow, ScriptExecutionRow, ScriptRow
from borgdesk.store.text import check_text
from borgdesk.translation import _


class Assignments:
    """The assignments. After every call, the orders in each lane are 1, 2, 3 and so on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(  # noqa: PLR0913 - one argument a field
        self,
        repository_id: RepositoryId,
        script_id: ScriptId,
        hook: Hook,
        *,
        order: int | None = None,
        enabled: bool = True,
        timeout: int | None = None,
        run_on: RunOn | None = None,
        on_failure: OnFailure | None = None,
        parameters: Mapping[str, str] | None = None,
        secrets: Collection[str] = frozenset(),
        shared: str | None = None,
    ) -> Assignment:
        """Assign a script at position *order* of a lane, or at its end. A lane may contain a script more than once.

        Raises:
            InvalidInput: a value is invalid.
            NotFound: there is no such repository or script.
        """
        with self._database.writing() as session:
            _check_repository(session, repository_id)
            _check_script(session, script_id)
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
                shared=shared,
            )
            _check(row)
            lane = _lane(session, repository_id, hook)
            lane.insert(_index(order, len(lane)), row)
            session.add(row)
            _number(lane)
            session.flush()
            return _one(session, row.id)

    def get(self, assignment_id: AssignmentId) -> Assignment:
        """Return one assignment.

        Raises:
            NotFound: there is none of that id.
        """
        with self._database.reading() as session:
            return _one(session, _row(session, assignment_id).id)

    def list(self, repository_id: RepositoryId) -> builtins.list[Assignment]:
        """Return a repository's assignments by lane and position, including disabled ones."""
        with self._database.reading() as session:
            return _all(session, RepositoryScriptRow.repository_id == repository_id)

    def for_script(self, script_id: ScriptId) -> builtins.list[Assignment]:
        """Return all assignments of a script, by repository, lane and position."""
        with self._database.reading() as session:
            return _all(session, RepositoryScriptRow.script_id == script_id)

    def edit(self, assignment: Assignment, *, seen: Assignment, over: bool = False) -> Assignment:
        """Store the differences between *assignment* and *seen*, and leave everything else as it is.

        With *over*, our change of a value overwrites a concurrent one.

        Raises:
            InvalidInput: a value is invalid; nothing was changed.
            NotFound: there is no such assignment.
            Changed: somebody else changed the same value since it was *seen*, and *over* was not given.
        """
        with self._database.writing() as session:
            row = _row(session, assignment.id)
            stored = _one(session, row.id)
            facts = merged(facts_of(seen), facts_of(assignment), facts_of(stored), title(stored), over=over)
            _fill(session, row, with_facts(stored, facts))
            return _one(session, row.id)

    def conceal(self, assignment_id: AssignmentId, names: Collection[str]) -> Assignment:
        """Turn plain values into secret ones: remove them from the assignment and from its script's history.

        Executions that are still owed keep theirs, without which they could not run.

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

    def move(self, assignment_id: AssignmentId, order: int, hook: Hook | None = None) -> Assignment:
        """Move an assignment to another position in its lane or in another lane.

        Raises:
            InvalidInput: *order* is below 1, or the lane does not support its policy.
            NotFound: there is no such assignment.
        """
        with self._database.writing() as session:
            row = _row(session, assignment_id)
            left = [other for other in _lane(session, row.repository_id, row.hook) if other is not row]
            _number(left)
            if hook is not None and hook is not row.hook:
                left = _lane(session, row.repository_id, check_hook(hook))
                row.hook = hook
                row.shared = row.shared if hook in SHARED_LANES else None
                _check(row)
            left.insert(_index(order, len(left)), row)
            _number(left)
            return _one(session, row.id)

    def remove(self, assignment_id: AssignmentId) -> None:
        """Delete an assignment. The caller has to remove its secrets.

        Raises:
            NotFound: there is no such assignment.
        """
        with self._database.writing() as session:
            row = _row(session, assignment_id)
            lane = _lane(session, row.repository_id, row.hook)
            session.delete(row)
            _number(other for other in lane if other is not row)

    def rearrange(
        self, repository_id: RepositoryId, seen: Sequence[Assignment], wanted: Sequence[Assignment]
    ) -> builtins.list[Assignment]:
        """Apply the changes from *seen* to *wanted* at once: how an editor changes, undoes and redoes.

        Concurrent additions, removals and changes of other assignments are kept. A removed assignment is restored with
        its old id, under which its secrets are stored; id 0 is a new one. The *order* fields determine the order of
        each lane. Returns the new assignments.

        Raises:
            InvalidInput: a value is invalid, or an id belongs to another repository; nothing was changed.
            NotFound: there is no such repository, or a script was removed meanwhile.
            Changed: somebody else moved, changed or removed the same assignment since; nothing was changed.
        """
        new: builtins.list[RepositoryScriptRow] = []
        with self._database.writing() as session:
            _check_repository(session, repository_id)
            existing = {row.id: row for row in _rows(session, RepositoryScriptRow.repository_id == repository_id)}
            result = rearranged(seen, wanted, _all(session, RepositoryScriptRow.repository_id == repository_id))
            for row_id in existing.keys() - {assignment.id for assignment in result}:
                session.delete(existing[row_id])
            lanes: dict[Hook, builtins.list[RepositoryScriptRow]] = {hook: [] for hook in LANES}
            for assignment in result:
                with session.no_autoflush:  # Rows have no position yet.
                    row = existing.get(assignment.id) or _restored(session, repository_id, assignment.id)
                    _fill(session, row, assignment)
                if assignment.id == 0:
                    new.append(row)
                lanes[row.hook].append(row)
            for lane in lanes.values():
                _number(lane)
            session.flush()
            return [_one(session, row.id) for row in new]


def _without(parameters: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in names}


def _restored(session: Session, repository_id: RepositoryId, assignment_id: AssignmentId) -> RepositoryScriptRow:
    if row_by_id(session, RepositoryScriptRow, assignment_id) is not None:
        raise InvalidInput(_("Assignment {id} belongs to another repository.").format(id=assignment_id))
    row = RepositoryScriptRow(id=assignment_id or None, repository_id=repository_id)
    session.add(row)
    return row


def _fill(session: Session, row: RepositoryScriptRow, assignment: Assignment) -> None:
    _check_script(session, assignment.script_id)
    row.script_id = assignment.script_id
    row.hook = check_hook(assignment.hook)
    row.enabled = assignment.enabled
    row.timeout = assignment.timeout
    row.run_on = assignment.run_on
    row.on_failure = assignment.on_failure
    row.parameters = dict(assignment.parameters)
    row.secrets = sorted(assignment.secrets)
    row.shared = assignment.shared
    _check(row)


def _check(row: RepositoryScriptRow) -> None:
    check_on_failure(row.hook, row.on_failure)
    check_shared(row.hook, row.shared)
    if row.timeout is not None:
        check_timeout(row.timeout)
    for name, value in row.parameters.items():
        parameter.check_name(name)
        parameter.check_value(name, check_text(value, _("The value of {name}").format(name=name)))
    for name in row.secrets:
        parameter.check_name(name)
        if name in row.parameters:
            raise InvalidInput(_("The parameter {name} cannot be both secret and plain.").format(name=name))


def _check_repository(session: Session, row_id: int) -> None:
    if row_by_id(session, RepositoryRow, row_id) is None:
        raise NotFound(_("There is no repository “{ref}”.").format(ref=row_id))


def _check_script(session: Session, row_id: int) -> None:
    if row_by_id(session, ScriptRow, row_id) is None:
        raise NotFound(_("There is no script “{ref}”.").format(ref=row_id))


def _row(session: Session, assignment_id: AssignmentId) -> RepositoryScriptRow:
    row = row_by_id(session, RepositoryScriptRow, assignment_id)
    if row is None:
        raise NotFound(_("There is no assignment “{assignment_id}”.").format(assignment_id=assignment_id))
    return row


def _rows(session: Session, condition: ColumnElement[bool]) -> builtins.list[RepositoryScriptRow]:
    order = (RepositoryScriptRow.execution_order, RepositoryScriptRow.id)
    return list(session.scalars(select(RepositoryScriptRow).where(condition).order_by(*order)))


def _lane(session: Session, repository_id: RepositoryId, hook: Hook) -> builtins.list[RepositoryScriptRow]:
    of_repository = RepositoryScriptRow.repository_id == repository_id
    return _rows(session, of_repository & (RepositoryScriptRow.hook == hook))


def _index(order: int | None, length: int) -> int:
    """Return the list index for an order that counts from 1; orders beyond the end mean the end."""
    if order is not None and order < 1:
        raise InvalidInput(_("An order of {order} is not possible. The first place is 1.").format(order=order))
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


def _one(session: Session, assignment_id: AssignmentId) -> Assignment:
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
        shared=row.shared,
    )
