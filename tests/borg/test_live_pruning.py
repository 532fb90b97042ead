"""Own implementation of retention, compared with the installed Borg, or the one named by BORGDESK_BORG."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command import BorgCommand
from borgdesk.borg.command_options import PruneOptions
from borgdesk.borg.output import OutputLine, OutputReader
from borgdesk.borg.pruning import kept
from borgdesk.borg.replies import ArchiveEntry, PruneAction, parse_list, parse_prune_line
from borgdesk.borg.series import Identity, matches
from borgdesk.domain.repository import Retention
from tests.borg.lab import Lab
from tests.real_borg import PROGRAM, needs_borg

pytestmark = needs_borg

NOW = datetime.now(UTC).replace(microsecond=0)
AGES = (
    *(timedelta(seconds=age) for age in (1, 1, 30, 70)),
    *(timedelta(hours=age) for age in (2, 5, 23, 26, 49)),
    *(timedelta(days=age) for age in (3, 7, 8, 29, 31, 62, 95, 200, 364, 366, 740, 741)),
)
RULES = (
    Retention(last=3),
    Retention(daily=2),
    Retention(daily=100),
    Retention(daily=-1),
    Retention(within="2d"),
    Retention(within="1m", monthly=2),
    Retention(hourly=2, daily=3, weekly=2, monthly=3, yearly=1),
    Retention(last=2, weekly=4, yearly=10),
    Retention(within="1H", last=1),
)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    assert PROGRAM is not None
    lab = Lab(PROGRAM, tmp_path)
    lab.init()
    return lab


def archives(lab: Lab) -> tuple[ArchiveEntry, ...]:
    return parse_list(lab.must(lab.borg.list_archives(lab.repository)).stdout).archives


def make(lab: Lab, name: str, age: timedelta = timedelta()) -> None:
    command = lab.create(archive_name=name)
    stamp = f"--timestamp={(NOW - age).strftime('%Y-%m-%dT%H:%M:%S')}"
    lab.must(replace(command, argv=(*command.argv[:2], stamp, *command.argv[2:])))


def decisions(lab: Lab, command: BorgCommand) -> Iterator[tuple[str, PruneAction]]:
    reader = OutputReader()
    stderr = lab.must(command).stderr
    for event in reader.feed(stderr) + reader.finish():
        decision = parse_prune_line(event) if isinstance(event, OutputLine) else None
        if decision is not None:
            yield decision.archive_id, decision.action


def test_the_rules_are_borgs(lab: Lab) -> None:
    for number, age in enumerate(AGES):
        make(lab, f"a{number:02}", age)
    made = archives(lab)
    assert len(made) == len(AGES)
    for retention in RULES:
        # Borg's days are those of its time zone, which here is this process's.
        zone = os.environ.get("TZ")
        command = lab.borg.prune(lab.repository, PruneOptions("*", retention, dry_run=True))
        env = {**command.env} | ({"TZ": zone} if zone else {})
        if not zone:
            env.pop("TZ", None)
        says = dict(decisions(lab, replace(command, env=env)))
        ours = kept(made, retention, datetime.now(UTC))
        assert {name for name, action in says.items() if action is PruneAction.KEEP} == set(ours), retention


def test_patterns_match_what_borg_says_they_match(lab: Lab) -> None:
    identity = Identity(socket.gethostname().partition(".")[0], "", pwd.getpwuid(os.getuid()).pw_name)
    host = identity.hostname
    for name in (
        "{hostname}-{now}",
        "{hostname}-photos-{now}",
        f"{host}-{{pid}}",
        f"{host}-Monday",
        f"{host}-photos",
        "a[b]*",
        "ab",
        "a{{b}}",
        "{user}-x",
        "{uuid4}",
        "a.b",
        "aXb",
    ):
        make(lab, name)
    names = [archive.name for archive in archives(lab)]
    for template in (
        "{hostname}-{now}",
        "{hostname}-{now:%A}",
        "{hostname}-{pid}",
        "{hostname}-{now:%Z}",
        "a[b]*",
        "a{{b}}",
        "{user}-x",
        "{user:.1}-x",
        "{uuid4}",
        "a.b",
        "{now:%s}",
    ):
        answer = lab.must(lab.borg.list_archives(lab.repository, glob=series_glob(template)))
        says = [archive.name for archive in parse_list(answer.stdout).archives]
        assert [name for name in names if matches(template, identity, name)] == says, template


def test_deleting_by_name_takes_nothing_else(lab: Lab) -> None:
    for name in ("{{a}}", "a*", "ab", "-x", "b"):
        make(lab, name)
    lab.must(lab.borg.delete(lab.repository, ["{a}", "a*", "-x"]))
    assert [archive.name for archive in archives(lab)] == ["ab", "b"]
