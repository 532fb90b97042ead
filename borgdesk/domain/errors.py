"""The exceptions shown to users: each message is one sentence that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from borgdesk.translation import _


class BorgDeskError(Exception):
    """Base of the errors shown to users: ``str(error)`` is a sentence for the user, and no traceback is shown."""

    @property
    def sentence(self) -> str:
        """The message shown to the user."""
        return str(self)


class Defect(BorgDeskError):
    """BorgDesk itself failed: an exception that no code expects. It is logged and reported where it is caught."""

    def __init__(self) -> None:
        super().__init__(_("BorgDesk itself failed; see its log for details."))


class InvalidInput(BorgDeskError):
    """A value given by the user is invalid; nothing was changed."""


class NotFound(BorgDeskError):
    """The object that the user named does not exist."""


class Changed(BorgDeskError):
    """An object was changed by somebody else after it was loaded; nothing was stored."""

    def __init__(self, what: str, facts: Sequence[str] = ()) -> None:
        """*what* begins the sentence, such as “Photos”; *facts* names what both sides have changed."""
        super().__init__(
            _("{what} was changed by another program in the meantime: {facts}. Nothing was saved.").format(
                what=what, facts=", ".join(map(_, facts))
            )
            if facts
            else _("{what} was changed by another program in the meantime. Nothing was saved.").format(what=what)
        )
        self.facts = tuple(facts)


class InUse(BorgDeskError):
    """Something cannot be removed, or worked on, while something else uses it."""


class AlreadyStarted(BorgDeskError):
    """Another process has just started the same scheduled backup; nothing was done."""

    def __init__(self, run_id: int | None) -> None:
        super().__init__(
            _("This backup has already been started.")
            if run_id is None
            else _("Run {run} is already doing this.").format(run=run_id)
        )
        self.run_id = run_id


class ScriptUnreadable(BorgDeskError):
    """A script's file is missing, unreadable or cannot be executed as it is; the message names the file."""


class StoreUnusable(BorgDeskError):
    """The database cannot be opened: corrupt, written by a newer version, or on a full or read-only disk."""


class SecretsUnavailable(BorgDeskError):
    """A secret cannot be stored or read, because there is no keyring or it is locked."""


class BorgUnusable(BorgDeskError):
    """There is no usable Borg program on this machine."""


class Remedy(StrEnum):
    """What the user can decide when a repository does not open."""

    MOVED = "moved"
    """It is the same repository in another place."""
    BREAK_LOCK = "break-lock"
    """Nothing uses the repository any more, so its lock can be broken."""
    IMPORT_KEY = "import-key"
    """The user has the repository's key in a file."""
    HOST_KEY = "host-key"
    """The user accepts the key of a host that is not known yet."""


class CannotOpen(BorgDeskError):
    """Borg could not open a repository."""

    def __init__(self, sentence: str, remedy: Remedy | None = None) -> None:
        super().__init__(sentence)
        self.remedy = remedy


class Stopped(BorgDeskError):
    """The user cancelled an operation other than a run; the message says what state it left, if there is a choice."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or _("Stopped."))


def stopped_before_changes() -> Stopped:
    """Return the error for an operation that was stopped before it had changed anything."""
    return Stopped(_("Stopped; nothing was changed."))


class RunRefused(BorgDeskError):
    """A run cannot start; nothing was started."""
