"""Calls Borg as part of a run: logged, recorded in events and history, and cancelled with the run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from borgdesk.borg.command import Borg, BorgCommand
from borgdesk.borg.output import OutputEvent
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.events import Stream
from borgdesk.domain.history import BorgCall
from borgdesk.domain.reasons import Reason, text
from borgdesk.domain.run import BorgStep, Outcome, RunStatus
from borgdesk.engine.borg_calls.borg_diagnosis import with_diagnosis
from borgdesk.engine.borg_calls.borg_process import Access, BorgAnswer, access_to, call
from borgdesk.engine.borg_calls.limits import Limits
from borgdesk.engine.processes.markers import borg_marker
from borgdesk.engine.repositories.passphrases import passphrase_for
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.borg_listener import BorgListener

_log = logging.getLogger(__name__)

_TIDYING = Limits(stall=10.0, total=30.0)
"""For cleaning up: it must not keep scripts waiting on a dead network disk."""


def call_in_run(
    active: ActiveRun,
    access: Access,
    step: BorgStep,
    make: Callable[[Borg], BorgCommand],
    stall_limit: float,
    *,
    hear: Callable[[OutputEvent], None] = lambda _: None,
    reply: Callable[[bytes], None] | None = None,
) -> BorgAnswer:
    """Call Borg as part of a run: its output goes to the run's log and listeners, and the run's cancel stops it.

    *stall_limit* seconds without progress end it. That it was called, and how it ended, is in history, whatever becomes
    of the run. *hear* gets each event, too, and an answer that is too long to be kept goes to *reply*.

    Raises:
        BorgUnusable: the program could not be started.
        Exception: whatever *hear* or *reply* raise; see :func:`borgdesk.engine.borg_calls.borg_process.call`.
    """
    marker, output, limits = borg_marker(active.mark), active.borg_output_name(step), Limits(stall=stall_limit)
    listener = BorgListener(active, active.output_of(output))

    def listen(event: OutputEvent) -> None:
        try:
            listener(event)
        except Exception:
            # A backup does not fail because a line of its output could not be recorded.
            _log.exception("output of Borg in run %d was lost", active.run.id)
        hear(event)

    begun = BorgCall(step, RunStatus.RUNNING, active.clock.now())
    active.begin_borg(begun, output)
    try:
        answer = call(active.workspace, access, make, listen, active.cancel, marker, limits, reply)
    except BaseException as error:
        active.end_borg(
            replace(begun, status=RunStatus.FAILURE, errors=(text(str(error)),), finished_at=active.clock.now())
        )
        raise
    finally:
        listener.close()
    active.borg_was_killed |= answer.result.killed
    answer = replace(answer, result=with_diagnosis(answer.result, active.run.location, active.cancel))
    active.end_borg(_ended(begun, answer, listener, active.clock.now()))
    return answer


@contextmanager
def own_step(active: ActiveRun, step: BorgStep) -> Iterator[None]:
    """A piece of work of BorgDesk's own, with a line in the timeline as Borg's have."""
    begun = BorgCall(step, RunStatus.RUNNING, active.clock.now())
    active.begin_borg(begun, active.borg_output_name(step))
    status = RunStatus.SUCCESS
    errors: tuple[Reason, ...] = ()
    try:
        yield
    except Stopped:
        status = RunStatus.CANCELLED
        raise
    except BaseException as problem:
        status, errors = RunStatus.FAILURE, (text(str(problem)),)
        raise
    finally:
        active.end_borg(replace(begun, status=status, errors=errors, finished_at=active.clock.now()))


def leave_out(active: ActiveRun, step: BorgStep, reason: Reason) -> None:
    """Record that Borg was not called for a step, and why."""
    when = active.clock.now()
    skipped = BorgCall(step, RunStatus.SKIPPED, when, when, errors=(reason,))
    active.begin_borg(skipped, active.borg_output_name(step))
    active.end_borg(skipped)


def _ended(begun: BorgCall, answer: BorgAnswer, listener: BorgListener, when: datetime) -> BorgCall:
    stopped = answer.cancelled and not answer.result.outcome.made_archive
    outcome = Outcome.CANCELLED if stopped else answer.result.outcome
    return replace(
        begun,
        status=RunStatus(outcome.value),
        finished_at=when,
        exit_code=answer.result.exit_code,
        errors=() if stopped else answer.result.reasons,
        stdout=listener.kept(Stream.STDOUT),
        stderr=listener.kept(Stream.STDERR),
        truncated=listener.truncated,
    )


def clear_stale_locks(active: ActiveRun, access: Access | None = None) -> None:
    """Let Borg remove the locks that a killed Borg of this machine left on the repository and its cache.

    Any call of Borg does that, but only for dead processes of this machine: locks of other machines and of living
    processes stay. ``info`` checks both; its result does not matter here.
    """
    if active.run.repository_id is None:
        return
    try:
        repository = active.workspace.store.repositories.get(active.run.repository_id)
        access = access or access_to(repository, passphrase_for(active.workspace, repository))
        make = partial(_info, location=repository.location)
        call(active.workspace, access, make, marker=borg_marker(active.mark), limits=_TIDYING)
    except BorgDeskError as error:
        _log.info("stale locks of run %d were left to the next Borg: %s", active.run.id, error)


def _info(borg: Borg, location: str) -> BorgCommand:
    return replace(borg, lock_wait=1).info(location)
