"""Dialog that compares two archives: a tree of changes, filtered by kind and searched by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.archive import Archive
from borgdesk.domain.change import ChangeKind, bits_of
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.differences import difference_of
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.gui.archives.difference_model import ADDED, CHANGE, REMOVED, DifferenceModel, kind_name
from borgdesk.gui.contents.contents_model import NAME, TOP
from borgdesk.gui.contents.contents_view import ContentsView
from borgdesk.gui.look import theme, words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.form_parts import label_of
from borgdesk.gui.look.search_field import SearchField
from borgdesk.gui.workers.background import Background
from borgdesk.store.differences import Difference, DifferenceLost, Row
from borgdesk.store.listings import first_rows
from borgdesk.translation import _, ngettext

_PAUSE = 200
"""Milliseconds without a key press before a search begins."""

MOST_FOUND = 5000
"""Maximum number of search results shown."""

T = TypeVar("T")

_Asked = tuple[Path | None, str, int, tuple[str, bool]]
"""File with the differences, search text, kinds shown, and order."""


class DifferenceDialog(Dialog):
    """Shows what changed from one archive to another; both can be chosen here."""

    help_page = "archives"

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        repository: Repository,
        found: ArchiveList,
        pair: tuple[Archive, Archive],
        parent: QWidget | None = None,
    ) -> None:
        """Compare the second archive of *pair* with the first."""
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._repository, self._found = repository, found
        self._path: Path | None = None
        self._made_anew: Path | None = None
        """A comparison that was damaged, and was made again."""
        self._rows = 0
        self.setWindowTitle(_("Compare archives of {name}").format(name=repository.name))
        self._make(pair)
        self._lay_out()
        self._compare()

    def _make(self, pair: tuple[Archive, Archive]) -> None:
        self.first, self.second = (self._choice(archive) for archive in pair)
        self.first.setAccessibleName(_("Archive before"))
        self.second.setAccessibleName(_("Archive after"))
        self.banner = Banner(self)
        self._question = BorgQuestion(self._background, self.banner, self)
        names = {kind: kind_name(kind) for kind in ChangeKind}
        self.kinds = {kind: QCheckBox(name[:1].upper() + name[1:], self) for kind, name in names.items()}
        for box in self.kinds.values():
            box.setChecked(True)
            box.toggled.connect(self._show_again)
        self.search = SearchField(_("Search by name"), self)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._show_again)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.changes = DifferenceModel(self)
        self.tree = ContentsView(self.changes, self)
        self.tree.setAccessibleName(_("Changes"))
        header, letter = self.tree.horizontalHeader(), self.fontMetrics().averageCharWidth()
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((CHANGE, 22), (ADDED, 12), (REMOVED, 12)):
            header.resizeSection(column, max(width * letter, header.sectionSizeHint(column)))
        self.changes.rows_requested.connect(lambda number: self._read((number,)))
        self.changes.order_changed.connect(self._read_open_folders)
        self.summary = ElidedLabel(self)
        self.first.activated.connect(self._compare)
        self.second.activated.connect(self._compare)

    def _choice(self, archive: Archive) -> QComboBox:
        choice = QComboBox(self)
        choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choice.setMinimumContentsLength(24)
        for one in self._found.archives:
            choice.addItem(_("{name}, {moment}").format(
                name=words.file_name(one.name), moment=words.moment(one.start)), one.id)  # fmt: skip
        choice.setCurrentIndex(choice.findData(archive.id))
        return choice

    def _lay_out(self) -> None:
        grid = QGridLayout()
        for row, (text, choice) in enumerate(((_("&From"), self.first), (_("&To"), self.second))):
            grid.addWidget(label_of(choice, text), row, 0)
            grid.addWidget(choice, row, 1)
        grid.setColumnStretch(1, 1)
        filters = QHBoxLayout()
        for box in self.kinds.values():
            filters.addWidget(box)
        filters.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        layout.addWidget(self.banner)
        layout.addWidget(self.search)
        layout.addLayout(filters)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.summary)
        layout.addWidget(buttons)
        self.resize(760, 560)

    def entered(self) -> None:
        """Return None: closing loses nothing."""

    def done(self, result: int) -> None:
        """Stop the question that is still open."""
        self._question.stop()
        super().done(result)

    # comparing

    def _chosen(self) -> tuple[Archive, Archive]:
        by_id = {archive.id: archive for archive in self._found.archives}
        return by_id[self.first.currentData()], by_id[self.second.currentData()]

    def _compare(self) -> None:
        first, second = self._chosen()
        self._path = self._made_anew = None
        self.changes.clear()
        self.summary.setText("")
        self.banner.show_message("")
        if first.id == second.id:
            self._question.stop()
            self.banner.show_message(_("Choose two different archives."), theme.Tone.MUTED)
            return

        def ask(cancel: Cancel) -> tuple[Path, int]:
            with difference_of(self._workspace, self._repository, first, second, cancel=cancel) as difference:
                return difference.path, difference.rows

        self._question.ask(_("Comparing the archives…"), ask, self._show)

    def _show(self, answer: tuple[Path, int]) -> None:
        self._path, self._rows = answer
        if not self._rows:
            self.banner.show_message(_("Nothing is different."), theme.Tone.MUTED)
        self._show_again()

    def _show_again(self) -> None:
        self._pause.stop()
        if self._path is not None:
            asked = self._asked()
            self._ask(partial(_first_rows, *asked), partial(self._begin, asked))

    def _ask(self, question: Callable[[], T], answer: Callable[[T], None]) -> None:
        """Ask the file with the differences."""
        self._background.ask(question, answer, partial(self._on_unreadable, self._path), owner=self)

    def _on_unreadable(self, path: Path | None, error: BorgDeskError) -> None:
        """Compare again, because the file is missing or damaged; a second time, say so."""
        if not isinstance(error, DifferenceLost):
            self._background.problem_met.emit(error.sentence)
            return
        if path is None or path != self._path:
            return
        if path == self._made_anew:
            self._path = None
            self.changes.clear()
            self.banner.show_message(error.sentence, theme.Tone.BAD)
            return
        self._compare()
        self._made_anew = path

    def _begin(self, asked: _Asked, answer: tuple[dict[int, list[Row]], tuple[int, int], bool]) -> None:
        if asked != self._asked():
            return
        found, totals, is_cut = answer
        self.changes.begin(found)
        if asked[1]:
            said = words.found(len(found.get(TOP, ())), is_cut=is_cut)
            self.summary.setText(_("{some}.").format(some=said))
            return
        added, removed = map(words.size, totals)
        text = ngettext("{count} change: {added} added, {removed} removed",
                        "{count} changes: {added} added, {removed} removed", self._rows)  # fmt: skip
        text = text.format(count=words.number(self._rows), added=added, removed=removed)
        if self.changes.base_path:
            folder = "/" + words.file_name(self.changes.base_path)
            text = _("{changes}; all in {folder}").format(changes=text, folder=folder)
        self.summary.setText(text)

    def _asked(self) -> _Asked:
        """Return what the shown rows depend on."""
        return self._path, self.search.text().strip(), self._bits(), self.changes.sorting

    def _bits(self) -> int:
        """Return the kinds that are shown."""
        return bits_of(kind for kind, box in self.kinds.items() if box.isChecked())

    # rows

    def _read(self, numbers: Sequence[int]) -> None:
        """Read folders that were opened."""
        asked = self._asked()
        self._ask(partial(_rows, *asked, tuple(numbers)), partial(self._take, asked))

    def _take(self, asked: _Asked, found: dict[int, list[Row]]) -> None:
        if asked == self._asked():
            for number, rows in found.items():
                self.changes.show_rows(number, rows)

    def _read_open_folders(self) -> None:
        """Read all open folders in another order."""
        asked = self._asked()
        question = partial(_rows, *asked, self.changes.open_folders)
        self._ask(question, partial(self._replace, asked))

    def _replace(self, asked: _Asked, found: dict[int, list[Row]]) -> None:
        if asked == self._asked():
            self.changes.replace(found)


def _first_rows(
    path: Path | None, text: str, bits: int, sorting: tuple[str, bool]
) -> tuple[dict[int, list[Row]], tuple[int, int], bool]:
    """Return the rows shown first, the total sizes, and whether more was found than is shown."""
    if path is None:
        return {}, (0, 0), False
    order, descending = sorting
    with Difference(path) as difference:
        totals = difference.totals(bits)
        if text:
            rows = difference.find_rows(text, bits, order, descending=descending, limit=MOST_FOUND + 1)
            return {TOP: rows[:MOST_FOUND]}, totals, len(rows) > MOST_FOUND
        return first_rows(partial(difference.rows_in, kinds=bits, order=order, descending=descending)), totals, False


def _rows(
    path: Path | None, text: str, bits: int, sorting: tuple[str, bool], numbers: tuple[int, ...]
) -> dict[int, list[Row]]:
    if path is None or text:
        return _first_rows(path, text, bits, sorting)[0]
    order, descending = sorting
    with Difference(path) as difference:
        return {
            number: difference.rows_in(number, kinds=bits, order=order, descending=descending) for number in numbers
        }
