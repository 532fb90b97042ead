"""Changes the passphrase of a repository, and finds out which one is right if a change was interrupted.

Borg and the keyring cannot be changed in one step. So the new passphrase goes to the keyring first, beside the present
one, and the database records that a change has begun. Only after Borg has made it does the new one take the place of
the old one. Whoever needs a passphrase while that record exists asks Borg which of the two opens the repository.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from borgdesk import logs
from borgdesk.borg.options import Encryption
from borgdesk.borg.passphrase import check_new_passphrase
from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput, stopped_before_changes
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.borg_calls.borg_diagnosis import with_diagnosis
from borgdesk.engine.borg_calls.borg_process import Access, BorgAnswer, call, usable_version
from borgdesk.engine.borg_calls.limits import ATTENDED_LOCK_WAIT, Limits
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.passphrase_memory import note_known
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import same_repository, turn_at_once, turn_of
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, copy_for_runs, passphrase_owner
from borgdesk.engine.secrets.secret_values import Keyring, passphrase_of
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_NEXT = "next passphrase"
"""The keyring's name for a passphrase that Borg may or may not have taken."""

_TRY = Limits(stall=30.0)
"""For trying a passphrase: a backup may be waiting for the answer."""

_WRONG = "PassphraseWrong"
_SIGNALS = 128
"""Exit codes from here on are those of a program that was killed."""


@dataclass(frozen=True, slots=True)
class ChangedPassphrase:
    """A change that Borg has made."""

    repositories: tuple[Repository, ...]
    """The configured repositories for which the new passphrase was stored."""
    by_command: tuple[Repository, ...]
    """Those whose command has to print the new one from now on."""
    unkept: str = ""
    """Why it is not stored yet, as a sentence; it will be, at the next use of the repository."""


def change_passphrase(
    workspace: Workspace, repository: Repository, old: str, new: str, cancel: Cancel | None = None
) -> ChangedPassphrase:
    """Change the passphrase of a repository from *old* to *new*, with Borg and then where BorgDesk keeps it.

    Raises:
        InvalidInput: the repository has no passphrase, or the new one cannot be used.
        InUse: a run is using the repository, or another change is in progress.
        SecretsUnavailable: the new passphrase cannot be stored; nothing was changed.
        BorgDeskError: Borg has not changed it, or it is not known whether it has; the sentence says which.
        Stopped: *cancel* was asked before Borg had changed it.
    """
    if repository.encryption == Encryption.NONE:
        raise InvalidInput(
            _("“{repository}” is not encrypted, so it has no passphrase.").format(repository=repository.name)
        )
    check_new_passphrase(new)
    if new == old:
        raise InvalidInput(_("The new passphrase is the same as the old one."))
    logs.hide([old, new])
    usable_version(workspace, cancel)
    with _alone(workspace, repository):
        return _Change(workspace, repository, old, new, cancel or Cancel()).make()


@contextlib.contextmanager
def _alone(workspace: Workspace, repository: Repository) -> Iterator[None]:
    with turn_at_once(workspace, repository), _changing(workspace, repository) as is_first:
        if not is_first:
            raise InUse(
                _("The passphrase of “{repository}” is already being changed.").format(repository=repository.name)
            )
        yield


@contextlib.contextmanager
def _changing(workspace: Workspace, repository: Repository) -> Iterator[bool]:
    """Yield whether nobody else is changing the passphrase; if so, nobody can until the end.

    Besides the turn: a run, which has that, must be able to end a change that was interrupted.
    """
    lock = Turn.try_take(workspace, f"passphrase of {turn_of(repository)}")
    if lock is None:
        yield False
        return
    with lock:
        yield True


def old_copies(repository: Repository) -> str:
    """Return what a change of the passphrase means for copies of the key, in a sentence."""
    if "keyfile" in (repository.encryption or ""):
        return _(
            "Copies of the key that were saved before, and the key files on other machines, still open with the old "
            "passphrase. Save the key again, and destroy old copies."
        )
    return _(
        "Copies of the key that were saved before still open with the old passphrase. Save the key again, and destroy "
        "old copies."
    )


class _Change:
    """One change, while nobody else uses the repository."""

    def __init__(self, workspace: Workspace, repository: Repository, old: str, new: str, cancel: Cancel) -> None:
        self._workspace, self._repository, self._cancel = workspace, repository, cancel
        self._old, self._new = old, new
        same = [one for one in workspace.store.repositories.list() if same_repository(one, repository)]
        self._keeping = [one for one in same if one.passcommand is None]
        """Also those without a stored passphrase: they need one."""
        self._by_command = [one for one in same if one.passcommand is not None]
        self._keyring = Keyring(workspace, cancel)

    def make(self) -> ChangedPassphrase:
        self._settle_earlier()
        self._prepare()
        location = self._repository.location
        try:
            answer = call(
                self._workspace,
                Access(self._old, connection=self._repository.connection),
                lambda borg: replace(borg, lock_wait=ATTENDED_LOCK_WAIT).change_passphrase(location, self._new),
                cancel=self._cancel,
            )
        except BorgDeskError:
            # It was not started.
            self._forget()
            raise
        if not self._was_made(answer):
            self._forget()
            if answer.cancelled:
                raise stopped_before_changes()
            raise BorgDeskError(
                _("The passphrase of “{repository}” was not changed. {sentence}").format(
                    repository=self._repository.name, sentence=_sentence(answer, location)
                )
            )
        _log.info("the passphrase of repository %d was changed", self._repository.id)
        return ChangedPassphrase(tuple(self._keeping), tuple(self._by_command), self._keep())

    def _settle_earlier(self) -> None:
        """End an earlier change that was interrupted, or refuse to forget the passphrase that it may have made."""
        for one in self._keeping:
            _settle(self._workspace, one, self._keyring)
            if _is_noted(self._workspace, one.id):
                raise BorgDeskError(
                    _(
                        "It is not known yet whether an earlier change of the passphrase of “{repository}” was made. "
                        "Try again when the repository can be opened."
                    ).format(repository=one.name)
                )

    def _prepare(self) -> None:
        try:
            for one in self._keeping:
                if one.has_passphrase:
                    copy_for_runs(self._workspace, passphrase_owner(one.id), [PASSPHRASE])
                self._workspace.store.key_values.set(_key(one.id), True)
                self._keyring.set(passphrase_owner(one.id), _NEXT, self._new)
        except BorgDeskError:
            self._forget()
            if self._cancel.asked:
                raise stopped_before_changes() from None
            raise

    def _forget(self) -> None:
        with contextlib.suppress(BorgDeskError):
            for one in self._keeping:
                _forget(self._workspace, one, Keyring(self._workspace))

    def _was_made(self, answer: BorgAnswer) -> bool:
        """Return whether Borg has changed it.

        Raises:
            BorgDeskError: that is not known, because the repository cannot be reached any more.
        """
        result = answer.result
        if result.outcome is not Outcome.FAILURE and not answer.cancelled:
            return True
        if result.msgid == _WRONG:
            return False
        # Whatever happened to Borg or to the connection: the repository has one of the two. One that is not encrypted,
        # which is not known of each that was added, opens with both.
        if _opens(self._workspace, self._repository, self._old):
            return False
        if _opens(self._workspace, self._repository, self._new):
            return True
        if not _may_have_begun(answer):
            return False
        raise BorgDeskError(
            _(
                "It is not known whether the passphrase of “{repository}” was changed, because Borg did not finish and "
                "the repository cannot be opened now. Keep both passphrases: BorgDesk tries both at the next use. "
                "{sentence}"
            ).format(repository=self._repository.name, sentence=_sentence(answer, self._repository.location))
        )

    def _keep(self) -> str:
        """Store the new passphrase in place of the old one; return why that failed, if it did."""
        try:
            for one in self._keeping:
                # Without the time limit of a cancel that comes too late.
                _take(self._workspace, one, self._new, Keyring(self._workspace))
                note_known(self._workspace, one)
        except BorgDeskError as error:
            _log.warning("the new passphrase of repository %d is not in its place yet: %s", self._repository.id, error)
            return error.sentence
        return ""


def _may_have_begun(answer: BorgAnswer) -> bool:
    """Return whether Borg may have come as far as writing the key: it did not end by itself, or lost the connection."""
    ended_itself = 0 <= answer.result.exit_code < _SIGNALS
    return answer.cancelled or answer.gave_up or not ended_itself or answer.result.lost_connection


def _sentence(answer: BorgAnswer, location: str) -> str:
    if answer.result.msgid == _WRONG:
        return _("The old passphrase is wrong.")
    return with_diagnosis(answer.result, location).sentence


def passphrase_for(
    workspace: Workspace, repository: Repository, keyring: Keyring | None = None, cancel: Cancel | None = None
) -> str | None:
    """Return the passphrase for *repository*, as :func:`passphrase_of` does, also after an interrupted change of it.

    Raises:
        SecretsUnavailable: the keyring lacks the passphrase, or is unavailable.
    """
    if _is_noted(workspace, repository.id):
        with _changing(workspace, repository) as nobody_is:
            if nobody_is:
                repository = _settle(workspace, repository, keyring or Keyring(workspace, cancel))
    return passphrase_of(workspace, repository, keyring)


def knows_passphrase(workspace: Workspace, repository: Repository, answer: str, cancel: Cancel | None = None) -> bool:
    """Return whether *answer* is the stored passphrase; if it is, the next question is half a year away.

    Raises:
        InvalidInput: no passphrase is stored for the repository.
        SecretsUnavailable: the keyring is not available.
    """
    stored = passphrase_for(workspace, repository, cancel=cancel)
    if stored is None:
        raise InvalidInput(_("BorgDesk stores no passphrase for “{repository}”.").format(repository=repository.name))
    import hmac  # With OpenSSL, which an idle window does without.

    # In a time that does not depend on how much of it is right.
    is_it = hmac.compare_digest(answer.encode("utf-8", "surrogatepass"), stored.encode("utf-8", "surrogatepass"))
    if is_it:
        note_known(workspace, repository)
    return is_it


def secret_names(workspace: Workspace, repository: Repository) -> Sequence[str]:
    """Return the names under which the keyring has passphrases of a repository."""
    names = [PASSPHRASE] if repository.has_passphrase else []
    return [*names, _NEXT] if _is_noted(workspace, repository.id) else names


def _settle(workspace: Workspace, repository: Repository, keyring: Keyring) -> Repository:
    """Find out whether a change that was interrupted has been made; return the repository as it is stored now.

    If the repository cannot be opened at all now, it stays open.
    """
    if not _is_noted(workspace, repository.id):
        return repository
    owner = passphrase_owner(repository.id)
    new = keyring.get(owner, _NEXT)
    if new is None:
        # Nothing was stored under that name yet, or the change was completed.
        workspace.store.key_values.drop(_key(repository.id))
        return repository
    logs.hide([new])
    opens = new == keyring.get(owner, PASSPHRASE) or _opens(workspace, repository, new)
    _log.info("an interrupted change of the passphrase of repository %d: made: %s", repository.id, opens)
    if opens:
        return _take(workspace, repository, new, keyring)
    if opens is False:
        _forget(workspace, repository, keyring)
    return repository


def _take(workspace: Workspace, repository: Repository, new: str, keyring: Keyring) -> Repository:
    keyring.set(passphrase_owner(repository.id), PASSPHRASE, new)
    repositories = workspace.store.repositories
    stored = repositories.get(repository.id)
    if not stored.has_passphrase and stored.passcommand is None:
        stored = repositories.update(replace(stored, has_passphrase=True))
    _forget(workspace, repository, keyring)
    return stored


def _forget(workspace: Workspace, repository: Repository, keyring: Keyring) -> None:
    keyring.delete(passphrase_owner(repository.id), _NEXT)
    workspace.store.key_values.drop(_key(repository.id))


def _opens(workspace: Workspace, repository: Repository, passphrase: str) -> bool | None:
    """Return whether the passphrase opens the repository; None if it cannot be opened at all."""
    try:
        access = Access(passphrase, connection=repository.connection)
        answer = call(workspace, access, lambda borg: borg.look(repository.location), limits=_TRY)
    except BorgDeskError:
        return None
    if answer.result.outcome is not Outcome.FAILURE:
        return True
    return False if answer.result.msgid == _WRONG else None


def _key(repository_id: RepositoryId) -> str:
    return f"passphrase-change/{repository_id}"


def _is_noted(workspace: Workspace, repository_id: RepositoryId) -> bool:
    return bool(workspace.store.key_values.get(_key(repository_id)))
