"""Bar *What happens if…* for choosing how a run might go."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.run import Outcome
from borgdesk.engine.lanes.foresight import Scenario
from borgdesk.gui.lanes.segment import Segment
from borgdesk.gui.look import words
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.translation import _


class OutcomeBar(QWidget):
    """One segment per outcome, and one for a script that fails before; the pressed one can be released."""

    picked = Signal(object)
    """A Scenario, or None."""

    def __init__(self, tools: QLayout, parent: QWidget | None = None) -> None:
        """*tools* are other buttons, which are shown beside the title."""
        super().__init__(parent)
        self._picked: Scenario | None = None
        self._scripts: list[tuple[AssignmentId, str]] = []
        self._buttons = {
            Outcome.SUCCESS: Segment(_("it succeeds")),
            Outcome.WARNING: Segment(_("with warnings")),
            Outcome.FAILURE: Segment(_("Borg fails")),
        }
        self.script = Segment(_("a script fails"))
        self.script.setToolTip(_("A script before the backup, which you choose, fails or says “not now”"))
        """Its menu has the scripts that may fail."""
        ends = {
            Outcome.CANCELLED: Segment(_("you stop it")),
            Outcome.INTERRUPTED: Segment(_("the machine dies")),
        }
        label = QLabel(_("What happens if"))
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.hint = ElidedLabel()
        self.hint.setMinimumWidth(1)  # On a small screen, the tools need the room.
        """What else there is to say about the lanes, beside the title, so that nothing moves."""
        self._segments = (*self._buttons.values(), self.script, *ends.values())
        for button in self._segments:
            button.setAccessibleName(f"{label.text()} {button.text()}")
            button.setAccessibleDescription(_("Show which scripts would run then"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(0)
        self._grid.setVerticalSpacing(4)
        self._in_row = 0
        self._buttons |= ends
        for outcome, button in self._buttons.items():
            button.clicked.connect(lambda down, one=outcome: self._pick(Scenario(one) if down else None))
        self._menu = QMenu(self)
        self.script.setMenu(self._menu)
        self.script.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.show_scripts([])
        self._lay_out(label, tools)
        self._arrange(len(self._segments))

    def _lay_out(self, label: QLabel, tools: QLayout) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        heading = QHBoxLayout()
        heading.setSpacing(12)
        heading.addWidget(label)
        heading.addWidget(self.hint, 1)
        heading.addLayout(tools)
        layout.addLayout(heading)
        row = QHBoxLayout()
        row.addLayout(self._grid)
        row.addStretch(1)
        layout.addLayout(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = sum(segment.whole_width() for segment in self._segments)
        rows = 1 if needed <= self.width() else 2
        self._arrange(len(self._segments) // rows)

    def _arrange(self, in_row: int) -> None:
        """Show so many segments in a row: in two rows, no word is cut in a small window with a large font."""
        if in_row == self._in_row:
            return
        self._in_row = in_row
        for place, segment in enumerate(self._segments):
            row, column = divmod(place, in_row)
            segment.set_ends(first=column == 0, last=column == in_row - 1)
            self._grid.addWidget(segment, row, column)

    def button(self, outcome: Outcome) -> QToolButton:
        """Return the segment of an outcome."""
        return self._buttons[outcome]

    def show_scripts(self, assignments: Sequence[Assignment]) -> None:
        """Offer the scripts that may fail before the work: those of the lanes before it that are enabled."""
        scripts = [(one.id, one.script) for one in assignments if one.hook.is_pre and one.enabled]
        failing = self._picked.failing if self._picked else None
        if failing is not None and failing not in dict(scripts):
            self._pick(None)
        if scripts == self._scripts and self._menu.actions():
            return
        self._scripts = scripts
        self._menu.clear()
        later = QMenu(_("says “not now”"), self._menu)
        for number, name in scripts:
            self._menu.addAction(words.literal(name), partial(self._toggle, Scenario(failing=number)))
            not_now = Scenario(failing=number, says_not_now=True)
            later.addAction(words.literal(name), partial(self._toggle, not_now))
        self._menu.addSeparator()
        self._menu.addMenu(later)
        self.script.setEnabled(bool(scripts))

    def _toggle(self, scenario: Scenario) -> None:
        """Pick a scenario of the menu, or none if it was picked before."""
        self._pick(None if scenario == self._picked else scenario)

    def _pick(self, scenario: Scenario | None) -> None:
        self._picked = scenario
        failing = scenario is not None and scenario.failing is not None
        for one, button in self._buttons.items():
            button.setChecked(scenario is not None and not failing and one is scenario.outcome)
        self.script.setChecked(failing)
        self.picked.emit(scenario)
