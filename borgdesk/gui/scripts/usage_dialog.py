"""Dialog that lists the assignments because of which a script cannot be deleted."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.lane_titles import lane_title
from borgdesk.gui.look import icons, longest
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.translation import _


class UsageDialog(Dialog):
    """Lists every repository and lane, with links to them."""

    place_requested = Signal(int)
    """Id of a repository whose lanes are to be shown."""

    def __init__(self, name: str, assignments: list[Assignment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Script in use"))
        about = QLabel(
            _("“{name}” cannot be deleted while it is assigned. Remove it from these lanes first:").format(name=name)
        )
        about.setWordWrap(True)
        columns: list[Column[Assignment]] = [
            Column(_("Repository"), lambda one: one.repository, stretch=True),
            Column(_("Lane"), lambda one: lane_title(one.hook), whole=longest.lanes()),
        ]
        self.places = TableView(TableModel(columns, lambda one: one.id, self), _("Where used"))
        self.places.rows.set_rows(assignments)
        self.places.select_first()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.show_place = buttons.addButton(_("&Show repository"), QDialogButtonBox.ButtonRole.ActionRole)
        self.show_place.setIcon(icons.icon("repositories"))
        self.show_place.clicked.connect(self._ask)
        self.places.row_activated.connect(lambda _: self._ask())
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.places, 1)
        layout.addWidget(buttons)
        self.resize(480, 300)

    def entered(self) -> None:
        """Return nothing: the dialog has no input."""

    def _ask(self) -> None:
        row = self.places.current_row()
        if row is not None:
            self.accept()
            self.place_requested.emit(row.repository_id)
