"""The task that does the part of a check that a schedule makes due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from borgdesk.engine.runs.maintenance import PartCheck
from borgdesk.engine.schedule.checks import part_of
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.time_zone import local_zone
from borgdesk.store.clock import now as now_utc


def check_for(due: Due, environment: Mapping[str, str], now: datetime | None = None) -> PartCheck:
    """Return the task; of several processes that found the same check due, one does it."""
    part = part_of(due.schedule, local_zone(environment), now or now_utc())
    return PartCheck(int(part.total_seconds()), due.check.newest, is_automatic=True)
