"""The lanes of a repository from top to bottom, with what Borg does between them."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from borgdesk.domain.pattern_roots import roots_in
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES, Hook, RunKind
from borgdesk.gui.lanes.borg_row import BorgRow, kept, reading
from borgdesk.gui.lanes.lane import Lane
from borgdesk.translation import _


class Pipeline(QScrollArea):
    """Scrolls as a whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lanes = {hook: Lane(hook) for hook in LANES}
        self.rows = {hook: BorgRow() for hook in (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.PRE_RESTORE)}
        """What Borg does after a lane."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(2)
        for hook, lane in self.lanes.items():
            if hook is RunKind.RESTORE.lanes[0]:
                column.addWidget(_section(_("Restore")))
            column.addWidget(lane)
            if hook in self.rows:
                column.addWidget(self.rows[hook])
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inside)

    def show_repository(self, repository: Repository) -> None:
        """Show what Borg does in a backup of a repository."""
        sources = len(repository.sources) + len(roots_in(repository.patterns))
        self.rows[Hook.PRE_BACKUP].show_step(reading(sources))
        self.rows[Hook.POST_BACKUP].show_step(_("Retention"), kept(repository))
        self.rows[Hook.PRE_RESTORE].show_step(_("Borg restores the files"))


def _section(title: str) -> QLabel:
    """Return the heading above the lanes of a kind of run."""
    heading = QLabel(title)
    font = heading.font()
    font.setBold(True)
    heading.setFont(font)
    heading.setContentsMargins(0, 12, 0, 2)
    return heading
