"""Texts about repositories: their encryption, key, last backup, and removal."""

from __future__ import annotations

from borgdesk.borg.options import Encryption
from borgdesk.domain.repository import Repository
from borgdesk.gui.look import words
from borgdesk.translation import _


def encryption(mode: Encryption) -> str:
    """Return the name of an encryption mode for a list of choices."""
    return {
        Encryption.REPOKEY_BLAKE2: _("Encrypted, key in the repository (repokey-blake2)"),
        Encryption.REPOKEY: _("Encrypted, key in the repository (repokey)"),
        Encryption.KEYFILE_BLAKE2: _("Encrypted, key on this machine (keyfile-blake2)"),
        Encryption.KEYFILE: _("Encrypted, key on this machine (keyfile)"),
        Encryption.AUTHENTICATED_BLAKE2: _("Authenticated, not encrypted (authenticated-blake2)"),
        Encryption.AUTHENTICATED: _("Authenticated, not encrypted (authenticated)"),
        Encryption.NONE: _("Not encrypted (none)"),
    }[mode]


def encryption_explained(mode: Encryption) -> str:
    """Explain an encryption mode in a sentence."""
    return {
        Encryption.REPOKEY_BLAKE2: _(
            "The usual choice. Reading the repository takes the passphrase. Fast on most machines."
        ),
        Encryption.REPOKEY: _("Like repokey-blake2, but with SHA-256: faster on processors with SHA instructions."),
        Encryption.KEYFILE_BLAKE2: _(
            "Reading the repository takes the passphrase and the key file on this machine. Keep a copy of the key "
            "elsewhere."
        ),
        Encryption.KEYFILE: _("Like keyfile-blake2, but with SHA-256: faster on processors with SHA instructions."),
        Encryption.AUTHENTICATED_BLAKE2: _("Anyone with access can read it, but nobody can change it unnoticed."),
        Encryption.AUTHENTICATED: _("Like authenticated-blake2, but with SHA-256."),
        Encryption.NONE: _("Anyone with access to the repository can read and change it. There is no passphrase."),
    }[mode]


def encryption_of(repository: Repository) -> str:
    """Return how a repository is encrypted, as far as it is known."""
    try:
        return encryption(Encryption(repository.encryption or ""))
    except ValueError:
        return repository.encryption or words.NOTHING


def removal(repository: Repository, assignments: int) -> str:
    """Explain what is lost, and what is not, when a repository is removed from BorgDesk."""
    parts = [_("Its settings are removed.")]
    if assignments:
        parts.append(
            _("Its assignments ({scripts}) are removed; the scripts stay in the library.").format(
                scripts=words.scripts(assignments)
            )
        )
    parts.append(
        _("The Borg repository at {location}, all its archives and the history stay.").format(
            location=repository.location
        )
    )
    if repository.has_passphrase:
        parts.append(
            _("The stored passphrase is deleted. Make sure you know it: without it, nobody can open the archives.")
        )
    if has_key(repository):
        parts.append(_("The key is needed as well. If you have no copy, save it from the Connection tab first."))
    return "\n\n".join(parts)


def has_key(repository: Repository) -> bool:
    """Return whether the repository has a key that Borg can export."""
    return repository.encryption not in (None, Encryption.NONE)


def file_name(repository: Repository) -> str:
    """Return the name of a repository as part of the name of a file."""
    return repository.name.replace("/", "-").strip(".") or "borg"


def key_advice() -> str:
    """Return what to do after creating an encrypted repository."""
    return _(
        "Keep the key and the passphrase of this repository in a safe place, and not on the disk that you back up. "
        "Without both, nobody can open the archives."
    )


def last_backup(repository: Repository) -> str:
    """Return when the last good backup was: "Last good backup 2 hours ago"."""
    if repository.last_success_at is None:
        return _("No good backup yet")
    return _("Last good backup {time}").format(time=words.ago(repository.last_success_at))
