"""Preview of the archives to keep, compared with Borg and with actual retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from borgdesk.borg.replies import ArchiveEntry
from borgdesk.domain.errors import Stopped
from borgdesk.domain.repository import Retention
from borgdesk.engine.archives.retention_preview import Verdict, made_here, retention_preview
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.shared_locations import identity_here
from tests.engine.archives.lab import make_archives
from tests.engine.desk import Desk

MOMENTS = [f"2026-01-0{day}T{hour:02}:30:00" for day in range(1, 5) for hour in (9, 17)]


def kept(verdicts: list[Verdict]) -> dict[str, str | None]:
    return {one.archive.removeprefix("papers-2026-01-")[:5]: one.rule for one in verdicts if one.keep}


def test_the_rules_that_are_being_edited_are_tried(real: Desk) -> None:
    make_archives(real, MOMENTS)
    everything = retention_preview(real.workspace, real.repository)
    assert [one.archive for one in everything] == [f"papers-{moment}" for moment in reversed(MOMENTS)]
    assert all(one.keep and one.rule is None for one in everything)
    some = retention_preview(real.workspace, real.repository, Retention(daily=2, last=1))
    assert kept(some) == {"04T17": "last #1", "03T17": "daily #1", "02T17": "daily #2"}
    assert some[0].start == datetime(2026, 1, 4, 17, 30, tzinfo=UTC)
    assert len(retention_preview(real.workspace, real.repository)) == len(MOMENTS)


def test_what_others_made_stays_and_is_said(real: Desk) -> None:
    make_archives(real, MOMENTS, ours=MOMENTS[:-2])
    verdicts = retention_preview(real.workspace, real.repository, Retention(daily=1))
    assert [(one.keep, one.ours, one.rule) for one in verdicts[:3]] == [
        (True, False, None),
        (True, False, None),
        (True, True, "daily #1"),
    ]
    assert not any(one.keep for one in verdicts[3:])


def test_checkpoints_are_ours_if_host_and_user_are(desk: Desk) -> None:
    """They have no run in the history, and another machine may use the same names."""
    us, now = identity_here(), datetime.now(UTC)
    owners = [(us.hostname, us.user), (f"{us.hostname}x", us.user), (us.hostname, f"{us.user}x"), ("", us.user)]
    entries = [ArchiveEntry(f"a{host}{user}.checkpoint", "", now, now, "", host, user) for host, user in owners]
    whole = ArchiveEntry("whole", "", now, now, "", us.hostname, us.user)
    made = made_here(desk.workspace, desk.repository, [*entries, whole])
    assert made == [entries[0]]
    assert made_here(desk.workspace, desk.repository, [whole], ["whole"]) == [whole]


def test_it_can_be_stopped(desk: Desk) -> None:
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Stopped):
        retention_preview(desk.workspace, desk.repository, cancel=cancel)


def test_other_series_are_left_alone(real: Desk) -> None:
    make_archives(real, MOMENTS)
    real.repository = replace(real.repository, archive_name="letters-{now}")
    verdicts = retention_preview(real.workspace, real.repository, Retention(daily=1))
    assert all(one.keep and not one.ours for one in verdicts)
