"""The instants of a cron expression in a time zone.

cronsim follows Debian's cron where clocks change: an instant in the gap of spring fires at the first moment after it;
in the hour that autumn repeats, fixed times fire once and every-hour expressions in every real hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim, CronSimError

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import N_, _

_NOT_A_VALUE = (
    N_("the minute cannot be “{value}”"),
    N_("the hour cannot be “{value}”"),
    N_("the day of the month cannot be “{value}”"),
    N_("the month cannot be “{value}”"),
    N_("the day of the week cannot be “{value}”"),
)
"""What can be wrong, by field."""


def check_cron(cron: str) -> None:
    """Check that an expression is valid and fires at all.

    Raises:
        InvalidInput: it is not, or never does.
    """
    fields = cron.split()
    if len(fields) != len(_NOT_A_VALUE):
        raise InvalidInput(
            _(
                "“{cron}” is not a cron expression. It needs five fields: minute, hour, day of the month, month and "
                "day of the week."
            ).format(cron=cron)
        )
    for place, value in enumerate(fields):
        alone = ["*"] * len(fields)
        alone[place] = value
        try:
            CronSim(" ".join(alone), datetime.now(UTC))
        except (CronSimError, ValueError) as error:
            problem = _(_NOT_A_VALUE[place]).format(value=value)
            raise InvalidInput(
                _("“{cron}” is not a cron expression: {error}.").format(cron=cron, error=problem)
            ) from error
    try:
        next(CronSim(cron, datetime.now(UTC)))
    except (CronSimError, StopIteration):
        raise InvalidInput(_("“{cron}” never fires: there is no such day.").format(cron=cron)) from None


def after(cron: str, zone: tzinfo, moment: datetime) -> Iterator[datetime]:
    """Iterate over the instants after *moment*, in UTC: local times cannot be compared where clocks change."""
    return _in_utc(cron, zone, moment)


def up_to(cron: str, zone: tzinfo, moment: datetime) -> Iterator[datetime]:
    """Iterate over the instants up to and including *moment*, the newest first, in UTC."""
    following = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _in_utc(cron, zone, following, reverse=True)


def _in_utc(cron: str, zone: tzinfo, moment: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    with suppress(OverflowError):  # Nothing fires after the year 9999.
        for instant in CronSim(cron, moment.astimezone(zone), reverse=reverse):
            yield instant.astimezone(UTC)
