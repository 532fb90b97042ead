"""Editor for when backups start: hourly, daily, weekly, monthly, or any cron expression."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from borgdesk.domain.schedule import DAY_NAMES, LAST_DAY, CronForm, ScheduleKind, daily, hourly, monthly, weekly
from borgdesk.gui.look.time_edit import TimeEdit
from borgdesk.translation import N_, _

# Translators: the days of the week, as short as is usual.
_SHORT_NAMES = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_DAYS_PER_ROW = 4
_LAST_SAFE_DAY = 28
_CRON = 36
"""Width of the field for expressions in characters."""
_SHOWN = (ScheduleKind.HOURLY, ScheduleKind.DAILY, ScheduleKind.WEEKLY, ScheduleKind.MONTHLY, ScheduleKind.CRON)


class WhenEdit(QWidget):
    """A choice of forms; below it, what the chosen one needs."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None, *, with_letters: bool = True) -> None:
        """*with_letters*: the labels have mnemonics, for which there is no room in a form with many others."""
        super().__init__(parent)
        self._with_letters = with_letters
        self.kind = QComboBox()
        names = (_("Hourly"), _("Daily"), _("Weekly"), _("Monthly"), _("Advanced (cron)"))
        for kind, name in zip(_SHOWN, names, strict=True):
            self.kind.addItem(name, kind)
        self.minute = QSpinBox()
        self.minute.setRange(0, 59)
        self.at = TimeEdit()
        self.day = QComboBox()
        for day in range(1, _LAST_SAFE_DAY + 1):
            self.day.addItem(self.locale().toString(day), str(day))
        self.day.addItem(_("Last day"), LAST_DAY)
        self.day.setToolTip(_("Not every month has the days after the 28th"))
        self.cron = QLineEdit()
        self.cron.setPlaceholderText("30 2 * * mon-fri")
        self.cron.setToolTip(_("Five fields: minute, hour, day of the month, month, day of the week"))
        self.cron.setMinimumWidth(self.fontMetrics().averageCharWidth() * _CRON)
        self.days = self._make_days()
        self._lay_out()
        self._stored = self._untouched = ""
        self.show_cron(hourly())
        self._connect()

    def show_cron(self, cron: str) -> None:
        """Show an expression in its simplest form, without emitting :attr:`edited`."""
        form = CronForm.parse(cron)
        kind = form.kind
        if kind is ScheduleKind.MONTHLY and self.day.findData(form.day) < 0:
            kind = ScheduleKind.CRON
        before = self.blockSignals(True)
        self.kind.setCurrentIndex(_SHOWN.index(kind))
        self.cron.setText(form.cron)
        if kind is not ScheduleKind.CRON:
            self.minute.setValue(form.at.minute)
        if kind not in (ScheduleKind.CRON, ScheduleKind.HOURLY):
            self.at.set_value(form.at)
        for day, box in enumerate(self.days, start=1):
            box.setChecked(day in (form.days or (1, 2, 3, 4, 5)))
        self.day.setCurrentIndex(max(self.day.findData(form.day), 0))
        self._adapt()
        self.blockSignals(before)
        self._stored, self._untouched = cron, self._entered()

    def expression(self) -> str:
        """Return the entered expression, in its stored spelling if nothing was changed.

        Raises:
            InvalidInput: no day of the week is chosen.
        """
        entered = self._entered()
        return self._stored if entered == self._untouched else entered

    @property
    def is_free_text(self) -> bool:
        """Whether the expression is typed."""
        return self._kind is ScheduleKind.CRON

    @property
    def _kind(self) -> ScheduleKind:
        return _SHOWN[self.kind.currentIndex()]

    def _entered(self) -> str:
        at = self.at.value()
        match self._kind:
            case ScheduleKind.HOURLY:
                return hourly(self.minute.value())
            case ScheduleKind.DAILY:
                return daily(at)
            case ScheduleKind.WEEKLY:
                return weekly([day for day, box in enumerate(self.days, start=1) if box.isChecked()], at)
            case ScheduleKind.MONTHLY:
                return monthly(str(self.day.currentData()), at)
            case _:
                return " ".join(self.cron.text().split())

    def _make_days(self) -> list[QCheckBox]:
        boxes = []
        for short, name in zip(_SHORT_NAMES, DAY_NAMES, strict=True):
            box = QCheckBox(_(short))
            box.setAccessibleName(_(name))
            boxes.append(box)
        return boxes

    def _lay_out(self) -> None:
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        self._week = QWidget()
        grid = QGridLayout(self._week)
        grid.setContentsMargins(0, 0, 0, 0)
        for place, box in enumerate(self.days):
            grid.addWidget(box, place // _DAYS_PER_ROW, place % _DAYS_PER_ROW)
        for label, widget in (
            (_("&Repeat"), self.kind),
            (_("At mi&nute"), self.minute),
            (_("O&n"), self._week),
            (_("Day of the mo&nth"), self.day),
            (_("Tim&e"), self.at),
            (_("Cro&n expression"), self.cron),
        ):
            self._form.addRow(label if self._with_letters else label.replace("&", ""), widget)

    def _adapt(self) -> None:
        kind = self._kind
        for row, kinds in (
            (self.minute, (ScheduleKind.HOURLY,)),
            (self._week, (ScheduleKind.WEEKLY,)),
            (self.day, (ScheduleKind.MONTHLY,)),
            (self.at, (ScheduleKind.DAILY, ScheduleKind.WEEKLY, ScheduleKind.MONTHLY)),
            (self.cron, (ScheduleKind.CRON,)),
        ):
            self._form.setRowVisible(row, kind in kinds)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        for signal in (
            self.minute.valueChanged,
            self.at.timeChanged,
            self.day.currentIndexChanged,
            self.cron.textEdited,
            *(box.clicked for box in self.days),
        ):
            signal.connect(lambda *_: self.edited.emit())

    def _on_kind_changed(self) -> None:
        self._adapt()
        self.edited.emit()
