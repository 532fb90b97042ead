"""Tree that shows what an import will add, with a check box for each repository and script, and what it cannot take."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidgetItem, QWidget

from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.schedule import CronForm
from borgdesk.engine.imports.planning import Plan, PlannedRepository, PlannedUse
from borgdesk.gui.look import icons, theme, words
from borgdesk.gui.look.wrapping_tree import WrappingTree
from borgdesk.translation import _

_FIRST_COLUMN = 0.36
"""Its share of the width."""
_KEY = Qt.ItemDataRole.UserRole
"""The place of a repository (int), or the key of a script (str)."""


class PlanTree(WrappingTree):
    """Everything is chosen at first."""

    choice_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("What is imported"), parent)
        self.setColumnCount(2)
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.itemChanged.connect(lambda _item, column: self.choice_changed.emit() if column == 0 else None)

    def show_plan(self, plan: Plan) -> None:
        """Show a plan instead of the previous one."""
        with QSignalBlocker(self):
            self.clear()
            self._add_repositories(plan)
            self._add_scripts(plan)
            if plan.not_taken:
                group = self._group(_("Cannot be imported"), icons.toned("status-warning", theme.Tone.WARNING))
                for missing in plan.not_taken:
                    item = self._row(group, missing.what, missing.reason)
                    item.setToolTip(0, words.tooltip(missing.what))
            if (first := self.topLevelItem(0)) is not None:
                self.setCurrentItem(first.child(0) or first)
        self.choice_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.header().resizeSection(0, round(self.viewport().width() * _FIRST_COLUMN))

    def repositories(self) -> list[int]:
        """Return the places of the repositories chosen."""
        return [key for item in self._chosen() if isinstance(key := item.data(0, _KEY), int)]

    def scripts(self) -> list[str]:
        """Return the keys of the scripts chosen that no repository uses."""
        return [key for item in self._chosen() if isinstance(key := item.data(0, _KEY), str)]

    def item_of(self, key: int | str) -> QTreeWidgetItem | None:
        """Return the item of a repository or a script."""
        return next((item for item in self._items() if item.data(0, _KEY) == key), None)

    def _chosen(self) -> list[QTreeWidgetItem]:
        return [item for item in self._items() if item.checkState(0) is Qt.CheckState.Checked]

    def _items(self) -> Iterator[QTreeWidgetItem]:
        for row in range(self.topLevelItemCount()):
            group = self.topLevelItem(row)
            for place in range(group.childCount() if group is not None else 0):
                if group is not None and (item := group.child(place)) is not None:
                    yield item

    # Content --------------------------------------------------------------------------------------------------------

    def _add_repositories(self, plan: Plan) -> None:
        if not plan.repositories:
            return
        group = self._group(_("Repositories"), icons.icon("repositories"))
        for place, one in enumerate(plan.repositories):
            item = self._row(group, one.repository.name, _state(one))
            if one.is_new:
                self._let_choose(item, place)
            for title, value in _facts(plan, one):
                self._row(item, title, value)
            item.setExpanded(one.is_new)

    def _add_scripts(self, plan: Plan) -> None:
        if not plan.unused:
            return
        group = self._group(_("Scripts"), icons.icon("scripts"))
        for key in plan.unused:
            script = plan.scripts[key]
            item = self._row(group, script.name, script.found.description)
            if script.present is None:
                self._let_choose(item, key)
            else:
                item.setText(1, _("Already in the library"))

    def _group(self, title: str, icon: QIcon) -> QTreeWidgetItem:
        group = self.add_heading(title, icon)
        group.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        group.setFirstColumnSpanned(True)
        group.setExpanded(True)
        return group

    def _row(self, parent: QTreeWidgetItem, title: str, text: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent, [title, text])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        for column in (0, 1):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        item.setToolTip(1, words.tooltip(text))
        return item

    def _let_choose(self, item: QTreeWidgetItem, key: int | str) -> None:
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Checked)
        item.setData(0, _KEY, key)


def _state(one: PlannedRepository) -> str:
    if one.problem:
        return _("Cannot be added: {problem}").format(problem=one.problem)
    if one.present:
        return _("Already here, as “{name}”").format(name=one.present)
    return one.repository.location


def _facts(plan: Plan, one: PlannedRepository) -> Iterator[tuple[str, str]]:
    if not one.is_new:
        return
    repository = one.repository
    unlocking = _("is imported") if one.passphrase is not None else repository.passcommand or ""
    facts = [
        (_("SSH key"), repository.ssh_key),
        (_("Sources"), "\n".join(repository.sources)),
        (_("Excludes"), "\n".join(repository.excludes)),
        (_("Patterns"), repository.patterns.rstrip("\n")),
        (_("Options of Borg"), repository.extra_arguments),
        (_("Archive name"), repository.archive_name),
        (_("Retention"), words.retention(rules) if (rules := one.repository.retention) else ""),
        (_("Passphrase"), unlocking),
        (_("Schedule"), CronForm.parse(one.schedule.cron).in_words() if one.schedule else ""),
        *((lane_title(use.use.hook), _use(plan, use)) for use in one.uses),
        *((_("Note"), note) for note in one.notes),
    ]
    yield from ((title, value) for title, value in facts if value)


def _use(plan: Plan, use: PlannedUse) -> str:
    script = plan.scripts[use.key]
    condition = plan.run_on(use)
    return script.name if condition is None else f"{script.name} · {words.run_on(condition)}"
