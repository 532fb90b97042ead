"""Outcomes and sentences from exit codes, message ids and texts: the whole table."""

from __future__ import annotations

from collections.abc import Callable
from signal import Signals

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.command import Operation
from borgdesk.borg.messages import WARNINGS, condition_of_exit_code, condition_of_msgid
from borgdesk.borg.output import Level, LogMessage, OutputEvent, PlainText, Prompt, PromptKind
from borgdesk.borg.result import BorgResult, Evidence, classify
from borgdesk.domain.run import Outcome
from tests.borg.exit_codes import ERROR_CODES, WARNING_CODES


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
    assert "changed while it was being read" in ended.sentence
    assert "does not exist" in ended.sentence


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


def test_who_ends_well_and_says_nothing_of_an_archive_made_none() -> None:
    ended = result(0, reply_present=False)
    assert (ended.outcome, ended.killed) == (Outcome.FAILURE, False)
    assert "but no new archive either" in ended.sentence


@pytest.mark.parametrize("number", [Signals.SIGABRT, Signals.SIGBUS, Signals.SIGSEGV, Signals.SIGPIPE])
def test_signals_have_the_names_that_linux_gives_them(number: Signals) -> None:
    assert [result(code, reply_present=False).signal for code in (128 + number, -number)] == [number.name] * 2


@given(st.integers(-64, 255), st.booleans())
def test_the_contract_for_every_exit_code(exit_code: int, reply: bool) -> None:
    outcome = result(exit_code, reply_present=reply).outcome
    if exit_code == 0:
        assert outcome is (Outcome.SUCCESS if reply else Outcome.FAILURE)
    elif exit_code == 1 or 100 <= exit_code <= 127:
        assert outcome is (Outcome.WARNING if reply else Outcome.FAILURE)
    else:
        assert outcome is Outcome.FAILURE
    assert result(exit_code).killed == (exit_code < 0 or 128 < exit_code <= 128 + 64)


@pytest.mark.parametrize(("exit_code", "said"), [(1, warning), (2, error)])
def test_a_disk_that_is_full_while_files_are_extracted(exit_code: int, said: Callable[[str], LogMessage]) -> None:
    ended = result(exit_code, said("large: [Errno 28] No space left on device"), operation=Operation.EXTRACT)
    assert ended.outcome is Outcome.FAILURE
    assert ended.sentence == "The disk that the files are restored to is full."


@pytest.mark.parametrize("exit_code", [128, 193, 255])
def test_an_exit_code_that_no_signal_has_is_told_as_what_it_is(exit_code: int) -> None:
    assert result(exit_code).sentence == f"Borg failed with exit code {exit_code} and gave no reason."


def test_a_named_error_is_not_hidden_by_the_ones_around_it() -> None:
    named = error("Data integrity error: x", "IntegrityError")
    assert result(
        2, error("before"), named, error("after"), error("Traceback (most recent\n x\n\nPlatform")
    ).detail == ("Data integrity error: x")


def test_an_internal_error_says_its_last_line() -> None:
    traceback = 'Traceback (most recent call last):\n  File "x"\nKeyError: 5\n\nPlatform: Linux\nBorg: 1.2.4'
    ended = result(2, error("Local Exception", "Exception"), error(traceback))
    assert ended.sentence == "Borg stopped because of an internal error: KeyError: 5."


def test_no_reason_at_all() -> None:
    assert result(2).sentence == "Borg failed with exit code 2 and gave no reason."


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


@pytest.mark.parametrize("code", [80, 81, 87])
def test_a_connection_that_is_lost_is_known_as_that(code: int) -> None:
    lost = result(code, warning("Remote: Welcome"), warning("Remote: Connection refused"), warning("Remote: Bye"))
    assert lost.lost_connection
    assert lost.sentence.startswith("The host refused the connection")
    assert lost.sentence.endswith("Borg says: “Connection refused”")
    assert not result(0).lost_connection


@pytest.mark.parametrize(("module", "exception", "lost"), [
    ("remote.py", "BrokenPipeError: [Errno 32] Broken pipe", True),
    ("remote.py", "ConnectionResetError: [Errno 104] Connection reset by peer", True),
    ("archive.py", "BrokenPipeError: [Errno 32] Broken pipe", False),
    ("remote.py", "KeyError: 5", False),
])  # fmt: skip
def test_a_connection_that_is_lost_while_borg_writes_is_known_as_that(module: str, exception: str, lost: bool) -> None:
    traceback = (
        'Traceback (most recent call last):\n  File "/usr/lib/borg/archiver.py", line 5213, in main\n'
        f'  File "/usr/lib/borg/{module}", line 417, in write_buffer\n    written = os.write(x)\n'
        f"{exception}\n\nPlatform: Linux"
    )
    ended = result(2, error("Local Exception", "Exception"), error(traceback))
    assert ended.lost_connection == lost
    assert ended.sentence.startswith("The connection to the repository's host was lost") == lost


@pytest.mark.parametrize("code", [82, 83, 86, 90])
def test_the_words_of_the_other_host_explain_no_other_failure(code: int) -> None:
    ended = result(code, warning("Remote: Connection refused"))
    assert not ended.lost_connection
    assert ended.sentence == condition_of_exit_code(code).sentence  # type: ignore[union-attr]


def test_where_the_other_host_gave_no_reason_its_last_words_are_given() -> None:
    ended = result(80, warning("Remote: Welcome"), warning("Remote: Have a nice day"))
    assert ended.sentence == ("The connection to the repository's host was lost. Borg says: “Have a nice day”")


def test_one_warning_is_not_taken_for_a_lost_connection() -> None:
    assert not result(1, error("x", "ConnectionClosed")).lost_connection


def test_up_to_four_kinds_of_warnings_are_named() -> None:
    kinds = WARNINGS[:5]
    ended = result(1, *(warning(f"{kind.exit_code}", kind.msgid) for kind in kinds))
    assert ended.sentence == " ".join(kind.sentence for kind in kinds[:4])
    assert ended.detail == "100"


@pytest.mark.parametrize(("length", "shown"), [(500, "x" * 500), (501, "x" * 500 + "…")])
def test_long_words_are_cut(length: int, shown: str) -> None:
    assert result(2, error("x" * length)).detail == shown


@pytest.mark.parametrize("code", [100, 101, 127])
def test_a_warning_does_not_say_why_there_is_no_archive(code: int) -> None:
    ended = result(code, reply_present=False)
    assert (ended.sentence, ended.msgid) == (f"Borg failed with exit code {code} and gave no reason.", None)


def test_signals_begin_after_128() -> None:
    assert [result(code, reply_present=False).signal for code in (127, 128)] == [None, None]
    assert result(129, reply_present=False).signal == "SIGHUP"
    assert result(128 + 64, reply_present=False).signal == "signal 64"
    assert "memory ran out" in result(137).sentence
    assert "before it had finished" in result(143).sentence


@pytest.mark.parametrize(
    ("event", "sentence", "detail"),
    [
        (
            PlainText("borg create: error: argument --x: expected one argument"),
            "Borg does not accept an option: argument --x: expected one argument.",
            "argument --x: expected one argument",
        ),
        (
            PlainText("re.error: missing ), unterminated subpattern"),
            "An exclude pattern is not valid, so nothing was backed up. Correct the pattern.",
            "missing ), unterminated subpattern",
        ),
        (
            error("[Errno 28] No space left on device: '/r'"),
            "The disk of the repository, or of Borg's cache, is full: free some space, or compact the repository.",
            "[Errno 28] No space left on device: '/r'",
        ),
        (
            PlainText("OSError: [Errno 28] No space left on device"),
            "The disk of the repository, or of Borg's cache, is full: free some space, or compact the repository.",
            "",
        ),
        (
            error("Keyboard interrupt"),
            "Borg was interrupted (Ctrl-C) before it had finished.",
            "Keyboard interrupt",
        ),
    ],
)
def test_what_borg_has_no_name_for_is_known_by_its_words(event: OutputEvent, sentence: str, detail: str) -> None:
    ended = result(2, event, reply_present=False)
    assert (ended.sentence, ended.detail, ended.msgid) == (sentence, detail, None)


def test_no_ssh_on_this_machine() -> None:
    traceback = "Traceback (most recent call last):\nFileNotFoundError: No such file or directory: 'ssh'\n\nPlatform"
    ended = result(2, error("Local Exception", "Exception"), error(traceback))
    assert ended.sentence.startswith("ssh is not installed")


def test_the_first_error_stays_until_one_has_a_name() -> None:
    assert result(2, error("first"), error("second")).detail == "second"
    assert result(2, error("first", "LockTimeout"), error("second", "Error")).msgid == "LockTimeout"
    assert result(2, error("first", "Error"), error("second", "LockTimeout")).msgid == "LockTimeout"
    assert result(2, error("first", "LockTimeout"), error("second", "NotLocked")).msgid == "NotLocked"


def test_damage_is_found_by_a_check_only() -> None:
    assert "damage" not in result(1, operation=Operation.PRUNE).sentence
    assert "damage" not in result(2, operation=Operation.CHECK).sentence


def test_without_evidence() -> None:
    assert classify(Operation.CREATE, 0).outcome is Outcome.SUCCESS
    assert classify(Operation.CREATE, 2).sentence == "Borg failed with exit code 2 and gave no reason."
