"""Preview of the archives that the retention rules keep, as a list and as a calendar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QDate, Qt, QTimer, Signal
from PySide6.QtGui import QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QPushButton, QTabWidget, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.retention_preview import Verdict, retention_preview
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, longest, theme, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _, ngettext

_PAUSE = 400
"""Milliseconds after the last change of a rule before Borg is asked."""

_STRENGTH = 90
"""Opacity of a day's background, out of 255."""


class RetentionPreviewPanel(QWidget):
    """Loads nothing until the user opens it; then it follows the rules."""

    answered = Signal()
    """The preview is shown: archives, or why there are none."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        edited: Callable[[], Repository | None],
        parent: QWidget | None = None,
    ) -> None:
        """*edited* returns the repository with the entered rules, or raises InvalidInput."""
        super().__init__(parent)
        self._workspace, self._background, self._edited = workspace, background, edited
        self._cancel: Cancel | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._ask)
        self.show_button = QPushButton(icons.icon("archives"), _("Show which archi&ves are kept"))
        self.show_button.clicked.connect(self._on_show_clicked)
        self.sentence = explanation()
        columns: list[Column[Verdict]] = [
            Column(_("Archive"), lambda one: words.file_name(one.archive), stretch=True),
            Column(
                _("Made"),
                lambda one: words.moment(one.start),
                lambda one: one.start.timestamp(),
                whole=longest.moments(),
            ),
            Column(_("Kept"), _reason, tone=_tone, width=22, whole=[_("would be pruned")]),
        ]
        self.rows = TableModel[Verdict](columns, lambda one: one.id, self)
        self.table = TableView(self.rows, _("Archives, and what becomes of them"), _("No archives yet"))
        self.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
        self.calendar = QCalendarWidget()
        self.calendar.setAccessibleName(_("Days with archives"))
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        # A selected day would hide its colour, and red weekends would look pruned.
        self.calendar.setSelectionMode(QCalendarWidget.SelectionMode.NoSelection)
        # Without a selection Qt still highlights the day that it was given last: today, at first.
        self.calendar.setSelectedDate(self.calendar.minimumDate())
        today = QDate.currentDate()
        self.calendar.setCurrentPage(today.year(), today.month())
        for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            self.calendar.setWeekdayTextFormat(day, QTextCharFormat())
        self.tabs = QTabWidget()
        self.table.setMinimumHeight(220)
        self.tabs.addTab(self.table, _("List"))
        self.tabs.addTab(self.calendar, _("Calendar"))
        self.tabs.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.show_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.sentence)
        layout.addWidget(self.tabs, 1)

    def close_preview(self) -> None:
        """Hide the preview until it is requested again, because another repository is shown."""
        self._stop()
        self.tabs.hide()
        self.sentence.clear()
        self.show_button.show()

    def follow(self) -> None:
        """Update the preview after the rules were edited."""
        if self.show_button.isHidden():
            self._pause.start()

    def _on_show_clicked(self) -> None:
        self.show_button.hide()
        self._ask()

    def _stop(self) -> None:
        self._pause.stop()
        if self._cancel is not None:
            self._cancel.ask()
            self._cancel = None

    def _ask(self) -> None:
        self._stop()
        try:
            repository = self._edited()
        except InvalidInput as error:
            self.sentence.setText(str(error))
            self.answered.emit()
            return
        if repository is None:
            return
        cancel = self._cancel = Cancel()
        self.sentence.setText(_("Asking Borg…"))
        self._background.ask(
            partial(retention_preview, self._workspace, repository, None, cancel),
            partial(self._show, cancel),
            partial(self._fail, cancel),
            self,
            cancel,
        )

    def _show(self, cancel: Cancel, verdicts: list[Verdict]) -> None:
        if cancel is not self._cancel:
            return
        self._cancel = None
        self.rows.set_rows(verdicts)
        self._paint_days(verdicts)
        going = sum(not one.keep for one in verdicts)
        said = ngettext("{going} of {count} archive would be pruned now.",
                        "{going} of {count} archives would be pruned now.", len(verdicts))  # fmt: skip
        self.sentence.setText(said.format(going=words.number(going), count=words.number(len(verdicts))))
        self.tabs.show()
        self.answered.emit()

    def _fail(self, cancel: Cancel, error: BorgDeskError) -> None:
        if cancel is not self._cancel:
            return
        self._cancel = None
        self.sentence.setText("" if isinstance(error, Stopped) else error.sentence)
        self.tabs.hide()
        self.show_button.show()
        self.answered.emit()

    def _paint_days(self, verdicts: list[Verdict]) -> None:
        days: dict[QDate, list[Verdict]] = defaultdict(list)
        for one in verdicts:
            start = one.start.astimezone()
            days[QDate(start.year, start.month, start.day)].append(one)
        self.calendar.setDateTextFormat(QDate(), QTextCharFormat())
        for day, those in days.items():
            self.calendar.setDateTextFormat(day, _day_format(those))
        if days:
            newest = max(days, key=QDate.toJulianDay)
            self.calendar.setCurrentPage(newest.year(), newest.month())


def _day_format(verdicts: list[Verdict]) -> QTextCharFormat:
    kept = sum(one.keep for one in verdicts)
    shown = QTextCharFormat()
    shown.setBackground(theme.tint(theme.Tone.GOOD if kept else theme.Tone.BAD, _STRENGTH))
    shown.setFontStrikeOut(not kept)
    shown.setToolTip("\n".join(f"{words.file_name(one.archive)}: {_reason(one)}" for one in verdicts))
    return shown


def _reason(one: Verdict) -> str:
    if not one.keep:
        return _("would be pruned")
    if not one.ours:
        return _("yes, the rules do not apply")
    return _("yes ({rule})").format(rule=_rule(one.rule)) if one.rule else _("yes")


def _rule(rule: str) -> str:
    """Return a rule without Borg's mark for the oldest archive, which the last rule keeps until it has enough."""
    plain = rule.replace("[oldest]", "")
    return plain if plain == rule else _("{rule}, the oldest").format(rule=plain)


def _tone(one: Verdict) -> theme.Tone | None:
    return None if one.keep else theme.Tone.BAD
