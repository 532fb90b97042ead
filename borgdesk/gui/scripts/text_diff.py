"""Line-by-line diff of two texts in bounded time.

difflib alone takes 10 s for 37,000 lines with 3,000 changed, and holds Python's lock meanwhile. Therefore the texts are
first split at lines that occur exactly once in both (the idea of patience diff), and difflib only compares the short
ranges between them; a range that is still too long for it counts as replaced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from borgdesk.domain.lines import lines_of

_MAX_PRODUCT = 4_000_000
"""Maximum product of the numbers of lines passed to difflib, which takes about half a second."""


class Change(StrEnum):
    """Kind of change of a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row side by side: an old line, a new one, or both; numbers count from 1, 0 means no line."""

    change: Change
    old_number: int = 0
    new_number: int = 0
    old: str = ""
    new: str = ""


def diff(old: str, new: str) -> list[DiffRow]:
    """Return all lines of both texts in order; corresponding lines share a row."""
    before, after = lines_of(old), lines_of(new)
    rows: list[DiffRow] = []
    for old_start, old_end, new_start, new_end in _stretches(before, after):
        rows.extend(_rows(before, after, old_start, old_end, new_start, new_end))
    return rows


def unified(rows: Sequence[DiffRow]) -> list[DiffRow]:
    """Return the rows for one column: in changed blocks, the old lines precede the new ones."""
    result: list[DiffRow] = []
    added: list[DiffRow] = []
    for row in rows:
        if row.change is not Change.CHANGED:
            result.extend(added)
            added = []
            result.append(row)
            continue
        result.append(DiffRow(Change.REMOVED, row.old_number, 0, row.old))
        added.append(DiffRow(Change.ADDED, 0, row.new_number, "", row.new))
    return result + added


def _rows(
    before: list[str], after: list[str], old_start: int, old_end: int, new_start: int, new_end: int
) -> Iterator[DiffRow]:
    for tag, a, b, c, d in _opcodes(before[old_start:old_end], after[new_start:new_end]):
        both = min(b - a, d - c)
        change = Change.SAME if tag == "equal" else Change.CHANGED
        for step in range(both):
            i, j = old_start + a + step, new_start + c + step
            yield DiffRow(change, i + 1, j + 1, before[i], after[j])
        for i in range(old_start + a + both, old_start + b):
            yield DiffRow(Change.REMOVED, i + 1, 0, before[i])
        for j in range(new_start + c + both, new_start + d):
            yield DiffRow(Change.ADDED, 0, j + 1, "", after[j])


def _opcodes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old_end, new_end = len(before) - tail, len(after) - tail
    inner = _inner_opcodes(before[head:old_end], after[head:new_end])
    return [
        ("equal", 0, head, 0, head),
        *((tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in inner),
        ("equal", old_end, len(before), new_end, len(after)),
    ]


def _inner_opcodes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    if len(before) * len(after) > _MAX_PRODUCT:
        return [("replace", 0, len(before), 0, len(after))]
    return list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())


def _common(before: list[str], after: list[str]) -> int:
    """Return the number of leading lines that both have in common."""
    pairs = zip(before, after, strict=False)
    return next((number for number, (old, new) in enumerate(pairs) if old != new), min(len(before), len(after)))


def _stretches(before: list[str], after: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield pairs of ranges; each ends with a line that is unique in both texts, in the same order."""
    old = new = 0
    for i, j in _anchors(before, after):
        yield old, i + 1, new, j + 1
        old, new = i + 1, j + 1
    yield old, len(before), new, len(after)


def _anchors(before: list[str], after: list[str]) -> list[tuple[int, int]]:
    """Return the longest sequence, increasing on both sides, of positions of lines that are unique in each text."""
    old_counts, new_counts = Counter(before), Counter(after)
    places = {line: j for j, line in enumerate(after) if new_counts[line] == 1}
    pairs = [(i, places[line]) for i, line in enumerate(before) if old_counts[line] == 1 and line in places]
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(tails, j)
        back.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(j)
            ends.append(index)
        else:
            tails[at] = j
            ends[at] = index
    chain: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(pairs[index])
        index = back[index]
    return chain[::-1]
