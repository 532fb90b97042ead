"""Tab with the schedule of a repository: when it is backed up, what that waits for, and the next starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import UNTIL_RESUMED, Schedule, SlotState
from borgdesk.engine.schedule.disks import disk_of
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.editing import ScheduleEdit
from borgdesk.engine.schedule.glance import glance, upcoming
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, theme, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.schedule import schedule_words
from borgdesk.gui.schedule.closed_app_line import ClosedAppLine
from borgdesk.gui.schedule.conditions_edit import ConditionsEdit
from borgdesk.gui.schedule.first_schedule_edit import FIRST
from borgdesk.gui.schedule.when_edit import WhenEdit
from borgdesk.gui.workers.background import Background
from borgdesk.store.clock import now as now_utc
from borgdesk.translation import _

_PAUSE = 200
"""Milliseconds after the last key press before the next starts are computed."""


@dataclass(frozen=True, slots=True)
class _Read:
    repository: Repository
    schedule: Schedule | None
    due: Due | None
    disk: str | None
    """Where its disk is mounted, if a backup can start when that is connected."""
    why_no_disk: str


class ScheduleTab(FormScroll):
    """Changes are stored together with those of the other tabs; only pauses take effect at once."""

    edited = Signal()
    backup_requested = Signal()
    """A backup that waits is to start now."""
    shown = Signal()
    """What is stored is shown."""
    upcoming_shown = Signal()
    """The next starts of the entered schedule are shown, or why there are none."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._inside = QWidget()
        super().__init__(self._inside, parent)
        self._workspace, self._background, self._clock = workspace, background, clock
        self._repository: Repository | None = None
        self._seen: Schedule | None = None
        self._due: Due | None = None
        self._is_loaded = self._reading = self._again = False
        self._make()
        self._lay_out()
        self._connect()
        self._show_seen()

    # What is stored -------------------------------------------------------------------------------------------------

    def show_repository(self, repository: Repository) -> None:
        """Show the schedule of a repository as it is stored, discarding unsaved changes."""
        if self._repository is None or self._repository.id != repository.id:
            self._seen, self._due, self._is_loaded = None, None, False
        self._repository = repository
        self._show_seen()
        self._show_state()
        self.refresh()

    def show_stored(self, schedule: Schedule | None) -> None:
        """Show what was just stored."""
        self._seen, self._again = schedule, self._reading
        self._show_seen()

    def refresh(self) -> None:
        """Read what is stored; unsaved changes are kept."""
        if self._reading:
            self._again = True
            return
        if self._repository is not None:
            self._reading = True
            self._background.ask(partial(self._read, self._repository), self._on_read, self._on_read_failed, owner=self)

    def _read(self, repository: Repository) -> _Read:
        schedule = self._workspace.store.schedules.get(repository.id)
        due, disk, why = glance(self._workspace, repository, self._clock()), None, ""
        try:
            disk = disk_of(repository, self._workspace.environment)
        except BorgDeskError as error:
            why = error.sentence
        return _Read(repository, schedule, due, disk, why)

    def _on_read(self, read: _Read) -> None:
        self._reading = False
        if self._again or self._repository is None or read.repository.id != self._repository.id:
            # It may be older than what is shown.
            self._again = False
            self.refresh()
            return
        is_new = not self._is_loaded or (read.schedule != self._seen and not self.is_modified())
        self._is_loaded, self._due = True, read.due
        self.conditions.show_disk(read.disk, read.why_no_disk)
        if is_new:
            self._seen = read.schedule
            self._show_seen()
        self._show_state()
        self._ask_upcoming()
        self.shown.emit()

    def _on_read_failed(self, error: BorgDeskError) -> None:
        self._reading = self._again = False
        self._state.show_message(error.sentence, theme.Tone.BAD, dismissible=False)

    # What is entered ------------------------------------------------------------------------------------------------

    def is_modified(self) -> bool:
        """Return whether there are unsaved changes."""
        try:
            return self.edit() is not None
        except InvalidInput:
            return True

    def edit(self) -> ScheduleEdit | None:
        """Return what is to be stored; None if nothing was changed.

        Raises:
            InvalidInput: the hours, or the days of the week, are empty.
        """
        if not self._is_loaded:
            return None
        wanted = self._entered() if self.on.isChecked() else None
        return None if wanted == self._seen else ScheduleEdit(self._seen, wanted)

    def _entered(self) -> Schedule:
        assert self._repository is not None
        base = self._seen or Schedule(self._repository.id, "")
        return self.conditions.apply(replace(base, cron=self.when.expression()))

    def _on_edited(self) -> None:
        self._adapt()
        self._upcoming_timer.start()
        self.edited.emit()

    def _ask_upcoming(self) -> None:
        """Compute the next starts of what is entered."""
        self._upcoming_timer.stop()
        repository = self._repository
        if repository is None or not self._is_loaded or not self.on.isChecked():
            self.upcoming_shown.emit()
            return
        try:
            schedule = self._entered()
        except InvalidInput as error:
            self._show_problem(error)
            return
        # A pause is not part of what is edited.
        shown = schedule if self._due is None else replace(schedule, paused_until=self._due.schedule.paused_until)
        self._background.ask(
            lambda: upcoming(self._workspace, repository, shown, self._clock()),
            partial(self._show_upcoming, schedule),
            partial(self._on_upcoming_failed, schedule),
            self,
        )

    def _show_upcoming(self, schedule: Schedule, moments: Sequence[datetime]) -> None:
        if self._is_outdated(schedule):
            return
        now = self._clock()
        self.title.setText(schedule_words.when(schedule))
        shown = " · ".join(schedule_words.at(moment, now) for moment in moments)
        self.upcoming.setText(_("Next: {moments}").format(moments=shown or words.NOTHING))
        self.problem.hide()
        self.upcoming_shown.emit()

    def _on_upcoming_failed(self, schedule: Schedule, error: BorgDeskError) -> None:
        if not self._is_outdated(schedule):
            self._show_problem(error)

    def _is_outdated(self, schedule: Schedule) -> bool:
        """Return whether something else is entered meanwhile."""
        try:
            return self._repository is None or schedule != self._entered()
        except InvalidInput:
            return True

    def _show_problem(self, error: BorgDeskError) -> None:
        self.title.setText(_("No backup starts"))
        self.upcoming.setText(_("Next: {moments}").format(moments=words.NOTHING))
        self.problem.show_message(error.sentence, theme.Tone.BAD, dismissible=False)
        self.upcoming_shown.emit()

    # Pauses ---------------------------------------------------------------------------------------------------------

    def pause_for(self, days: int | None) -> None:
        """Pause the schedule for some days, or with None until it is resumed."""
        self._set_pause(UNTIL_RESUMED if days is None else self._clock() + timedelta(days=days))

    def _set_pause(self, until: datetime | None) -> None:
        repository, schedules = self._repository, self._workspace.store.schedules
        if repository is not None:
            self._background.ask(
                lambda: schedules.pause([repository.id], until),
                lambda _: self.refresh(),
                self._on_read_failed,
                owner=self,
            )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.closed_app.refresh()

    # Implementation -------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.on = QCheckBox(_("Back up automat&ically"))
        self.pause = QPushButton(_("Pa&use"))
        menu = QMenu(self.pause)
        for text, days in ((_("For a &day"), 1), (_("For a &week"), 7), (_("&Until I resume it"), None)):
            menu.addAction(text).triggered.connect(partial(self._on_pause_chosen, days))
        self.pause.setMenu(menu)
        self.resume = QPushButton(icons.icon("media-playback-start"), _("Res&ume"))
        self.off = explanation(_("Backups start only when you start them."))
        self._state = Banner()
        self.title = QLabel(wordWrap=True)
        font = QFont(self.title.font())
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.title.setFont(font)
        self.upcoming = QLabel(wordWrap=True)
        self.problem = Banner()
        self.caught_up = explanation(_("A backup that was missed is caught up once, as soon as the computer is on."))
        self.when, self.conditions = WhenEdit(), ConditionsEdit()
        self.closed_app = ClosedAppLine(self._workspace, self._background)
        self._details = QWidget()
        self._upcoming_timer = QTimer(self, singleShot=True, interval=_PAUSE)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.on, 1)
        top.addWidget(self.pause)
        top.addWidget(self.resume)
        details = QVBoxLayout(self._details)
        details.setContentsMargins(0, 0, 0, 0)
        for widget in (
            self.title,
            self.upcoming,
            self.caught_up,
            self.when,
            self.problem,
            self.conditions,
            self.closed_app,
        ):
            details.addWidget(widget)
        column = QVBoxLayout(self._inside)
        column.addLayout(top)
        column.addWidget(self._state)
        column.addWidget(self.off)
        column.addWidget(self._details)
        column.addStretch(1)

    def _connect(self) -> None:
        self.on.clicked.connect(self._on_edited)
        self.when.edited.connect(self._on_edited)
        self.conditions.edited.connect(self._on_edited)
        self.resume.clicked.connect(lambda: self._set_pause(None))
        self._upcoming_timer.timeout.connect(self._ask_upcoming)

    def _on_pause_chosen(self, days: int | None, _checked: bool = False) -> None:
        self.pause_for(days)

    def _show_seen(self) -> None:
        """Show the stored values in the fields."""
        self.on.setChecked(self._seen is not None)
        self.when.show_cron(FIRST if self._seen is None else self._seen.cron)
        self.conditions.show_schedule(self._seen)
        self._adapt()
        self._ask_upcoming()

    def _show_state(self) -> None:
        """Show what happens at present: a pause, what is waited for, an overdue backup."""
        line = schedule_words.Line("") if self._due is None else schedule_words.state(self._due, self._clock())
        slot = None if self._due is None else self._due.slot
        waits = slot is not None and slot.state in (SlotState.WAITING, SlotState.FAILED)
        buttons = [BannerButton(_("Back up anyway"), self.backup_requested.emit, hides_banner=False)] if waits else []
        if line.text != self._state.text or not line.text:
            self._state.show_message(line.text, line.tone or theme.Tone.MUTED, buttons, dismissible=False)
        check = schedule_words.Line("") if self._due is None else schedule_words.check(self._due)
        self.conditions.show_check_state(check.text, check.tone)
        self._adapt()

    def _adapt(self) -> None:
        on, is_paused = self.on.isChecked(), self._seen is not None and self._seen.is_paused(self._clock())
        if self._due is not None:
            is_paused = self._due.schedule.is_paused(self._clock())
        for widget in (self.on, self._details):
            widget.setEnabled(self._is_loaded)
        self._details.setVisible(on)
        self.off.setVisible(not on and self._is_loaded)
        shown, hidden = (self.resume, self.pause) if is_paused else (self.pause, self.resume)
        shown.setVisible(self._due is not None)
        if self.window().focusWidget() is hidden:
            shown.setFocus()  # Otherwise the arrow keys would choose another page from now on.
        hidden.hide()
