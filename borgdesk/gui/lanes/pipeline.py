"""The lanes of a repository from top to bottom, with what Borg does between them."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from borgdesk.domain.pattern_roots import roots_in
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES, Hook, Outcome, RunKind
from borgdesk.engine.lanes.foresight import Foresight
from borgdesk.gui.lanes.borg_row import BorgRow, reading
from borgdesk.gui.lanes.drag_scroller import DragScroller
from borgdesk.gui.lanes.gutter import Gutter
from borgdesk.gui.lanes.lane import Lane
from borgdesk.gui.look import words
from borgdesk.translation import _


class Pipeline(QScrollArea):
    """Scrolls as a whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lanes = {hook: Lane(hook) for hook in LANES}
        self.rows = {hook: BorgRow() for hook in (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.PRE_RESTORE)}
        """What Borg does after a lane."""
        self.gutter = Gutter([*self.lanes.values()])
        column = self.gutter.column
        for hook, lane in self.lanes.items():
            if hook is RunKind.RESTORE.lanes[0]:
                column.addWidget(_section(_("Restore")))
            column.addWidget(lane)
            if hook in self.rows:
                column.addWidget(self.rows[hook])
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(self.gutter)
        viewports = [lane.view.viewport() for lane in self.lanes.values()]
        DragScroller(self, [*self.lanes.values(), *viewports])

    def show_repository(self, repository: Repository, foresight: Foresight | None = None) -> None:
        """Show what Borg does in a backup of a repository, or would do if that went as foreseen."""
        sources = len(repository.sources) + len(roots_in(repository.patterns))
        for hook, what, remark in (
            (Hook.PRE_BACKUP, reading(sources), ""),
            (Hook.POST_BACKUP, _("Retention"), words.retention(repository.retention)),
            (Hook.PRE_RESTORE, _("Borg restores the files"), ""),
        ):
            self.rows[hook].show_step(what, _what_becomes(hook, foresight) or remark)


def _what_becomes(hook: Hook, foresight: Foresight | None) -> str:
    """Return what becomes of what Borg does after a lane; empty if that is as always, or not known."""
    if foresight is None or hook not in foresight.lanes:
        return ""
    culprit = foresight.culprit
    if not foresight.works and culprit is not None:
        return _("does not run: {script} before it").format(script=culprit.in_words())
    if hook is Hook.POST_BACKUP:
        return "" if foresight.outcome.made_archive else _("does not run: there is no new archive")
    return {
        Outcome.FAILURE: _("fails"),
        Outcome.CANCELLED: _("is stopped"),
        Outcome.INTERRUPTED: _("is interrupted"),
    }.get(foresight.outcome, "")


def _section(title: str) -> QLabel:
    """Return the heading above the lanes of a kind of run."""
    heading = QLabel(title)
    font = heading.font()
    font.setBold(True)
    heading.setFont(font)
    heading.setContentsMargins(0, 12, 0, 2)
    return heading
