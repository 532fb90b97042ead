"""Finds the runs that may mention a text, with the text index of the history."""

from __future__ import annotations

import heapq
import itertools
import logging
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from borgdesk.store.search_file import Block, SearchFile, blocks

_log = logging.getLogger(__name__)

_GRAM = 3
_MOST_GRAMS = 24
"""Of a long text, as many trigrams are looked for: each further one hardly excludes a run."""
_MOST_ENDINGS = 300
"""A text of one or two characters that begins more trigrams than these is in most runs anyway."""
_FIRST_PAGE, _LARGEST_PAGE = 100, 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of runs, of which some may mention the text."""

    low: int
    high: int
    run_ids: tuple[int, ...] | None
    """The only ones that may, newest first; None if the index does not know the range."""

    def among(self, few: frozenset[int] | None) -> Piece:
        """Return the piece without runs that are not among *few*; None excludes nothing."""
        if few is None or self.run_ids is None:
            return self
        return Piece(self.low, self.high, tuple(run_id for run_id in self.run_ids if run_id in few))


class SearchIndex:
    """Answers from the file as it is; what it does not know has to be read."""

    def __init__(self, file: SearchFile) -> None:
        self._file = file

    def pieces(
        self, needle: str, low: int, high: int, changed: Iterable[int], is_known: Callable[[Block], bool]
    ) -> Generator[Piece, None, None]:
        """Yield the runs from *low* to *high* in pieces, newest first, with those that may mention *needle*.

        *needle* is folded. Runs that were *changed* after their end are always among them. The history must have been
        read before, in the same snapshot in which the runs are then examined: the index is never behind it by more than
        *changed* says. *is_known* says whether a block is of this history.
        """
        top = high
        try:
            with self._file.reading() as connection:
                known = blocks(connection) if connection is not None else []
                if connection is not None and known and is_known(known[0]):
                    for piece in _pieces(connection, known, needle, low, high, set(changed)):
                        yield piece
                        top = piece.low - 1
        except sqlite3.OperationalError as error:
            _log.info("the text index is not read: %s", error)
        except sqlite3.Error as error:
            _log.warning("the text index is damaged: %s", error)
            self._file.discard()
        if top >= low:
            yield Piece(low, top, None)


def _pieces(
    connection: sqlite3.Connection, known: Sequence[Block], needle: str, low: int, high: int, changed: set[int]
) -> Iterator[Piece]:
    top = high
    for block in known:
        first, last = max(low, block.low), min(top, block.high)
        if first > last:
            continue
        query = _query(connection, block, needle)
        if query is None:
            continue
        if last < top:
            yield Piece(last + 1, top, None)
        yield from _known(connection, block, query, first, last, changed)
        top = first - 1
    if top >= low:
        yield Piece(low, top, None)


def _known(
    connection: sqlite3.Connection, block: Block, query: str, low: int, high: int, changed: set[int]
) -> Iterator[Piece]:
    """Yield the part of a block from *low* to *high*."""
    unsure = connection.execute("SELECT run_id FROM unsure WHERE run_id BETWEEN ? AND ?", (low, high))
    always = {run_id for (run_id,) in unsure} | {run_id for run_id in changed if low <= run_id <= high}
    matching = f"SELECT rowid FROM {block.table} WHERE {block.table} MATCH ?"  # noqa: S608 - a number
    in_order = f"{matching} AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"
    found = connection.execute(in_order, (query, low, high)) if query else ()
    ids = heapq.merge(sorted(always, reverse=True), (run_id for (run_id,) in found), reverse=True)
    candidates = (run_id for run_id, _ in itertools.groupby(ids))
    top, size = high, _FIRST_PAGE
    while page := tuple(itertools.islice(candidates, size)):
        yield Piece(page[-1], top, page)
        top, size = page[-1] - 1, min(2 * size, _LARGEST_PAGE)
    if top >= low:
        yield Piece(low, top, ())


def _query(connection: sqlite3.Connection, block: Block, needle: str) -> str | None:
    """Return the query for what all runs have that mention *needle*; None if reading them all is quicker.

    It is empty if no run of the block can mention it.
    """
    if len(needle) >= _GRAM:
        return " AND ".join(_quoted(gram) for gram in _grams(needle))
    connection.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.of_{block.table} USING fts5vocab(main, {block.table}, row)"
    )
    # Two line breaks follow what is indexed, so that its last character begins a trigram, too.
    grams = f"SELECT term FROM temp.of_{block.table} WHERE term >= ? AND term < ? LIMIT ?"  # noqa: S608 - a number
    endings = connection.execute(grams, (needle, needle + "\U0010ffff", _MOST_ENDINGS + 1)).fetchall()
    if len(endings) > _MOST_ENDINGS:
        return None
    return " OR ".join(_quoted(gram) for (gram,) in endings)


def _grams(text: str) -> Sequence[str]:
    grams = list(dict.fromkeys(text[place : place + _GRAM] for place in range(len(text) - _GRAM + 1)))
    step = -(-len(grams) // _MOST_GRAMS)
    return grams[::step]


def _quoted(gram: str) -> str:
    return '"' + gram.replace('"', '""') + '"'
