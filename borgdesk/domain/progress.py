"""How far a step of a run is, how fast it is, and how long it will take: what is not known stays unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from borgdesk.domain.run import BorgStep

N = TypeVar("N", int, float)

_FIRST_SPEED = 2.0
"""Seconds of progress before there is a speed."""
_FIRST_GUESS = 3.0
"""Seconds of work before there is a time left."""
_LEAST_SHARE = 0.01
"""Fraction of the work before its pace alone says how long the rest takes."""
_SPAN = 5.0
"""Seconds over which the speed is smoothed."""
_CALM = 8.0
"""Seconds over which a new estimate of the time left replaces the one before."""
_SILENCE = 15.0
"""Seconds without news after which speed and time left are not known any more."""
_ALMOST = 0.99
"""The most that an estimate says before the end."""
_TOO_LONG = 14 * 86400.0
"""Seconds from which an estimate tells nothing."""
_TIMED = frozenset({BorgStep.LIST, BorgStep.CHECK, BorgStep.PRUNE, BorgStep.INFO})
"""Steps whose progress Borg does not tell as a whole, so that only the time they usually take says how far they are."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What the last good run of the same repository and kind took."""

    size: int | None = None
    """Bytes that Borg read."""
    seconds: Mapping[BorgStep, float] = field(default_factory=dict)
    """Duration of each step."""
    down: float | None = None
    """Seconds for which services were down."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How far a step is. None is what is not known."""

    files: int | None = None
    done: int | None = None
    """Bytes so far."""
    total: int | None = None
    """About how many bytes there will be."""
    speed: float | None = None
    """Bytes per second."""
    fraction: float | None = None
    """From 0 to 1, and below 1 unless it was counted."""
    left: float | None = None
    """Seconds, about."""
    is_counted: bool = False
    """Whether the fraction was counted, and not taken from an earlier run."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The progress of one step so far. All times are in seconds on one clock."""

    step: BorgStep | None = None
    began: float = 0.0
    first: float | None = None
    """When there was progress for the first time."""
    at: float = 0.0
    """When there was progress for the last time."""
    files: int | None = None
    done: int | None = None
    counted: float | None = None
    """The fraction that was told, if one was."""
    share: float | None = None
    """The largest fraction that was shown."""
    left: float | None = None
    """The time left at the last progress."""
    measured: int = 0
    """Bytes that are part of the speed."""
    mean: float = 0.0
    weight: float = 0.0
    """The speed is *mean* / *weight*: an average that gives less weight to what is longer ago."""

    def after(
        self, at: float, usual: Usual, *, files: int | None = None, done: int | None = None, share: float | None = None
    ) -> Pace:
        """Return the pace after progress: files and bytes so far, and the fraction if it was counted."""
        at = max(at, self.at, self.began)
        told = replace(
            self,
            first=at if self.first is None else self.first,
            files=_most(self.files, files),
            done=_most(self.done, done),
            counted=_most(self.counted, None if share is None else min(max(share, 0.0), 1.0)),
        )
        told = told._measured(at, is_first=self.first is None)
        known = told._share(usual)
        left = None if known is None else _time_left(known, at - self.began, usual.seconds.get(_step(self)))
        return replace(told, at=at, share=_most(self.share, known), left=self._calmed(left, at))

    def estimate(self, now: float, usual: Usual) -> Estimate:
        """Return how far the step is *now*."""
        if self.step in _TIMED and self.share is None:
            return self._by_time(now, usual)
        if self.first is None:
            return Estimate()
        is_fresh = now - self.at < _SILENCE
        known = self._share(usual)
        left = self.left if known is not None and is_fresh and now - self.began >= _FIRST_GUESS else None
        return Estimate(
            self.files,
            self.done,
            usual.size if known is not None and self.counted is None else None,
            self._speed(now) if is_fresh else None,
            None if known is None else _most(self.share, known),
            None if left is None else max(0.0, left - max(0.0, now - self.at)),
            self.counted is not None,
        )

    def _by_time(self, now: float, usual: Usual) -> Estimate:
        seconds, elapsed = usual.seconds.get(_step(self)), max(0.0, now - self.began)
        if not seconds or elapsed >= seconds:
            # It takes longer than the last time, and nothing says how much longer.
            return Estimate(self.files, self.done)
        left = seconds - elapsed if elapsed >= _FIRST_GUESS else None
        return Estimate(self.files, self.done, fraction=min(elapsed / seconds, _ALMOST), left=left)

    def _share(self, usual: Usual) -> float | None:
        if self.counted is not None:
            return self.counted
        if self.done is None or not usual.size or self.done > usual.size:
            # There is nothing to compare it with, or there is more than the last time, and nothing says how much more.
            return None
        return min(self.done / usual.size, _ALMOST)

    def _measured(self, at: float, *, is_first: bool) -> Pace:
        """Return the pace with the speed since the last progress."""
        done, seconds = self.done or 0, at - self.at
        if is_first:
            return replace(self, measured=done)
        if seconds <= 0:
            return self
        kept = math.exp(-seconds / _SPAN)
        mean = self.mean * kept + (1 - kept) * (done - self.measured) / seconds
        return replace(self, measured=done, mean=mean, weight=self.weight * kept + 1 - kept)

    def _speed(self, now: float) -> float | None:
        is_early = self.first is None or now - self.first < _FIRST_SPEED
        return None if is_early or self.done is None or self.weight <= 0 else max(0.0, self.mean / self.weight)

    def _calmed(self, left: float | None, at: float) -> float | None:
        """Return the time left so that it does not jump: what was said before passes into the new estimate."""
        if left is None or self.left is None:
            return left
        seconds = at - self.at
        before = max(0.0, self.left - seconds)
        return before + (1 - math.exp(-seconds / _CALM)) * (left - before)


def _step(pace: Pace) -> BorgStep:
    return pace.step or BorgStep.CREATE


def _time_left(share: float, elapsed: float, usual: float | None) -> float | None:
    """Return the time left after *elapsed* seconds of work.

    The pace so far says more about the rest the more of the work is done, or the longer it takes; until then, how long
    it took the last time does.
    """
    if usual is None or usual <= 0:
        if share < _LEAST_SHARE:
            return None
        whole = elapsed / share
    elif share <= 0:
        whole = max(usual, elapsed)
    else:
        weight = min(1.0, max(share, elapsed / usual))
        whole = weight * elapsed / share + (1 - weight) * usual
    left = (1 - share) * whole
    return left if left < _TOO_LONG else None


def _most(before: N | None, now: N | None) -> N | None:
    """Return the larger one of those that are known."""
    return now if before is None else before if now is None else max(before, now)
