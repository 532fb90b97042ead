"""The sentences about schedules on the cards of the overview and in the tray."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import UNTIL_RESUMED, Schedule, Slot, SlotState
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.slots import Assessment
from borgdesk.gui.look import words
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.schedule import schedule_words
from borgdesk.gui.schedule.schedule_words import Line

TUESDAY = datetime(2026, 3, 10, 12).astimezone()
DAY = timedelta(days=1)
TOMORROW = TUESDAY.replace(hour=2, minute=30) + DAY


def due(name: str = "Docs", *, next_at: datetime = TOMORROW, slot: Slot | None = None, overdue: bool = False) -> Due:
    good_at = TUESDAY - 5 * DAY if overdue else None
    schedule = Schedule(RepositoryId(1), "30 2 * * *")
    assessment = Assessment(next_at, slot, start=False, good_at=good_at, overdue=overdue)
    return Due(Repository(RepositoryId(1), name, "/repo"), schedule, assessment, slot, start=False)


def slot(state: SlotState, *reasons: Reason, next_try: datetime | None = None) -> Slot:
    return Slot(RepositoryId(1), TUESDAY.replace(hour=2, minute=30), state, reasons, 1, next_try, RunId(1))


def paused(until: datetime, name: str = "Docs") -> Due:
    one = due(name)
    return replace(one, schedule=replace(one.schedule, paused_until=until))


def test_moments_near_now_are_named() -> None:
    for days, said in ((-1, "yesterday, 12:00"), (0, "today, 12:00"), (1, "tomorrow, 12:00"), (3, "Friday, 12:00")):
        assert schedule_words.at(TUESDAY + days * DAY, TUESDAY) == said
    for days in (-2, 7, 400):
        moment = TUESDAY + days * DAY
        assert schedule_words.at(moment, TUESDAY) == words.moment(moment)


def test_the_line_of_a_card_says_what_matters_most() -> None:
    battery = Reason(Code.ON_BATTERY)
    for one, line in (
        (due(), Line("Next backup: tomorrow, 02:30")),
        (due(slot=slot(SlotState.RUNNING)), Line("Next backup: tomorrow, 02:30")),
        (due(slot=slot(SlotState.FAILED)), Line("Next backup: tomorrow, 02:30")),
        (
            due(slot=slot(SlotState.WAITING, battery)),
            Line("The backup due today, 02:30 has not started yet: waiting for mains power.", Tone.WARNING),
        ),
        (
            due(overdue=True),
            Line("Overdue: no good backup for 5 days. Next backup: tomorrow, 02:30", Tone.BAD),
        ),
        (
            due(overdue=True, slot=slot(SlotState.WAITING, battery)),
            Line("Overdue: no good backup for 5 days. Waiting for mains power.", Tone.BAD),
        ),
        (paused(UNTIL_RESUMED), Line("The schedule is paused until you resume it.", Tone.MUTED)),
        (paused(TUESDAY - DAY), Line("Next backup: tomorrow, 02:30")),
    ):
        assert schedule_words.next_start(one, TUESDAY) == line


def test_the_line_of_a_card_whose_sentence_says_that_it_is_overdue() -> None:
    waiting = due(overdue=True, slot=slot(SlotState.WAITING, Reason(Code.ON_BATTERY)))
    for one, late, line in (
        (due(), "", Line("Next backup: tomorrow, 02:30")),
        (due(overdue=True), "Overdue: no good backup for 5 days", Line("Next backup: tomorrow, 02:30")),
        (waiting, "Overdue: no good backup for 5 days", Line("Waiting for mains power.", Tone.WARNING)),
    ):
        assert schedule_words.lateness(one, TUESDAY) == late
        assert schedule_words.next_start(one, TUESDAY, is_late_said=True) == line
    resting = due(overdue=True)
    resting = replace(resting, schedule=replace(resting.schedule, paused_until=UNTIL_RESUMED))
    assert schedule_words.lateness(resting, TUESDAY) == ""


def test_the_state_names_the_slot_and_its_reason() -> None:
    retry = Reason(Code.RETRY, {"error": "The script failed."})
    last = Reason(Code.NO_RETRY, {"error": "The script failed."})
    again = TUESDAY + timedelta(hours=1)
    for found, text, tone in (
        (slot(SlotState.RUNNING), "The backup due today, 02:30 is running.", Tone.WORKING),
        (slot(SlotState.WAITING), "The backup due today, 02:30 starts in a moment.", Tone.WORKING),
        (
            slot(SlotState.WAITING, retry, next_try=again),
            "The backup due today, 02:30 is tried again today, 13:00: the last attempt failed: The script failed.",
            Tone.WARNING,
        ),
        (
            slot(SlotState.FAILED, last),
            "The backup due today, 02:30 is not tried again: all attempts failed: The script failed.",
            Tone.BAD,
        ),
        (slot(SlotState.MISSED), "", None),
    ):
        assert schedule_words.state(due(slot=found), TUESDAY) == Line(text, tone)
    late = schedule_words.state(due(slot=slot(SlotState.RUNNING), overdue=True), TUESDAY)
    assert late == Line("Overdue: no good backup for 5 days. The backup due today, 02:30 is running.", Tone.BAD)


def test_the_line_of_the_tray_is_about_all_repositories() -> None:
    later = due("Photos", next_at=TOMORROW + DAY)
    pause = paused(UNTIL_RESUMED, "Music")
    for dues, line in (
        ([], ""),
        ([later, due(), pause], "Next backup: Docs, tomorrow, 02:30"),
        ([due(), due("Photos", overdue=True)], "Overdue: Photos"),
        ([due(name, overdue=True) for name in "ABCD"], "Overdue: A, B, C and D"),
        ([due(name, overdue=True) for name in "ABCDE"], "Overdue: A, B, C and 2 others"),
        ([due("Documents" * 13)], "Next backup: DocumentsDocumentsDocume…umentsDocuments, tomorrow, 02:30"),
        ([pause], "The schedule is paused"),
        ([pause, pause], "All schedules are paused"),
    ):
        assert schedule_words.summary(dues, TUESDAY) == line
