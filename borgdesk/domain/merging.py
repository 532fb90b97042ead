"""Merges concurrent edits of the same object.

An object is split into named facts. An editor that stores what it loaded earlier writes only the facts that differ from
what it loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from borgdesk.domain.errors import Changed

Facts = Mapping[str, Any]
"""Facts by name; a missing fact is equivalent to None."""


def merged(seen: Facts, wanted: Facts, stored: Facts, what: str, *, over: bool = False) -> dict[str, Any]:
    """Return *stored* with those facts of *wanted* that differ from *seen*.

    With *over*, our change of a fact overwrites a concurrent change of the same fact.

    Raises:
        Changed: a fact that was changed here was changed differently by somebody else. The sentence begins with *what*,
            the name of the object.
    """
    names = sorted(seen.keys() | wanted.keys())
    ours = {name: wanted.get(name) for name in names if wanted.get(name) != seen.get(name)}
    disputed = [name for name in ours if stored.get(name) not in (seen.get(name), ours[name])]
    if disputed and not over:
        raise Changed(what, disputed)
    return {**stored, **ours}
