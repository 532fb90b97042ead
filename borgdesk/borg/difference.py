"""Parser for ``borg diff --json-lines``, which prints one object per path, in no particular order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from borgdesk.borg.replies import UnexpectedReply
from borgdesk.domain.bounds import LARGEST
from borgdesk.domain.change import ChangeKind
from borgdesk.translation import _

Change = tuple[str, int, int, int, str]
"""One changed path, a plain tuple since there may be millions:

the path, without a leading ``/`` and with ``?`` for undecodable bytes, as in a listing; its kinds as one number, see
:func:`borgdesk.domain.change.bits_of`; added bytes, removed bytes; old and new owner or mode.
"""

_ADDED, _REMOVED, _MODIFIED = ChangeKind.ADDED.bit, ChangeKind.REMOVED.bit, ChangeKind.MODIFIED.bit
_TYPE, _OWNER, _MODE = ChangeKind.TYPE.bit, ChangeKind.OWNER.bit, ChangeKind.MODE.bit
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, RecursionError)


_LINE = re.compile(
    r"""^\{"changes": \[\{(?:"size": ([0-9]+), "type": "(added|removed)"\}"""
    r"""|"added": ([0-9]+), "removed": ([0-9]+), "type": "modified"\}"""
    r"""(?:, \{"new_.time": "[^"]*", "old_.time": "[^"]*", "type": ".time"\})*)\], "path": "([^"\\]*)"\}$|^(.+)$""",
    re.MULTILINE,
)
"""Matches the most frequent lines; the last group matches all others. Takes a third of the time of JSON."""


class DifferenceReader:
    """Parses Borg's output, chunk by chunk, into changes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Change]:
        """Return the changes completed by *chunk*, without paths of which only times differ.

        Raises:
            UnexpectedReply: it is not a difference.
        """
        whole, _end, self._rest = (self._rest + chunk).rpartition(b"\n")
        found: list[Change] = []
        try:
            for size, verb, came, went, path, other in _LINE.findall(whole.decode()):
                if verb == "added":
                    found.append((path, _ADDED, int(size), 0, ""))
                elif verb:
                    found.append((path, _REMOVED, 0, int(size), ""))
                elif other:
                    found += _parsed(other)
                elif came != "0" or went != "0":
                    found.append((path, _MODIFIED, int(came), int(went), ""))
            if any(
                not (0 <= added <= LARGEST and 0 <= removed <= LARGEST) for _path, _bits, added, removed, _note in found
            ):
                raise ValueError("a size is out of bounds")
        except _MALFORMED as error:
            raise UnexpectedReply(
                _("Borg's comparison of the archives cannot be understood: {error!r:.200}.").format(error=error)
            ) from error
        return found

    def finish(self) -> None:
        """Check that the output is complete.

        Raises:
            UnexpectedReply: the last line is incomplete.
        """
        if self._rest.strip():
            raise UnexpectedReply(_("Borg's comparison of the archives is not complete."))


def _parsed(line: str) -> Iterator[Change]:
    if not line.strip():
        return
    content = json.loads(line)
    bits, added, removed, note = _change(content["changes"])
    if bits:
        # Borg 1.2 writes lone surrogates for undecodable bytes; listings have a question mark.
        yield content["path"].encode("utf-8", "replace").decode(), bits, added, removed, note


def _change(changes: list[dict[str, Any]]) -> tuple[int, int, int, str]:
    bits = added = removed = 0
    notes: list[str] = []
    for change in changes:
        kind = change["type"]
        if kind in _TIMES:
            continue
        if kind == "modified":
            # Borg compares by chunks: for items without chunks, or with the same ones, it reports 0 bytes. It has no
            # numbers if the archives were made with different chunker parameters.
            came, went = change.get("added"), change.get("removed")
            if came == went == 0:
                continue
            bits |= _MODIFIED
            added, removed = came or 0, went or 0
        elif kind in _NOTED:
            bit, note = _NOTED[kind](change)
            bits |= bit
            notes.append(note)
        else:
            verb = kind.partition(" ")[0]
            bits |= _VERBS[verb]
            if verb == "added":
                added = change.get("size", 0)
            elif verb == "removed":
                removed = change.get("size", 0)
    if type(added) is not int or type(removed) is not int:
        raise ValueError("a size is no number")
    return bits, added, removed, ", ".join(notes)


def _mode(change: Mapping[str, str]) -> tuple[int, str]:
    old, new = change["old_mode"], change["new_mode"]
    return (_MODE if old[:1] == new[:1] else _TYPE), f"{old} → {new}"


def _owner(change: Mapping[str, str]) -> tuple[int, str]:
    old, new = (f"{change[f'{when}_user']}:{change[f'{when}_group']}" for when in ("old", "new"))
    return _OWNER, f"{old} → {new}"


_TIMES = frozenset({"ctime", "mtime"})
_NOTED: Mapping[str, Callable[[Mapping[str, str]], tuple[int, str]]] = {"mode": _mode, "owner": _owner}
_VERBS = {"added": _ADDED, "removed": _REMOVED, "changed": _MODIFIED}
"""By the first word, which Borg also prints for folders, links and pipes."""
