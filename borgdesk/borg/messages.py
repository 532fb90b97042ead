"""The conditions that Borg 1.2 and 1.4 have names for, each with a sentence for the user.

The numbers are the exit codes of Borg 1.4 with ``BORG_EXIT_CODES=modern``, the names are its message ids, i.e. the
class names of its errors. Borg 1.2 exits with 2 for all errors and 1 for all warnings; it names its errors but not its
warnings, so those are recognised by their text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from borgdesk.translation import N_, _


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that Borg has a name for. Several names may share an exit code."""

    msgid: str
    exit_code: int
    meaning: str
    """Its meaning in English; :attr:`sentence` is shown."""
    advice: str = ""

    @property
    def sentence(self) -> str:
        """Its translated meaning and, unless obvious, what to do."""
        return f"{_(self.meaning)} {_(self.advice)}".rstrip()


_DAMAGED = N_("Check the repository before you do anything else.")
_NEWER = N_("It was written by a newer version of Borg: use that version or a later one.")
_UNTRUSTED = N_("Someone may have tampered with the repository: do not use it until you know why.")

_ERRORS = (
    ("CancelledByUser", 3, N_("Borg asked for confirmation and was told no; nothing was done.")),
    ("CommandError", 4, N_("Borg does not accept this combination of options; see the log for details.")),
    (
        "PlaceholderError",
        5,
        N_("The archive name or the location has a placeholder with a format that Borg does not support."),
    ),
    ("InvalidPlaceholder", 6, N_("The archive name or the location has a placeholder that Borg does not know.")),
    (
        "Repository.AlreadyExists",
        10,
        N_("There is already a repository at this location: add it as an existing repository."),
    ),
    ("Repository.AtticRepository", 11, N_("This is an Attic repository: convert it with “borg upgrade” first.")),
    ("Repository.CheckNeeded", 12, N_("The repository is inconsistent."), _DAMAGED),
    (
        "Repository.DoesNotExist",
        13,
        N_("There is no repository at this location. Check the path, and that the disk is mounted."),
    ),
    (
        "Repository.InsufficientFreeSpaceError",
        14,
        N_("There is not enough free space for the repository: free some space, or compact it."),
    ),
    (
        "Repository.InvalidRepository",
        15,
        N_("There is no Borg repository at this location, but something else. Check the path."),
    ),
    ("Repository.InvalidRepositoryConfig", 16, N_("The repository's config file is damaged: restore it from a copy.")),
    (
        "Repository.ObjectNotFound",
        17,
        N_("Something is missing from the repository."),
        _DAMAGED,
    ),
    ("Repository.ParentPathDoesNotExist", 18, N_("The folder in which to create the repository does not exist.")),
    (
        "Repository.PathAlreadyExists",
        19,
        N_("There is already something else at this location: choose an empty folder."),
    ),
    (
        "Repository.StorageQuotaExceeded",
        20,
        N_("The repository's storage quota is used up: delete archives and compact, or raise the quota."),
    ),
    ("Repository.PathPermissionDenied", 21, N_("You do not have permission to create a repository at this location.")),
    (
        "MandatoryFeatureUnsupported",
        25,
        N_("This version of Borg is too old for the repository."),
        _NEWER,
    ),
    (
        "NoManifestError",
        26,
        N_("The repository's manifest (its table of contents) is missing."),
        _DAMAGED,
    ),
    (
        "UnsupportedManifestError",
        27,
        N_("This version of Borg cannot read the repository."),
        _NEWER,
    ),
    ("Archive.AlreadyExists", 30, N_("An archive with this name already exists: add {now} to the archive name.")),
    ("Archive.DoesNotExist", 31, N_("There is no longer an archive with this name: reload the list.")),
    (
        "Archive.IncompatibleFilesystemEncodingError",
        32,
        N_("A file name cannot be represented in this system's encoding."),
    ),
    ("KeyfileInvalidError", 40, N_("The key of this repository is damaged: import your copy of it.")),
    ("KeyfileMismatchError", 41, N_("The key file belongs to another repository: import the right one.")),
    ("KeyfileNotFoundError", 42, N_("The key file of this repository is not on this machine: import your copy of it.")),
    ("NotABorgKeyFile", 43, N_("This file is not a Borg key.")),
    ("RepoKeyNotFoundError", 44, N_("The repository's key is missing: import your copy of it.")),
    ("RepoIdMismatch", 45, N_("This key belongs to another repository.")),
    ("UnencryptedRepo", 46, N_("This repository is not encrypted, so it has no key.")),
    (
        "UnknownKeyType",
        47,
        N_("This version of Borg does not support the repository's type of key."),
        _NEWER,
    ),
    (
        "UnsupportedPayloadError",
        48,
        N_("This version of Borg cannot read the repository's data."),
        _NEWER,
    ),
    ("NoPassphraseFailure", 50, N_("The repository is encrypted: enter its passphrase.")),
    ("PasscommandFailure", 51, N_("The command that prints the passphrase failed: try it in a terminal.")),
    ("PassphraseWrong", 52, N_("The passphrase is wrong.")),
    ("PasswordRetriesExceeded", 53, N_("The passphrase was wrong too many times.")),
    (
        "Cache.CacheInitAbortedError",
        60,
        N_("This machine has not used this unencrypted repository before: confirm that it is the right one."),
    ),
    (
        "Cache.EncryptionMethodMismatch",
        61,
        N_("The repository's encryption has changed since it was last used."),
        _UNTRUSTED,
    ),
    (
        "Cache.RepositoryAccessAborted",
        62,
        N_("The repository was at a different location when it was last used: confirm that it was moved."),
    ),
    (
        "Cache.RepositoryIDNotUnique",
        63,
        N_("Two repositories with the same ID are in use, because one is a copy of the other. Use only one of them."),
    ),
    (
        "Cache.RepositoryReplay",
        64,
        N_("The repository is older than when it was last used, as if a copy of it had been restored."),
        _UNTRUSTED,
    ),
    ("LockError", 70, N_("The repository could not be locked.")),
    ("LockErrorT", 71, N_("The repository could not be locked.")),
    ("LockFailed", 72, N_("The repository could not be locked. Check that you have permission to write there.")),
    (
        "LockTimeout",
        73,
        (
            N_(
                "The repository is mounted or in use by another Borg process: try again later. Break the lock only if "
                "you "
                "are sure that nothing is using it."
            )
        ),
    ),
    ("NotLocked", 74, N_("The repository's lock was removed while Borg was running: run the backup again.")),
    (
        "NotMyLock",
        75,
        N_("The repository's lock was taken by another Borg process: run the backup again when that has finished."),
    ),
    ("ConnectionClosed", 80, N_("The connection to the repository's host was lost.")),
    (
        "ConnectionClosedWithHint",
        81,
        (
            N_(
                "The repository's host cannot be reached, or Borg is not installed there: try to connect with “ssh” in "
                "a "
                "terminal."
            )
        ),
    ),
    ("InvalidRPCMethod", 82, N_("The versions of Borg here and on the repository's host are not compatible.")),
    ("PathNotAllowed", 83, N_("The repository's host does not allow access to this path.")),
    ("RemoteRepository.RPCServerOutdated", 84, N_("Borg on the repository's host is too old: update it.")),
    (
        "UnexpectedRPCDataFormatFromClient",
        85,
        N_("Borg on the repository's host cannot communicate with Borg on this machine."),
    ),
    (
        "UnexpectedRPCDataFormatFromServer",
        86,
        N_("The reply from the repository's host is not from Borg. Check that its shell does not print a greeting."),
    ),
    ("ConnectionBrokenWithHint", 87, N_("The connection to the repository's host was lost: run the backup again.")),
    ("IntegrityError", 90, N_("Data in the repository is damaged."), _DAMAGED),
    (
        "FileIntegrityError",
        91,
        N_(
            "A file in Borg's cache is damaged: run “borg delete --cache-only” with this location, and Borg rebuilds "
            "it."
        ),
    ),
    ("DecompressionError", 92, N_("Data in the repository cannot be decompressed."), _DAMAGED),
    (
        "ArchiveTAMInvalid",
        95,
        N_("An archive is not signed with the repository's key."),
        _UNTRUSTED,
    ),
    (
        "ArchiveTAMRequiredError",
        96,
        N_("An archive is not signed, although it should be."),
        _UNTRUSTED,
    ),
    (
        "TAMInvalid",
        97,
        N_("The manifest is not signed with the repository's key."),
        _UNTRUSTED,
    ),
    (
        "TAMRequiredError",
        98,
        N_("The manifest is not signed, although it should be."),
        _UNTRUSTED,
    ),
    (
        "TAMUnsupportedSuiteError",
        99,
        N_("This version of Borg cannot verify the repository's signature."),
        _NEWER,
    ),
)

_WARNINGS = (
    (
        "FileChangedWarning",
        100,
        (
            N_(
                "A file changed while it was being read, so its copy may be inconsistent: stop whatever writes to it "
                "during the backup."
            )
        ),
    ),
    ("IncludePatternNeverMatchedWarning", 101, N_("A requested file is not in the archive.")),
    ("BackupError", 102, N_("A file could not be backed up or restored completely.")),
    ("BackupRaceConditionError", 103, N_("A file was replaced while it was being read, and was skipped.")),
    ("BackupOSError", 104, N_("A file could not be read or written.")),
    ("BackupPermissionError", 105, N_("Permission denied reading a file: exclude it, or allow access to it.")),
    (
        "BackupIOError",
        106,
        N_("A file could not be read because of an input/output error. Check the health of its disk."),
    ),
    (
        "BackupFileNotFoundError",
        107,
        N_("A file or a source does not exist: it was removed, or its disk is not mounted."),
    ),
    ("BackupSymlinkParentError", 108, N_("A file was not restored, because its path leads through a link.")),
    ("BackupPathTraversalError", 109, N_("A file was not restored, because its path leads outside the target folder.")),
    ("BackupHardlinkSourceError", 110, N_("A file was not restored, because the path of its hard link is unsafe.")),
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
    """Return the condition of that name; None for unspecific names such as ``Error`` and ``Exception``."""
    if msgid is None:
        return None
    # Borg 2 names some of them without the class that they belonged to.
    return _BY_MSGID.get(msgid) or _BY_MSGID.get(f"Cache.{msgid}")


def condition_of_exit_code(exit_code: int) -> Condition | None:
    """Return the condition of an exit code; None for the general ones, 0 to 2, and for unknown ones."""
    return _BY_EXIT_CODE.get(exit_code)


def condition_of_warning(message: str) -> Condition | None:
    """Return the condition of a warning without a message id, from its text."""
    return next((_BY_MSGID[msgid] for pattern, msgid in _WARNING_TEXTS if pattern.search(message)), None)


def condition_of_text(line: str) -> Condition | None:
    """Return the condition of an error that Borg prints as plain text, before logging is set up."""
    return next((_BY_MSGID[msgid] for pattern, msgid in _ERROR_TEXTS if pattern.search(line)), None)
