"""``borgdesk archive diff``: shows the differences between two archives."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from borgdesk.cli import words
from borgdesk.cli.archives import wanted_archives
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.json_values import Json
from borgdesk.cli.stopping import stoppable
from borgdesk.cli.terminal import Screen, Style, printable
from borgdesk.domain.change import ChangeKind
from borgdesk.domain.numbers import grouped
from borgdesk.engine.archives.differences import difference_of
from borgdesk.store.differences import ChangedEntry, Difference
from borgdesk.translation import _, ngettext

_MARKS: Mapping[ChangeKind, tuple[str, Style]] = {
    ChangeKind.ADDED: ("+", Style.GOOD),
    ChangeKind.REMOVED: ("−", Style.BAD),
    ChangeKind.TYPE: ("!", Style.WARN),
    ChangeKind.MODIFIED: ("~", Style.WARN),
    ChangeKind.OWNER: ("o", Style.DIM),
    ChangeKind.MODE: ("m", Style.DIM),
}


def diff(console: Console, arguments: argparse.Namespace) -> int:
    """Show the differences between two archives."""
    repository, (first, second) = wanted_archives(console, arguments.repository, [arguments.a, arguments.b])
    with stoppable(console) as cancel:
        difference = difference_of(console.workspace, repository, first, second, arguments.path, cancel)
    with difference:
        console.answer_each(
            (_change(entry) for entry in _entries(difference, arguments.path)),
            lambda out: _lines(out, difference, arguments.path),
        )
        _sum_up(console, difference, arguments.path)
    return 0


def _entries(difference: Difference, path: str) -> Iterator[ChangedEntry]:
    entry = difference.get(path)
    return difference.below(entry) if entry else iter(())


def _lines(out: Screen, difference: Difference, path: str) -> None:
    for entry in _entries(difference, path):
        mark, style = _MARKS[entry.kinds[0]]
        note = f"  ({entry.note})" if entry.note else ""
        name = " ".join(printable(entry.path).split("\n"))
        out.line(f"{out.paint(mark, style)} {_sizes(entry):>22}  {name}{note}")


def _sizes(entry: ChangedEntry) -> str:
    own = (entry.added, "+"), (entry.removed, "−")
    if entry.dir is not None:
        # The entries in the folder show the changes themselves.
        return ""
    return " ".join(f"{sign}{words.size(count)}" for count, sign in own if count)


def _sum_up(console: Console, difference: Difference, path: str) -> None:
    count = sum(1 for _ in _entries(difference, path)) if path else difference.rows
    if not count:
        console.say(_("Nothing is different."))
        return
    entry = difference.get(path)
    assert entry is not None
    console.say(
        ngettext("{count} change: {added} added, {removed} removed.",
                 "{count} changes: {added} added, {removed} removed.", count).format(
            count=grouped(count), added=words.size(entry.added), removed=words.size(entry.removed)
        )
    )  # fmt: skip


def _change(entry: ChangedEntry) -> Json:
    is_folder = entry.dir is not None
    return {
        "path": entry.path,
        "change": entry.kinds[0].value,
        "changes": [kind.value for kind in entry.kinds],
        "added": 0 if is_folder else entry.added,
        "removed": 0 if is_folder else entry.removed,
        "note": entry.note or None,
    }


COMMANDS: Commands = {"archive diff": diff}
