"""Where a script is assigned, when it cannot be deleted because of that."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.gui import icons, words
from borgdesk.gui.columns import Column
from borgdesk.gui.table import TableModel
from borgdesk.gui.widgets.table_view import TableView


class PlacesDialog(QDialog):
    """Names every repository and lane, and leads there."""

    place_asked = Signal(int)
    """The lanes of a repository shall be shown."""

    def __init__(self, name: str, assignments: list[Assignment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("The script is in use"))
        about = QLabel(
            self.tr("“{name}” cannot be deleted while it is assigned. Remove it from these lanes first:").format(
                name=name
            )
        )
        about.setWordWrap(True)
        columns: list[Column[Assignment]] = [
            Column(self.tr("Repository"), lambda one: one.repository, stretch=True),
            Column(self.tr("Lane"), lambda one: words.hook(one.hook), width=16),
        ]
        self.places = TableView(TableModel(columns, lambda one: one.id, self), self.tr("Where used"))
        self.places.rows.set_rows(assignments)
        self.places.select_first()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.show_place = buttons.addButton(self.tr("&Show repository"), QDialogButtonBox.ButtonRole.ActionRole)
        self.show_place.setIcon(icons.icon("repositories"))
        self.show_place.clicked.connect(self._ask)
        self.places.row_activated.connect(lambda _: self._ask())
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.places, 1)
        layout.addWidget(buttons)
        self.resize(480, 300)

    def _ask(self) -> None:
        row = self.places.current_row()
        if row is not None:
            self.accept()
            self.place_asked.emit(row.repository_id)
