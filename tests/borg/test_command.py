"""Expected command lines, and what no command line may contain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from borgdesk.borg.command import Borg, KeyForm
from borgdesk.borg.command_options import CheckOptions, CreateOptions, PruneOptions
from borgdesk.borg.environment import Consent, PassphraseDescriptor
from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Retention
from borgdesk.domain.server import Connection

BORG = Borg("/opt/borg", {"PATH": "/usr/bin", "TZ": "Europe/Berlin"}, lock_wait=5)
CREATE = CreateOptions("{hostname}-{now}", ("/home/me",))
KEEP = Retention(daily=7)


def test_version() -> None:
    assert BORG.version().argv == ("/opt/borg", "--version")


def test_init() -> None:
    assert BORG.init("/r", Encryption.REPOKEY_BLAKE2).argv == (
        *("/opt/borg", "init", "--log-json", "--encryption=repokey-blake2", "--", "/r"),
    )


def test_info() -> None:
    assert BORG.info("/r").argv == ("/opt/borg", "info", "--log-json", "--lock-wait=5", "--json", "--", "/r")


def test_create_with_defaults() -> None:
    assert BORG.create("/r", CREATE).argv == (
        *("/opt/borg", "create", "--log-json", "--lock-wait=5", "--json", "--progress", "--compression=lz4"),
        *("--", "/r::{hostname}-{now}", "/home/me"),
    )


def test_create_with_everything() -> None:
    options = CreateOptions(
        archive_name="a-{utcnow}",
        sources=("-odd", "/b c"),
        compression="auto,zstd,6",
        kept_out=("pp:/own",),
        patterns=7,
        excludes=("*.o", "-x", "re:^tmp/"),
        exclude_caches=True,
        exclude_if_present=(".nobackup",),
        keep_exclude_tags=True,
        one_file_system=True,
        comment="by {user}",
        checkpoint_interval=600,
        upload_ratelimit=1000,
        list_files=True,
        extra=("--noacls",),
    )
    made = BORG.create("ssh://u@h/r", options)
    assert made.pass_fds == (7,)
    assert made.argv == (
        *("/opt/borg", "create", "--log-json", "--lock-wait=5", "--json", "--progress", "--compression=auto,zstd,6"),
        *("--list", "--filter=AMCE", "--comment=by {user}", "--checkpoint-interval=600", "--upload-ratelimit=1000"),
        *("--exclude=pp:/own", "--patterns-from=/dev/fd/7", "--exclude=*.o", "--exclude=-x", "--exclude=re:^tmp/"),
        *("--exclude-if-present=.nobackup", "--exclude-caches", "--keep-exclude-tags", "--one-file-system"),
        "--noacls",
        *("--", "ssh://u@h/r::a-{utcnow}", "-odd", "/b c"),
    )


def test_list() -> None:
    argv = BORG.list_archives("/r", glob="a-*", last=3, checkpoints=True).argv
    assert argv == (
        *("/opt/borg", "list", "--log-json", "--lock-wait=5", "--json", "--format={comment}{hostname}{username}{end}"),
        *("--glob-archives=a-*", "--last=3", "--consider-checkpoints", "--", "/r"),
    )


def test_prune() -> None:
    retention = Retention(within="10d", last=3, hourly=24, daily=7, weekly=4, monthly=6, yearly=-1)
    assert BORG.prune("/r", PruneOptions("host-*", retention)).argv == (
        *("/opt/borg", "prune", "--log-json", "--lock-wait=5", "--list", "--progress", "--glob-archives=host-*"),
        *("--keep-within=10d", "--keep-last=3", "--keep-hourly=24", "--keep-daily=7", "--keep-weekly=4"),
        *("--keep-monthly=6", "--keep-yearly=-1", "--", "/r"),
    )


def test_prune_preview() -> None:
    argv = BORG.prune("/r", PruneOptions("host-*", KEEP, dry_run=True)).argv
    assert "--dry-run" in argv
    assert "--progress" not in argv


def test_compact() -> None:
    assert BORG.compact("/r").argv == (
        *("/opt/borg", "compact", "--log-json", "--lock-wait=5", "--info", "--progress", "--", "/r"),
    )


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        (CheckOptions(), ()),
        (CheckOptions(archives_only=True, verify_data=True), ("--archives-only", "--verify-data")),
        (CheckOptions(repository_only=True, max_duration=60), ("--repository-only", "--max-duration=60", "--info")),
    ],
)
def test_check(options: CheckOptions, flags: tuple[str, ...]) -> None:
    assert BORG.check("/r", options).argv == (
        *("/opt/borg", "check", "--log-json", "--lock-wait=5", "--progress", *flags, "--", "/r"),
    )


def test_break_lock() -> None:
    assert BORG.break_lock("/r").argv == ("/opt/borg", "break-lock", "--log-json", "--", "/r")


def test_look() -> None:
    assert BORG.look("/r").argv == (
        *("/opt/borg", "list", "--log-json", "--lock-wait=5", "--json", "--last=1", "--bypass-lock", "--", "/r"),
    )


def test_delete() -> None:
    assert BORG.delete("/r", ["-a", "b"]).argv == (
        *("/opt/borg", "delete", "--log-json", "--lock-wait=5", "--list", "--progress", "--", "/r", "-a", "b"),
    )


@pytest.mark.parametrize("names", [[], [""], ["a", ""]])
def test_delete_without_names_would_delete_the_repository(names: list[str]) -> None:
    with pytest.raises(InvalidInput, match="would delete the repository"):
        BORG.delete("/r", names)


def test_keys() -> None:
    common = ("--log-json", "--lock-wait=5")
    assert BORG.import_key("/r", "/k").argv == ("/opt/borg", "key", "import", *common, "--", "/r", "/k")
    for form, options in ((KeyForm.FILE, ()), (KeyForm.PAPER, ("--paper",)), (KeyForm.QR, ("--qr-html",))):
        argv = BORG.export_key("/r", "/k", form).argv
        assert argv == ("/opt/borg", "key", "export", *common, *options, "--", "/r", "/k")
    assert BORG.export_key("/r", "/k") == BORG.export_key("/r", "/k", KeyForm.FILE)


def test_a_lock_is_waited_for_a_minute() -> None:
    assert "--lock-wait=60" in Borg("borg", {}).info("/r").argv


def test_everything_is_listed_unless_less_was_asked_for() -> None:
    argv = BORG.list_archives("/r").argv
    assert argv[4:] == ("--json", "--format={comment}{hostname}{username}{end}", "--", "/r")


def test_the_smallest_limits() -> None:
    options = replace(CREATE, checkpoint_interval=1, upload_ratelimit=1)
    assert {"--checkpoint-interval=1", "--upload-ratelimit=1"} <= set(BORG.create("/r", options).argv)
    assert CheckOptions(repository_only=True, max_duration=1).max_duration == 1


def test_consents_and_ways_to_the_repository_reach_borg() -> None:
    way = Connection(ssh_key="/key", remote_path="/opt/borg")
    env = replace(BORG, consents=frozenset(Consent), connection=way, connect_limit=7).info("/r").env
    assert env["BORG_RELOCATED_REPO_ACCESS_IS_OK"] == "yes"
    assert env["BORG_REMOTE_PATH"] == "/opt/borg"
    assert env["BORG_RSH"].startswith("ssh -o BatchMode=yes -i /key -o IdentitiesOnly=yes -o ConnectTimeout=7 ")
    assert "BORG_REMOTE_PATH" not in BORG.info("/r").env


def test_no_ssh_asks_in_a_window() -> None:
    assert BORG.info("/r").env["SSH_ASKPASS_REQUIRE"] == "never"


def test_only_reading_commands_speak_utc() -> None:
    zones = {
        command.operation: command.env["TZ"]
        for command in (
            BORG.info("/r"),
            BORG.list_archives("/r"),
            BORG.create("/r", CREATE),
            BORG.prune("/r", PruneOptions("a", KEEP)),
            BORG.delete("/r", ["a"]),
        )
    }
    berlin = "Europe/Berlin"
    assert zones == {"info": "UTC", "list": "UTC", "create": berlin, "prune": berlin, "delete": berlin}


def test_a_descriptor_is_inherited() -> None:
    command = replace(BORG, passphrase=PassphraseDescriptor(7)).info("/r")
    assert command.pass_fds == (7,)
    assert command.env["BORG_PASSPHRASE_FD"] == "7"


def test_the_environment_is_not_in_the_repr() -> None:
    borg = Borg("borg", {"MY_TOKEN": "hunter2"})
    assert "hunter2" not in repr(borg) + repr(borg.info("/r"))


@pytest.mark.parametrize(
    "change",
    [
        {"archive_name": "a/b"},
        {"sources": ()},
        {"sources": ("",)},
        {"sources": ("/a\0b",)},
        {"compression": "zip"},
        {"excludes": ("re:(",)},
        {"exclude_if_present": ("",)},
        {"comment": "{nope}"},
        {"comment": "\0"},
        {"checkpoint_interval": 0},
        {"upload_ratelimit": 0},
    ],
)
def test_create_refuses(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        replace(CREATE, **change)  # type: ignore[arg-type]


def test_prune_refuses_an_empty_pattern() -> None:
    with pytest.raises(InvalidInput, match="every set-up"):
        PruneOptions("", KEEP)


def test_prune_refuses_no_rules() -> None:
    with pytest.raises(InvalidInput, match="rule"):
        PruneOptions("a", Retention())


@pytest.mark.parametrize(
    "options",
    [
        {"repository_only": True, "archives_only": True},
        {"repository_only": True, "verify_data": True},
        {"max_duration": 10},
        {"repository_only": True, "max_duration": 0},
    ],
)
def test_check_refuses(options: dict[str, bool]) -> None:
    with pytest.raises(InvalidInput):
        CheckOptions(**options)
