"""The schedule of a repository in the window: entering, saving, pausing, and other writers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from PySide6.QtCore import QTime
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code, Reason, text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunKind, RunStatus, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Conditions, Hours, Schedule, ScheduleKind, Slot, SlotState, daily
from borgdesk.engine.processes import mount_table, procfs
from borgdesk.gui.look import words
from borgdesk.gui.repositories.repository_view import RepositoryView
from borgdesk.gui.schedule.schedule_tab import ScheduleTab
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene
from tests.gui.stage import Overtaken

TUESDAY = datetime(2026, 3, 10, 12).astimezone()


class Bench:
    """One repository, in a tab whose clock stands still."""

    def __init__(self, scene: Scene, background: Background, qtbot: QtBot) -> None:
        self.scene, self.background, self.qtbot = scene, background, qtbot
        self.schedules = scene.workspace.store.schedules
        values = Repository(
            RepositoryId(0), "Docs", str(scene.folder / "repo"), (str(scene.source),), archive_name="x-{now}",
            encryption="none",
        )  # fmt: skip
        self.repository = scene.workspace.store.repositories.add(values)

    def tab(self) -> ScheduleTab:
        tab = ScheduleTab(self.scene.workspace, self.background, clock=lambda: TUESDAY)
        self.qtbot.addWidget(tab)
        tab.resize(500, 700)
        tab.show()
        with self.qtbot.waitSignal(tab.shown):
            tab.show_repository(self.repository)
        return tab

    def view(self) -> RepositoryView:
        view = RepositoryView(self.scene.workspace, self.background)
        self.qtbot.addWidget(view)
        view.show()
        with self.qtbot.waitSignal(view.schedule.shown):
            view.show_repository(self.repository)
        return view

    def save(self, view: RepositoryView, *, over: bool = False) -> None:
        with self.qtbot.waitSignal(view.saved):
            view.save(over=over)

    def refused(self, view: RepositoryView) -> str:
        with self.qtbot.waitSignal(view.save_failed):
            view.save()
        return view.notice.text

    @property
    def stored(self) -> Schedule:
        found = self.schedules.get(self.repository.id)
        assert found is not None
        return found


@pytest.fixture
def bench(scene: Scene, background: Background, qtbot: QtBot) -> Bench:
    return Bench(scene, background, qtbot)


def clock_time(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"


def choose(tab: ScheduleTab, kind: ScheduleKind) -> None:
    tab.when.kind.setCurrentIndex(tab.when.kind.findData(kind))


def test_a_schedule_is_switched_on_saved_and_switched_off(bench: Bench) -> None:
    view = bench.view()
    tab = view.schedule
    assert not view.is_modified()
    assert not tab.on.isChecked()
    assert tab.off.isVisibleTo(tab)
    tab.on.click()
    assert view.is_modified()
    tab.when.at.setTime(QTime(14, 30))
    bench.save(view)
    assert bench.stored.cron == "30 14 * * *"
    assert bench.stored.conditions == Conditions()
    assert not view.is_modified()
    tab.on.click()
    bench.save(view)
    assert bench.schedules.get(bench.repository.id) is None
    assert not view.is_modified()


def test_a_backup_when_the_disk_is_connected(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = bench.tab()
    tab.on.click()
    assert not tab.conditions.when_disk.isEnabled()
    assert "“Docs” is not connected" in tab.conditions.no_disk.text()
    place = bench.scene.folder / "repo"
    place.mkdir()
    (place / "config").write_text(f"[repository]\nid = {'a' * 64}\n")
    mounts = bench.scene.folder / "mountinfo"
    mounts.write_text(f"1 1 0:1 / / rw - x x rw\n1 1 0:1 / {place} rw - x x rw\n")
    monkeypatch.setattr(mount_table, "TABLE", mounts)
    view = bench.view()
    tab = view.schedule
    tab.on.click()
    assert tab.conditions.when_disk.isEnabled()
    assert not tab.conditions.no_disk.isVisibleTo(tab)
    tab.conditions.when_disk.click()
    bench.save(view)
    assert bench.stored.conditions == Conditions(disk=str(place))
    assert not view.is_modified()
    # When it is not connected, the choice stays, and can be taken back.
    (place / "config").unlink()
    view = bench.view()
    tab = view.schedule
    assert tab.conditions.when_disk.isChecked()
    assert not view.is_modified()
    tab.conditions.when_disk.click()
    bench.save(view)
    assert bench.stored.conditions == Conditions()


def test_an_automatic_check_is_set_and_its_state_is_shown(bench: Bench) -> None:
    view = bench.view()
    tab = view.schedule
    tab.on.click()
    assert not tab.conditions.checked.isVisibleTo(tab)
    tab.conditions.check.setValue(30)
    bench.save(view)
    assert bench.stored.check_every == 30
    tab = bench.tab()
    assert tab.conditions.check.text() == "every 30 days"
    assert tab.conditions.checked.text() == "Not checked yet."
    runs = bench.scene.workspace.store.runs
    check = runs.queue(bench.repository, Trigger.SCHEDULE, procfs.identity(), TUESDAY, "turn", RunKind.CHECK)
    runs.arm(check.id, TUESDAY, ())
    runs.settle(check.id, Outcome.FAILURE, errors=(text("Borg has found damage."),))
    runs.finish(check.id, RunStatus.FAILURE, TUESDAY)
    assert bench.tab().conditions.checked.text() == "The last check failed: Borg has found damage."


def test_the_next_three_starts_are_shown_while_it_is_edited(bench: Bench, qtbot: QtBot) -> None:
    tab = bench.tab()
    tab.on.click()
    with qtbot.waitSignal(tab.upcoming_shown):
        tab.when.at.setTime(QTime(14, 0))
    assert tab.title.text() == "Daily at 14:00"
    assert tab.upcoming.text() == "Next: today, 14:00 · tomorrow, 14:00 · Thursday, 14:00"


def test_an_invalid_expression_is_told_beside_it_and_not_saved(bench: Bench, qtbot: QtBot) -> None:
    view = bench.view()
    tab = view.schedule
    view.tabs.setCurrentWidget(tab)
    tab.on.click()
    choose(tab, ScheduleKind.CRON)
    tab.when.cron.setText("0 0 31 2 *")
    with qtbot.waitSignal(tab.upcoming_shown):
        tab.when.cron.textEdited.emit("")
    assert "“0 0 31 2 *” never fires" in tab.problem.text
    assert tab.upcoming.text() == "Next: –"
    assert "“0 0 31 2 *” never fires" in bench.refused(view)
    tab.when.cron.setText("*/15 * * * mon-fri")
    with qtbot.waitSignal(tab.upcoming_shown):
        tab.when.cron.textEdited.emit("")
    assert tab.problem.text == ""
    bench.save(view)
    assert bench.stored.cron == "*/15 * * * mon-fri"


def test_a_week_without_a_day_is_refused(bench: Bench, qtbot: QtBot) -> None:
    view = bench.view()
    tab = view.schedule
    view.tabs.setCurrentWidget(tab)
    tab.on.click()
    choose(tab, ScheduleKind.WEEKLY)
    with qtbot.waitSignal(tab.upcoming_shown):
        for box in tab.when.days:
            box.setChecked(False)
        tab.when.days[0].clicked.emit()
    assert tab.problem.text == "Choose at least one day of the week."
    assert view.is_modified()
    assert bench.refused(view) == "Choose at least one day of the week."


@pytest.mark.parametrize(
    ("cron", "kind"),
    [
        ("7 * * * *", ScheduleKind.HOURLY),
        ("30 2 * * *", ScheduleKind.DAILY),
        ("05 02 * * *", ScheduleKind.DAILY),
        ("0 22 * * 1,5", ScheduleKind.WEEKLY),
        ("0 22 1 * *", ScheduleKind.MONTHLY),
        ("0 22 L * *", ScheduleKind.MONTHLY),
        ("0 22 31 * *", ScheduleKind.CRON),
        ("0 22 1-7 * 1", ScheduleKind.CRON),
    ],
)
def test_what_is_stored_is_shown_in_its_form_and_is_no_change(bench: Bench, cron: str, kind: ScheduleKind) -> None:
    conditions = Conditions(True, True, Hours(time(22), time(6)), 5)
    bench.scene.schedule(bench.repository, cron, conditions=conditions, jitter=90, overdue_after=9)
    tab = bench.tab()
    assert tab.when.kind.currentData() == kind
    assert not tab.is_modified()
    tab.conditions.overdue.setValue(8)
    edit = tab.edit()
    assert edit is not None
    assert edit.wanted == replace(bench.stored, overdue_after=8)


def test_every_condition_is_stored(bench: Bench) -> None:
    view = bench.view()
    tab = view.schedule
    tab.on.click()
    entered = tab.conditions
    for box in (entered.on_battery, entered.on_metered, entered.hours, entered.anyway):
        box.click()
    entered.begin.setTime(QTime(20, 15))
    entered.end.setTime(QTime(5, 0))
    entered.anyway_days.setValue(4)
    entered.delay.setValue(20)
    entered.overdue.setValue(10)
    bench.save(view)
    assert bench.stored.conditions == Conditions(True, True, Hours(time(20, 15), time(5)), 4)
    assert (bench.stored.jitter, bench.stored.overdue_after) == (1200, 10)
    entered.end.setTime(QTime(20, 15))
    assert "begin and end at the same time" in bench.refused(view)


def test_what_another_process_changed_is_kept_or_asked_about(bench: Bench, qtbot: QtBot) -> None:
    bench.scene.schedule(bench.repository, daily(time(2, 30)))
    view = bench.view()
    tab = view.schedule
    tab.when.at.setTime(QTime(3, 0))
    bench.schedules.put(replace(bench.stored, overdue_after=20))
    bench.save(view)
    assert (bench.stored.cron, bench.stored.overdue_after) == ("0 3 * * *", 20)

    tab.when.at.setTime(QTime(4, 0))
    bench.schedules.put(replace(bench.stored, cron="0 5 * * *"))
    assert "The schedule of “Docs” was changed by another program" in bench.refused(view)
    assert bench.stored.cron == "0 5 * * *"
    with qtbot.waitSignal(view.saved):
        view.notice.button("Keep my changes").click()
    assert bench.stored.cron == "0 4 * * *"

    tab.when.at.setTime(QTime(6, 0))
    bench.schedules.put(replace(bench.stored, cron="0 7 * * *"))
    bench.refused(view)
    view.notice.button("Discard my changes").click()
    qtbot.waitUntil(lambda: tab.when.at.time() == QTime(7, 0))
    assert not view.is_modified()


def test_a_conflict_about_the_schedule_leaves_the_other_settings_alone(bench: Bench) -> None:
    view = bench.view()
    view.schedule.on.click()
    view.backup.name.setText("Other name")
    bench.scene.schedule(bench.repository, "1 1 * * *")
    assert "was changed by another program" in bench.refused(view)
    assert bench.scene.workspace.store.repositories.get(bench.repository.id).name == "Docs"
    bench.save(view, over=True)
    assert bench.scene.workspace.store.repositories.get(bench.repository.id).name == "Other name"
    assert bench.stored.cron == "30 2 * * *"


def test_a_schedule_that_others_removed_is_not_brought_back_silently(bench: Bench) -> None:
    bench.scene.schedule(bench.repository, "1 1 * * *")
    view = bench.view()
    view.schedule.conditions.overdue.setValue(3)
    bench.schedules.remove(bench.repository.id)
    assert "was changed by another program" in bench.refused(view)
    assert bench.schedules.get(bench.repository.id) is None
    bench.save(view, over=True)
    assert (bench.stored.cron, bench.stored.overdue_after) == ("1 1 * * *", 3)


def test_what_others_store_is_shown_unless_something_is_entered(bench: Bench, qtbot: QtBot) -> None:
    bench.scene.schedule(bench.repository, daily(time(2, 30)))
    tab = bench.tab()
    bench.scene.schedule(bench.repository, daily(time(3, 30)))
    with qtbot.waitSignal(tab.shown):
        tab.refresh()
    assert tab.when.at.time() == QTime(3, 30)
    tab.when.at.setTime(QTime(8, 0))
    bench.scene.schedule(bench.repository, daily(time(4, 30)))
    with qtbot.waitSignal(tab.shown):
        tab.refresh()
    assert tab.when.at.time() == QTime(8, 0)


def test_a_reading_that_was_overtaken_by_saving_is_not_shown(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    bench = Bench(scene, overtaken, qtbot)
    bench.scene.schedule(bench.repository, daily(time(2, 30)))
    tab = bench.tab()
    overtaken.keep_next()
    tab.refresh()
    stored = bench.scene.schedule(bench.repository, daily(time(9, 0)))
    tab.show_stored(stored)
    with qtbot.waitSignal(tab.shown):
        overtaken.deliver()
    assert tab.when.at.time() == QTime(9, 0)


def test_a_pause_takes_effect_at_once_and_keeps_what_is_entered(bench: Bench, qtbot: QtBot) -> None:
    bench.scene.schedule(bench.repository, daily(time(2, 30)), since=TUESDAY)
    tab = bench.tab()
    tab.when.at.setTime(QTime(8, 0))
    for action, until, told in (
        (0, TUESDAY + timedelta(days=1), f"The schedule is paused until tomorrow, {clock_time(12, 0)}."),
        (2, UNTIL_RESUMED, "The schedule is paused until you resume it."),
    ):
        with qtbot.waitSignal(tab.shown):
            tab.pause.menu().actions()[action].trigger()
        assert bench.stored.paused_until == until
        assert tab._state.text == told
        assert tab.resume.isVisibleTo(tab)
        assert not tab.pause.isVisibleTo(tab)
        nothing, is_without_end = f"Next: {words.NOTHING}", until == UNTIL_RESUMED
        qtbot.waitUntil(lambda n=nothing, e=is_without_end: (tab.upcoming.text() == n) is e)  # type: ignore[misc]
        with qtbot.waitSignal(tab.shown):
            tab.resume.click()
        assert not bench.stored.is_paused(TUESDAY)
        assert tab._state.text == ""
        assert tab.pause.isVisibleTo(tab)
    assert tab.is_modified()
    assert tab.when.at.time() == QTime(8, 0)


def test_a_pause_by_others_survives_saving(bench: Bench) -> None:
    bench.scene.schedule(bench.repository, daily(time(2, 30)))
    view = bench.view()
    view.schedule.when.at.setTime(QTime(8, 0))
    bench.schedules.pause([bench.repository.id], UNTIL_RESUMED)
    bench.save(view)
    assert (bench.stored.cron, bench.stored.paused_until) == ("0 8 * * *", UNTIL_RESUMED)


def test_a_backup_that_waits_says_why_and_can_be_started(bench: Bench, qtbot: QtBot) -> None:
    bench.scene.schedule(bench.repository, daily(time(11, 30)), since=TUESDAY - timedelta(days=1))
    due = TUESDAY.replace(hour=11, minute=30)
    slot = Slot(bench.repository.id, due, SlotState.WAITING, (Reason(Code.ON_BATTERY),))
    bench.schedules.record([slot])
    tab = bench.tab()
    assert tab._state.text == (
        f"The backup due today, {clock_time(11, 30)} has not started yet: waiting for mains power."
    )
    with qtbot.waitSignal(tab.backup_requested):
        tab._state.button("Back up anyway").click()


def test_an_overdue_repository_is_told_of_first(bench: Bench) -> None:
    bench.scene.schedule(bench.repository, daily(time(11, 30)), since=TUESDAY - timedelta(days=9))
    tab = bench.tab()
    assert tab._state.text.startswith("Overdue: there has been no good backup yet. The backup due today")


def test_another_repository_does_not_show_the_values_of_the_last_one(bench: Bench, qtbot: QtBot) -> None:
    bench.scene.schedule(bench.repository, daily(time(9, 0)), overdue_after=7)
    tab = bench.tab()
    values = replace(bench.repository, name="Photos", location=str(bench.scene.folder / "other"))
    other = bench.scene.workspace.store.repositories.add(values)
    with qtbot.waitSignal(tab.shown):
        tab.show_repository(other)
        assert not tab.is_modified()
    assert not tab.on.isChecked()
    tab.on.click()
    edit = tab.edit()
    assert edit is not None
    assert edit.wanted == Schedule(other.id, "30 2 * * *")


def test_a_long_expression_is_seen_as_a_whole(bench: Bench) -> None:
    expression = "0,15,30,45 8-18 1,15 * mon-fri"
    bench.scene.schedule(bench.repository, expression)
    field = bench.tab().when.cron
    assert field.text() == expression
    assert field.width() > field.fontMetrics().horizontalAdvance(expression)


def test_a_schedule_that_cannot_be_read_is_not_called_none(bench: Bench, qtbot: QtBot) -> None:
    bench.scene.schedule(bench.repository, daily(time(2, 30)))
    unknown = {**bench.scene.workspace.environment, "TZ": "Middle/Earth"}
    tab = ScheduleTab(replace(bench.scene.workspace, environment=unknown), bench.background)
    qtbot.addWidget(tab)
    tab.show_repository(bench.repository)
    qtbot.waitUntil(lambda: tab._state.text.startswith("The time zone “Middle/Earth” is not known."))
    assert tab._state.isEnabled()
    assert not tab.on.isEnabled()
    assert not tab.off.isVisibleTo(tab)


def test_the_keyboard_stays_where_pauses_begin_and_end(bench: Bench, qtbot: QtBot) -> None:
    bench.scene.schedule(bench.repository, daily(time(2, 30)), since=TUESDAY)
    tab = bench.tab()
    tab.pause.setFocus()
    with qtbot.waitSignal(tab.shown):
        tab.pause_for(None)
    assert tab.window().focusWidget() is tab.resume
    with qtbot.waitSignal(tab.shown):
        tab.resume.click()
    assert tab.window().focusWidget() is tab.pause
