"""Real output of Borg 1.2.4 and 1.4.5, recorded by record.py, passed through the adapter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from borgdesk.borg.command import Operation
from borgdesk.borg.output import (
    ArchiveFinished,
    FileStatus,
    OutputEvent,
    OutputLine,
    OutputReader,
    PlainText,
    ProgressMessage,
    UnknownMessage,
)
from borgdesk.borg.replies import (
    PruneAction,
    parse_create,
    parse_info,
    parse_list,
    parse_prune_line,
    parse_version,
)
from borgdesk.borg.result import BorgResult, Evidence, classify
from borgdesk.domain.run import Outcome

DATA = Path(__file__).parents[1] / "data" / "borg"
BRANCHES = ("1.2", "1.4")
CASES = sorted(path.name for path in (DATA / "1.4").iterdir())


@dataclass(frozen=True)
class Recording:
    argv: list[str]
    exit_code: int
    stdout: bytes
    stderr: bytes

    @classmethod
    def load(cls, branch: str, case: str) -> Recording:
        folder = DATA / branch / case
        call = json.loads((folder / "call.json").read_text())
        return cls(call["argv"], call["exit_code"], (folder / "stdout").read_bytes(), (folder / "stderr").read_bytes())

    @property
    def events(self) -> list[OutputEvent]:
        reader = OutputReader()
        return reader.feed(self.stderr) + reader.finish()

    @property
    def result(self) -> BorgResult:
        evidence = Evidence()
        for event in self.events:
            evidence.see(event)
        operation = Operation(self.argv[1].removeprefix("--"))
        return classify(operation, self.exit_code, evidence, reply_present=bool(self.stdout.strip()))


@pytest.fixture(params=BRANCHES)
def branch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_both_branches_have_the_same_cases() -> None:
    assert sorted(path.name for path in (DATA / "1.2").iterdir()) == CASES


SUCCESSES = (
    *("version", "init_encrypted", "info", "list_archives", "create_success", "create_not_utf8"),
    *("prune", "prune_preview", "compact", "check", "break_lock"),
)
WARNINGS = {
    "create_file_changed": (100, "FileChangedWarning"),
    "create_permission_denied": (105, "BackupPermissionError"),
    "create_missing_source": (107, "BackupFileNotFoundError"),
    "create_read_error": (106, "BackupIOError"),
    "create_mixed_warnings": (1, None),
}
NAMED_FAILURES = {
    "init_existing": (10, "Repository.AlreadyExists"),
    "init_without_parent": (18, "Repository.ParentPathDoesNotExist"),
    "create_archive_exists": (30, "Archive.AlreadyExists"),
    "create_bad_placeholder": (6, "InvalidPlaceholder"),
    "create_quota_exceeded": (20, "Repository.StorageQuotaExceeded"),
    "wrong_passphrase": (52, "PassphraseWrong"),
    "no_passphrase": (50, "NoPassphraseFailure"),
    "passcommand_failed": (51, "PasscommandFailure"),
    "not_a_repository": (15, "Repository.InvalidRepository"),
    "missing_repository": (13, "Repository.DoesNotExist"),
    "ssh_failed": (81, "ConnectionClosedWithHint"),
    "lock_timeout": (73, "LockTimeout"),
    "relocated_refused": (62, "Cache.RepositoryAccessAborted"),
    "unencrypted_refused": (60, "Cache.CacheInitAbortedError"),
}
OTHER_FAILURES = {
    "create_bad_regex": "exclude pattern is not valid",
    "create_bad_option": "does not accept an option: argument -C/--compression",
    "create_no_space": "is full",
    "create_sigint": "was interrupted",
    "check_damaged": "found damage",
}
KILLED = {"create_sigterm": "SIGTERM", "create_sigint_twice": "SIGINT", "create_sigkill": "SIGKILL"}


def test_every_case_is_expected_below() -> None:
    assert sorted([*SUCCESSES, *WARNINGS, *NAMED_FAILURES, *OTHER_FAILURES, *KILLED]) == CASES


@pytest.mark.parametrize("case", SUCCESSES)
def test_successes(branch: str, case: str) -> None:
    assert Recording.load(branch, case).result.outcome is Outcome.SUCCESS


@pytest.mark.parametrize("case", WARNINGS)
def test_warnings(branch: str, case: str) -> None:
    exit_code, msgid = WARNINGS[case]
    recording = Recording.load(branch, case)
    ended = recording.result
    assert (ended.outcome, ended.exit_code, ended.msgid) == (
        Outcome.WARNING,
        exit_code if branch == "1.4" else 1,
        msgid,
    )
    assert ended.detail
    assert parse_create(recording.stdout) is not None


@pytest.mark.parametrize("case", NAMED_FAILURES)
def test_named_failures(branch: str, case: str) -> None:
    exit_code, msgid = NAMED_FAILURES[case]
    ended = Recording.load(branch, case).result
    assert (ended.outcome, ended.exit_code, ended.msgid) == (
        Outcome.FAILURE,
        exit_code if branch == "1.4" else 2,
        msgid,
    )


@pytest.mark.parametrize("case", OTHER_FAILURES)
def test_other_failures(branch: str, case: str) -> None:
    ended = Recording.load(branch, case).result
    assert ended.outcome is Outcome.FAILURE
    assert not ended.killed
    assert OTHER_FAILURES[case] in ended.sentence


@pytest.mark.parametrize("case", KILLED)
def test_killed(branch: str, case: str) -> None:
    ended = Recording.load(branch, case).result
    assert (ended.outcome, ended.signal) == (Outcome.FAILURE, KILLED[case])


def test_the_reply_is_there_exactly_when_an_archive_was_made(branch: str) -> None:
    for case in CASES:
        recording = Recording.load(branch, case)
        if recording.argv[1] == "create":
            made = parse_create(recording.stdout) is not None
            assert made == (recording.result.outcome in (Outcome.SUCCESS, Outcome.WARNING)), case


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_unknown_and_every_json_line_is_read(branch: str, case: str) -> None:
    events = Recording.load(branch, case).events
    assert not [event for event in events if isinstance(event, UnknownMessage)]
    assert not [event for event in events if isinstance(event, PlainText) and '{"type"' in event.text]


@pytest.mark.parametrize("case", CASES)
def test_chunks_of_7_bytes_make_no_difference(branch: str, case: str) -> None:
    recording = Recording.load(branch, case)
    reader = OutputReader()
    starts = range(0, len(recording.stderr), 7)
    events = [event for start in starts for event in reader.feed(recording.stderr[start : start + 7])]
    assert events + reader.finish() == recording.events


def test_create_success(branch: str) -> None:
    recording = Recording.load(branch, "create_success")
    reply = parse_create(recording.stdout)
    assert reply is not None
    assert reply.archive_name.startswith("host-20")
    assert reply.stats.files == 2
    assert reply.repository.encryption == "repokey-blake2"
    assert FileStatus("A", "/sample/source/grüße.txt") in recording.events
    assert ArchiveFinished() in recording.events


def test_a_name_that_is_not_utf8(branch: str) -> None:
    assert FileStatus("A", "/sample/source/bad? name") in Recording.load(branch, "create_not_utf8").events


def test_a_prompt_for_the_passphrase_is_separated(branch: str) -> None:
    events = Recording.load(branch, "no_passphrase").events
    assert PlainText("Enter passphrase for key /sample/repository: ") in events


def test_the_question_is_kept(branch: str) -> None:
    question = Recording.load(branch, "relocated_refused").result.question
    assert question is not None
    assert question.msgid == "BORG_RELOCATED_REPO_ACCESS_IS_OK"
    assert "/sample/moved was previously located at /sample/repository" in question.message


def test_why_ssh_failed(branch: str) -> None:
    assert "no route to host" in Recording.load(branch, "ssh_failed").result.detail


def test_info(branch: str) -> None:
    info = parse_info(Recording.load(branch, "info").stdout)
    assert (info.location, info.encryption) == ("/sample/repository", "repokey-blake2")
    assert info.stats is not None
    assert info.stats.original_size > 0


def test_list(branch: str) -> None:
    listed = parse_list(Recording.load(branch, "list_archives").stdout)
    assert [archive.comment for archive in listed.archives] == ["a comment: ü"] * 2
    assert {archive.hostname for archive in listed.archives} == {"host"}


@pytest.mark.parametrize("case", ["prune", "prune_preview"])
def test_prune(branch: str, case: str) -> None:
    lines = [event for event in Recording.load(branch, case).events if isinstance(event, OutputLine)]
    decisions = [parse_prune_line(line) for line in lines]
    assert [decision and decision.action for decision in decisions] == [PruneAction.KEEP, PruneAction.PRUNE]


def test_nested_progress_of_prune_is_progress(branch: str) -> None:
    nested = [
        event
        for event in Recording.load(branch, "prune").events
        if isinstance(event, ProgressMessage) and event.operation is None
    ]
    assert nested


def test_version(branch: str) -> None:
    version = parse_version(Recording.load(branch, "version").stdout.decode())
    assert f"{version.major}.{version.minor}" == branch
