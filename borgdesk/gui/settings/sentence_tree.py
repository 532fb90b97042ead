"""Tree of wrapped sentences under headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QTreeWidgetItem

from borgdesk.gui.look import words
from borgdesk.gui.look.wrapping_tree import WrappingTree


@dataclass(frozen=True, slots=True)
class Sentence:
    """A row, with what belongs to it below."""

    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and its rows; it is left out if there are none."""

    title: str
    icon: QIcon
    rows: Sequence[Sentence]


class SentenceTree(WrappingTree):
    """Everything is unfolded at first."""

    def show_headings(self, headings: Sequence[Heading]) -> None:
        """Show these instead of the previous ones."""
        self.clear()
        for heading in headings:
            if heading.rows:
                self._add(heading)
        self.expandAll()
        if (first := self.topLevelItem(0)) is not None:
            self.setCurrentItem(first)

    def _add(self, heading: Heading) -> None:
        top = self.add_heading(heading.title, heading.icon)
        for row in heading.rows:
            item = _item(top, row.text)
            for detail in row.details:
                _item(item, detail)


def _item(parent: QTreeWidgetItem, text: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem(parent, [text])
    item.setToolTip(0, words.tooltip(text))
    return item
