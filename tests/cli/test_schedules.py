"""``borgdesk schedule``, ``due``, ``run --scheduled`` and ``owed``, with real Borg."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import update

from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import Hook, RunStatus, Trigger
from borgdesk.domain.schedule import Conditions, Schedule, Slot, SlotState
from borgdesk.store.tables import BackupJobRow
from tests.cli.lab import BorgDesk, end_with_guardian, wait_until
from tests.notification_desk import NotificationDesk

ANYTIME = Conditions(on_battery=True, on_metered=True)


def schedule(desk: BorgDesk, name: str, cron: str = "0 * * * *", since: timedelta = timedelta(days=2)) -> None:
    """Give a repository a schedule as it would be after a while."""
    store = desk.workspace.store
    with patch("borgdesk.store.schedules.now", return_value=datetime.now(UTC) - since):
        store.schedules.put(Schedule(store.repositories.get(name).id, cron, ANYTIME))


def yearly(desk: BorgDesk, name: str) -> None:
    """Give a repository a schedule whose last slot was missed, and whose next one is far away."""
    month = (datetime.now(UTC) - timedelta(days=40)).month
    schedule(desk, name, f"0 0 1 {month} *", timedelta(days=100))


def test_a_schedule_is_set_shown_and_cleared(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Papers")
    made = desk.ok("schedule", "set", "Papers", "--daily", "02:30", "--between", "22:00-06:00", "--json").json
    assert (made["cron"], made["kind"], made["text"]) == ("30 2 * * *", "daily", "daily at 02:30")
    assert made["conditions"] == {
        "on_battery": False, "on_metered": False, "between": "22:00-06:00", "run_anyway_after": None,
        "when_disk": False, "disk": None,
    }  # fmt: skip
    assert datetime.fromisoformat(made["next_run"]).strftime("%H:%M") == "02:30"
    changed = desk.ok("schedule", "set", "Papers", "--on-battery", "--run-anyway-after", "7", "--json").json
    assert changed["cron"] == made["cron"]
    assert changed["conditions"]["on_battery"]
    assert changed["conditions"]["between"] == "22:00-06:00"
    cleared = desk.ok("schedule", "set", "Papers", "--clear", "between", "--json").json
    assert cleared["conditions"]["between"] is None
    shown = desk.ok("schedule", "show", "Papers").out
    assert "daily at 02:30" in shown
    assert "Run anyway after  7 days" in shown
    desk.ok("schedule", "set", "Papers", "--overdue-after", "1")
    assert "Overdue after     1 day\n" in desk.ok("schedule", "show", "Papers").out
    (listed,) = desk.ok("schedule", "show", "--json").json
    assert listed["repository"] == "Papers"
    said = desk.ok("schedule", "set", "Papers", "--cron", "30 2 * * mon-fri").said[0]
    assert said.startswith("“Papers” is backed up automatically: cron 30 2 * * mon-fri, next on ")
    assert desk.ok("schedule", "clear", "Papers").said == ["“Papers” is not backed up by itself any more."]
    again = desk("schedule", "clear", "Papers")
    assert (again.code, again.said) == (2, ["borgdesk: “Papers” has no schedule."])
    assert desk.here("schedule", "show", "Papers").code == 2
    assert desk.here("schedule", "show", "--json").json == []
    assert desk.here("schedule", "next").said == desk.here("schedule", "show").said


def test_every_command_prints_one_document(desk: BorgDesk) -> None:
    papers = desk.add_pretended_repository("Papers").id
    desk.ok("schedule", "set", "Papers", "--hourly")
    (paused,) = desk.ok("schedule", "pause", "--json").json
    assert (paused["repository"], paused["paused_until"] is None) == ("Papers", False)
    (resumed,) = desk.ok("schedule", "resume", "Papers", "--json").json
    assert (resumed["repository"], resumed["paused_until"]) == ("Papers", None)
    assert desk.ok("schedule", "uninstall", "--json").json == {"installed": False, "removed": False}
    assert desk.ok("schedule", "clear", "Papers", "--json").json == {"repository": "Papers", "repository_id": papers}


@pytest.mark.parametrize(
    ("options", "cron"),
    [
        (["--hourly"], "0 * * * *"),
        (["--weekly", "thu,mon@18:05"], "5 18 * * 1,4"),
        (["--weekly", "Sunday@0:00"], "0 0 * * 7"),
        (["--monthly", "28@03:00"], "0 3 28 * *"),
        (["--monthly", "l@03:00"], "0 3 L * *"),
        (["--cron", "*/10  8-18 * *  1-5"], "*/10 8-18 * * 1-5"),
    ],
)
def test_the_forms_of_a_schedule(desk: BorgDesk, options: list[str], cron: str) -> None:
    desk.add_pretended_repository("Papers")
    assert desk.here("schedule", "set", "Papers", *options, "--json").json["cron"] == cron


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--daily", "25:00"], "“25:00” is not a time of day, such as 02:30."),
        (["--daily", "half past two"], "“half past two” is not a time of day, such as 02:30."),
        (["--weekly", "mon"], "“mon” has no time. Write it like mon,thu@02:30."),
        (["--weekly", "moonday@02:00"], "“moo” is not a day. Use mon, tue, wed, thu, fri, sat or sun."),
        (["--weekly", "@02:00"], "Choose at least one day of the week."),
        (["--monthly", "31@02:00"], "“31” is not a day of every month. Use 1 to 28, or “L” for the last day."),
        (["--monthly", "0@02:00"], "“0” is not a day of every month. Use 1 to 28, or “L” for the last day."),
        (["--cron", "0 0 30 2 *"], "“0 0 30 2 *” never fires: there is no such day."),
        (["--cron", "61 * * * *"], "“61 * * * *” is not a cron expression: the minute cannot be “61”."),
        (["--cron", "0 0 * * fry"], "“0 0 * * fry” is not a cron expression: the day of the week cannot be “fry”."),
        (["--cron", "9" * 5000 + " * * * *"], "is not a cron expression: the minute cannot be “"),
        (["--cron", "* * * * * *"], "It needs five fields: minute, hour, day of the month, month and day of the week."),
        (["--between", "22:00"], "“22:00” is not a part of the day, such as 22:00-06:00."),
        (["--between", "22:00-22:00"], "“22:00-22:00” is not a part of the day, such as 22:00-06:00."),
        (["--jitter", "-1"], "-1 is not possible. It must be at least 0."),
    ],
)
def test_what_is_no_schedule(desk: BorgDesk, options: list[str], sentence: str) -> None:
    desk.add_pretended_repository("Papers")
    wrong = desk.here("schedule", "set", "Papers", *options)
    assert wrong.code == 64
    assert sentence in wrong.err
    assert desk.workspace.store.schedules.list() == []


def test_values_that_are_too_large(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Papers")
    for options in (["--jitter", "99999"], ["--overdue-after", "99999"], ["--run-anyway-after", "99999"]):
        assert desk.here("schedule", "set", "Papers", "--hourly", *options).code == 2
    assert desk.here("schedule", "set", "Papers", "--on-battery").said == [
        "borgdesk: “Papers” has no schedule yet. Say when: --hourly, --daily, --weekly, --monthly or --cron."
    ]
    assert desk.workspace.store.schedules.list() == []


def test_a_disk_that_cannot_be_connected_is_refused_and_nothing_is_stored(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    refused = desk.here("schedule", "set", "Papers", "--daily", "02:30", "--when-disk")
    assert (refused.code, refused.out) == (2, "")
    assert "“Papers” is not on a disk of its own, so it is always connected." in refused.err
    assert desk.workspace.store.schedules.list() == []


def test_due_backups_are_started_without_systemd(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    yearly(desk, "Papers")
    program = desk.folder / "bin" / "borgdesk"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(desk.argv())} "$@"\n')
    program.chmod(0o755)
    (program.parent / "python").symlink_to(sys.executable)
    with patch.object(sys, "executable", str(program.parent / "python")):
        assert desk.here("due", "--start").code == 0
    runs = desk.workspace.store.runs
    wait_until(lambda: [run.status for run in runs.list()] == [RunStatus.SUCCESS], "a good backup")
    assert runs.list()[0].trigger is Trigger.SCHEDULE
    assert desk.here("due", "--start").said == ["Nothing is due."]


def test_an_unknown_time_zone(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Papers")
    schedule(desk, "Papers")
    desk.environment["TZ"] = "Middle/Earth"
    wrong = desk.here("schedule", "show")
    assert (wrong.code, wrong.out) == (2, "")
    assert "The time zone “Middle/Earth” is not known." in wrong.err
    assert desk.here("schedule", "set", "Papers", "--daily", "02:30").code == 2
    assert [one.cron for one in desk.workspace.store.schedules.list()] == ["0 * * * *"]


def test_the_next_moments_in_spring(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Papers")
    schedule(desk, "Papers", "30 2 * * *")
    desk.environment["TZ"] = "Europe/Berlin"
    found = desk.here("schedule", "next", "Papers", "--count", "3", "--after", "2027-03-27T12:00+01:00", "--json").json
    assert [one["at"] for one in found] == [
        "2027-03-28T03:00:00+02:00",
        "2027-03-29T02:30:00+02:00",
        "2027-03-30T02:30:00+02:00",
    ]
    assert desk.here("schedule", "next", "--count", "1001").code == 64
    assert desk.here("schedule", "next", "--after", "soon").code == 64
    assert desk.here("schedule", "next", "--after", "9999-12-31T12:00", "--json").json == []


def test_what_is_due_is_done_once(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    yearly(desk, "Papers")
    (due,) = desk.ok("due", "--json").json
    assert (due["starts"], due["slot"]["state"], due["slot"]["tries"]) == (True, "waiting", 0)
    first, second = (desk.start("run", "--scheduled", "Papers", "--json") for _ in range(2))
    answers = [json.loads(process.communicate()[0]) for process in (first, second)]
    assert sorted((first.returncode, second.returncode)) == [0, 0]
    (run,) = [run for answer in answers for run in answer]
    assert (run["trigger"], run["status"]) == ("schedule", "success")
    assert desk.ok("due").said == ["Nothing is due."]
    shown = desk.ok("schedule", "show", "Papers", "--json").json
    assert (shown["slot"]["state"], shown["slot"]["run_id"]) == ("done", run["id"])
    later = desk("run", "--scheduled", "Papers", "--json")
    assert (later.code, later.json, later.said) == (0, [], ["“Papers”: nothing is due."])


def test_a_failure_is_tried_again_later(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    desk.add_script("stop", "exit 3")
    desk.assign("Papers", "stop", Hook.PRE_BACKUP)
    yearly(desk, "Papers")
    assert desk("run", "--scheduled", "Papers").code == 2
    waiting = desk("run", "--scheduled", "Papers")
    assert waiting.code == 75
    assert waiting.said == ["“Papers”: the last attempt failed: The script “stop” failed (exit 3)."]
    (due,) = desk.ok("due", "--json").json
    assert (due["starts"], due["slot"]["state"], due["slot"]["tries"]) == (False, "waiting", 1)
    assert due["slot"]["next_try"] is not None


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="a private bus needs dbus-daemon")
def test_a_scheduled_run_without_a_window_is_told_with_buttons(desk: BorgDesk, tmp_path: Path) -> None:
    flag = tmp_path / "broken"
    flag.touch()
    desk.add_repository("Papers")
    desk.add_script("stop", f"test ! -e {flag}")
    desk.assign("Papers", "stop", Hook.PRE_BACKUP)
    assert desk("run", "Papers").code == 2
    flag.unlink()
    desk.add_repository("Photos")
    desk.add_script("start", "echo no such container >&2; exit 3")
    desk.assign("Photos", "start", Hook.POST_BACKUP)
    for name in ("Papers", "Photos"):
        yearly(desk, name)
    desktop = NotificationDesk(tmp_path / "bus", "body,actions")
    try:
        bus = {"DBUS_SESSION_BUS_ADDRESS": desktop.environment["DBUS_SESSION_BUS_ADDRESS"]}
        assert desk("run", "--scheduled", "Papers", "Photos", **bus).code == 1
        wait_until(lambda: len(desktop.shown) == 2, "both notifications")
        warned, good = sorted(desktop.shown, key=lambda one: str(one[2]))
    finally:
        desktop.close()
    text = (
        "Backup of Photos finished with warnings. The script “start” failed (exit 3): no such container. It may "
        "need your attention."
    )
    assert warned[2:4] == ["Backup finished with warnings", text]
    assert warned[4:] == [["default", "Show log", "show", "Show log"], 1]
    assert good[2:4] == ["Backups work again", "Backup of Papers finished."]


def test_not_now_is_asked_again(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    desk.add_script("disk", "echo not connected >&2; exit 75")
    desk.assign("Papers", "disk", Hook.PRE_BACKUP)
    yearly(desk, "Papers")
    assert desk("run", "--scheduled", "Papers").code == 75
    waiting = desk("run", "--scheduled", "Papers")
    assert waiting.code == 75
    assert "a script said not now" in waiting.err


def test_it_waits_for_the_disk(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    yearly(desk, "Papers")
    folder = desk.folder / "papers.borg"
    folder.rename(desk.folder / "elsewhere")
    waiting = desk("run", "--scheduled", "Papers")
    assert (waiting.code, waiting.said) == (75, ["“Papers”: waiting for the disk of the repository."])
    assert desk.ok("history", "--json").json == []
    assert " waiting for the disk of the repository\n" in desk.ok("schedule", "show").out
    (desk.folder / "elsewhere").rename(folder)
    assert desk("run", "--scheduled", "Papers").code == 0


def test_the_state_says_when_it_is_tried_again(desk: BorgDesk) -> None:
    repository = desk.add_pretended_repository("Papers", sources=(str(desk.folder / "missing"),))
    schedule(desk, "Papers", "0 0 1 1 *")
    slots, clock = desk.workspace.store.schedules, datetime.now(UTC).replace(microsecond=0)
    reasons = (Reason(Code.RETRY, {"error": "The disk is full."}),)
    ahead = Slot(repository.id, clock + timedelta(days=400), SlotState.DONE)
    again = clock + timedelta(hours=1)
    slots.record([Slot(repository.id, clock, SlotState.WAITING, reasons, next_try=again), ahead])
    said = f"tried again at {again.astimezone():%Y-%m-%d %H:%M}: the last attempt failed: The disk is full."
    assert said in desk.ok("schedule", "show", "Papers").out


def test_a_paused_schedule_starts_nothing(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    yearly(desk, "Papers")
    past = desk.here("schedule", "pause", "Papers", "--until", "2020-01-01 10:00")
    assert (past.code, past.said) == (2, ["borgdesk: 2020-01-01 10:00 has passed already."])
    assert desk.here("schedule", "pause", "--until", "2999-01-01 10:00").said == ["Paused until 2999-01-01 10:00."]
    assert desk.here("schedule", "next", "--count", "1", "--json").json[0]["at"] >= "2999"
    assert desk.here("schedule", "pause").said == ["Paused until you resume."]
    upcoming = desk.here("schedule", "next", "--json")
    assert (upcoming.json, upcoming.said) == ([], ["“Papers” is paused until you resume."])
    (due,) = desk.here("due", "--json").json
    assert (due["starts"], due["slot"]["state"]) == (False, "paused")
    assert due["paused_until"] is not None
    assert desk("run", "--scheduled", "Papers").code == 0
    assert desk.here("schedule", "resume", "Papers").code == 0
    assert desk("run", "--scheduled", "Papers").code == 0
    assert len(desk.here("history", "--json").json) == 1


@pytest.mark.parametrize(("number", "state"), [(signal.SIGTERM, "waiting"), (signal.SIGINT, "done")])
def test_what_the_system_stops_is_tried_again_and_what_a_person_stops_is_not(
    desk: BorgDesk, number: signal.Signals, state: str
) -> None:
    desk.add_repository("Papers")
    desk.add_held_script("hold")
    desk.assign("Papers", "hold", Hook.PRE_BACKUP)
    yearly(desk, "Papers")
    process = desk.start("run", "--scheduled", "Papers")
    desk.wait_for("hold.began")
    os.kill(process.pid, number)
    process.communicate()
    assert process.returncode == 130
    assert desk.here("schedule", "show", "Papers", "--json").json["slot"]["state"] == state


def test_only_if_the_last_good_backup_is_older(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    assert desk("run", "Papers", "--if-older-than", "6h").code == 0
    recent = desk("run", "Papers", "--if-older-than", "6h", "--json")
    assert (recent.code, recent.json) == (0, [])
    assert "that is recent enough" in recent.err
    wrong = desk.here("run", "Papers", "--if-older-than", "soon")
    assert wrong.code == 64
    assert "“soon” is not a duration, such as 30min, 6h, 2d or 1w." in wrong.err
    assert desk.here("run", "Papers", "--if-older-than", "6h", "--scheduled").code == 64


def test_a_backup_of_a_wrong_clock_is_not_recent(desk: BorgDesk) -> None:
    repository = desk.add_repository("Papers")
    desk.ok("run", "Papers")
    store = desk.workspace.store
    ahead = datetime.now(UTC) + timedelta(days=400)
    with store.database.writing() as session:
        session.execute(update(BackupJobRow).values(finished_at=ahead))
    assert (good := store.repositories.get(str(repository.id)).last_success_at) is not None
    assert good > datetime.now(UTC) + timedelta(days=399)
    assert len(desk.ok("run", "Papers", "--if-older-than", "6h", "--json").json) == 1


def test_what_is_owed(desk: BorgDesk) -> None:
    assert (desk.here("owed").code, desk.here("owed", "--json").json) == (0, [])
    desk.add_repository("Papers")
    desk.add_held_script("stop")
    desk.add_script("start")
    desk.add_script("alarm")
    desk.assign("Papers", "stop", Hook.PRE_BACKUP)
    desk.assign("Papers", "start", Hook.POST_BACKUP)
    process = desk.start("run", "Papers")
    desk.wait_for("stop.began")
    wait_until(lambda: desk.here("owed").code == 1, "a script is owed")
    (owed,) = desk.here("owed", "--json").json
    assert (owed["repository"], owed["script"], owed["hook"]) == ("Papers", "start", "post-backup")
    assert owed["under_way"]
    end_with_guardian(process)
    (owed,) = desk.here("owed", "--json").json
    assert not owed["under_way"]
    assert desk.here("owed").out.count("its run was interrupted") == 1
    (desk.folder / "stop.go").touch()
    desk("recover")
    assert desk.here("owed").code == 0
    assert desk.journal.count("start") == 1


def test_the_tick_that_finds_nothing_opens_no_database(desk: BorgDesk) -> None:
    desk.add_pretended_repository("Papers")
    schedule(desk, "Papers", "0 2 * * *", timedelta())
    assert desk.here("due", "--start").said == ["Nothing is due."]
    # The quiet end of the second shows that it did not look again.
    idle = desk("due", "--start")
    assert (idle.code, idle.out, idle.err) == (0, "", "")
    store = desk.workspace.store
    (one,) = store.schedules.list()
    store.schedules.put(replace(one, jitter=5))
    assert desk("due", "--start").said == ["Nothing is due."]


def test_a_check_follows_a_scheduled_backup_as_a_run_of_its_own(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    yearly(desk, "Papers")
    set_to = desk.ok("schedule", "set", "Papers", "--check-every", "30", "--json").json
    assert (set_to["check_every"], set_to["check"]["last_good"]) == (30, None)
    first = desk.ok("run", "--scheduled", "Papers", "--json").json
    assert [(run["kind"], run["status"], run["trigger"]) for run in first] == [
        ("backup", "success", "schedule"), ("check", "success", "schedule"),
    ]  # fmt: skip
    assert (first[1]["max_duration"], first[1]["complete"]) == (3600, True)
    assert desk.ok("due").said == ["Nothing is due."]
    shown = desk.ok("schedule", "show", "Papers", "--json").json
    assert (shown["check"]["due"], shown["check"]["overdue"]) == (False, False)
    assert shown["check"]["last_good"] == first[1]["finished_at"]
    # A backup that follows brings no second one.
    desk.ok("run", "Papers")
    assert desk.ok("run", "--scheduled", "Papers", "--json").json == []


def test_a_check_that_is_due_alone_is_started_by_the_tick(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    schedule(desk, "Papers", "0 0 29 2 *", timedelta())
    desk.ok("schedule", "set", "Papers", "--check-every", "30")
    desk.ok("run", "Papers")
    (due,) = desk.ok("due", "--json").json
    assert (due["starts"], due["check_starts"], due["check"]["due"]) == (False, True, True)
    (check,) = desk.ok("run", "--scheduled", "Papers", "--json").json
    assert (check["kind"], check["status"]) == ("check", "success")


def test_damage_that_an_automatic_check_finds_is_told(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    yearly(desk, "Papers")
    desk.ok("schedule", "set", "Papers", "--check-every", "30")
    (desk.source / "noise").write_bytes(os.urandom(300_000))
    desk.ok("run", "Papers")
    location = Path(desk.workspace.store.repositories.get("Papers").location)
    largest = max(
        (file for file in (location / "data").rglob("*") if file.is_file()), key=lambda one: one.stat().st_size
    )
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    largest.write_bytes(content)
    found = desk("run", "--scheduled", "Papers", "--json")
    assert (found.code, [run["kind"] for run in found.json], found.json[0]["status"]) == (2, ["check"], "failure")
    shown = desk.ok("schedule", "show", "Papers", "--json").json
    assert shown["check"]["failed_run_id"] == found.json[0]["id"]
    assert "failed: " in desk.ok("schedule", "show", "Papers").out
    for days in ("0", "3651"):
        assert desk.here("schedule", "set", "Papers", "--check-every", days).code in (2, 64)
    assert desk.ok("schedule", "set", "Papers", "--clear", "check_every", "--json").json["check_every"] is None
