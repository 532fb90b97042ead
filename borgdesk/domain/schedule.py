"""When backups start by themselves: the schedule of a repository, and the slots that its schedule makes due.

Every schedule is a cron expression in the user's time zone; hourly, daily, weekly and monthly are forms of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self

from borgdesk.domain.enumeration import listed
from borgdesk.domain.errors import Changed, InvalidInput
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.merging import Facts, merged
from borgdesk.domain.reasons import Reason, in_words
from borgdesk.translation import N_, _

JITTER_OVER_SSH = timedelta(minutes=10)
"""The default for servers, which would otherwise be asked by all their clients in the same second."""

LONGEST_JITTER = timedelta(hours=12)
UNTIL_RESUMED = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a pause that has none."""

LONGEST_DAYS = 3650
_LAST_SAFE_DAY = 28


class ScheduleKind(StrEnum):
    """The forms in which a schedule can be entered."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CRON = "cron"


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""How days are entered; cron counts them from 1, Monday."""

DAY_NAMES = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
LAST_DAY = "L"
"""The last day of a month, in a cron expression."""

_FORMS = {
    ScheduleKind.HOURLY: re.compile(r"(?P<minute>\d+) \* \* \* \*"),
    ScheduleKind.DAILY: re.compile(r"(?P<minute>\d+) (?P<hour>\d+) \* \* \*"),
    ScheduleKind.WEEKLY: re.compile(r"(?P<minute>\d+) (?P<hour>\d+) \* \* (?P<days>[1-7](?:,[1-7])*)"),
    ScheduleKind.MONTHLY: re.compile(r"(?P<minute>\d+) (?P<hour>\d+) (?P<day>\d+|L) \* \*"),
}


@dataclass(frozen=True, slots=True)
class CronForm:
    """A cron expression, taken apart if it has one of the simple forms."""

    kind: ScheduleKind
    cron: str
    at: time = time()
    """Local time; of :attr:`ScheduleKind.HOURLY` only the minute counts."""
    days: tuple[int, ...] = ()
    """Days of the week, from 1 (Monday) to 7."""
    day: str = ""
    """Day of the month, or ``L`` for the last one."""

    @classmethod
    def parse(cls, cron: str) -> Self:
        """Take an expression apart; whether it is valid is checked where instants are computed."""
        cron = " ".join(cron.split())
        for kind, form in _FORMS.items():
            if match := form.fullmatch(cron):
                found = match.groupdict()
                days = tuple(sorted({int(day) for day in found.get("days", "").split(",") if day}))
                try:
                    at = time(int(found.get("hour", 0)), int(found["minute"]))
                except ValueError:
                    break
                return cls(kind, cron, at, days, found.get("day", ""))
        return cls(ScheduleKind.CRON, cron)

    def in_words(self) -> str:
        """Return, for example, "daily at 02:30"."""
        at = f"{self.at:%H:%M}"
        match self.kind:
            case ScheduleKind.HOURLY:
                return _("every hour at minute {minute}").format(minute=f"{self.at.minute:02}")
            case ScheduleKind.DAILY:
                return _("daily at {time}").format(time=at)
            case ScheduleKind.WEEKLY:
                days = listed(_(DAY_NAMES[day - 1]) for day in self.days)
                return _("every {days} at {time}").format(days=days, time=at)
            case ScheduleKind.MONTHLY if self.day == LAST_DAY:
                return _("on the last day of each month at {time}").format(time=at)
            case ScheduleKind.MONTHLY:
                return _("on day {day} of each month at {time}").format(day=self.day, time=at)
            case _:
                return _("cron {expression}").format(expression=self.cron)


def hourly(minute: int = 0) -> str:
    """Return the expression for every hour."""
    return f"{minute} * * * *"


def daily(at: time) -> str:
    """Return the expression for every day."""
    return f"{at.minute} {at.hour} * * *"


def weekly(days: Iterable[int], at: time) -> str:
    """Return the expression for the given days of each week, 1 for Monday to 7.

    Raises:
        InvalidInput: there is no day.
    """
    if not (chosen := sorted(set(days))):
        raise InvalidInput(_("Choose at least one day of the week."))
    return f"{at.minute} {at.hour} * * {','.join(map(str, chosen))}"


def monthly(day: str, at: time) -> str:
    """Return the expression for one day of each month, ``L`` for the last.

    Raises:
        InvalidInput: some months do not have that day.
    """
    if day != LAST_DAY and not (day.isdecimal() and len(day) <= len("28") and 1 <= int(day) <= _LAST_SAFE_DAY):
        raise InvalidInput(
            _("“{day}” is not a day of every month. Use 1 to {last}, or “L” for the last day.").format(
                day=day, last=_LAST_SAFE_DAY
            )
        )
    return f"{at.minute} {at.hour} {day if day == LAST_DAY else int(day)} * *"


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of the day, in local time; may pass midnight."""

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``HH:MM-HH:MM``.

        Raises:
            InvalidInput: it is something else, or an empty part of the day.
        """
        begin, dash, end = text.partition("-")
        try:
            hours = cls(parse_time(begin), parse_time(end))
        except InvalidInput:
            dash = ""
        if not dash or hours.begin == hours.end:
            raise InvalidInput(_("“{text}” is not a part of the day, such as 22:00-06:00.").format(text=text))
        return hours

    def __str__(self) -> str:
        """Return the form that :meth:`parse` reads."""
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"

    def contains(self, moment: time) -> bool:
        """Return whether a local time is in it; the end is not."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


def parse_time(text: str) -> time:
    """Parse ``HH:MM``.

    Raises:
        InvalidInput: it is something else.
    """
    match = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*", text, re.ASCII)
    try:
        return time(int(match[1]), int(match[2]))  # type: ignore[index]
    except (TypeError, ValueError):
        raise InvalidInput(_("“{text}” is not a time of day, such as 02:30.").format(text=text)) from None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a backup that is due waits for. They never drop it."""

    on_battery: bool = False
    """Whether it may start without mains power."""
    on_metered: bool = False
    """Whether it may start over a connection that is paid by volume; matters to servers only."""
    between: Hours | None = None
    """The part of the day in which it may start."""
    run_anyway_after: int | None = None
    """Days since the last good backup after which the three above are ignored."""
    disk: str | None = None
    """Mount point of the repository's disk, if a backup is also due each time that the disk is connected."""

    def as_json(self) -> dict[str, Any]:
        """Return the form in which they are stored and printed."""
        between = None if self.between is None else str(self.between)
        return {**asdict(self), "between": between, "when_disk": self.disk is not None}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return what :meth:`as_json` stored; what a newer version stored besides is ignored."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        if known.get("between") is not None:
            known["between"] = Hours.parse(known["between"])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a repository is backed up."""

    repository_id: RepositoryId
    cron: str
    """Five fields, in local time."""
    conditions: Conditions = field(default_factory=Conditions)
    jitter: int | None = None
    """Seconds; each machine starts at its own moment within them. None for the default."""
    overdue_after: int | None = None
    """Days without a good backup. None for the default: two periods, at least three days."""
    paused_until: datetime | None = None
    """None if it is not paused; :data:`UNTIL_RESUMED` for a pause without an end."""
    changed_at: datetime | None = None
    """When *cron* was set; slots up to then are not due. Set by the store."""
    connected_at: datetime | None = None
    """When the disk of :attr:`Conditions.disk` was last connected: a slot, as those of *cron* are."""
    check_every: int | None = None
    """Days after which the repository is checked again, after a good backup. None if it is not checked by itself."""
    check_since: datetime | None = None
    """When *check_every* was set. Set by the store."""

    @property
    def form(self) -> CronForm:
        """Its expression, taken apart."""
        return CronForm.parse(self.cron)

    def is_paused(self, now: datetime) -> bool:
        """Return whether nothing starts at present."""
        return self.paused_until is not None and self.paused_until > now

    def jitter_for(self, *, remote: bool) -> timedelta:
        """Return the longest delay after a slot."""
        if self.jitter is not None:
            return timedelta(seconds=self.jitter)
        return JITTER_OVER_SSH if remote else timedelta()

    def checked(self) -> Schedule:
        """Return it with its expression in canonical spelling.

        Raises:
            InvalidInput: a value is out of its range. Whether the expression ever fires is checked by the engine.
        """
        if self.jitter is not None and not 0 <= self.jitter <= LONGEST_JITTER.total_seconds():
            raise InvalidInput(
                _("A delay of {seconds} seconds is not possible: at most {most} hours.").format(
                    seconds=self.jitter, most=LONGEST_JITTER // timedelta(hours=1)
                )
            )
        for days in (self.overdue_after, self.conditions.run_anyway_after, self.check_every):
            if days is not None and not 1 <= days <= LONGEST_DAYS:
                raise InvalidInput(_("{days} days are not possible: 1 to {most}.").format(days=days, most=LONGEST_DAYS))
        return replace(self, cron=" ".join(self.cron.split()))


FACTS = (
    N_("start"),
    N_("on battery"),
    N_("on metered connections"),
    N_("hours"),
    N_("start anyway"),
    N_("start when the disk is connected"),
    N_("delay"),
    N_("overdue after"),
    N_("check"),
)
"""The facts that two editors can both have changed, with the words for them in the error message."""


def merged_schedule(
    seen: Schedule | None, wanted: Schedule | None, stored: Schedule | None, name: str, *, over: bool = False
) -> Schedule | None:
    """Return *stored* with the differences between *seen* and *wanted*; None stands for no schedule.

    Pauses are left alone: they are not part of what is edited. *name* is the repository's.

    Raises:
        Changed: *stored* and *seen* differ in one of them, or in whether there is a schedule, and *over* was not given.
    """
    what, both = _("The schedule of “{name}”").format(name=name), (_facts(seen), _facts(stored))
    if wanted is None or stored is None:
        if wanted == seen:
            return stored
        if both[0] != both[1] and wanted != stored and not over:
            raise Changed(what)
        return wanted
    facts = merged(both[0], _facts(wanted), both[1], what, over=over)
    values = [facts.get(fact) for fact in FACTS]
    cron, on_battery, on_metered, between, anyway, disk, jitter, overdue_after, check_every = values
    conditions = Conditions(bool(on_battery), bool(on_metered), between, anyway, disk)
    return replace(
        stored,
        cron=cron or wanted.cron,
        conditions=conditions,
        jitter=jitter,
        overdue_after=overdue_after,
        check_every=check_every,
    )


def _facts(schedule: Schedule | None) -> Facts:
    if schedule is None:
        return {}
    asked = schedule.conditions
    conditions = asked.on_battery, asked.on_metered, asked.between, asked.run_anyway_after, asked.disk
    others = schedule.jitter, schedule.overdue_after, schedule.check_every
    return dict(zip(FACTS, (schedule.cron, *conditions, *others), strict=True))


class SlotState(StrEnum):
    """The state of a slot."""

    WAITING = "waiting"
    """It may not start yet; see its reasons."""
    RUNNING = "running"
    DONE = "done"
    """Settled by a run."""
    FAILED = "failed"
    """The last retry failed, too."""
    MISSED = "missed"
    """Covered by another slot."""
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment at which a backup is due."""

    repository_id: RepositoryId
    due_at: datetime
    """The cron instant, without jitter."""
    state: SlotState
    reasons: tuple[Reason, ...] = ()
    tries: int = 0
    """How many runs were started for it."""
    next_try: datetime | None = None
    run_id: RunId | None = None
    """The newest of these runs."""

    @property
    def reason(self) -> str | None:
        """Its reasons as text."""
        return in_words(self.reasons)
