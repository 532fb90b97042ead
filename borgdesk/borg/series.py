"""Decides which archive names belong to a template, and whether two templates can produce or prune the same name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from borgdesk.borg.archive_name import preview_archive_name, series_glob

_CHECKPOINT = r"(?:\.checkpoint(?:\.[0-9]+)?)?"
"""The suffix of an unfinished archive (checkpoint); prune considers those, too."""

_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_TOKEN = re.compile(r"\[([^\]]+)\]|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Identity:
    """Values of the placeholders that are the same in every run of one user on one machine."""

    hostname: str
    """Without the domain."""
    fqdn: str
    user: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """One character of a name, or any number of characters."""

    characters: frozenset[str] | None
    """None for any character."""
    repeated: bool = False

    def meets(self, other: _Piece) -> bool:
        if self.characters is None or other.characters is None:
            return True
        return not self.characters.isdisjoint(other.characters)


def resolved_glob(template: str, identity: Identity) -> str:
    """Return :func:`series_glob` with the placeholders filled in, as Borg does before it searches archives.

    Raises:
        InvalidInput: the template is invalid.
    """
    values = {
        "hostname": identity.hostname,
        "fqdn": identity.fqdn,
        "reverse-fqdn": ".".join(reversed(identity.fqdn.split("."))),
        "user": identity.user,
    }
    return series_glob(template).format_map(values)


def matches(template: str, identity: Identity, name: str) -> bool:
    """Return whether ``borg prune`` for *template* would consider an archive called *name*."""
    return _expression(resolved_glob(template, identity)).fullmatch(name) is not None


def may_meet(one: str, other: str, identity: Identity) -> bool:
    """Return whether retention for one template might match an archive made with the other.

    The question is symmetric. It is answered with the patterns, which match everything that their templates produce, so
    the answer may be an unnecessary yes, but never a wrong no.
    """
    first, second = (_pieces(resolved_glob(template, identity)) for template in (one, other))
    endings = (_literal_pieces(""), _checkpoint_pieces(), _numbered_checkpoint_pieces())
    return any(_intersect([*first, *a], [*second, *b]) for a in endings for b in endings)


def is_checkpoint(name: str) -> bool:
    """Return whether it is the name of an unfinished archive."""
    return re.search(r"\.checkpoint(?:\.[0-9]+)?\Z", name) is not None


def example(template: str, identity: Identity) -> str:
    """Return a name that *template* might produce."""
    now = datetime.now(UTC).astimezone()
    return preview_archive_name(template, now, hostname=identity.hostname, user=identity.user)


@cache
def _expression(glob: str) -> re.Pattern[str]:
    parts = []
    for match in _TOKEN.finditer(glob):
        if match[1] is not None:
            parts.append("[" + "".join(map(re.escape, sorted(_characters(match[1])))) + "]")
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(match[2]) or re.escape(match[2]))
    return re.compile("".join(parts) + _CHECKPOINT, re.DOTALL)


def _pieces(glob: str) -> Sequence[_Piece]:
    return tuple(_tokens(glob))


def _tokens(glob: str) -> Iterator[_Piece]:
    for match in _TOKEN.finditer(glob):
        if match[1] is not None:
            yield _Piece(_characters(match[1]))
        elif match[2] in "*?":
            yield _Piece(None, repeated=match[2] == "*")
        else:
            yield _Piece(frozenset(match[2]))


def _characters(content: str) -> frozenset[str]:
    """Return the characters of a character class such as ``0-9a-f``."""
    found: set[str] = set()
    for first, last, single in _RANGE.findall(content):
        found |= {single} if single else {chr(code) for code in range(ord(first), ord(last) + 1)}
    return frozenset(found)


def _literal_pieces(text: str) -> Sequence[_Piece]:
    return tuple(_Piece(frozenset(character)) for character in text)


def _checkpoint_pieces() -> Sequence[_Piece]:
    return _literal_pieces(".checkpoint")


def _numbered_checkpoint_pieces() -> Sequence[_Piece]:
    digit = frozenset("0123456789")
    return (*_literal_pieces(".checkpoint."), _Piece(digit), _Piece(digit, repeated=True))


def _intersect(first: Sequence[_Piece], second: Sequence[_Piece]) -> bool:
    """Return whether some text matches both patterns: a search through pairs of positions."""
    waiting = [(0, 0)]
    seen = set(waiting)
    while waiting:
        a, b = waiting.pop()
        if a == len(first) and b == len(second):
            return True
        for pair in _next_places(first, second, a, b):
            if pair not in seen:
                seen.add(pair)
                waiting.append(pair)
    return False


def _next_places(first: Sequence[_Piece], second: Sequence[_Piece], a: int, b: int) -> Iterator[tuple[int, int]]:
    if a < len(first) and first[a].repeated:
        yield a + 1, b
    if b < len(second) and second[b].repeated:
        yield a, b + 1
    if a < len(first) and b < len(second) and first[a].meets(second[b]):
        yield (a if first[a].repeated else a + 1), (b if second[b].repeated else b + 1)
