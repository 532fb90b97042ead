"""Filter of the history: kind of work, repository, script, status, period and search terms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QSizePolicy, QWidget

from borgdesk.domain.history_list import Key
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.domain.script import Script
from borgdesk.gui.look import icons, words
from borgdesk.gui.look.search_field import SearchField
from borgdesk.gui.workers.background import Background
from borgdesk.store.history_list import Wanted
from borgdesk.store.run_filters import Conditions
from borgdesk.store.store import Store
from borgdesk.translation import _

_TYPING_PAUSE = 40
"""Milliseconds; each search stops the one before."""
_TESTS = "script-test"
"""Beside the kinds of runs."""
_LEAST = 10
"""Minimum number of visible characters in a combo box with names."""

_SLACK = QSize(8, 0)
"""Of what Qt computes for a combo box, a few pixels are missing with large fonts."""

_IN_ONE_ROW, _SEARCH_BELOW, _IN_TWO_ROWS = 6, 5, 3
"""Columns of fields, from the widest arrangement to the narrowest."""


class RunFilter(QWidget):
    """Fields for kind of work, repository, script, status, period, and search terms."""

    changed = Signal()

    def __init__(self, store: Store, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._background = store, background
        self._make()
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE)
        self._pause.timeout.connect(self.changed)
        self._choices: tuple[_Choice, ...] = (self._kind, self._repository, self._script, self._status, self._time)
        for choice in self._choices:
            choice.activated.connect(self.changed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._columns = 0
        self._arrange(_IN_ONE_ROW)
        self._search.textChanged.connect(lambda _: self._pause.start())
        self._search.returnPressed.connect(self.changed)

    def refresh(self) -> None:
        """Reload the choices of repositories and scripts from the store."""
        store = self._store
        self._background.ask(store.repositories.list, partial(_offer, self._repository), owner=self)
        self._background.ask(store.scripts.list, partial(_offer, self._script), owner=self)

    def choose_repository(self, repository_id: RepositoryId) -> None:
        """Select the runs of one repository."""
        place = self._repository.findData(repository_id)
        if place < 0:
            self._repository.addItem("", repository_id)
            place = self._repository.count() - 1
        self._repository.setCurrentIndex(place)

    def choose_kind(self, kind: RunKind) -> None:
        """Select the runs of one kind."""
        self._kind.setCurrentIndex(self._kind.findData(kind))

    @property
    def is_narrow(self) -> bool:
        """Whether the filter excludes any runs."""
        return bool(self._search.text().strip()) or any(choice.currentIndex() > 0 for choice in self._choices)

    def clear(self) -> None:
        """Select all runs."""
        for choice in self._choices:
            choice.setCurrentIndex(0)
        self._search.clear()
        self._pause.stop()
        self.changed.emit()

    def focus_search(self) -> None:
        """Focus the search field."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def wanted(self, before: Key | None = None) -> Wanted:
        """Return what the store is to list, as of now."""
        period: timedelta | None = self._time.currentData()
        kind = self._kind.currentData()
        conditions = Conditions(
            repository=self._repository.currentData(),
            script=self._script.currentData(),
            status=self._status.currentData(),
            since=None if period is None else datetime.now(UTC) - period,
            search=self._search.text().strip() or None,
            kind=None if kind == _TESTS else kind,
        )
        return Wanted(conditions, runs=kind != _TESTS, tests=kind in (None, _TESTS), before=before)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least_width(_IN_TWO_ROWS), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        arrangements = (_IN_ONE_ROW, _SEARCH_BELOW, _IN_TWO_ROWS)
        fitting = (one for one in arrangements if self._least_width(one) <= event.size().width())
        self._arrange(next(fitting, _IN_TWO_ROWS))

    def _least_width(self, columns: int) -> int:
        """Return the width that the fields need in so many columns."""
        fields: list[QWidget] = [*self._choices]
        if columns != _SEARCH_BELOW:
            fields.append(self._search)
        widths = [max(one.minimumSizeHint().width() for one in fields[place::columns]) for place in range(columns)]
        return sum(widths) + (columns - 1) * max(0, self._grid.horizontalSpacing())

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for place, choice in enumerate(self._choices):
            self._grid.addWidget(choice, *divmod(place, columns))
        if columns == _SEARCH_BELOW:
            self._grid.addWidget(self._search, 1, 0, 1, columns)
        else:
            self._grid.addWidget(self._search, *divmod(len(self._choices), columns))
        for place in range(_IN_ONE_ROW):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)
        if columns == _IN_ONE_ROW:
            self._grid.setColumnStretch(columns - 1, 2)

    def _make(self) -> None:
        self._kind = _Choice(self, _("What"), _("Any kind"))
        for kind in RunKind:
            self._kind.addItem(words.kind(kind), kind)
        self._kind.addItem(words.script_test(), _TESTS)
        self._repository = _NameChoice(self, _("Repository"), _("Any repository"))
        self._script = _NameChoice(self, _("Script"), _("Any script"))
        self._status = _Choice(self, _("Status"), _("Any status"))
        for status in RunStatus:
            self._status.addItem(icons.lasting_status_icon(status), words.run_status(status), status)
        self._time = _Choice(self, _("Time"), _("Any time"))
        for text, days in (
            (_("Last 24 hours"), 1),
            (_("Last 7 days"), 7),
            (_("Last 30 days"), 30),
            (_("Last year"), 365),
        ):
            self._time.addItem(text, timedelta(days=days))
        self._search = SearchField(_("Search names, errors and output"), self)


class _Choice(QComboBox):
    """Shows each of its choices whole."""

    def __init__(self, parent: QWidget, name: str, everything: str) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.addItem(everything, None)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return super().sizeHint() + _SLACK

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() + _SLACK


class _NameChoice(_Choice):
    """Shortens names, which may have any length."""

    def __init__(self, parent: QWidget, name: str, everything: str) -> None:
        super().__init__(parent, name, everything)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(max(_LEAST, len(everything) + 1))


def _offer(choice: QComboBox, things: Iterable[Repository] | Iterable[Script]) -> None:
    """Replace the choices of a combo box, keeping the current one."""
    chosen = choice.currentData()
    while choice.count() > 1:
        choice.removeItem(1)
    for thing in things:
        choice.addItem(thing.name, thing.id)
    choice.setCurrentIndex(max(choice.findData(chosen), 0))
