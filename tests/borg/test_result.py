"""Exit codes, message ids and words become an outcome and a sentence: the whole table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.command import Operation
from borgdesk.borg.messages import ERRORS, WARNINGS, condition_of_exit_code, condition_of_msgid
from borgdesk.borg.output import Level, LogMessage, OutputEvent, PlainText, Prompt, PromptKind
from borgdesk.borg.result import BorgResult, Evidence, classify
from borgdesk.domain.run import Outcome

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


def result(
    exit_code: int, *events: OutputEvent, operation: Operation = Operation.CREATE, reply_present: bool = True
) -> BorgResult:
    evidence = Evidence()
    for event in events:
        evidence.see(event)
    return classify(operation, exit_code, evidence, reply_present=reply_present)


def error(message: str, msgid: str | None = None) -> LogMessage:
    return LogMessage(Level.ERROR, message, "borg.archiver", msgid)


def warning(message: str, msgid: str | None = None) -> LogMessage:
    return LogMessage(Level.WARNING, message, "borg.archiver", msgid)


def test_the_table_is_borgs() -> None:
    assert {condition.exit_code: condition.msgid for condition in ERRORS} == ERROR_CODES
    assert {condition.exit_code: condition.msgid for condition in WARNINGS} == WARNING_CODES


@pytest.mark.parametrize("condition", [*ERRORS, *WARNINGS], ids=lambda condition: condition.msgid)
def test_every_sentence_is_one_for_people(condition: object) -> None:
    sentence = condition.sentence  # type: ignore[attr-defined]
    assert sentence[0].isupper()
    assert sentence[-1] in ".?"
    assert 20 <= len(sentence) <= 200


@pytest.mark.parametrize(("exit_code", "msgid"), ERROR_CODES.items())
def test_errors_of_1_4_by_exit_code(exit_code: int, msgid: str) -> None:
    ended = result(exit_code, reply_present=False)
    assert (ended.outcome, ended.msgid) == (Outcome.FAILURE, msgid)
    assert ended.sentence == condition_of_exit_code(exit_code).sentence  # type: ignore[union-attr]


@pytest.mark.parametrize(("exit_code", "msgid"), ERROR_CODES.items())
def test_errors_of_1_2_by_msgid(exit_code: int, msgid: str) -> None:
    ended = result(2, error("Borg's words", msgid), reply_present=False)
    assert (ended.outcome, ended.exit_code, ended.msgid) == (Outcome.FAILURE, 2, msgid)
    assert ended.sentence == condition_of_msgid(msgid).sentence  # type: ignore[union-attr]
    assert ended.detail == "Borg's words"


@pytest.mark.parametrize(("exit_code", "msgid"), WARNING_CODES.items())
def test_warnings_of_1_4(exit_code: int, msgid: str) -> None:
    ended = result(exit_code, warning("Borg's words", msgid))
    assert (ended.outcome, ended.msgid, ended.detail) == (Outcome.WARNING, msgid, "Borg's words")


@pytest.mark.parametrize(
    ("text", "msgid"),
    [
        ("/a: file changed while we backed it up", "FileChangedWarning"),
        ("Include pattern 'a\nb' never matched.", "IncludePatternNeverMatchedWarning"),
        (
            "/a: file type or inode changed while we backed it up (race condition, skipped file)",
            "BackupRaceConditionError",
        ),
        ("/a: open: [Errno 13] Permission denied: 'a'", "BackupPermissionError"),
        ("/a: open: [Errno 1] Operation not permitted: 'a'", "BackupPermissionError"),
        ("/a: read: [Errno 5] Input/output error", "BackupIOError"),
        ("/a: [Errno 2] No such file or directory: 'a'", "BackupFileNotFoundError"),
        ("/a: stat: [Errno 36] File name too long", "BackupOSError"),
    ],
)
def test_warnings_of_1_2_by_text(text: str, msgid: str) -> None:
    ended = result(1, warning(text))
    assert (ended.outcome, ended.msgid) == (Outcome.WARNING, msgid)
    assert ended.sentence == condition_of_msgid(msgid).sentence  # type: ignore[union-attr]


def test_warnings_of_several_kinds_are_all_named() -> None:
    ended = result(1, warning("/a: file changed while we backed it up"), warning("/b: [Errno 2] No such file"))
    assert ended.msgid is None
    assert "changed while it was read" in ended.sentence
    assert "was not there" in ended.sentence


def test_an_unknown_warning_points_to_the_log() -> None:
    assert "log" in result(1, warning("something new")).sentence


def test_success_has_nothing_to_say() -> None:
    ended = result(0, warning("IMPORTANT: you will need both KEY AND PASSPHRASE to access this repo!"))
    assert (ended.outcome, ended.sentence, ended.detail, ended.msgid) == (Outcome.SUCCESS, "", "", None)


@pytest.mark.parametrize("exit_code", [1, 100, 107, 127])
def test_a_warning_without_a_reply_is_a_failure_of_create(exit_code: int) -> None:
    assert result(exit_code, reply_present=False).outcome is Outcome.FAILURE
    assert result(exit_code, reply_present=True).outcome is Outcome.WARNING


def test_other_commands_have_no_reply() -> None:
    assert result(1, operation=Operation.PRUNE, reply_present=False).outcome is Outcome.WARNING


def test_a_check_that_found_damage_is_a_failure() -> None:
    ended = result(1, error("Finished full repository check, errors found."), operation=Operation.CHECK)
    assert ended.outcome is Outcome.FAILURE
    assert "damage" in ended.sentence


@pytest.mark.parametrize(
    ("exit_code", "signal"),
    [
        (129, "SIGHUP"),
        (130, "SIGINT"),
        (143, "SIGTERM"),
        (137, "SIGKILL"),
        (-9, "SIGKILL"),
        (-15, "SIGTERM"),
        (-40, "signal 40"),
    ],
)
def test_killed(exit_code: int, signal: str) -> None:
    ended = result(exit_code, reply_present=False)
    assert (ended.outcome, ended.killed, ended.signal) == (Outcome.FAILURE, True, signal)
    assert signal in ended.sentence


@given(st.integers(-64, 255), st.booleans())
def test_the_contract_for_every_exit_code(exit_code: int, reply: bool) -> None:
    outcome = result(exit_code, reply_present=reply).outcome
    if exit_code == 0:
        assert outcome is Outcome.SUCCESS
    elif exit_code == 1 or 100 <= exit_code <= 127:
        assert outcome is (Outcome.WARNING if reply else Outcome.FAILURE)
    else:
        assert outcome is Outcome.FAILURE
    assert result(exit_code).killed == (exit_code < 0 or exit_code >= 128)


def test_a_named_error_is_not_hidden_by_the_ones_around_it() -> None:
    named = error("Data integrity error: x", "IntegrityError")
    assert result(
        2, error("before"), named, error("after"), error("Traceback (most recent\n x\n\nPlatform")
    ).detail == ("Data integrity error: x")


def test_an_internal_error_says_its_last_line() -> None:
    traceback = 'Traceback (most recent call last):\n  File "x"\nKeyError: 5\n\nPlatform: Linux\nBorg: 1.2.4'
    ended = result(2, error("Local Exception", "Exception"), error(traceback))
    assert ended.sentence == "Borg stopped with an internal error: KeyError: 5."


def test_no_reason_at_all() -> None:
    assert result(2).sentence == "Borg ended with exit code 2 and did not say why."


def test_borgs_own_words_are_the_fallback() -> None:
    assert result(2, error("something\n  new")).sentence == "something new"
    assert result(2, PlainText("only text")).sentence == "only text"


def test_the_cause_of_a_lost_connection_is_what_ssh_said() -> None:
    ended = result(81, warning("Remote: Host key verification failed."), error("Closed.", "ConnectionClosedWithHint"))
    assert ended.detail == "Closed. (Remote: Host key verification failed.)"


def test_a_question_is_kept_for_the_user() -> None:
    asked = Prompt(PromptKind.QUESTION, "Continue?", "BORG_RELOCATED_REPO_ACCESS_IS_OK")
    refused = Prompt(PromptKind.ACCEPTED_FALSE, "Aborting.", "BORG_RELOCATED_REPO_ACCESS_IS_OK")
    assert result(62, asked, refused).question == asked
    assert result(0, asked).question is None


def test_what_is_kept_does_not_grow() -> None:
    evidence = Evidence()
    for number in range(1000):
        evidence.see(PlainText("x" * 10_000))
        evidence.see(warning(f"/{number}: file changed while we backed it up"))
        evidence.see(error("y" * 10_000))
    ended = classify(Operation.CREATE, 2, evidence)
    assert len(evidence.warnings) == 1
    assert len(ended.detail) < 600
