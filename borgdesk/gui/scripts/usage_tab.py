"""Tab with a script's assignments and executions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.history import Execution
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.script import Script
from borgdesk.engine.scripts.usage import Usage
from borgdesk.gui.look import icons, longest, script_words, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.form_parts import in_row
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.translation import _


class UsageTab(QWidget):
    """Two tables: assignments, and recent executions."""

    place_requested = Signal(int)
    """Id of a repository whose lanes are to be shown."""
    execution_requested = Signal(object)
    """An Execution that is to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary = QLabel()
        self._summary.setWordWrap(True)
        self.places = TableView(
            TableModel(self._place_columns(), lambda one: one.id, self),
            _("Where used"),
            _("Not assigned anywhere."),
        )
        self.executions = TableView(
            TableModel(self._execution_columns(), lambda one: one.id, self),
            _("History of this script"),
            _("Not run yet."),
        )
        self.show_place = QPushButton(icons.icon("repositories"), _("Show &repository"))
        self.show_execution = QPushButton(icons.icon("history"), _("&Open run or test"))
        upper, lower = QWidget(), QWidget()
        for box, title, table, button in (
            (upper, _title(_("Where used")), self.places, self.show_place),
            (lower, _title(_("Recent runs and tests")), self.executions, self.show_execution),
        ):
            table.setMinimumHeight(self.fontMetrics().height() * 3)
            column = QVBoxLayout(box)
            column.setContentsMargins(0, 0, 0, 0)
            column.addLayout(in_row(title, button, wide=title))
            column.addWidget(table)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(upper)
        splitter.addWidget(lower)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._summary)
        layout.addWidget(splitter, 1)
        self.places.row_selected.connect(self._adapt)
        self.places.row_activated.connect(lambda one: self.place_requested.emit(one.repository_id))
        self.show_place.clicked.connect(lambda: self._ask(self.places))
        self.executions.row_selected.connect(self._adapt)
        self.executions.row_activated.connect(self.execution_requested)
        self.show_execution.clicked.connect(lambda: self._ask(self.executions))
        self._adapt()

    def show_usage(self, script: Script, usage: Usage) -> None:
        """Show where a script is and was used."""
        self._show(script_words.usage(script, len(usage.assignments)), usage.assignments, usage.executions)

    def clear(self) -> None:
        """Clear the tables."""
        self._show("", (), ())

    def _show(self, summary: str, places: Sequence[Assignment], executions: Sequence[Execution]) -> None:
        self._summary.setText(summary)
        self.places.rows.set_rows(places)
        self.executions.rows.set_rows(executions)
        self._adapt()

    def _adapt(self) -> None:
        """Enable the buttons; needed after replacing all rows, which clears the selection without a signal."""
        self.show_place.setEnabled(self.places.current_row() is not None)
        self.show_execution.setEnabled(self.executions.current_row() is not None)

    def _ask(self, table: TableView[Any]) -> None:
        row = table.current_row()
        if row is not None:
            table.row_activated.emit(row)

    def _place_columns(self) -> list[Column[Assignment]]:
        return [
            Column(_("Repository"), lambda one: one.repository, stretch=True),
            Column(_("Lane"), lambda one: lane_title(one.hook), whole=longest.lanes()),
        ]

    def _execution_columns(self) -> list[Column[Execution]]:
        return [
            Column(
                _("When"),
                lambda one: words.ago(one.started_at),
                sort_key=lambda one: -one.id,
                tooltip=lambda one: words.exact_moment(one.started_at),
                icon=lambda one: icons.status_icon(one.status),
                whole=longest.ages(),
            ),
            Column(
                _("Where"),
                lambda one: _("Test") if one.run_id is None else one.repository or "",
                stretch=True,
            ),
            Column(_("Result"), words.execution_result, whole=longest.execution_states()),
        ]


def _title(text: str) -> QLabel:
    title = QLabel(text)
    font = title.font()
    font.setBold(True)
    title.setFont(font)
    title.setWordWrap(True)
    return title
