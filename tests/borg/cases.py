"""Borg calls to record, each with its preparation."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command_options import CheckOptions, PruneOptions
from borgdesk.borg.options import Encryption
from borgdesk.domain.repository import Retention
from tests.borg.lab import RIGHT, Answer, CannotRecord, Lab

CASES: dict[str, Callable[[Lab], Answer]] = {}


def case(function: Callable[[Lab], Answer]) -> Callable[[Lab], Answer]:
    CASES[function.__name__] = function
    return function


@case
def version(lab: Lab) -> Answer:
    return lab.run(lab.borg.version())


@case
def init_encrypted(lab: Lab) -> Answer:
    lab.passcommand = RIGHT
    return lab.init(Encryption.REPOKEY_BLAKE2)


@case
def init_existing(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.borg.init(lab.repository, Encryption.NONE))


@case
def init_without_parent(lab: Lab) -> Answer:
    return lab.run(lab.borg.init(str(lab.root / "no" / "parent"), Encryption.NONE))


@case
def info(lab: Lab) -> Answer:
    lab.passcommand = RIGHT
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.must(lab.create())
    return lab.run(lab.borg.info(lab.repository))


@case
def list_archives(lab: Lab) -> Answer:
    lab.init()
    for _ in range(2):
        lab.must(lab.create(comment="a comment: ü"))
    return lab.run(lab.borg.list_archives(lab.repository))


@case
def create_success(lab: Lab) -> Answer:
    lab.passcommand = RIGHT
    lab.init(Encryption.REPOKEY_BLAKE2)
    return lab.run(lab.create())


@case
def create_not_utf8(lab: Lab) -> Answer:
    lab.init()
    (Path(os.fsdecode(os.fsencode(lab.source) + b"/bad\xff name"))).write_text("x")
    return lab.run(lab.create())


@case
def create_file_changed(lab: Lab) -> Answer:
    lab.init()
    path, done = lab.source / "file.txt", threading.Event()

    def touch() -> None:
        while not done.is_set():
            os.utime(path)

    thread = threading.Thread(target=touch)
    thread.start()
    try:
        return lab.run(lab.create())
    finally:
        done.set()
        thread.join()


def _unprivileged() -> tuple[str, ...]:
    """Return the command prefix that removes root's right to read everything."""
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@case
def create_permission_denied(lab: Lab) -> Answer:
    lab.init()
    (lab.source / "file.txt").chmod(0)
    return lab.run(lab.create(), prefix=_unprivileged())


@case
def create_missing_source(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.create(lab.source, lab.root / "gone"))


@case
def create_read_error(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.create(lab.source, "/proc/self/mem"))


@case
def create_mixed_warnings(lab: Lab) -> Answer:
    lab.init()
    (lab.source / "file.txt").chmod(0)
    return lab.run(lab.create(lab.source, lab.root / "gone"), prefix=_unprivileged())


@case
def create_archive_exists(lab: Lab) -> Answer:
    lab.init()
    lab.must(lab.create(archive_name="same"))
    return lab.run(lab.create(archive_name="same"))


@case
def create_bad_placeholder(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.raw(lab.create(), "{hostname}", "{nope}"))


@case
def create_bad_regex(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.raw(lab.create(excludes=("re:x",)), "re:x", "re:("))


@case
def create_bad_option(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.raw(lab.create(), "--compression=lz4", "--compression=nope"))


@case
def create_quota_exceeded(lab: Lab) -> Answer:
    lab.must(lab.raw(lab.borg.init(lab.repository, Encryption.NONE), "--log-json", "--storage-quota=10M"))
    lab.random_file("big", 24)
    return lab.run(lab.create())


@case
def create_no_space(lab: Lab) -> Answer:
    small = lab.root / "small"
    small.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2M", "tmpfs", small], check=False).returncode
    ):
        raise CannotRecord("a small file system cannot be mounted")
    try:
        location = str(small / "repository")
        lab.must(lab.borg.init(location, Encryption.NONE))
        lab.random_file("big", 5)
        return lab.run(lab.borg.create(location, lab.options()))
    finally:
        subprocess.run(["umount", small], check=True)


@case
def create_sigterm(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGTERM)


@case
def create_sigint(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGINT)


@case
def create_sigint_twice(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGINT, signal.SIGINT)


@case
def create_sigkill(lab: Lab) -> Answer:
    return lab.signalled(signal.SIGKILL)


@case
def wrong_passphrase(lab: Lab) -> Answer:
    lab.passcommand = RIGHT
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.passcommand = "echo wrong"
    return lab.run(lab.borg.info(lab.repository))


@case
def no_passphrase(lab: Lab) -> Answer:
    lab.passcommand = RIGHT
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.passcommand = None
    return lab.run(lab.borg.info(lab.repository))


@case
def passcommand_failed(lab: Lab) -> Answer:
    lab.passcommand = RIGHT
    lab.init(Encryption.REPOKEY_BLAKE2)
    lab.passcommand = "false"
    return lab.run(lab.borg.info(lab.repository))


@case
def not_a_repository(lab: Lab) -> Answer:
    return lab.run(lab.borg.info(str(lab.source)))


@case
def missing_repository(lab: Lab) -> Answer:
    return lab.run(lab.borg.info(lab.repository))


@case
def ssh_failed(lab: Lab) -> Answer:
    rsh = "sh -c 'echo no route to host >&2; sleep 0.5; exit 255'"
    borg = replace(lab.borg, base_environment={**lab.borg.base_environment, "BORG_RSH": rsh})
    return lab.run(borg.info("ssh://user@localhost/repository"))


@contextlib.contextmanager
def _locked(lab: Lab) -> Iterator[None]:
    """Hold the repository's lock as another Borg process would."""
    flag, command = lab.root / "locked", lab.borg.version()
    child = ["sh", "-c", f"touch {flag}; exec sleep 60"]
    holder = subprocess.Popen(
        [lab.program, "with-lock", lab.repository, *child], env=dict(command.env), start_new_session=True
    )
    while not flag.exists():
        time.sleep(0.02)
    try:
        yield
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()


@case
def lock_timeout(lab: Lab) -> Answer:
    lab.init()
    with _locked(lab):
        return lab.run(lab.create())


@case
def relocated_refused(lab: Lab) -> Answer:
    lab.init()
    lab.must(lab.create())
    moved = lab.root / "moved"
    Path(lab.repository).rename(moved)
    return lab.run(lab.borg.info(str(moved)))


@case
def unencrypted_refused(lab: Lab) -> Answer:
    lab.init()
    shutil.rmtree(lab.root / "base")
    return lab.run(lab.borg.info(lab.repository))


def _two_archives(lab: Lab) -> None:
    lab.init()
    for number in range(2):
        lab.random_file("changing", 1)
        lab.must(lab.create(archive_name=f"host-2026-01-0{number + 1}"))


def _prune(lab: Lab, *, dry_run: bool) -> Answer:
    options = PruneOptions(series_glob("host-{now:%Y-%m-%d}"), Retention(last=1), dry_run)
    return lab.run(lab.borg.prune(lab.repository, options))


@case
def prune_preview(lab: Lab) -> Answer:
    _two_archives(lab)
    return _prune(lab, dry_run=True)


@case
def prune(lab: Lab) -> Answer:
    _two_archives(lab)
    return _prune(lab, dry_run=False)


@case
def compact(lab: Lab) -> Answer:
    _two_archives(lab)
    _prune(lab, dry_run=False)
    return lab.run(lab.borg.compact(lab.repository))


@case
def check(lab: Lab) -> Answer:
    _two_archives(lab)
    return lab.run(lab.borg.check(lab.repository, CheckOptions()))


@case
def check_damaged(lab: Lab) -> Answer:
    _two_archives(lab)
    segment = max((Path(lab.repository) / "data").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)
    return lab.run(lab.borg.check(lab.repository, CheckOptions()))


@case
def break_lock(lab: Lab) -> Answer:
    lab.init()
    return lab.run(lab.borg.break_lock(lab.repository))
