"""Remembers the packs that were installed, and the keys that signed them: a key is trusted once its pack was installed.

That is trust on first use, as with host keys: what the first pack brought has been read by the person who installed
it, and whoever signs the next version with the same key is the same author.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from borgdesk.domain.errors import NotFound
from borgdesk.domain.ids import ScriptId
from borgdesk.store.store import Store
from borgdesk.translation import _

_PACKS, _KEYS = "packs.installed", "packs.keys"


@dataclass(frozen=True, slots=True)
class InstalledPack:
    """A pack that was installed."""

    name: str
    version: str
    fingerprint: str | None
    """Of the key that signed it; None for a pack that was not signed."""
    scripts: Mapping[str, tuple[ScriptId, str]] = field(default_factory=dict)
    """The scripts made of it, and the SHA-256 of the text each came with, by their names within the pack."""


def installed_packs(store: Store) -> list[InstalledPack]:
    """Return the installed packs by name."""
    return [_pack(name, value) for name, value in sorted(store.key_values.get(_PACKS, {}).items())]


def installed_pack(store: Store, name: str) -> InstalledPack | None:
    """Return the installed pack of that name."""
    value = store.key_values.get(_PACKS, {}).get(name)
    return None if value is None else _pack(name, value)


def name_of_key(store: Store, fingerprint: str) -> str | None:
    """Return what a trusted key is called; None if it is not trusted."""
    name: str | None = store.key_values.get(_KEYS, {}).get(fingerprint)
    return name


def remember(store: Store, pack: InstalledPack, key_name: str) -> None:
    """Remember an installed pack, and trust its key; one that is trusted already keeps its name."""
    scripts = {file: list(one) for file, one in pack.scripts.items()}
    value = {"version": pack.version, "fingerprint": pack.fingerprint, "scripts": scripts}
    store.key_values.set(_PACKS, store.key_values.get(_PACKS, {}) | {pack.name: value})
    if pack.fingerprint is not None:
        keys = store.key_values.get(_KEYS, {})
        store.key_values.set(_KEYS, {pack.fingerprint: key_name} | keys)


def forget(store: Store, name: str) -> InstalledPack:
    """Forget a pack, and its key unless another pack is signed with it. Its scripts stay in the library.

    Raises:
        NotFound: no pack of that name is installed.
    """
    packs = store.key_values.get(_PACKS, {})
    if name not in packs:
        raise NotFound(_("No pack called “{name}” is installed.").format(name=name))
    gone = _pack(name, packs.pop(name))
    used = {one["fingerprint"] for one in packs.values()}
    keys = {key: called for key, called in store.key_values.get(_KEYS, {}).items() if key in used}
    store.key_values.set(_PACKS, packs)
    store.key_values.set(_KEYS, keys)
    return gone


def _pack(name: str, value: Mapping[str, object]) -> InstalledPack:
    scripts = {file: (ScriptId(number), digest) for file, (number, digest) in dict(value["scripts"]).items()}  # type: ignore[call-overload]
    fingerprint = value["fingerprint"]
    return InstalledPack(name, str(value["version"]), None if fingerprint is None else str(fingerprint), scripts)
