"""List of the findings of a check, with the fixes that can be applied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.findings import Edit, Finding, Severity
from borgdesk.engine.scripts.checks import Report
from borgdesk.gui.look import icons, script_words, theme
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.fold import FoldButton
from borgdesk.translation import _

_TONES = {
    Severity.ERROR: theme.Tone.BAD,
    Severity.WARNING: theme.Tone.WARNING,
    Severity.INFO: theme.Tone.WORKING,
    Severity.STYLE: theme.Tone.MUTED,
}
_ICONS = {
    Severity.ERROR: "dialog-error",
    Severity.WARNING: "dialog-warning",
    Severity.INFO: "dialog-information",
    Severity.STYLE: "dialog-information",
}
_MOST = 500
"""Maximum number of findings listed; a user with more fixes these first."""

_NO_LIMIT = 16_777_215
"""QWIDGETSIZE_MAX, in pixels."""

_ROLE = Qt.ItemDataRole.UserRole


class _Tree(QTreeWidget):
    entered = Signal(object)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.entered.emit(item)
        else:
            super().keyPressEvent(event)


class FindingsList(QWidget):
    """One line per finding. The list can be collapsed to its summary."""

    finding_chosen = Signal(object)
    """A Finding to go to."""
    unfolded_changed = Signal(bool)
    """The list was expanded or collapsed."""
    fix_requested = Signal(object)
    """Edits to be applied in one step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._findings: tuple[Finding, ...] = ()
        self._current = False
        self._unfolded = True
        self.summary = FoldButton()
        self.summary.setChecked(True)
        self._note = ElidedLabel()
        self._note.setMinimumWidth(1)  # The buttons need the room.
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.mend = QPushButton(_("&Fix this one"))
        self.mend_all = QPushButton(_("Fi&x all"))
        self.tree = _Tree()
        self._lay_out()
        self.summary.toggled.connect(self._fold)
        self.tree.itemActivated.connect(self._on_finding_chosen)
        self.tree.itemClicked.connect(self._on_finding_chosen)
        self.tree.entered.connect(self._on_finding_chosen)
        self.tree.currentItemChanged.connect(lambda *_: self._adapt())
        self.tree.customContextMenuRequested.connect(self._on_menu_requested)
        self.mend.clicked.connect(self._mend)
        self.mend_all.clicked.connect(self._on_fix_all_clicked)
        self.clear()

    def show_report(self, report: Report) -> None:
        """Show the findings for the present text."""
        self._findings = report.findings
        self._current = True
        self.tree.clear()
        self.tree.addTopLevelItems([self._item(finding) for finding in report.findings[:_MOST]])
        self.summary.setText(script_words.findings(len(report.findings)))
        self._note.setText(report.note or report.checker)
        self._fold(self.summary.isChecked())
        self._adapt()

    def outdate(self) -> None:
        """Disable the fixes, because the text has changed since the check."""
        self._current = False
        self._adapt()

    def clear(self) -> None:
        """Clear the list, because there is no text."""
        self.show_report(Report())

    def show_finding(self, finding: Finding) -> None:
        """Select the line of a finding."""
        for row in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(row)
            if item is not None and item.data(0, _ROLE) == finding:
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item)

    def _item(self, finding: Finding) -> QTreeWidgetItem:
        item = QTreeWidgetItem([self.locale().toString(finding.line), finding.code, finding.message])
        item.setIcon(2, icons.toned(_ICONS[finding.severity], _TONES[finding.severity]))
        item.setTextAlignment(0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip(2, finding.message)
        item.setData(2, Qt.ItemDataRole.AccessibleTextRole, script_words.finding(finding))
        item.setData(0, _ROLE, finding)
        return item

    def _selected(self) -> Finding | None:
        item = self.tree.currentItem()
        finding: Finding | None = item.data(0, _ROLE) if item is not None else None
        return finding

    def _on_finding_chosen(self, item: QTreeWidgetItem) -> None:
        self.finding_chosen.emit(item.data(0, _ROLE))

    def _mend(self) -> None:
        finding = self._selected()
        if finding is not None and self._current:
            self.fix_requested.emit(finding.fix)

    def _on_fix_all_clicked(self) -> None:
        if self._current:
            self.fix_requested.emit(compatible(self._findings))

    def _adapt(self) -> None:
        selected = self._selected()
        fixes = [finding for finding in self._findings if finding.fix]
        self.mend.setVisible(bool(fixes))
        self.mend_all.setVisible(len(fixes) > 1)
        self.mend.setEnabled(self._current and selected is not None and bool(selected.fix))
        self.mend_all.setEnabled(self._current)

    def _fold(self, unfolded: bool) -> None:
        before, self._unfolded = self._unfolded, unfolded and bool(self._findings)
        self.tree.setVisible(self._unfolded)
        self.setMaximumHeight(_NO_LIMIT if self._unfolded else self._head.sizeHint().height())
        if before != self._unfolded:
            self.unfolded_changed.emit(self._unfolded)

    def _on_menu_requested(self, point: object) -> None:
        finding = self._selected()
        if finding is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mend = menu.addAction(_("&Fix"), self._mend)
        mend.setEnabled(self.mend.isEnabled())
        if finding.code.startswith("SC"):
            about = QUrl(f"https://www.shellcheck.net/wiki/{finding.code}")
            menu.addAction(_("&Explain {code} in the browser").format(code=finding.code),
                           lambda: QDesktopServices.openUrl(about))  # fmt: skip
        menu.popup(self.tree.viewport().mapToGlobal(point))  # type: ignore[call-overload]

    def _lay_out(self) -> None:
        self.tree.setColumnCount(3)
        self.tree.setHeaderLabels([_("Line"), _("Code"), _("Finding")])
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setAccessibleName(_("Findings"))
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(True)
        self.tree.setMinimumHeight(self.fontMetrics().height() * 4)
        self._head = QWidget()
        row = QHBoxLayout(self._head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.summary)
        row.addWidget(self._note, 1)
        row.addWidget(self.mend)
        row.addWidget(self.mend_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._head)
        layout.addWidget(self.tree, 1)


def compatible(findings: Sequence[Finding]) -> tuple[Edit, ...]:
    """Return the edits of all fixes that can be applied together: of two that overlap, only the first one's."""
    taken: list[tuple[tuple[int, int], tuple[int, int]]] = []
    edits: list[Edit] = []
    for finding in findings:
        spans = [((edit.line, edit.column), (edit.end_line, edit.end_column)) for edit in finding.fix]
        if any(start <= other_end and other_start <= end for start, end in spans for other_start, other_end in taken):
            continue
        taken += spans
        edits += finding.fix
    return tuple(edits)
