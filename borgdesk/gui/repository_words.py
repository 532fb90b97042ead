"""Phrases about repositories: how they are encrypted, and what removing one means."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from borgdesk.borg.options import Encryption
from borgdesk.domain.repository import Repository
from borgdesk.gui import words


def _tr(text: str) -> str:
    return QCoreApplication.translate("repository_words", text)


def encryption(mode: Encryption) -> str:
    """The name of a mode, for a list of choices."""
    return {
        Encryption.REPOKEY_BLAKE2: _tr("Encrypted, key in the repository (repokey-blake2)"),
        Encryption.REPOKEY: _tr("Encrypted, key in the repository (repokey)"),
        Encryption.KEYFILE_BLAKE2: _tr("Encrypted, key on this machine (keyfile-blake2)"),
        Encryption.KEYFILE: _tr("Encrypted, key on this machine (keyfile)"),
        Encryption.AUTHENTICATED_BLAKE2: _tr("Readable, but sealed (authenticated-blake2)"),
        Encryption.AUTHENTICATED: _tr("Readable, but sealed (authenticated)"),
        Encryption.NONE: _tr("Not encrypted (none)"),
    }[mode]


def encryption_explained(mode: Encryption) -> str:
    """What a mode means, in a sentence."""
    return {
        Encryption.REPOKEY_BLAKE2: _tr(
            "The usual choice. Who has the repository can only read it with the passphrase. Fast on most machines."
        ),
        Encryption.REPOKEY: _tr(
            "As repokey-blake2, with SHA-256; faster on processors that have instructions for SHA."
        ),
        Encryption.KEYFILE_BLAKE2: _tr(
            "To read it, one needs the passphrase and the key file of this machine. Keep a copy of the key elsewhere."
        ),
        Encryption.KEYFILE: _tr(
            "As keyfile-blake2, with SHA-256; faster on processors that have instructions for SHA."
        ),
        Encryption.AUTHENTICATED_BLAKE2: _tr("Everybody can read it, but nobody can change it unnoticed."),
        Encryption.AUTHENTICATED: _tr("As authenticated-blake2, with SHA-256."),
        Encryption.NONE: _tr("Everybody who gets at the repository can read and change it. No passphrase is needed."),
    }[mode]


def encryption_of(repository: Repository) -> str:
    """How a repository is encrypted, as far as it is known."""
    try:
        return encryption(Encryption(repository.encryption or ""))
    except ValueError:
        return repository.encryption or words.NOTHING


def removal(repository: Repository, assignments: int) -> str:
    """What is lost, and what is not, when a repository is removed here."""
    parts = [_tr("BorgDesk forgets its settings.")]
    if assignments:
        parts.append(
            _tr("Its lanes are emptied ({scripts}); the scripts stay in the library.").format(
                scripts=words.scripts(assignments)
            )
        )
    parts.append(
        _tr("The Borg repository at {location} and all its archives stay, and so does the history.").format(
            location=repository.location
        )
    )
    if repository.has_passphrase:
        parts.append(
            _tr("The kept passphrase is deleted: without it nobody can open the archives again, so be sure to know it.")
        )
    return "\n\n".join(parts)


def last_backup(repository: Repository) -> str:
    """When the last good backup was: "Last good backup 2 hours ago"."""
    if repository.last_success_at is None:
        return _tr("No good backup yet")
    return _tr("Last good backup {time}").format(time=words.ago(repository.last_success_at))
