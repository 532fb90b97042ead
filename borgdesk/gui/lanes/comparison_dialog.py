"""Dialog that shows how the lanes of two repositories differ."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES
from borgdesk.engine.lanes.comparison import compare
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.cards import facts_of
from borgdesk.gui.lanes.chips import values_of
from borgdesk.gui.look import words
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _, ngettext


class ComparisonDialog(Dialog):
    """Compares one repository with another that is chosen here."""

    help_page = "lanes"

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        here: Repository,
        others: Sequence[Repository],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._here = here
        self._asked = 0
        self.setWindowTitle(_("Compare scripts"))
        self.other = QComboBox()
        self.other.setAccessibleName(_("Compare with"))
        for repository in others:
            self.other.addItem(repository.name, repository.id)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(_("Differences"))
        self.tree.setColumnCount(3)
        self.tree.setRootIsDecorated(False)
        self.tree.setItemsExpandable(False)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.said = QLabel(wordWrap=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(_("Compare &with"), self.other)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.said)
        layout.addWidget(buttons)
        self.resize(760, 460)
        self.other.currentIndexChanged.connect(self._read)
        self._read()

    def entered(self) -> object:
        """Return None: nothing would be lost by leaving."""
        return None

    def _read(self) -> None:
        other: RepositoryId | None = self.other.currentData()
        if other is None:
            self.said.setText(_("There is no other repository."))
            return
        self._asked += 1
        store, here = self._workspace.store.assignments, self._here.id
        self._background.ask(
            lambda: (store.list(here), store.list(other)), partial(self._show, self._asked), owner=self
        )

    def _show(self, number: int, lanes: tuple[Sequence[Assignment], Sequence[Assignment]]) -> None:
        if number != self._asked:
            return
        self.tree.clear()
        self.tree.setHeaderLabels([_("Script"), self._here.name, self.other.currentText()])
        found = compare(*lanes)
        for hook in LANES:
            rows = [one for one in found if one.hook is hook]
            if rows:
                group = QTreeWidgetItem(self.tree, [lane_title(hook)])
                _embolden(group, 0)
                for one in rows:
                    row = QTreeWidgetItem(group, [one.script, _side(one.here), _side(one.there)])
                    for column in range(3):
                        row.setToolTip(column, row.text(column))
                        if not one.is_equal:
                            _embolden(row, column)
        self.tree.expandAll()
        different = sum(not one.is_equal for one in found)
        text = ngettext("{count} script differs.", "{count} scripts differ.", different)
        said = text.format(count=words.number(different))
        self.said.setText(said if different else _("The scripts are the same. Secret values are not compared."))


def _side(one: Assignment | None) -> str:
    """Return the options of a script in one of the repositories."""
    if one is None:
        return _("not assigned")
    parts = [_("disabled")] if not one.enabled else []
    return f"{one.order}. " + " · ".join([*parts, facts_of(one), *filter(None, [values_of(one)])])


def _embolden(item: QTreeWidgetItem, column: int) -> None:
    font = item.font(column)
    font.setBold(True)
    item.setFont(column, font)
