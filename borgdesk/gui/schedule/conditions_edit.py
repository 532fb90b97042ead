"""Editor for what a scheduled backup waits for, how it is delayed, and when it counts as overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.schedule import LONGEST_JITTER, Conditions, Hours, Schedule
from borgdesk.gui.look import theme
from borgdesk.gui.look.days_edit import DaysEdit
from borgdesk.gui.look.form_parts import explanation, in_row
from borgdesk.gui.look.time_edit import TimeEdit
from borgdesk.translation import _

_MINUTE = 60
_AUTOMATIC = -1


class ConditionsEdit(QWidget):
    """Everything of a schedule but when it starts."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stored: Schedule | None = None
        self.on_battery = QCheckBox(_("Also start on batter&y power"))
        self.on_metered = QCheckBox(_("Also start on &metered connections"))
        self.on_metered.setToolTip(_("Matters only to repositories on a server"))
        self.when_disk = QCheckBox(_("Also start each time the dis&k is connected"))
        self.when_disk.setToolTip(_("The backup starts at once, whenever the next one would be due"))
        self.no_disk = explanation()
        self._disk: str | None = None
        self._why_no_disk = ""
        self.hours = QCheckBox(_("Start &only between"))
        self.begin, self.end = TimeEdit(_("Earliest start")), TimeEdit(_("Latest start"))
        self.anyway = QCheckBox(_("Start anyway without a &good backup for"))
        self.anyway.setToolTip(_("After this time, a backup no longer waits for power, the connection or the hours"))
        self.anyway_days = DaysEdit(1, _("Days without a good backup"))
        self.delay = QSpinBox()
        self.delay.setRange(_AUTOMATIC, int(LONGEST_JITTER.total_seconds()) // _MINUTE)
        self.delay.setSpecialValueText(_("automatic"))
        self.delay.setSuffix(_(" min"))
        self.delay.setToolTip(
            _(
                "Each computer starts at its own moment within this time, so that a server is not used by all of them "
                "at once. Automatic is 10 minutes for servers, and none otherwise."
            )
        )
        self.overdue = DaysEdit(0, _("Overdue after"), _("automatic"))
        self.overdue.setToolTip(_("Automatic is twice the time between two backups, and at least three days."))
        self.check = DaysEdit(0, _("Check the repository"), _("never"), before=_("every "))
        self.check.setToolTip(
            _(
                "After a good backup, Borg compares the checksums of the repository, an hour at most at a time. It "
                "continues after the next backup."
            )
        )
        self.checked = QLabel(wordWrap=True)
        self._lay_out()
        self.show_check_state("", None)
        self._connect()
        self.show_schedule(None)

    def show_schedule(self, schedule: Schedule | None) -> None:
        """Show the values of a schedule, or the defaults, without emitting :attr:`edited`."""
        self._stored = schedule
        asked = Conditions() if schedule is None else schedule.conditions
        before = self.blockSignals(True)
        self.on_battery.setChecked(asked.on_battery)
        self.on_metered.setChecked(asked.on_metered)
        self.when_disk.setChecked(asked.disk is not None)
        self.hours.setChecked(asked.between is not None)
        hours = asked.between or Hours(time(22), time(6))
        self.begin.set_value(hours.begin)
        self.end.set_value(hours.end)
        self.anyway.setChecked(asked.run_anyway_after is not None)
        self.anyway_days.setValue(asked.run_anyway_after or 3)
        jitter = None if schedule is None else schedule.jitter
        self.delay.setValue(_AUTOMATIC if jitter is None else jitter // _MINUTE)
        self.overdue.setValue(0 if schedule is None else schedule.overdue_after or 0)
        self.check.setValue(0 if schedule is None else schedule.check_every or 0)
        self._adapt()
        self.blockSignals(before)

    def show_disk(self, disk: str | None, why_none: str) -> None:
        """Offer to start when *disk*, a mount point, is connected; None if there is none, with the reason."""
        self._disk, self._why_no_disk = disk, why_none
        self._adapt()

    def show_check_state(self, text: str, tone: theme.Tone | None) -> None:
        """Show how the last check went; nothing if *text* is empty."""
        self.checked.setText(text)
        self._form.setRowVisible(self.checked, bool(text))
        palette = QPalette(self.checked.palette())
        palette.setColor(QPalette.ColorRole.WindowText, theme.color(tone or theme.Tone.MUTED))
        self.checked.setPalette(palette)

    def apply(self, schedule: Schedule) -> Schedule:
        """Return *schedule* with the entered values.

        Raises:
            InvalidInput: the hours are empty.
        """
        conditions = Conditions(
            self.on_battery.isChecked(),
            self.on_metered.isChecked(),
            self._hours() if self.hours.isChecked() else None,
            self.anyway_days.value() if self.anyway.isChecked() else None,
            self._stored_disk or self._disk if self.when_disk.isChecked() else None,
        )
        return replace(
            schedule,
            conditions=conditions,
            jitter=self._jitter(),
            overdue_after=self.overdue.value() or None,
            check_every=self.check.value() or None,
        )

    @property
    def _stored_disk(self) -> str | None:
        return None if self._stored is None else self._stored.conditions.disk

    def _hours(self) -> Hours:
        begin, end = self.begin.value(), self.end.value()
        if begin == end:
            raise InvalidInput(_("The hours in which a backup may start begin and end at the same time."))
        return Hours(begin, end)

    def _jitter(self) -> int | None:
        """Return seconds. The command line can store less than whole minutes, which stays as it is if not edited."""
        minutes, stored = self.delay.value(), None if self._stored is None else self._stored.jitter
        if minutes == _AUTOMATIC:
            return None
        return stored if stored is not None and stored // _MINUTE == minutes else minutes * _MINUTE

    def _lay_out(self) -> None:
        group = QGroupBox(_("Conditions"))
        column = QVBoxLayout(group)
        column.addWidget(explanation(_("A backup that may not start yet waits and says why. It is never dropped.")))
        column.addWidget(self.on_battery)
        column.addWidget(self.on_metered)
        column.addWidget(self.when_disk)
        column.addWidget(self.no_disk)
        column.addLayout(in_row(self.hours, self.begin, QLabel(_("and")), self.end))
        column.addLayout(in_row(self.anyway, self.anyway_days))
        self._form = form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        form.addRow(_("De&lay by up to"), self.delay)
        form.addRow(_("O&verdue without a good backup for"), self.overdue)
        form.addRow(_("Che&ck the repository"), self.check)
        form.addRow("", self.checked)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(group)
        outer.addLayout(form)

    def _connect(self) -> None:
        for box in (self.hours, self.anyway):
            box.toggled.connect(self._adapt)
        for signal in (
            self.on_battery.clicked,
            self.on_metered.clicked,
            self.when_disk.clicked,
            self.hours.clicked,
            self.anyway.clicked,
            self.begin.timeChanged,
            self.end.timeChanged,
            self.anyway_days.valueChanged,
            self.delay.valueChanged,
            self.overdue.valueChanged,
            self.check.valueChanged,
        ):
            signal.connect(lambda *_: self.edited.emit())

    def _adapt(self) -> None:
        for edit in (self.begin, self.end):
            edit.setEnabled(self.hours.isChecked())
        self.anyway_days.setEnabled(self.anyway.isChecked())
        possible = self._disk is not None or self._stored_disk is not None
        self.when_disk.setEnabled(possible)
        self.no_disk.setText("" if possible else self._why_no_disk)
        self.no_disk.setVisible(bool(self.no_disk.text()))
