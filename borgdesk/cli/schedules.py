"""``borgdesk schedule``: when repositories are backed up by themselves."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from borgdesk.cli import words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.json_values import moment as json_moment
from borgdesk.cli.tables import Cell, Column, Row, facts, table
from borgdesk.cli.terminal import Screen, Style
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import UNTIL_RESUMED, Schedule, Slot, SlotState
from borgdesk.engine.schedule import due as due_now
from borgdesk.engine.schedule import glance, installation, units
from borgdesk.engine.schedule.checks import CheckState
from borgdesk.engine.schedule.disks import with_disk
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.time_zone import local_zone
from borgdesk.engine.schedule.units import Units
from borgdesk.store.clock import now
from borgdesk.translation import N_, _, ngettext

_NO_SCHEDULE = N_("No repository has a schedule. “borgdesk schedule set” gives one to it.")
COLUMNS = (
    Column(N_("Repository"), flexible=True),
    Column(N_("Schedule"), flexible=True),
    Column(N_("Next backup")),
    Column(N_("State"), flexible=True),
)
_STATES: Mapping[SlotState, tuple[str, Style]] = {
    SlotState.WAITING: (N_("waiting"), Style.WARN),
    SlotState.RUNNING: (N_("running"), Style.BOLD),
    SlotState.DONE: (N_("done"), Style.GOOD),
    SlotState.FAILED: (N_("failed"), Style.BAD),
    SlotState.MISSED: (N_("missed"), Style.WARN),
    SlotState.PAUSED: (N_("paused"), Style.WARN),
}


def show(console: Console, arguments: argparse.Namespace) -> int:
    """Show one schedule with all its values, or all of them as a table."""
    if arguments.repository is None:
        dues = due_now.look_at_all(console.workspace)
        _tell_if_none(console, dues)
        documents = [schedule_document(console, due) for due in dues]
        console.answer(documents, lambda out: table(out, COLUMNS, [schedule_row(console, due) for due in dues]))
        return 0
    due = _due_of(console, arguments.repository)
    console.answer(schedule_document(console, due), lambda out: _show_one(console, out, due))
    return 0


def _tell_if_none(console: Console, dues: Sequence[Due]) -> None:
    if not dues:
        console.say(_(_NO_SCHEDULE))


def _due_of(console: Console, ref: str) -> Due:
    repository = console.workspace.store.repositories.get(ref)
    due = due_now.look(console.workspace, repository)
    if due is None:
        raise InvalidInput(_("“{name}” has no schedule.").format(name=repository.name))
    return due


def _last_slot(console: Console, due: Due) -> Slot | None:
    """Return the slot that is due, or the last one that was."""
    if due.slot is not None:
        return due.slot
    return next(iter(console.workspace.store.schedules.slots(due.repository_id, 1, up_to=now())), None)


def schedule_row(console: Console, due: Due) -> Row:
    """Return a row of the table of schedules, which has :data:`COLUMNS`."""
    return [due.repository.name, due.schedule.form.in_words(), _next(due), _state(due, _last_slot(console, due))]


def _next(due: Due) -> str:
    return _("paused") if due.schedule.is_paused(now()) else words.minute(due.next_at)


def _state(due: Due, slot: Slot | None) -> Cell:
    if slot is None:
        return Cell(_("overdue"), Style.BAD) if due.assessment.overdue else Cell("")
    style = _STATES[slot.state][1]
    if due.assessment.overdue:
        return Cell(_("overdue, {state}").format(state=_state_in_words(slot)), Style.BAD)
    return Cell(_state_in_words(slot), style)


def _state_in_words(slot: Slot) -> str:
    """Return its reasons if there are any: they say the state, too."""
    if not slot.reason:
        return _(_STATES[slot.state][0])
    if slot.next_try is not None and slot.next_try > now():
        return _("tried again at {moment}: {reason}").format(moment=words.minute(slot.next_try), reason=slot.reason)
    return slot.reason


def _show_one(console: Console, out: Screen, due: Due) -> None:
    schedule, conditions = due.schedule, due.schedule.conditions
    slot, delay = _last_slot(console, due), due_now.shift(due.repository, schedule)
    waits = [
        _("for mains power") if not conditions.on_battery else "",
        _("for a connection that is not metered") if not conditions.on_metered else "",
        _("for the hours {hours}").format(hours=conditions.between) if conditions.between else "",
    ]
    disk = _("each time {folder} is mounted").format(folder=conditions.disk) if conditions.disk else ""
    pause = schedule.paused_until if schedule.is_paused(now()) else None
    facts(
        out,
        [
            (_("Repository"), due.repository.name),
            (_("Schedule"), schedule.form.in_words()),
            (_("Next backup"), _next(due)),
            (_("Also"), disk),
            (_("Paused until"), _until(pause) if pause else ""),
            (_("Waits"), ", ".join(filter(None, waits))),
            (_("Run anyway after"), _days(conditions.run_anyway_after)),
            (_("Delay"), words.duration(delay.total_seconds()) if delay else ""),
            (_("Overdue after"), _days(schedule.overdue_after)),
            (_("Check every"), _days(schedule.check_every)),
            (_("Last check"), _check_state(due)),
            (_("Last due"), words.minute(slot.due_at) if slot else ""),
            (_("State"), _state(due, slot)),
        ],
    )


def _until(moment: datetime) -> str:
    return _("until you resume") if moment == UNTIL_RESUMED else words.minute(moment)


def _days(count: int | None) -> str:
    return "" if count is None else ngettext("{count} day", "{count} days", count).format(count=count)


def schedule_document(console: Console, due: Due) -> Json:
    """Return a schedule and its state as JSON."""
    schedule, slot = due.schedule, _last_slot(console, due)
    return {
        "repository": due.repository.name,
        "repository_id": due.repository.id,
        "cron": schedule.cron,
        "kind": schedule.form.kind,
        "text": schedule.form.in_words(),
        "next_run": _local(console, due.next_at),
        "jitter": schedule.jitter,
        "delay": int(due_now.shift(due.repository, schedule).total_seconds()),
        "conditions": schedule.conditions.as_json(),
        "overdue_after": schedule.overdue_after,
        "check_every": schedule.check_every,
        "check": _check(due.check),
        "overdue": due.assessment.overdue,
        "paused_until": json_moment(schedule.paused_until) if schedule.is_paused(now()) else None,
        "slot": None if slot is None else _slot(slot),
    }


def _check(check: CheckState) -> Json:
    failed = check.failed
    return {
        "due": check.due,
        "last_good": json_moment(check.good_at),
        "unfinished": check.unfinished,
        "failed_run_id": None if failed is None else failed.id,
        "overdue": check.overdue,
    }


def _check_state(due: Due) -> Cell:
    check = due.check
    if due.schedule.check_every is None:
        return Cell("")
    if check.failed is not None:
        return Cell(_("failed: {error}").format(error=check.failed.error or "?"), Style.BAD)
    text = _("never") if check.good_at is None else words.minute(check.good_at)
    if check.unfinished:
        text = _("{moment}, the next one is done in part").format(moment=text)
    return Cell(_("{moment}, overdue").format(moment=text), Style.BAD) if check.overdue else Cell(text)


def _slot(slot: Slot) -> Json:
    return {
        "due_at": json_moment(slot.due_at),
        "state": slot.state,
        "reason": slot.reason,
        "tries": slot.tries,
        "next_try": json_moment(slot.next_try),
        "run_id": slot.run_id,
    }


def _local(console: Console, moment: datetime) -> str:
    return moment.astimezone(local_zone(console.workspace.environment)).isoformat()


def set_schedule(console: Console, arguments: argparse.Namespace) -> int:
    """Store a schedule; what is not given stays as it is."""
    workspace = console.workspace
    repository = workspace.store.repositories.get(arguments.repository)
    before = workspace.store.schedules.get(repository.id)
    if before is None and arguments.cron is None:
        raise InvalidInput(
            _("“{name}” has no schedule yet. Say when: --hourly, --daily, --weekly, --monthly or --cron.").format(
                name=repository.name
            )
        )
    local_zone(workspace.environment)  # An unknown one is told before anything is stored.
    schedule = _changed(before or Schedule(repository.id, ""), arguments)
    if arguments.when_disk is not None:
        schedule = with_disk(repository, schedule, workspace.environment, wanted=arguments.when_disk)
    workspace.store.schedules.put(schedule)
    due = _due_of(console, str(repository.id))
    said = _("{name} is backed up automatically: {schedule}, next on {moment}.")
    if not console.json:
        console.say(said.format(name=quoted(repository.name), schedule=due.schedule.form.in_words(), moment=_next(due)))
    console.answer(schedule_document(console, due))
    # Afterwards: whatever systemd says, the schedule is stored.
    installation.follow_schedules(workspace)
    if not console.json:
        tell_closed(console)
    return 0


def _changed(schedule: Schedule, arguments: argparse.Namespace) -> Schedule:
    cleared: dict[str, Any] = dict.fromkeys(arguments.clear)

    def given(*names: str) -> dict[str, Any]:
        changes = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
        return {name: value for name, value in cleared.items() if name in names} | changes

    conditions = replace(schedule.conditions, **given("on_battery", "on_metered", "between", "run_anyway_after"))
    return replace(schedule, conditions=conditions, **given("cron", "jitter", "check_every", "overdue_after"))


def tell_closed(console: Console) -> None:
    """Say that backups do not start while the window is closed, if that can be changed."""
    # Whatever became of systemd: what the command was to do is done.
    with contextlib.suppress(BorgDeskError):
        if installation.state(console.workspace).units is Units.MISSING:
            console.say(_("Backups start only while the window is open. “borgdesk schedule install” changes that."))


def clear(console: Console, arguments: argparse.Namespace) -> int:
    """Remove a schedule, and with the last one the units."""
    workspace = console.workspace
    repository = workspace.store.repositories.get(arguments.repository)
    if not workspace.store.schedules.remove(repository.id):
        raise InvalidInput(_("“{name}” has no schedule.").format(name=repository.name))
    console.say(_("“{name}” is not backed up by itself any more.").format(name=repository.name))
    console.answer({"repository": repository.name, "repository_id": repository.id})
    if installation.follow_schedules(workspace):
        console.say(_("It was the last schedule, so the systemd units were removed, too."))
    return 0


def pause(console: Console, arguments: argparse.Namespace) -> int:
    """Pause one schedule or all."""
    until = arguments.until or UNTIL_RESUMED
    if until <= now():
        raise InvalidInput(_("{moment} has passed already.").format(moment=words.minute(until)))
    scheduled = _scheduled(console, arguments.repository)
    console.workspace.store.schedules.pause([one.id for one in scheduled], until)
    if until == UNTIL_RESUMED:
        console.say(_("Paused until you resume."))
    else:
        console.say(_("Paused until {moment}.").format(moment=words.minute(until)))
    return _answer(console, scheduled)


def resume(console: Console, arguments: argparse.Namespace) -> int:
    """End pauses."""
    scheduled = _scheduled(console, arguments.repository)
    console.workspace.store.schedules.pause([one.id for one in scheduled], None)
    console.say(_("Resumed."))
    return _answer(console, scheduled)


def _answer(console: Console, repositories: Sequence[Repository]) -> int:
    dues = (due_now.look(console.workspace, one, ask=False) for one in repositories)
    console.answer([schedule_document(console, due) for due in dues if due is not None])
    return 0


def _scheduled(console: Console, ref: str | None) -> Sequence[Repository]:
    """Return the repository, or all with a schedule."""
    if ref is not None:
        return [_due_of(console, ref).repository]
    found = [due.repository for due in due_now.look_at_all(console.workspace, ask=False)]
    if not found:
        raise InvalidInput(_("No repository has a schedule."))
    return found


def upcoming(console: Console, arguments: argparse.Namespace) -> int:
    """Show the next moments, with jitter, in order; none of a pause."""
    workspace = console.workspace
    zone = local_zone(workspace.environment)
    if arguments.repository is None:
        dues = due_now.look_at_all(workspace, ask=False)
        _tell_if_none(console, dues)
    else:
        dues = [_due_of(console, arguments.repository)]
    found: list[tuple[datetime, str]] = []
    for due in dues:
        name, schedule, after = due.repository.name, due.schedule, arguments.after or now()
        found += [
            (moment, name) for moment in glance.upcoming(workspace, due.repository, schedule, after, arguments.count)
        ]
        if schedule.paused_until == UNTIL_RESUMED:
            console.say(_("“{name}” is paused until you resume.").format(name=name))
    found.sort()
    console.answer(
        [{"repository": name, "at": moment.astimezone(zone).isoformat()} for moment, name in found],
        lambda out: table(
            out,
            (Column(N_("Next backup")), Column(N_("Repository"), flexible=True)),
            [[words.minute(moment), name] for moment, name in found],
        ),
    )
    return 0


def install(console: Console, _arguments: argparse.Namespace) -> int:
    """Install the systemd units."""
    if not console.workspace.store.schedules.list():
        raise InvalidInput(_(_NO_SCHEDULE))
    installation.install(console.workspace)
    console.say(_("Backups start by themselves now, also while the window is closed."))
    lingers = installation.state(console.workspace).lingers
    if not lingers:
        console.say(
            _("While you are logged out nothing starts, unless an administrator allows it: “loginctl enable-linger”.")
        )
    console.answer({"installed": True, "while_logged_out": lingers})
    return 0


def uninstall(console: Console, _arguments: argparse.Namespace) -> int:
    """Remove the systemd units."""
    removed = units.uninstall(console.workspace.environment)
    console.say(
        _("Backups start only while the window is open.") if removed else _("The systemd units were not installed.")
    )
    console.answer({"installed": False, "removed": removed})
    return 0


COMMANDS: Commands = {
    "show": show,
    "set": set_schedule,
    "clear": clear,
    "pause": pause,
    "resume": resume,
    "next": upcoming,
    "install": install,
    "uninstall": uninstall,
}
