"""How long Borg may take."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.translation import _, ngettext

ATTENDED_LOCK_WAIT = 5
"""Seconds that Borg waits for a lock while the user waits to learn who holds it, and no backup depends on it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits of a call in seconds; None for no limit."""

    stall: float | None = None
    """Without progress, see :class:`borgdesk.engine.borg_calls.stall_watch.StallWatch`."""
    total: float | None = None

    def exceeded(self, elapsed: float, still: float) -> str:
        """Return why to stop a call after *elapsed* seconds, *still* of them without progress; empty for no reason."""
        if self.stall is not None and still >= self.stall:
            return _(
                "Borg made no progress for {time} and was stopped: the repository's host or disk, or "
                "the disk of a source, is not responding."
            ).format(time=_in_words(self.stall))
        if self.total is not None and elapsed >= self.total:
            return _("Borg did not respond within {time} and was stopped.").format(time=_in_words(self.total))
        return ""


def _in_words(seconds: float) -> str:
    if seconds % 60 == 0:
        count = round(seconds / 60)
        return ngettext("{count} minute", "{count} minutes", count).format(count=count)
    count = round(seconds)
    return ngettext("{count} second", "{count} seconds", count).format(count=count)
