"""Tab with all revisions of a script, which can be compared with the present text and restored."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.script import Revision
from borgdesk.gui.look import icons, longest, words
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.table import TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.translation import _


class RevisionsTab(QWidget):
    """Newest first; the present text is marked."""

    comparison_requested = Signal(str)
    """The SHA-256 of the revision to compare with the present text."""
    restoration_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._present: str | None = None
        columns: list[Column[Revision]] = [
            Column(
                _("Saved"),
                lambda one: words.ago(one.saved_at),
                sort_key=lambda one: -one.saved_at.timestamp(),
                tooltip=lambda one: f"{words.exact_moment(one.saved_at)}\n{one.sha256}",
                spoken=self._spoken,
                icon=lambda one: icons.icon("go-next") if one.sha256 == self._present else None,
                stretch=True,
                whole=longest.ages(),
            ),
            Column(
                _("Size"), lambda one: words.size(one.size), lambda one: one.size, right=True, whole=longest.sizes()
            ),
        ]
        self._model = TableModel(columns, lambda one: one.sha256, self)
        self.table = TableView(self._model, _("Revisions"), _("No revisions yet."))
        self.compare = QPushButton(_("&Compare"))
        self.restore = QPushButton(_("&Restore revision"))
        about = QLabel(_("A revision is kept each time the script is saved or run."))
        about.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.compare)
        buttons.addWidget(self.restore)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(about)
        layout.addWidget(self.table, 1)
        layout.addLayout(buttons)
        self.table.row_selected.connect(lambda _: self._adapt())
        self.table.row_activated.connect(lambda one: self.comparison_requested.emit(one.sha256))
        self.compare.clicked.connect(lambda: self._ask(self.comparison_requested.emit))
        self.restore.clicked.connect(lambda: self._ask(self.restoration_requested.emit))
        self._adapt()

    def show_revisions(self, revisions: list[Revision], present: str | None) -> None:
        """Show these revisions; *present* is the SHA-256 of the present text."""
        self._present = present
        self._model.set_rows(revisions)
        self._model.refresh()
        self._adapt()

    def select(self, sha256: str) -> bool:
        """Select a revision; return False if it is not listed."""
        return self.table.select_key(sha256)

    def _spoken(self, one: Revision) -> str:
        saved = words.ago(one.saved_at)
        return f"{saved}. {_('Current text')}" if one.sha256 == self._present else saved

    def _ask(self, ask: object) -> None:
        row = self.table.current_row()
        if row is not None and callable(ask):
            ask(row.sha256)

    def _adapt(self) -> None:
        row = self.table.current_row()
        self.compare.setEnabled(row is not None)
        self.restore.setEnabled(row is not None and row.sha256 != self._present)
