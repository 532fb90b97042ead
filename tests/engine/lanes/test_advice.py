"""Advice about the lanes, and that following it leaves nothing to advise."""

from __future__ import annotations

import pytest

from borgdesk.domain.downtime import is_stopping
from borgdesk.domain.run import ALWAYS, Hook
from borgdesk.engine.lanes import advice as lanes_advice
from borgdesk.engine.lanes.advice import Advice, Problem, followed
from borgdesk.engine.lanes.arrangement import arrange, read_lanes
from borgdesk.engine.scripts.templates import pair_of, templates
from tests.engine.desk import LAST, POST, PRE, Desk


def given(desk: Desk) -> list[Advice]:
    lanes = read_lanes(desk.workspace, desk.repository.id)
    return [*lanes_advice.advice(lanes)]


def follow(desk: Desk, advice: Advice) -> None:
    lanes = read_lanes(desk.workspace, desk.repository.id)
    wanted = followed(lanes.assignments, advice, lanes.repository)
    arrange(desk.workspace, desk.repository.id, lanes.assignments, wanted)


def in_lanes(desk: Desk) -> list[tuple[str, str]]:
    return [(one.hook, one.script) for one in read_lanes(desk.workspace, desk.repository.id).assignments]


def test_a_good_arrangement_needs_none(desk: Desk) -> None:
    desk.add("Stop web", PRE)
    desk.add("Dump PostgreSQL", PRE)
    desk.add("Start web", POST, run_on="always")
    desk.add("Tell me", LAST, run_on="failure")
    assert given(desk) == []


def test_the_pairs_of_the_templates_need_none(desk: Desk) -> None:
    every = templates()
    pairs = {pair_of(one, every) for one in every if is_stopping(one.name)}
    assert len(pairs) >= 4
    for stop, start in pairs:
        desk.add(stop.name, PRE)
        desk.add(start.name, POST, run_on="always")
    assert given(desk) == []


def test_nothing_starts_what_was_stopped(desk: Desk) -> None:
    start = desk.add("Start web", POST, run_on="always")
    lanes = read_lanes(desk.workspace, desk.repository.id).assignments
    arrange(desk.workspace, desk.repository.id, lanes, ())
    desk.add("Stop web", PRE)
    (one,) = given(desk)
    assert (one.problem, one.about.script, one.is_solvable) == (Problem.NOTHING_STARTS, "Stop web", True)
    assert one.partner is not None
    assert one.partner.id == start.script_id
    follow(desk, one)
    assert in_lanes(desk) == [(PRE, "Stop web"), (POST, "Start web")]


def test_without_a_partner_in_the_library_it_is_only_said(desk: Desk) -> None:
    desk.add("Stop web", PRE)
    (one,) = given(desk)
    assert not one.is_solvable
    follow(desk, one)
    assert in_lanes(desk) == [(PRE, "Stop web")]


@pytest.mark.parametrize("name", ["Start web", "Unmount disk"])
def test_a_cleanup_runs_always(desk: Desk, name: str) -> None:
    desk.add("Stop web", PRE)
    desk.add("Start web", POST, run_on="success" if name == "Start web" else "always")
    desk.add("Unmount disk", LAST, run_on="success,warning" if name == "Unmount disk" else "always")
    (one,) = given(desk)
    assert (one.problem, one.about.script) == (Problem.NOT_ALWAYS, name)
    follow(desk, one)
    lanes = read_lanes(desk.workspace, desk.repository.id).assignments
    assert next(found.run_on for found in lanes if found.script == name) == ALWAYS
    assert given(desk) == []


def test_a_start_that_is_switched_off_starts_nothing(desk: Desk) -> None:
    desk.add("Stop web", PRE)
    desk.add("Start web", POST, run_on="always", enabled=False)
    (one,) = given(desk)
    assert (one.problem, one.about.script) == (Problem.STARTS_NOTHING, "Start web")
    follow(desk, one)
    assert given(desk) == []


def test_a_start_before_the_backup_is_too_early(desk: Desk) -> None:
    desk.add("Stop web", PRE)
    desk.add("Start web", PRE, run_on="always")
    problems = {one.problem: one for one in given(desk)}
    assert set(problems) == {Problem.NOTHING_STARTS, Problem.TOO_EARLY}
    follow(desk, problems[Problem.TOO_EARLY])
    assert in_lanes(desk) == [(PRE, "Stop web"), (POST, "Start web")]
    assert given(desk) == []


@pytest.mark.parametrize("lane", [POST, LAST])
def test_a_stop_after_the_backup_comes_too_late(desk: Desk, lane: Hook) -> None:
    desk.add("Stop web", lane)
    desk.add("Start web", lane, run_on="always")
    (one,) = given(desk)
    assert (one.problem, one.about.script, one.is_solvable) == (Problem.TOO_LATE, "Stop web", True)
    follow(desk, one)
    assert in_lanes(desk) == [(PRE, "Stop web"), (lane, "Start web")]
    assert given(desk) == []


def test_a_server_that_runs_only_for_the_backup_may_be_shut_down_after_it(desk: Desk) -> None:
    desk.add("Shut down NAS", POST, run_on="always")
    assert given(desk) == [], "nothing would start it again"
    desk.add("Start NAS", PRE)
    assert [one.problem for one in given(desk)] == [Problem.TOO_EARLY]


def test_an_inline_script_that_stops_something_needs_one_that_starts_it(desk: Desk) -> None:
    desk.change(pre_script="#!/bin/sh\n# nothing to stop\necho\n")
    assert given(desk) == []
    desk.change(pre_script="#!/bin/sh\nsystemctl stop web\n")
    (one,) = given(desk)
    assert (one.problem, one.about.script, one.is_solvable) == (
        Problem.NOTHING_STARTS,
        "Inline script before",
        False,
    )
    desk.change(post_script="./everything-again\n")
    assert given(desk) == [], "it may start the rest, too"
    desk.change(post_script="")
    desk.add("Everything again", LAST)
    assert given(desk) == []


def test_an_inline_script_that_is_not_used_is_not_advised_about(desk: Desk) -> None:
    desk.change(pre_script="systemctl stop web\n")
    desk.add("Dump", PRE)
    assert given(desk) == []


@pytest.mark.parametrize("starts", ["systemctl start web", "docker compose up -d", "occ maintenance:mode --off"])
def test_an_inline_script_starts_what_a_script_of_the_library_stops(desk: Desk, starts: str) -> None:
    desk.add("Stop web", PRE)
    desk.change(post_script=f"#!/bin/sh\n{starts}\n")
    assert given(desk) == []


def test_following_advice_puts_no_inline_script_out_of_use(desk: Desk) -> None:
    desk.add("Start web", LAST, run_on="always")
    lanes = read_lanes(desk.workspace, desk.repository.id).assignments
    arrange(desk.workspace, desk.repository.id, lanes, ())
    desk.add("Stop web", PRE)
    desk.change(post_script="echo done\n")
    (one,) = given(desk)
    assert (one.problem, one.is_solvable) == (Problem.NOTHING_STARTS, False)
