"""Sentences for people about what Borg reports: one for each condition that Borg 1.2 and 1.4 have a name for.

The numbers are the exit codes that Borg 1.4 uses with ``BORG_EXIT_CODES=modern``, the names are its message ids: the
class names of its errors. Borg 1.2 ends with 2 for all errors and 1 for all warnings; it names its errors too, but not
its warnings, so those are known by their text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """Something Borg has a name for. Several names may share an exit code."""

    msgid: str
    exit_code: int
    sentence: str


_DAMAGED = "Run a check of the repository before anything else."
_NEWER = "A newer Borg has written it: use that version or a newer one."
_UNTRUSTED = "Someone may have tampered with the repository: do not use it before you know why."

_ERRORS = (
    ("CancelledByUser", 3, "Borg asked a question that was answered with no; nothing was done."),
    ("CommandError", 4, "Borg does not accept this combination of options; look at the log for what it says."),
    ("PlaceholderError", 5, "A placeholder in the archive name or the location has a format that Borg cannot use."),
    ("InvalidPlaceholder", 6, "There is a placeholder in the archive name or the location that Borg does not know."),
    ("Repository.AlreadyExists", 10, "There is a repository at this location already: add it as an existing one."),
    ("Repository.AtticRepository", 11, "This is an Attic repository: convert it with “borg upgrade” first."),
    ("Repository.CheckNeeded", 12, f"The repository is inconsistent. {_DAMAGED}"),
    ("Repository.DoesNotExist", 13, "There is no repository at this location: is the path right and the disk mounted?"),
    (
        "Repository.InsufficientFreeSpaceError",
        14,
        "There is too little free space at the repository: free some, or prune and compact.",
    ),
    ("Repository.InvalidRepository", 15, "This location exists, but it is not a Borg repository: is the path right?"),
    ("Repository.InvalidRepositoryConfig", 16, "The repository's config file is damaged: restore it from a copy."),
    ("Repository.ObjectNotFound", 17, f"Something that should be in the repository is missing. {_DAMAGED}"),
    ("Repository.ParentPathDoesNotExist", 18, "The folder that the new repository would be made in does not exist."),
    ("Repository.PathAlreadyExists", 19, "There is something else at this location already: choose an empty folder."),
    (
        "Repository.StorageQuotaExceeded",
        20,
        "The repository's storage quota is used up: delete archives and compact, or raise the quota.",
    ),
    ("Repository.PathPermissionDenied", 21, "You have no permission to make a repository at this location."),
    ("MandatoryFeatureUnsupported", 25, f"This Borg is too old for the repository. {_NEWER}"),
    ("NoManifestError", 26, f"The repository has lost its table of contents. {_DAMAGED}"),
    ("UnsupportedManifestError", 27, f"This Borg cannot read the repository. {_NEWER}"),
    ("Archive.AlreadyExists", 30, "An archive of this name exists already: put {now} into the archive name."),
    ("Archive.DoesNotExist", 31, "There is no archive of this name any more: reload the list."),
    ("Archive.IncompatibleFilesystemEncodingError", 32, "A file name cannot be written in this system's encoding."),
    ("KeyfileInvalidError", 40, "The key of this repository is damaged: import your copy of it."),
    ("KeyfileMismatchError", 41, "The key file belongs to another repository: import the right one."),
    ("KeyfileNotFoundError", 42, "The key file of this repository is not on this machine: import your copy of it."),
    ("NotABorgKeyFile", 43, "This file is not a Borg key."),
    ("RepoKeyNotFoundError", 44, "The repository has lost its key: import your copy of it."),
    ("RepoIdMismatch", 45, "This key belongs to another repository."),
    ("UnencryptedRepo", 46, "This repository is not encrypted, so it has no key."),
    ("UnknownKeyType", 47, f"This Borg does not know the kind of key the repository has. {_NEWER}"),
    ("UnsupportedPayloadError", 48, f"This Borg cannot read the repository's data. {_NEWER}"),
    ("NoPassphraseFailure", 50, "The repository is encrypted and there is no passphrase for it: enter it."),
    ("PasscommandFailure", 51, "The command that should print the passphrase failed: try it in a terminal."),
    ("PassphraseWrong", 52, "The passphrase is wrong."),
    ("PasswordRetriesExceeded", 53, "The passphrase was wrong too often."),
    (
        "Cache.CacheInitAbortedError",
        60,
        "This unencrypted repository is new to this machine: confirm that it is the one you mean.",
    ),
    (
        "Cache.EncryptionMethodMismatch",
        61,
        f"The repository's encryption is not what it was the last time. {_UNTRUSTED}",
    ),
    (
        "Cache.RepositoryAccessAborted",
        62,
        "The repository has another location than the last time: confirm that it was moved.",
    ),
    (
        "Cache.RepositoryIDNotUnique",
        63,
        "Two repositories with the same identity are in use: one is a copy. Use only one of them.",
    ),
    (
        "Cache.RepositoryReplay",
        64,
        f"The repository is older than it was the last time, as after restoring a copy of it. {_UNTRUSTED}",
    ),
    ("LockError", 70, "The repository could not be locked."),
    ("LockErrorT", 71, "The repository could not be locked."),
    ("LockFailed", 72, "The repository could not be locked: do you have permission to write there?"),
    (
        "LockTimeout",
        73,
        "The repository is in use by another Borg, or mounted: wait. Break the lock only if surely nothing uses it.",
    ),
    ("NotLocked", 74, "The repository's lock was removed while Borg worked: run the backup again."),
    ("NotMyLock", 75, "The repository's lock was taken by another Borg: run the backup again when it has finished."),
    ("ConnectionClosed", 80, "The connection to the repository's host was closed."),
    (
        "ConnectionClosedWithHint",
        81,
        "The repository's host cannot be reached, or has no Borg: try “ssh” to it in a terminal.",
    ),
    ("InvalidRPCMethod", 82, "Borg on the repository's host is of a version that does not fit this one."),
    ("PathNotAllowed", 83, "The repository's host does not allow this path: it is restricted to others."),
    ("RemoteRepository.RPCServerOutdated", 84, "Borg on the repository's host is too old: update it."),
    ("UnexpectedRPCDataFormatFromClient", 85, "Borg on the repository's host does not understand this Borg."),
    (
        "UnexpectedRPCDataFormatFromServer",
        86,
        "The repository's host answers something that is not Borg: does its shell print a greeting?",
    ),
    ("ConnectionBrokenWithHint", 87, "The connection to the repository's host broke while Borg worked: run it again."),
    ("IntegrityError", 90, f"Data in the repository is damaged. {_DAMAGED}"),
    (
        "FileIntegrityError",
        91,
        "A file of Borg's cache is damaged: “borg delete --cache-only” with this location lets Borg rebuild it.",
    ),
    ("DecompressionError", 92, f"Data in the repository cannot be decompressed. {_DAMAGED}"),
    ("ArchiveTAMInvalid", 95, f"An archive is not signed with the repository's key. {_UNTRUSTED}"),
    ("ArchiveTAMRequiredError", 96, f"An archive is not signed, though it should be. {_UNTRUSTED}"),
    ("TAMInvalid", 97, f"The table of contents is not signed with the repository's key. {_UNTRUSTED}"),
    ("TAMRequiredError", 98, f"The table of contents is not signed, though it should be. {_UNTRUSTED}"),
    ("TAMUnsupportedSuiteError", 99, f"This Borg cannot verify the repository's signature. {_NEWER}"),
)

_WARNINGS = (
    (
        "FileChangedWarning",
        100,
        "A file changed while it was read, so its copy may be inconsistent: stop what writes to it during the backup.",
    ),
    ("IncludePatternNeverMatchedWarning", 101, "Something that was asked for is not in the archive."),
    ("BackupError", 102, "A file could not be backed up or restored properly."),
    ("BackupRaceConditionError", 103, "A file was replaced while it was read, and was left out."),
    ("BackupOSError", 104, "A file could not be read or written."),
    ("BackupPermissionError", 105, "A file could not be read for want of permission: exclude it, or allow reading it."),
    ("BackupIOError", 106, "A file could not be read because of an input/output error: is its disk failing?"),
    ("BackupFileNotFoundError", 107, "A file or a source was not there: was it removed, or is its disk not mounted?"),
    ("BackupSymlinkParentError", 108, "A file was not restored, because its path leads through a link."),
    ("BackupPathTraversalError", 109, "A file was not restored, because its path leads out of the target folder."),
    ("BackupHardlinkSourceError", 110, "A file was not restored, because the path of its hard link is unsafe."),
)

ERRORS = tuple(Condition(*row) for row in _ERRORS)
WARNINGS = tuple(Condition(*row) for row in _WARNINGS)

_BY_MSGID = {condition.msgid: condition for condition in (*ERRORS, *WARNINGS)}
_BY_EXIT_CODE = {condition.exit_code: condition for condition in (*ERRORS, *WARNINGS)}

_WARNING_TEXTS = (
    (re.compile(r": file changed while we backed it up\Z"), "FileChangedWarning"),
    (re.compile(r"\AInclude pattern '.*' never matched\.\Z", re.DOTALL), "IncludePatternNeverMatchedWarning"),
    (re.compile(r"file type or inode changed while we backed it up"), "BackupRaceConditionError"),
    (re.compile(r": \[Errno (?:1|13)\] "), "BackupPermissionError"),
    (re.compile(r": \[Errno 5\] "), "BackupIOError"),
    (re.compile(r": \[Errno 2\] "), "BackupFileNotFoundError"),
    (re.compile(r": \[Errno [0-9]+\] "), "BackupOSError"),
)
_ERROR_TEXTS = ((re.compile(r'\AInvalid placeholder "'), "InvalidPlaceholder"),)


def condition_of_msgid(msgid: str | None) -> Condition | None:
    """The condition of that name; None for names that say nothing, such as ``Error`` and ``Exception``."""
    return None if msgid is None else _BY_MSGID.get(msgid)


def condition_of_exit_code(exit_code: int) -> Condition | None:
    """What an exit code alone says; None for the general ones, 0 to 2, and those Borg does not use."""
    return _BY_EXIT_CODE.get(exit_code)


def condition_of_warning(message: str) -> Condition | None:
    """The condition of a warning that has no message id, by Borg's words."""
    return next((_BY_MSGID[msgid] for pattern, msgid in _WARNING_TEXTS if pattern.search(message)), None)


def condition_of_text(line: str) -> Condition | None:
    """The condition of an error that Borg prints as plain text, because it happens before logging is set up."""
    return next((_BY_MSGID[msgid] for pattern, msgid in _ERROR_TEXTS if pattern.search(line)), None)
