"""Exit codes of Borg 1.4 with their names."""

from __future__ import annotations

# Borg 1.4.5's own table, read from its classes.
# fmt: off
ERROR_CODES = {
    3: "CancelledByUser", 4: "CommandError", 5: "PlaceholderError", 6: "InvalidPlaceholder",
    10: "Repository.AlreadyExists", 11: "Repository.AtticRepository", 12: "Repository.CheckNeeded",
    13: "Repository.DoesNotExist", 14: "Repository.InsufficientFreeSpaceError", 15: "Repository.InvalidRepository",
    16: "Repository.InvalidRepositoryConfig", 17: "Repository.ObjectNotFound",
    18: "Repository.ParentPathDoesNotExist", 19: "Repository.PathAlreadyExists",
    20: "Repository.StorageQuotaExceeded", 21: "Repository.PathPermissionDenied",
    25: "MandatoryFeatureUnsupported", 26: "NoManifestError", 27: "UnsupportedManifestError",
    30: "Archive.AlreadyExists", 31: "Archive.DoesNotExist", 32: "Archive.IncompatibleFilesystemEncodingError",
    40: "KeyfileInvalidError", 41: "KeyfileMismatchError", 42: "KeyfileNotFoundError", 43: "NotABorgKeyFile",
    44: "RepoKeyNotFoundError", 45: "RepoIdMismatch", 46: "UnencryptedRepo", 47: "UnknownKeyType",
    48: "UnsupportedPayloadError", 50: "NoPassphraseFailure", 51: "PasscommandFailure", 52: "PassphraseWrong",
    53: "PasswordRetriesExceeded", 60: "Cache.CacheInitAbortedError", 61: "Cache.EncryptionMethodMismatch",
    62: "Cache.RepositoryAccessAborted", 63: "Cache.RepositoryIDNotUnique", 64: "Cache.RepositoryReplay",
    70: "LockError", 71: "LockErrorT", 72: "LockFailed", 73: "LockTimeout", 74: "NotLocked", 75: "NotMyLock",
    80: "ConnectionClosed", 81: "ConnectionClosedWithHint", 82: "InvalidRPCMethod", 83: "PathNotAllowed",
    84: "RemoteRepository.RPCServerOutdated", 85: "UnexpectedRPCDataFormatFromClient",
    86: "UnexpectedRPCDataFormatFromServer", 87: "ConnectionBrokenWithHint", 90: "IntegrityError",
    91: "FileIntegrityError", 92: "DecompressionError", 95: "ArchiveTAMInvalid", 96: "ArchiveTAMRequiredError",
    97: "TAMInvalid", 98: "TAMRequiredError", 99: "TAMUnsupportedSuiteError",
}
WARNING_CODES = {
    100: "FileChangedWarning", 101: "IncludePatternNeverMatchedWarning", 102: "BackupError",
    103: "BackupRaceConditionError", 104: "BackupOSError", 105: "BackupPermissionError", 106: "BackupIOError",
    107: "BackupFileNotFoundError", 108: "BackupSymlinkParentError", 109: "BackupPathTraversalError",
    110: "BackupHardlinkSourceError",
}
# fmt: on
