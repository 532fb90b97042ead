"""The errors that are meant for people: each message is one sentence that says what is wrong and what to do."""

from __future__ import annotations


class BorgDeskError(Exception):
    """Something could not be done. ``str(error)`` is a sentence for the user; no traceback is shown for it."""

    @property
    def sentence(self) -> str:
        """The message, as it is shown."""
        return str(self)


class InvalidInput(BorgDeskError):
    """A value the user gave cannot be accepted; nothing was changed."""


class NotFound(BorgDeskError):
    """What the user named does not exist."""


class InUse(BorgDeskError):
    """Something cannot be removed because other things still refer to it."""


class ScriptUnreadable(BorgDeskError):
    """A script's file is missing, unreadable or cannot be executed as it is; the message names the file."""


class StoreUnusable(BorgDeskError):
    """The database cannot be opened: corrupt, written by a newer version, or on a full or read-only disk."""


class SecretsUnavailable(BorgDeskError):
    """A secret cannot be kept or read because there is no keyring, or it is locked."""


class BorgUnusable(BorgDeskError):
    """There is no usable Borg program on this machine."""


class Stopped(BorgDeskError):
    """The user asked to stop what was not a run; the message says what is there now."""


class RunRefused(BorgDeskError):
    """A run cannot begin; nothing was started."""
