"""Installed Borg, or the one named by BORGDESK_BORG, used only through the adapter."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command import Borg, BorgCommand
from borgdesk.borg.command_options import CheckOptions, CreateOptions, PruneOptions
from borgdesk.borg.environment import Consent, PassphraseDescriptor
from borgdesk.borg.options import Encryption
from borgdesk.borg.output import ArchiveProgress, FileStatus, OutputEvent, OutputLine, OutputReader, UnknownMessage
from borgdesk.borg.replies import (
    CreateReply,
    PruneAction,
    check_version,
    parse_create,
    parse_info,
    parse_list,
    parse_prune_line,
    parse_version,
)
from borgdesk.borg.result import BorgResult, Evidence, classify
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import Outcome
from tests.real_borg import PROGRAM

PASSPHRASE = "correct horse"


@dataclass(frozen=True)
class Ended:
    result: BorgResult
    events: list[OutputEvent]
    stdout: bytes


@dataclass
class Desk:
    """A repository and a source in a temporary folder; the user's own Borg state is not touched."""

    root: Path
    borg: Borg

    @property
    def location(self) -> str:
        return str(self.root / "repository")

    def run(self, command: BorgCommand, passphrase: str = PASSPHRASE) -> Ended:
        """Run a call as the engine does: with the passphrase in a pipe if the call needs one."""
        reading, writing = os.pipe()
        os.write(writing, passphrase.encode())
        os.close(writing)
        env = dict(command.env)
        if command.pass_fds:
            env["BORG_PASSPHRASE_FD"] = str(reading)
        try:
            done = subprocess.run(
                command.argv,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                start_new_session=True,
                pass_fds=(reading,),
                check=False,
            )
        finally:
            os.close(reading)
        reader, evidence = OutputReader(), Evidence()
        events = reader.feed(done.stderr) + reader.finish()
        for event in events:
            evidence.see(event)
        assert not [event for event in events if isinstance(event, UnknownMessage)]
        result = classify(command.operation, done.returncode, evidence, reply_present=bool(done.stdout.strip()))
        return Ended(result, events, done.stdout)

    def succeed(self, command: BorgCommand) -> Ended:
        ended = self.run(command)
        assert ended.result.outcome is Outcome.SUCCESS, ended.result
        return ended

    def create(self, archive_name: str, **options: object) -> CreateReply:
        chosen = replace(CreateOptions(archive_name, (str(self.root / "source"),)), **options)  # type: ignore[arg-type]
        reply = parse_create(self.succeed(self.borg.create(self.location, chosen)).stdout)
        assert reply is not None
        return reply

    def names(self, glob: str | None = None) -> list[str]:
        ended = self.succeed(self.borg.list_archives(self.location, glob=glob))
        return [archive.name for archive in parse_list(ended.stdout).archives]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    assert PROGRAM is not None, "these tests need Borg: install borgbackup, or set BORGDESK_BORG"
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file.txt").write_text("some text\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "BORG_BASE_DIR": str(tmp_path / "base"),
        "BORG_SELFTEST": "disabled",
        "BORG_REPO": "/the/users/own",
        "BORG_PASSPHRASE": "the user's own",
    }
    return Desk(tmp_path, Borg(PROGRAM, environment, lock_wait=5))


def test_version(desk: Desk) -> None:
    version = parse_version(desk.succeed(desk.borg.version()).stdout.decode())
    assert check_version(version) is version


def test_an_encrypted_repository_from_init_to_list(desk: Desk) -> None:
    desk.borg = replace(desk.borg, passphrase=PassphraseDescriptor(0))
    desk.succeed(desk.borg.init(desk.location, Encryption.REPOKEY_BLAKE2))
    reply = desk.create("{hostname}-{now}", comment="literal {{braces}}")
    info = parse_info(desk.succeed(desk.borg.info(desk.location)).stdout)
    listed = parse_list(desk.succeed(desk.borg.list_archives(desk.location)).stdout)

    assert info.encryption == "repokey-blake2"
    assert reply.repository.id == info.id == listed.repository.id
    assert [(archive.name, archive.id) for archive in listed.archives] == [(reply.archive_name, reply.archive_id)]
    assert listed.archives[0].comment == "literal {braces}"
    assert listed.archives[0].start == reply.start


def test_a_wrong_passphrase(desk: Desk) -> None:
    desk.borg = replace(desk.borg, passphrase=PassphraseDescriptor(0))
    desk.succeed(desk.borg.init(desk.location, Encryption.REPOKEY))
    ended = desk.run(desk.borg.info(desk.location), passphrase="wrong")
    assert (ended.result.outcome, ended.result.msgid) == (Outcome.FAILURE, "PassphraseWrong")
    assert ended.result.sentence == "The passphrase is wrong."


def test_excludes_and_every_option_of_create(desk: Desk) -> None:
    desk.succeed(desk.borg.init(desk.location, Encryption.NONE))
    source = desk.root / "source"
    for name in ("a.tmp", "b.log", "-dash"):
        (source / name).write_text("x")
    (source / "tagged").mkdir()
    (source / "tagged" / ".nobackup").write_text("")
    options = CreateOptions(
        archive_name="a-{now}",
        sources=(str(source),),
        compression="auto,zstd,3",
        excludes=("*.tmp", "sh:**/*.log"),
        exclude_caches=True,
        exclude_if_present=(".nobackup",),
        keep_exclude_tags=True,
        one_file_system=True,
        comment="by {user}",
        checkpoint_interval=600,
        upload_ratelimit=100_000,
        list_files=True,
    )
    ended = desk.succeed(desk.borg.create(desk.location, options))
    statuses = {event.path: event.status for event in ended.events if isinstance(event, FileStatus)}
    assert statuses == {str(source / name): "A" for name in ("file.txt", "-dash", "tagged/.nobackup")}
    assert [event for event in ended.events if isinstance(event, ArchiveProgress)]


def test_a_source_that_is_gone_is_a_warning_with_an_archive(desk: Desk) -> None:
    desk.succeed(desk.borg.init(desk.location, Encryption.NONE))
    sources = (str(desk.root / "source"), str(desk.root / "gone"))
    ended = desk.run(desk.borg.create(desk.location, CreateOptions("a", sources)))
    assert (ended.result.outcome, ended.result.msgid) == (Outcome.WARNING, "BackupFileNotFoundError")
    assert parse_create(ended.stdout) is not None


def test_prune_touches_its_own_series_only(desk: Desk) -> None:
    desk.succeed(desk.borg.init(desk.location, Encryption.NONE))
    template = "{hostname}-[x]-{now:%Y-%m-%dT%H:%M:%S.%f}"
    ours = [desk.create(template) for _ in range(2)]
    others = [desk.create(name).archive_name for name in ("{hostname}-[x]-photos-{now}", "{hostname}-x-{now}", "plain")]
    options = PruneOptions(series_glob(template), Retention(last=1))

    preview = desk.succeed(desk.borg.prune(desk.location, replace(options, dry_run=True)))
    decisions = [parse_prune_line(event) for event in preview.events if isinstance(event, OutputLine)]
    assert {decision.archive_id: decision.action for decision in decisions if decision} == {
        ours[1].archive_id: PruneAction.KEEP,
        ours[0].archive_id: PruneAction.PRUNE,
    }
    assert len(desk.names()) == 5

    desk.succeed(desk.borg.prune(desk.location, options))
    assert sorted(desk.names()) == sorted([ours[1].archive_name, *others])
    assert desk.names(options.glob) == [ours[1].archive_name]


@pytest.mark.parametrize(
    "template", ["{now:%j %U}-{pid}", "{{a}}*?-{uuid4}", "{now:%a %d %b %Y, %I:%M %p}", "{user}-{now}"]
)
def test_the_series_pattern_finds_what_the_template_makes(desk: Desk, template: str) -> None:
    desk.succeed(desk.borg.init(desk.location, Encryption.NONE))
    made = desk.create(template)
    desk.create("another-{now}")
    assert desk.names(series_glob(template)) == [made.archive_name]


def test_compact_check_and_break_lock(desk: Desk) -> None:
    desk.succeed(desk.borg.init(desk.location, Encryption.NONE))
    desk.create("a")
    for command in (
        desk.borg.compact(desk.location),
        desk.borg.check(desk.location, CheckOptions(archives_only=True, verify_data=True)),
        desk.borg.check(desk.location, CheckOptions(repository_only=True, max_duration=60)),
        desk.borg.break_lock(desk.location),
    ):
        desk.succeed(command)


def test_a_moved_repository_opens_after_consent(desk: Desk) -> None:
    desk.succeed(desk.borg.init(desk.location, Encryption.NONE))
    desk.create("a")
    moved = desk.root / "moved"
    Path(desk.location).rename(moved)

    refused = desk.run(desk.borg.info(str(moved))).result
    assert refused.question is not None
    consent = Consent(refused.question.msgid)
    assert consent is Consent.RELOCATED_REPOSITORY
    desk.succeed(replace(desk.borg, consents=frozenset({consent})).info(str(moved)))
    desk.succeed(desk.borg.info(str(moved)))
