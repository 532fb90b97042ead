"""Fills the tree of an archive with the rows of its listing: while Borg prints it, and once it is complete."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.gui.contents.contents_model import ContentsModel
from borgdesk.gui.contents.listing_questions import in_order, rows_of, top_rows
from borgdesk.gui.contents.live_listing import LiveListing
from borgdesk.gui.workers.background import Background
from borgdesk.store.listings import ListingLost, Order, Row

T = TypeVar("T")

_Rows = dict[int, list[Row]]


class ListingReader(QObject):
    """Answers what a model asks for, from one listing at a time."""

    rows_changed = Signal()
    """Rows were replaced, or are the first ones."""
    lost = Signal(str)
    """The complete listing is missing or damaged; the sentence says so. Emitted once for each :meth:`show`."""

    def __init__(self, model: ContentsModel, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._background = model, background
        self._path: Path | None = None
        self._live: LiveListing | None = None
        self._shown = object()
        """Marks the questions to what is shown, for answers to what was shown before are late."""
        model.rows_requested.connect(self._on_rows_requested)
        model.order_changed.connect(self._sort)

    @property
    def path(self) -> Path | None:
        """The file of the complete listing; None before there is one."""
        return self._path

    def clear(self) -> None:
        """Show nothing."""
        self._path, self._live, self._shown = None, None, object()
        self._model.clear()

    def follow(self) -> LiveListing:
        """Show what is being listed; call ``look`` of the result in the thread that does."""
        live = self._live = LiveListing(self)
        live.rows_came.connect(partial(self._show_live, live))
        self._want_live()
        return live

    def show(self, path: Path) -> None:
        """Show a complete listing; folders that were opened in it before stay open."""
        was_live, self._live = self._live is not None, None
        self._path, self._shown = path, object()
        if was_live and self._model.open_folders:
            self._read_open_folders()
        else:
            self.ask(partial(top_rows, path, *self._model.order), self._begin)

    def ask(self, question: Callable[[], T], answer: Callable[[T], None]) -> None:
        """Ask the complete listing in the background, and pass on the answer if it is still shown by then."""
        shown = self._shown

        def take(found: T) -> None:
            if shown is self._shown:
                answer(found)

        def fail(error: BorgDeskError) -> None:
            if not isinstance(error, ListingLost):
                self._background.problem_met.emit(error.sentence)
            elif shown is self._shown:
                self._shown = object()  # several questions to one listing fail together
                self.lost.emit(error.sentence)

        self._background.ask(question, take, fail, owner=self)

    def _begin(self, found: _Rows) -> None:
        self._model.begin(found)
        self.rows_changed.emit()

    # while Borg is listing

    def _show_live(self, live: LiveListing, rows: _Rows) -> None:
        if live is not self._live:
            return
        if not self._model.open_folders:
            self._model.begin(rows)
            self._want_live()
        self._model.replace(rows, has_sizes=False)
        self.rows_changed.emit()

    def _want_live(self) -> None:
        if self._live is not None:
            order, descending = self._model.order
            self._live.want(self._model.open_folders, order, descending=descending)

    # folders

    def _on_rows_requested(self, number: int) -> None:
        if self._path is None:
            self._want_live()
            return
        order = self._model.order
        self.ask(partial(rows_of, self._path, (number,), *order), partial(self._show_rows, number, order))

    def _show_rows(self, number: int, order: tuple[Order, bool], found: _Rows) -> None:
        if order == self._model.order:
            self._model.show_rows(number, found[number])
        else:
            self._on_rows_requested(number)

    def _read_open_folders(self) -> None:
        if self._path is not None:
            order = self._model.order
            self.ask(partial(rows_of, self._path, self._model.open_folders, *order), partial(self._replace, order))

    def _sort(self) -> None:
        if self._path is None:
            self._want_live()
            return
        order = self._model.order
        self.ask(partial(in_order, self._model.inside, *order), partial(self._replace, order))

    def _replace(self, order: tuple[Order, bool], found: _Rows) -> None:
        if order != self._model.order:
            return
        if self._model.inside.keys() - found.keys():
            self._read_open_folders()  # a folder was opened since the question was asked
        else:
            self._model.replace(found)
            self.rows_changed.emit()
