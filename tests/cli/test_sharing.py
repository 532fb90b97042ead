"""``assignment --shared``, and ``borgdesk held``."""

from __future__ import annotations

import pytest

from borgdesk.engine.runs import hold_file, hold_process
from borgdesk.engine.runs.hold_file import Member, Wish
from tests.cli.lab import BorgDesk


@pytest.fixture
def pair(desk: BorgDesk) -> BorgDesk:
    desk.add_pretended_repository("A")
    for name in ("Stop web", "Start web", "Report"):
        desk.add_script(name)
    add = ("assignment", "add", "A")
    for name, hook in (("Stop web", "pre-backup"), ("Start web", "post-backup"), ("Report", "post-run")):
        assert desk.here(*add, name, "--hook", hook).code == 0
    return desk


def shared(desk: BorgDesk) -> list[str | None]:
    return [one["shared"] for one in desk.here("assignment", "list", "A", "--json").json]


def test_both_scripts_of_a_pair_are_shared_and_no_longer(pair: BorgDesk) -> None:
    assert "It is shared together with “Start web”." in pair.here("assignment", "edit", "Stop web", "--shared").said
    assert shared(pair) == ["", "", None]
    assert pair.here("assignment", "edit", "Start web", "--shared", "The web").code == 0
    assert shared(pair) == ["The web", "The web", None]
    assert pair.here("assignment", "edit", "Start web", "--no-shared").code == 0
    assert shared(pair) == [None, None, None]


def test_what_belongs_to_nothing_is_not_shared_yet(pair: BorgDesk) -> None:
    answer = pair.here("assignment", "edit", "Report", "--shared")
    assert answer.said[0] == (
        "No other script here starts again what “Report” stops, or stops what it starts. Until there is one, nothing "
        "is shared."
    )


def test_a_script_added_later_joins_its_counterpart(desk: BorgDesk) -> None:
    desk.add_pretended_repository("A")
    for name, hook in (("Stop web", "pre-backup"), ("Start web", "post-run")):
        desk.add_script(name)
        assert desk.here("assignment", "add", "A", name, "--hook", hook, "--shared", "web").code == 0
    assert shared(desk) == ["web", "web"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--run-on", "success", "--hook", "post-backup"), "A shared script must always run"),
        (("--hook", "post-restore",), "Only scripts of backups can be shared"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared(pair: BorgDesk, options: tuple[str, ...], said: str) -> None:
    answer = pair.here("assignment", "add", "A", "Start web", *options, "--shared")
    assert answer.code == 2
    assert said in answer.err
    assert len(shared(pair)) == 3


def test_a_shared_script_keeps_its_condition(pair: BorgDesk) -> None:
    assert pair.here("assignment", "edit", "Stop web", "--shared").code == 0
    assert pair.here("assignment", "edit", "Start web", "--run-on", "success").code == 2


def test_held(desk: BorgDesk) -> None:
    assert desk.here("held").said == ["No service is kept stopped by several runs together."]
    folder = str(desk.workspace.paths.holds)
    for run in (17, 18):
        member = Member(run, f"TOKEN={run}", [hold_process.this_process()])
        hold_file.take(folder, Wish("a" * 32, "place", "Stop web"), member, "2026-11-28T12:00:00+00:00")
        hold_file.took(folder, "a" * 32, 17, stopped=True)
    (one,) = desk.here("held", "--json").json
    assert one["since"].startswith("2026-11-28T")
    assert {**one, "since": ""} == {
        "key": "a" * 32, "name": "Stop web", "state": "held", "runs": [17, 18], "since": "",
    }  # fmt: skip
    assert "17, 18" in desk.here("held").out
