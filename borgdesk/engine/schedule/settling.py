"""Recognises a computer that has just been started or resumed, and a new login: nothing starts for two minutes.

Servers have to be reachable for half a minute besides: a network that has just come up may go again, for example while
a VPN is set up.

CLOCK_BOOTTIME counts the time asleep and CLOCK_MONOTONIC does not, so a suspend since the last look is visible without
a service that tells of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from borgdesk.engine.desktop.session import graphical_login
from borgdesk.engine.processes.procfs import boot_id
from borgdesk.store.key_values import KeyValues

SETTLING = 120.0
STABLE = 30.0
"""Seconds, both."""
_KEY = "awake"
_REACHED = "reached"
_NOISE = 1.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two clocks of the kernel, in seconds since the computer was started."""

    boot: float
    asleep: float
    """How much of it was spent asleep."""

    @classmethod
    def now(cls) -> Self:
        """Read them."""
        boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        return cls(boot, max(0.0, boot - time.clock_gettime(time.CLOCK_MONOTONIC)))


@dataclass(frozen=True, slots=True)
class Awake:
    """What the last look found."""

    asleep: float
    resumed: float
    """CLOCK_BOOTTIME when the computer was first seen awake again."""


def settle(now: Clocks, before: Awake | None) -> tuple[Awake, bool]:
    """Return what to remember, and whether the computer has been awake for less than two minutes.

    It is counted from the first look after a resume: the tick looks every five minutes, the window twice a minute.
    """
    if before is None or before.asleep > now.asleep + _NOISE or before.resumed > now.boot:
        # Never looked before, or started since.
        awake = Awake(now.asleep, 0.0)
    elif now.asleep - before.asleep > _NOISE:
        awake = Awake(now.asleep, now.boot)
    else:
        awake = before
    return awake, now.boot - awake.resumed < SETTLING


def is_settling(key_values: KeyValues) -> bool:
    """Return whether the computer was just started or resumed, or the user logged in; remembers this look."""
    kept = key_values.get(_KEY)
    before = Awake(*kept) if isinstance(kept, list) and len(kept) == 2 else None  # noqa: PLR2004
    awake, settling = settle(Clocks.now(), before)
    if before != awake:
        key_values.set(_KEY, [awake.asleep, awake.resumed])
    return settling or _has_just_logged_in()


def _has_just_logged_in() -> bool:
    began = graphical_login()
    return began is not None and 0 <= time.clock_gettime(time.CLOCK_MONOTONIC) - began < SETTLING


def is_stable(key_values: KeyValues, host: str, *, reached: bool, now: float | None = None) -> bool:
    """Return whether *host* was reached by this look and by one half a minute ago, or earlier since the last resume.

    It remembers this look: the next one needs no other if the computer stays awake and the host reachable.
    """
    now = Clocks.now().boot if now is None else now
    kept, awake = key_values.get(_REACHED), key_values.get(_KEY)
    since = [boot_id(), awake]
    before = kept["hosts"] if isinstance(kept, dict) and kept.get("since") == since else {}
    hosts = {name: first for name, first in before.items() if name != host or reached}
    if reached:
        hosts.setdefault(host, now)
    if kept != (after := {"since": since, "hosts": hosts}):
        key_values.set(_REACHED, after)
    return reached and now - hosts[host] >= STABLE
